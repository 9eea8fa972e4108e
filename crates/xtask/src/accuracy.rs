//! `cargo xtask accuracy`: makes docs/accuracy.md and its plots again, from the real months.

use std::ffi::OsString;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::{command, system};

/// The verb.
///
/// # Errors
/// Where the real months are absent, the trainer's build tools are missing, or a training fails.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut handed_on: Vec<OsString> = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("draft") => handed_on.extend(["--draft".into(), project.users_path(arguments.value()?).into()]),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some(data) = project.trip_data() else {
        bail!(
            "docs/accuracy.md is made from the TLC's green taxi files, which are not here: set CURBSIDE_DATA to their folder, \
             or put them at ../shared/data"
        );
    };
    system::ensure_trainer(project)?;
    command::run(
        command::cargo(project)?
            .args(["run", "--release", "--package", "curbside-accuracy", "--"])
            .args(handed_on)
            .env("CURBSIDE_DATA", data),
    )
}
