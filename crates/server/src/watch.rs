//! Asks each process, every few seconds and over its private socket, how it is: that shows that it answers at all, makes it look for
//! newer weights where no rider does, and keeps what it has counted for the process that takes its place if it dies.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::request;
use crate::sockets;
use crate::supervisor::Event;

/// How often a process that answers is asked.
const INTERVAL: Duration = Duration::from_secs(5);
/// How often one that does not is.
const RETRY: Duration = Duration::from_millis(100);
/// How long an answer may take. A process that has just been started first looks for weights.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is asked.
const PATH: &str = "/pulse";

/// What a process has said.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Which one.
    pub(crate) process: usize,
    /// When it was asked: what was asked of its predecessor says nothing.
    pub(crate) asked: Instant,
    /// JSON.
    pub(crate) body: String,
}

/// Goes on for as long as the launcher lives; what it returns has it ask at once, as after the start of a process.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn start(process: usize, name: String, token: String, events: Sender<Event>) -> std::io::Result<Sender<()>> {
    let (nudge, nudged) = mpsc::channel();
    thread::Builder::new().name(format!("watch-{process}")).spawn(move || {
        loop {
            let asked = Instant::now();
            let Ok(body) = ask(&name, &token) else {
                thread::sleep(RETRY);
                continue;
            };
            if events.send(Event::Pulse(Pulse { process, asked, body })).is_err() {
                return;
            }
            if nudged.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    })?;
    Ok(nudge)
}

fn ask(name: &str, token: &str) -> std::io::Result<String> {
    let mut stream = sockets::connect(name)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let answer = request::get(&mut stream, "process", PATH, Some(token))?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(std::io::Error::other(format!("expected HTTP status 200, found {status}"))),
    }
}
