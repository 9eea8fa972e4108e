//! `cargo xtask image`: the container image of `curbside-server`, by buildah, on a base of Debian's packages.
//!
//! The image is the last two stages of `Containerfile`. Where an engine can reach a registry, all of that file is built; this verb makes
//! the stages `base` and `tree` on the machine itself and hands them over as folders, so that it needs neither registry nor daemon.

mod archive;
mod base;
mod build;
mod commit;
mod layers;
mod licences;
mod reproducible;
mod run;
mod sbom;
mod tree;
pub(crate) mod tried;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::{node, serve, system};

use build::{Image, probe};

/// What the image may weigh, unpacked.
const MOST_BYTES: u64 = 200_000_000;

/// Where the parts of the image are put together, inside the build directory.
const FOLDER: &str = "image";

/// The verb.
///
/// # Errors
/// When a part cannot be built, the image is larger than allowed, or two builds differ.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut port: Option<u16> = None;
    let (mut check, mut save, mut tree_only) = (false, false, false);
    let mut base: Option<PathBuf> = None;
    let mut named: Option<String> = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => port = Some(arguments.value()?.parse().context("--run: expected a port, 1 to 65535")?),
            Long("check-reproducible") => check = true,
            Long("save") => save = true,
            Long("image") => named = Some(arguments.value()?.string()?),
            Long("tree") => tree_only = true,
            Long("base") => base = Some(project.users_path(arguments.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    if tree_only {
        let base = base.context("--tree needs --base FOLDER, whose packages go into the bill of materials")?;
        serve::build(project)?;
        return tree::stage(project, &base).map(drop);
    }
    if base.is_some() {
        bail!("--base is for --tree alone: otherwise the base is made by deploy/image/base.sh");
    }
    if let Some(port) = port {
        crate::server::require_free_port(port, "--run PORT")?;
    }
    system::ensure_image(project)?;
    probe(project).context("buildah cannot build here")?;
    let image = match named {
        Some(name) => Image::named(&name)?,
        None => build_all(project)?,
    };
    if save {
        archive::save(project, &image)?;
    }
    if check {
        reproducible::check(project, &image)?;
    }
    port.map_or(Ok(()), |port| run::run(&image, port))
}

fn build_all(project: &Project) -> Result<Image> {
    node::install_packages(project)?;
    serve::build(project)?;
    let base = base::make(project, base::Age::Fresh)?;
    let tree = tree::stage(project, &base)?;
    let image = build::build(project, &base, &tree)?;
    weigh(&image)?;
    Ok(image)
}

/// Prints what the image weighs, layer by layer.
///
/// # Errors
/// When it is larger than allowed.
fn weigh(image: &Image) -> Result<()> {
    let layers = layers::of(image)?;
    layers::print(image, &layers);
    let bytes: u64 = layers.iter().map(|layer| layer.bytes).sum();
    if bytes > MOST_BYTES {
        bail!("the image weighs {} MB and may weigh {} MB", bytes.div_ceil(1_000_000), MOST_BYTES / 1_000_000);
    }
    Ok(())
}
