//! `cargo xtask up [--port N] [--bundle FILE]`: from a fresh clone to the page in one command, in seconds when little has changed.

mod serve;
mod weights;

use std::thread;

use anyhow::{Context, Result, anyhow};
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
    let mut bundle = project.path(weights::SHIPPED);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse().context("--port: expected 1 to 65535")?,
            Long("bundle") => bundle = project.users_path(arguments.value()?),
            other => return Err(other.unexpected().into()),
        }
    }
    server::require_free_port(port, "--port")?;
    build(project)?;
    command::run(node::node(project)?.arg("www/build.mjs")).context("the page could not be built")?;
    weights::publish_locally(project, &bundle)?;
    weights::seed(project)?;
    serve::run(project, port)
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
