//! `--check-reproducible`: the commit, cloned to another folder and built there from nothing, must give the same image.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::build::{Image, build_as};
use super::{base, commit, layers};
use crate::command;
use crate::project::Project;

/// What the second image is called while it is compared.
const SECOND: &str = "localhost/curbside-server:second";

/// Builds the commit a second time and compares layer by layer.
///
/// # Errors
/// When the working copy differs from its commit, the second build fails, or a layer is not the same.
pub(super) fn check(project: &Project, image: &Image) -> Result<()> {
    if commit::Commit::here()?.revision.ends_with("-modified") {
        bail!("files differ from the commit, so that a clone of it would give another image: commit them first");
    }
    let clone = std::env::temp_dir().join(format!("curbside-second-build-{}", std::process::id()));
    let outcome = compare(project, image, &clone);
    let _ = super::build::ask(&["rmi", SECOND]);
    fs::remove_dir_all(&clone).with_context(|| format!("cannot remove {}", clone.display()))?;
    outcome
}

fn compare(project: &Project, image: &Image, clone: &Path) -> Result<()> {
    command::run(Command::new("git").args(["clone", "--quiet", "--no-hardlinks"]).arg(project.path(".")).arg(clone))?;
    // A base of its own too, as fresh as the first one.
    let base = project.target(super::FOLDER).join("base-second");
    base::make_into(project, &base)?;
    let target = clone.join("target");
    command::run(
        Command::new("cargo")
            .args(["xtask", "image", "--tree", "--base"])
            .arg(&base)
            .current_dir(clone)
            .env("CARGO_TARGET_DIR", &target),
    )
    .context("the second build failed")?;
    let second = build_as(project, &base, &target.join(super::FOLDER).join("tree"), SECOND)?;
    let (first_layers, second_layers) = (layers::of(image)?, layers::of(&second)?);
    layers::print(&second, &second_layers);
    let mut different: Vec<&str> = Vec::new();
    for (first, second) in first_layers.iter().zip(&second_layers) {
        if first.digest != second.digest {
            different.push(&first.from);
        }
    }
    if !different.is_empty() || first_layers.len() != second_layers.len() {
        bail!("two builds of one commit differ in {}", different.join(", "));
    }
    println!("\nBuilt twice, in two folders: the same {} layers.", first_layers.len());
    Ok(())
}
