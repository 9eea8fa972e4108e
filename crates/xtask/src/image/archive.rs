//! The image as files that can be carried: `docker load` and `podman load` read both.

use std::fs;

use anyhow::Result;

use super::FOLDER;
use super::build::{Image, buildah};
use crate::command;
use crate::project::Project;

/// Writes the image beside its parts: in Docker's format, which keeps the health check, and in OCI's.
///
/// # Errors
/// When buildah cannot write them.
pub(super) fn save(project: &Project, image: &Image) -> Result<()> {
    for kind in ["docker", "oci"] {
        let file = project.target(FOLDER).join(format!("curbside-server.{kind}.tar"));
        // An archive that exists would be added to.
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let target = format!("{kind}-archive:{}:{}", file.display(), image.name);
        command::run(buildah().args(["push", "--quiet", &image.name, &target]))?;
        println!("{} ({} bytes)", file.display(), fs::metadata(&file)?.len());
    }
    Ok(())
}
