//! The command line with its trainer: builds what LightGBM needs built, then hands over, exit code and all.

use std::ffi::OsString;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::{command, system};

/// The verb: everything after it is for `curbside` itself.
///
/// # Errors
/// When the build tools are missing and cannot be installed, or Cargo cannot be started.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    system::ensure_trainer(project)?;
    let handed_on: Vec<OsString> = arguments.raw_args()?.collect();
    // Nothing is shown here: what the command prints may be read by a program.
    let status = command::cargo(project)?
        .args(["run", "--quiet", "--release", "--package", "curbside-cli", "--features", "train", "--"])
        .args(handed_on)
        // Files in the arguments are named from where the user stands.
        .current_dir(project.users_path("."))
        .status()
        .context("cannot start cargo")?;
    std::process::exit(status.code().unwrap_or(1))
}
