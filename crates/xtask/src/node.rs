//! The JavaScript side's tools: the locked packages, and the Node that is one of them.
//!
//! The Node found on a machine only installs packages; everything else runs on the locked one, so that a test means the same everywhere.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::project::{Project, is_fresh};

/// Settings that keep the Worker's tools quiet and off the network.
const QUIET: [(&str, &str); 6] = [
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("CI", "1"),
    ("NO_UPDATE_NOTIFIER", "1"),
];

/// Installs the locked packages unless they already are.
///
/// # Errors
/// When npm is absent or fails.
pub(crate) fn install_packages(project: &Project) -> Result<()> {
    let installed = project.path("node_modules/.package-lock.json");
    if is_fresh(&installed, &project.path("package-lock.json")) && node_path(project).is_file() {
        return Ok(());
    }
    if command::quiet_output(Command::new("npm").arg("--version")).is_none() {
        bail!("npm is missing: install Node 20 or newer, which brings it");
    }
    println!("Installing the locked npm packages ...");
    // Errors only: advice about the machine's own Node would bury what matters, since the locked one runs everything.
    command::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
        .context("the npm packages could not be installed")
}

/// A command on the locked Node, with the project's tools first on the search path.
///
/// # Errors
/// When the packages are not installed.
pub(crate) fn node(project: &Project) -> Result<Command> {
    let node = node_path(project);
    if !node.is_file() {
        bail!("{} is missing: run `npm ci`", node.display());
    }
    let mut command = Command::new(node);
    command.env("PATH", project.search_path()?).envs(QUIET);
    Ok(command)
}

/// A command that runs a package's program, such as `node_modules/typescript/bin/tsc`, on the locked Node.
///
/// # Errors
/// When the packages are not installed or do not have the program.
pub(crate) fn program(project: &Project, script: &str) -> Result<Command> {
    let path = project.path("node_modules").join(script);
    if !path.is_file() {
        bail!("{} is missing: run `npm ci`", path.display());
    }
    let mut command = node(project)?;
    command.arg(path);
    Ok(command)
}

fn node_path(project: &Project) -> std::path::PathBuf {
    project.path("node_modules/.bin/node")
}
