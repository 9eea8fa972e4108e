//! The Worker on this machine: real workerd under `wrangler dev`, started, waited for, and stopped with its children.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::node;
use crate::project::Project;
use crate::server::{self, PULSE, Stop};

/// How long the Worker may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it may take to stop when asked.
const FAREWELL: Duration = Duration::from_secs(10);

/// Runs the Worker until it ends or the user stops it; its variables are those of the file, or of `.dev.vars`.
///
/// # Errors
/// When it cannot be started, does not answer in time, or ends by itself with a failure.
pub(super) fn run(project: &Project, port: u16, variables: Option<&Path>) -> Result<()> {
    let stop = Stop::listen()?;
    let mut wrangler = node::program(project, "wrangler/bin/wrangler.js")?;
    wrangler.args(["dev", "--inspector-port=0", "--port"]).arg(port.to_string()).stdin(Stdio::null());
    if let Some(file) = variables {
        wrangler.arg("--env-file").arg(file);
    }
    let mut worker = wrangler.spawn().context("wrangler cannot be started")?;
    let outcome = watch(&mut worker, &stop, port);
    end(&mut worker);
    outcome
}

fn watch(worker: &mut Child, stop: &Stop, port: u16) -> Result<()> {
    let started = Instant::now();
    let mut announced = false;
    loop {
        if let Some(status) = worker.try_wait()? {
            // A terminal's Ctrl-C reaches the Worker too, and it may be the quicker one.
            if stop.is_wished(Duration::ZERO) {
                return Ok(());
            }
            bail!("the Worker ended by itself ({status})");
        }
        if !announced {
            announced = server::status_of(port, "/health") == Some(200);
            if announced {
                println!("\nCurbside is at http://localhost:{port}\nCtrl-C stops it.\n");
            } else if started.elapsed() > PATIENCE {
                bail!(
                    "the Worker did not answer 200 at http://localhost:{port}/health within {} s; its messages are above",
                    PATIENCE.as_secs()
                );
            }
        }
        if stop.is_wished(PULSE) {
            println!("\nStopping ...");
            return Ok(());
        }
    }
}

/// Asks the process to stop, so that it can stop workerd in turn; insists after a while.
fn end(worker: &mut Child) {
    if cfg!(unix) {
        // An error means that it has ended already.
        let _ = Command::new("kill").args(["-TERM", &worker.id().to_string()]).stderr(Stdio::null()).status();
        let asked = Instant::now();
        while asked.elapsed() < FAREWELL {
            if !matches!(worker.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(PULSE);
        }
    }
    let _ = worker.kill();
    let _ = worker.wait();
}
