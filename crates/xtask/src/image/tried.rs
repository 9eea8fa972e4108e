//! For the step `image`: the image, built of the tree that an earlier step has made, where buildah can work.

use std::path::PathBuf;

use anyhow::Result;

use super::build::{Image, ask, build_as, probe, probe_mount};
use super::{FOLDER, base, sbom, tree, weigh};
use crate::project::Project;
use crate::{serve, system};

/// An image of this run alone; it is removed with this value.
#[derive(Debug)]
pub(crate) struct Tried {
    image: Image,
    materials: PathBuf,
}

/// Installs what builds images, where that is possible; a machine without it is a reason to skip the step, not to fail.
pub(crate) fn set_up(project: &Project) {
    if let Err(error) = system::ensure_image(project) {
        println!("!!! NOTE: {error:#}\n!!! The step `image` will be SKIPPED because of that.");
    }
}

/// Builds the image, or says loudly why it cannot be built here.
///
/// # Errors
/// When buildah works here and the image cannot be built, or is larger than allowed.
pub(crate) fn build(project: &Project) -> Result<Option<Tried>> {
    if let Err(error) = probe(project).and_then(|()| probe_mount()) {
        println!("!!! SKIPPED: buildah cannot build and run an image on this machine ({error:#}).");
        return Ok(None);
    }
    if !project.target(tree::SERVER).is_dir() {
        // Asked for alone, without the step that makes it.
        serve::build(project)?;
    }
    let base = base::make(project, base::Age::AtHand)?;
    let tree = tree::stage(project, &base)?;
    let name = format!("localhost/curbside-server-tried:{}", std::process::id());
    let image = build_as(project, &base, &tree, &name)?;
    let tried = Tried { image, materials: project.target(FOLDER).join(sbom::FILE) };
    weigh(&tried.image)?;
    Ok(Some(tried))
}

impl Tried {
    /// What the tests find the image by: its id, its bill of materials, and this driver, which runs it.
    ///
    /// # Errors
    /// When this driver does not know its own file.
    pub(crate) fn environment(&self) -> Result<Vec<(String, PathBuf)>> {
        Ok(vec![
            ("CURBSIDE_IMAGE".to_owned(), PathBuf::from(&self.image.id)),
            ("CURBSIDE_IMAGE_MATERIALS".to_owned(), self.materials.clone()),
            ("CURBSIDE_XTASK".to_owned(), std::env::current_exe()?),
        ])
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        // Where it cannot be removed, a test has left a container on it, which the log tells.
        let _ = ask(&["rmi", &self.image.name]);
    }
}
