//! `cargo xtask serve [--build-only] [OPTION ...]`: the self-hosted server as a folder that runs anywhere, and run from there.
//!
//! `target/server/` holds `bin/curbside-server`, `bin/workerd` and `share/curbside/`; docs/self-hosting.md says what it can do.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::server::{self, PULSE, Stop};
use crate::{command, node, wasm};

/// What runs the Worker, as the npm package for this kind of machine brings it.
const WORKERD: &str = if cfg!(target_arch = "aarch64") {
    "node_modules/@cloudflare/workerd-linux-arm64/bin/workerd"
} else {
    "node_modules/@cloudflare/workerd-linux-64/bin/workerd"
};

/// The verb: builds the server and, unless told otherwise, runs it with the options that are not this driver's.
///
/// # Errors
/// When a part cannot be built, or the server ends by itself.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut is_only_built = false;
    let mut passed: Vec<OsString> = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("build-only") => is_only_built = true,
            Long("port") => {
                let port: u16 = arguments.value()?.parse().context("--port: expected 1 to 65535")?;
                server::require_free_port(port, "--port")?;
                passed.extend(["--listen".into(), format!("127.0.0.1:{port}").into()]);
            }
            Long(name) => {
                let name = format!("--{name}");
                passed.extend([name.into(), arguments.value()?]);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let tree = build(project)?;
    if is_only_built {
        println!("The server is in {}", tree.display());
        return Ok(());
    }
    serve(project, &tree, &passed)
}

/// Runs the server until it ends or the user stops it.
fn serve(project: &Project, tree: &Path, options: &[OsString]) -> Result<()> {
    let stop = Stop::listen()?;
    let mut server = Command::new(tree.join("bin/curbside-server"))
        .args(options)
        .current_dir(project.users_path("."))
        .stdin(Stdio::null())
        // Apart from the terminal's signals: asked twice to stop, it would not wait for requests to end.
        .process_group(0)
        .spawn()
        .context("the server cannot be started")?;
    let mut is_asked = false;
    loop {
        if let Some(status) = server.try_wait()? {
            if !status.success() {
                bail!("the server ended ({status})");
            }
            return Ok(());
        }
        if stop.is_wished(PULSE) && !is_asked {
            is_asked = true;
            // It may just have ended by itself.
            let _ = Command::new("kill").args(["-TERM", &server.id().to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// Builds everything; returns the tree, which can be moved as a whole.
///
/// # Errors
/// When a part cannot be built.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!(
            "the server runs on Linux: its processes share a port by the kernel's means, and its private sockets have no files"
        );
    }
    node::install_packages(project)?;
    wasm::build(project)?;
    command::run(node::node(project)?.arg("www/build.mjs")).context("the page could not be built")?;
    let tree = project.target("server");
    let share = tree.join("share/curbside");
    command::run(node::node(project)?.arg("worker/self-hosted/build.mjs").arg(&share))
        .context("the Worker could not be bundled")?;
    fs::create_dir_all(tree.join("bin"))?;
    install(&launcher(project)?, &tree.join("bin/curbside-server"))?;
    install(&project.path(WORKERD), &tree.join("bin/workerd"))?;
    Ok(tree)
}

/// The server's program, in a tree that is built if anything has changed.
///
/// # Errors
/// As [`build`].
pub(crate) fn program(project: &Project) -> Result<PathBuf> {
    Ok(build(project)?.join("bin/curbside-server"))
}

/// Compiles the launcher as it is shipped, without a path of this machine in it.
fn launcher(project: &Project) -> Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/curbside", project.path("").display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display())));
    command::run(
        command::cargo(project)?
            // In a folder of its own: the flags would have everything else in the usual one compiled again.
            .env("CARGO_TARGET_DIR", project.target("server-program"))
            .args(["build", "--quiet", "--package=curbside-server", "--profile=server", "--config"])
            .arg(format!("build.rustflags={flags:?}")),
    )?;
    Ok(project.target("server-program/server/curbside-server"))
}

/// Copies a program unless the same is there; beside it first, so that one that runs is replaced and not written into.
fn install(from: &Path, to: &Path) -> Result<()> {
    let (new, old) = (fs::metadata(from).with_context(|| format!("{} is missing", from.display()))?, fs::metadata(to));
    if old.is_ok_and(|old| old.len() == new.len() && fs::read(from).ok() == fs::read(to).ok()) {
        return Ok(());
    }
    let beside = to.with_extension("new");
    fs::copy(from, &beside).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755))?;
    fs::rename(&beside, to)?;
    Ok(())
}
