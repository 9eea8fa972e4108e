//! The Worker on this machine: real workerd under `wrangler dev`, started, waited for, and stopped with its children.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::node;
use crate::project::Project;

/// How long the Worker may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it may take to stop when asked.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often to look.
const PULSE: Duration = Duration::from_millis(100);

/// Refuses a port that something else listens on, before minutes are spent on building.
///
/// # Errors
/// When the port cannot be bound.
pub(super) fn require_free_port(port: u16) -> Result<()> {
    TcpListener::bind(("127.0.0.1", port))
        .map(drop)
        .with_context(|| format!("port {port} is taken: stop what listens there, or choose another with --port"))
}

/// Runs the Worker until it ends or the user stops it.
///
/// # Errors
/// When it cannot be started, does not answer in time, or ends by itself with a failure.
pub(super) fn run(project: &Project, port: u16) -> Result<()> {
    let stop = listen_for_stop()?;
    let mut wrangler = node::program(project, "wrangler/bin/wrangler.js")?;
    wrangler.args(["dev", "--inspector-port=0", "--port"]).arg(port.to_string()).stdin(Stdio::null());
    let mut worker = wrangler.spawn().context("wrangler cannot be started")?;
    let outcome = watch(&mut worker, &stop, port);
    end(&mut worker);
    outcome
}

fn listen_for_stop() -> Result<Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when the driver is ending anyway.
        let _ = sender.send(());
    })
    .context("signals cannot be handled")?;
    Ok(receiver)
}

fn watch(worker: &mut Child, stop: &Receiver<()>, port: u16) -> Result<()> {
    let started = Instant::now();
    let mut announced = false;
    loop {
        if let Some(status) = worker.try_wait()? {
            // A terminal's Ctrl-C reaches the Worker too, and it may be the quicker one.
            if stop.try_recv().is_ok() {
                return Ok(());
            }
            bail!("the Worker ended by itself ({status})");
        }
        if !announced {
            announced = is_healthy(port);
            if announced {
                println!("\nCurbside is at http://localhost:{port}\nCtrl-C stops it.\n");
            } else if started.elapsed() > PATIENCE {
                bail!(
                    "the Worker did not answer 200 at http://localhost:{port}/health within {} s; its messages are above",
                    PATIENCE.as_secs()
                );
            }
        }
        match stop.recv_timeout(PULSE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                println!("\nStopping ...");
                return Ok(());
            }
        }
    }
}

/// Whether `GET /health` is answered with 200; by hand, since an HTTP library would double this driver's build time.
fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        socket.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        socket.read_exact(&mut status)?;
        Ok(status)
    };
    ask().is_ok_and(|status| &status == b"HTTP/1.1 200")
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
