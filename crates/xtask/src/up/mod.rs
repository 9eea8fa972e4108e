//! `cargo xtask up [--port N] [--bundle FILE | --weights ADDRESS]`: from a fresh clone to the page in one command, in seconds when little has changed.

mod serve;
mod source;
mod weights;

use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::{command, node, server, wasm};

/// The reference service's port, so that its clients work unmodified.
const DEFAULT_PORT: u16 = 9696;

/// The verb.
///
/// # Errors
/// When a part cannot be set up, built or started.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut port = DEFAULT_PORT;
    let mut bundle = None;
    let mut published = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse().context("--port: expected 1 to 65535")?,
            Long("bundle") => bundle = Some(project.users_path(arguments.value()?)),
            Long("weights") => published = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if bundle.is_some() && published.is_some() {
        bail!("--bundle publishes a file on this machine, --weights reads what is published elsewhere: choose one");
    }
    server::require_free_port(port, "--port")?;
    // Before anything is built: what is wrong with an address or a key is told at once.
    let variables = published.map(|address| source::describe(project, &address)).transpose()?;
    build(project)?;
    command::run(node::node(project)?.arg("www/build.mjs")).context("the page could not be built")?;
    if variables.is_none() {
        weights::publish_locally(project, &bundle.unwrap_or_else(|| project.path(weights::SHIPPED)))?;
        weights::seed(project)?;
    }
    let outcome = serve::run(project, port, variables.as_deref());
    if let Some(file) = variables {
        // The keys in it are of use to nobody now.
        fs::remove_file(&file).with_context(|| format!("cannot remove {}, which holds keys", file.display()))?;
    }
    outcome
}

/// Installs the npm packages while rustc works: the one waits for the network, the other for the processor.
fn build(project: &Project) -> Result<()> {
    thread::scope(|scope| {
        let packages = scope.spawn(|| node::install_packages(project));
        let compiled = wasm::compile(project)?;
        packages.join().map_err(|_| anyhow!("installing the npm packages panicked"))??;
        wasm::finish(project, &compiled)
    })
}
