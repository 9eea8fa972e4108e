//! `promote --follow`: looks at an alias and promotes whatever it is moved to, until it is told to stop.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use curbside_registry::Watch;
use serde::Serialize;

use super::{Answer, Desk, Standing};
use crate::failure::Failure;
use crate::output::Output;

/// What happened.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    /// The work begins.
    Following { uri: String, every_seconds: f64 },
    /// Both aliases stand on the version now.
    Promoted(Box<Answer>),
    /// Something does not work; it goes on being tried.
    Trouble { error: Failure },
    /// What was told as trouble is over.
    Recovered,
    /// Ctrl-C or SIGTERM.
    Stopped,
}

/// Follows until it is stopped.
pub(super) fn run(desk: &Desk<'_>, every: Duration, output: Output) -> Result<(), Failure> {
    let stopped = stop_signal()?;
    let mut watch = Watch::new(every);
    output.event(&Event::Following { uri: desk.uri.to_string(), every_seconds: every.as_secs_f64() })?;
    loop {
        look(desk, &mut watch, output)?;
        if is_stopped(&stopped, watch.pause()) {
            return output.event(&Event::Stopped);
        }
    }
}

/// One look, and what follows from it.
fn look(desk: &Desk<'_>, watch: &mut Watch, output: Output) -> Result<(), Failure> {
    let resolved = match desk.puller.resolve(&desk.uri) {
        Ok(resolved) => resolved,
        Err(fault) => {
            let is_new = watch.cannot_look(fault.code());
            return if is_new { output.event(&Event::Trouble { error: fault.into() }) } else { Ok(()) };
        }
    };
    let version = resolved.version().unwrap_or_default().to_owned();
    if !watch.sees(&version, Instant::now()) {
        return if watch.rests() { output.event(&Event::Recovered) } else { Ok(()) };
    }
    match desk.promote(resolved) {
        Ok(answer) => {
            if watch.worked(&version) {
                output.event(&Event::Recovered)?;
            }
            output.event(&Event::Promoted(Box::new(answer)))
        }
        Err(error) if watch.failed(&version, error.code(), Instant::now()) => output.event(&Event::Trouble { error }),
        Err(_) => Ok(()),
    }
}

/// Hears of Ctrl-C and of SIGTERM. Whoever asks twice does not wait for what is under way: storage holds whole blobs and manifests at
/// any moment.
fn stop_signal() -> Result<Receiver<()>, Failure> {
    let (sender, receiver) = channel();
    let mut asked = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut asked, true) {
            std::process::exit(130);
        }
        // Nobody listens any more: the command is ending as it is.
        let _ = sender.send(());
    })
    .map_err(|fault| Failure::new("SIGNALS", format!("Ctrl-C and SIGTERM cannot be waited for: {fault}")))?;
    Ok(receiver)
}

fn is_stopped(stopped: &Receiver<()>, pause: Duration) -> bool {
    match stopped.recv_timeout(pause) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        Err(RecvTimeoutError::Timeout) => false,
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Following { uri, every_seconds } => {
                write!(f, "following {uri}, every {every_seconds} s; Ctrl-C ends it")
            }
            Event::Promoted(answer) => {
                let Answer { origin, storage, mlflow, .. } = &**answer;
                let what = if storage.unchanged { "stands already on" } else { "stands now on" };
                write!(f, "{}: {} {what} {}", origin.uri, storage.manifest_path, Standing(&storage.after))?;
                match mlflow {
                    Some(moved) if !moved.is_unchanged() => {
                        write!(f, "; models:/{}@{} moved to {}", moved.model, moved.alias, moved.after)
                    }
                    _ => Ok(()),
                }
            }
            Event::Trouble { error } => write!(f, "trouble, tried again: {error}"),
            Event::Recovered => f.write_str("all is well again"),
            Event::Stopped => f.write_str("stopped"),
        }
    }
}
