//! `cargo xtask deny`: what the dependencies may be. Apart from `test`, because the advisories come from outside.

use std::process::Command;

use anyhow::Result;

use crate::project::Project;
use crate::{command, tools};

/// Installs cargo-deny if needed and runs its checks; `--offline` leaves out the advisories.
///
/// # Errors
/// When a dependency breaks a rule of deny.toml, or the tool cannot be installed.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut checks = vec!["advisories", "bans", "licenses", "sources"];
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("offline") => checks.retain(|check| *check != "advisories"),
            other => return Err(other.unexpected().into()),
        }
    }
    tools::cargo_deny().ensure(project)?;
    command::run(
        Command::new("cargo-deny").args(["--workspace", "check"]).args(checks).env("PATH", project.search_path()?),
    )
}
