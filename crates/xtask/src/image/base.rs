//! The image's system: Debian's C library and certificate authorities, by `deploy/image/base.sh`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::FOLDER;
use super::commit::Commit;
use crate::command;
use crate::project::Project;

/// Debian 12: the release whose C library the compiler's pinned image has, and `Containerfile` says.
const SUITE: &str = "bookworm";
/// What makes the base, and so what it must be made again for.
const SOURCES: [&str; 3] = ["deploy/image/base.sh", "deploy/image/finish.sh", "deploy/image/base.files"];

/// How old the base may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Made now, of the packages that Debian has now.
    Fresh,
    /// Whatever was made by the same scripts: for tests, which have nothing to do with Debian's newest fixes.
    AtHand,
}

/// Makes the base as a folder, unless one that is good enough is at hand.
///
/// # Errors
/// When mmdebstrap fails, which it does without a way to Debian's archive.
pub(crate) fn make(project: &Project, age: Age) -> Result<PathBuf> {
    let folder = project.target(FOLDER).join("base");
    let stamp = project.target(FOLDER).join("base.made-by");
    let mut wanted = SUITE.to_owned();
    for source in SOURCES {
        wanted.push_str(&fs::read_to_string(project.path(source)).with_context(|| format!("cannot read {source}"))?);
    }
    let at_hand = fs::read_to_string(&stamp).is_ok_and(|made_by| made_by == wanted) && folder.is_dir();
    if at_hand && age == Age::AtHand {
        return Ok(folder);
    }
    fs::create_dir_all(project.target(FOLDER))?;
    if at_hand {
        fs::remove_file(&stamp)?;
    }
    make_into(project, &folder)?;
    fs::write(&stamp, wanted)?;
    Ok(folder)
}

/// Makes a base in this folder, now.
///
/// # Errors
/// As [`make`].
pub(super) fn make_into(project: &Project, folder: &Path) -> Result<()> {
    command::run(
        Command::new("sh")
            .arg(project.path("deploy/image/base.sh"))
            .arg(SUITE)
            .arg(folder)
            .env("SOURCE_DATE_EPOCH", Commit::here()?.seconds.to_string()),
    )
    .context("the image's system could not be made of Debian's packages")
}
