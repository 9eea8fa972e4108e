//! The image, running: by buildah, which changes the root and the user, on a root file system that nobody can write to.
//!
//! The port is the machine's own, since a changed root has no network of its own. buildah ends its program hard when it is asked to
//! stop itself, so the program is asked, as an engine would do it.

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::build::{Image, ask, buildah};
use crate::command;
use crate::server::{self, PULSE, Stop};

/// How long the server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long it may take to end when asked before it is told. It promises 5 seconds, of a machine that has time for it.
const FAREWELL: Duration = Duration::from_mins(1);
/// What the image's entry point runs.
const PROGRAM: &str = "/usr/local/bin/curbside-server";

/// Runs the image until it ends or the user stops it.
///
/// # Errors
/// When it cannot be started, does not answer in time, ends by itself, or does not end well when asked.
pub(super) fn run(image: &Image, port: u16) -> Result<()> {
    let stop = Stop::listen()?;
    let container = Container::make(image)?;
    let is_read_only = container.close()?;
    let mut child = container.start(port)?;
    let outcome = watch(&container, &mut child, &stop, port, is_read_only);
    let ended = end(&mut child);
    outcome?;
    let status = ended?;
    if !status.success() {
        bail!("the server was asked to end and did not end well ({status})");
    }
    println!("The server has ended as it was asked to.");
    Ok(())
}

fn watch(container: &Container, child: &mut Child, stop: &Stop, port: u16, is_read_only: bool) -> Result<()> {
    let started = Instant::now();
    let mut announced = false;
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("the container ended by itself ({status}); its messages are above");
        }
        if !announced && server::status_of(port, "/health/ready") == Some(200) {
            announced = true;
            container.open();
            let process = program_of(child.id()).context("the server's process is not found below buildah's")?;
            let root = if is_read_only { "read-only" } else { "writable: this user cannot remount it" };
            println!("\nThe image is at http://localhost:{port}, process {process}; its root file system is {root}.");
            println!("Ctrl-C stops it.\n");
        } else if !announced && started.elapsed() > PATIENCE {
            bail!(
                "the container did not answer 200 at http://localhost:{port}/health/ready within {} s",
                PATIENCE.as_secs()
            );
        }
        if stop.is_wished(PULSE) {
            return Ok(());
        }
    }
}

/// Asks the server to end, and insists after a while.
fn end(child: &mut Child) -> Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    if let Some(program) = program_of(child.id()) {
        let asked = Instant::now();
        command::run(Command::new("kill").args(["-TERM", &program.to_string()]))?;
        while asked.elapsed() < FAREWELL {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(PULSE);
        }
    }
    // All of its group: what buildah started would stay behind without it.
    command::run(Command::new("kill").args(["-s", "KILL", "--", &format!("-{}", child.id())]))?;
    child.wait()?;
    bail!("the server was not found, or did not end within {} s of being asked", FAREWELL.as_secs())
}

/// The process of the image's program: the first below buildah's own that runs it, whose name has fifteen letters at most.
fn program_of(ancestor: u32) -> Option<u32> {
    let mut waiting = children(ancestor);
    while let Some(process) = waiting.pop() {
        let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        let wanted = PROGRAM.rsplit('/').next().unwrap_or(PROGRAM);
        if wanted.starts_with(name.trim_end()) && name.trim_end().len() >= wanted.len().min(15) {
            return Some(process);
        }
        waiting.extend(children(process));
    }
    None
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// A container made of the image; it is removed with this value.
struct Container {
    name: String,
    root: String,
}

impl Container {
    fn make(image: &Image) -> Result<Self> {
        let name = ask(&["from", &image.id])?;
        let root = ask(&["mount", &name]).inspect_err(|_| drop(ask(&["rm", &name])))?;
        Ok(Self { name, root })
    }

    /// Makes the root read-only; false where this user may not.
    fn close(&self) -> Result<bool> {
        // buildah mounts its own files over these, and would make them where they are missing.
        for file in ["run/.containerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf"] {
            fs::write(format!("{}/{file}", self.root), "")?;
        }
        Ok(remount(&self.root, "remount,bind,ro"))
    }

    /// Makes it writable again for buildah alone, which tidies up in it at the end: the program's own view of it stays.
    fn open(&self) {
        remount(&self.root, "remount,bind,rw");
    }

    fn start(&self, port: u16) -> Result<Child> {
        let mut buildah = buildah();
        buildah.args(["run", "--env"]).arg(format!("CURBSIDE_LISTEN=127.0.0.1:{port}"));
        buildah.args([&self.name, "--", PROGRAM]).stdin(Stdio::null());
        // A terminal's Ctrl-C is for this driver alone.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut buildah, 0);
        buildah.spawn().context("buildah cannot be started")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.open();
        let _ = ask(&["umount", &self.name]);
        let _ = ask(&["rm", &self.name]);
    }
}

fn remount(root: &str, options: &str) -> bool {
    let status = Command::new("mount").args(["-o", options, root]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
