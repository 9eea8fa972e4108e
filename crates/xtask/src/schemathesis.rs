//! `cargo xtask schemathesis`: asks a service whatever its own description allows, and what it forbids, and checks every answer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use lexopt::prelude::*;

use crate::project::Project;
use crate::server::{self, Server, Stop};
use crate::{command, node, python, serve};

/// What is installed: this, and the clients that the tests run.
const REQUIREMENTS: &str = "tests/clients/requirements.txt";
/// How it asks.
const CONFIGURATION: &str = "tests/clients/schemathesis.toml";
/// How long the server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(2);

/// The verb.
///
/// # Errors
/// When the server or the tester cannot be installed or started, or something is found.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let (mut minutes, mut url) = (10, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("minutes") => {
                minutes = arguments.value()?.parse().context("--minutes: expected a whole number, such as 10")?;
            }
            Long("url") => url = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure(project)?;
    if let Some(url) = url {
        return ask(project, &url, minutes);
    }
    node::install_packages(project)?;
    let program = serve::program(project)?;
    ask_server(project, &program, minutes)
}

/// Installs the clients and the tester.
///
/// # Errors
/// When Python is missing or too old, or pip fails.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    python::ensure(project, &folder(project), &project.path(REQUIREMENTS), "the clients of the tests, and schemathesis")
}

/// Python with the clients.
pub(crate) fn interpreter(project: &Project) -> PathBuf {
    python::program(&folder(project), "python")
}

/// Starts the server on a free port and asks it.
fn ask_server(project: &Project, program: &Path, minutes: u32) -> Result<()> {
    let port = server::free_port()?;
    let stop = Stop::listen()?;
    let mut command = Command::new(program);
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    let mut running = Server::start("curbside-server", &mut command, &project.target("schemathesis-server.log"))?;
    if !running.wait_for(port, "/health/ready", 200, &stop, PATIENCE)? {
        return Ok(());
    }
    // Ctrl-C reaches the tester, which sums up and ends; then so does the server.
    ask(project, &format!("http://127.0.0.1:{port}"), minutes)?;
    running.require_alive()
}

fn ask(project: &Project, url: &str, minutes: u32) -> Result<()> {
    let mut tester = Command::new(python::program(&folder(project), "schemathesis"));
    // Its memory of earlier failures stays out of the repository.
    tester.current_dir(project.target("")).arg("--config-file").arg(project.path(CONFIGURATION));
    tester.args(["run", &format!("{}/openapi.json", url.trim_end_matches('/')), "--continue-on-failure"]);
    tester.args(["--max-time", &(minutes * 60).to_string()]);
    command::run(&mut tester)
}

fn folder(project: &Project) -> PathBuf {
    project.tools().join("clients")
}
