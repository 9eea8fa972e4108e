//! Signals as events, told apart: end, take the settings afresh, a child has ended.

use std::io::IsTerminal;
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::supervisor::Event;

/// Sends what signals say, for as long as this process lives. As process 1 of a container there is no default for any of them.
///
/// # Errors
/// When they cannot be taken over.
pub(crate) fn listen(events: Sender<Event>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGCHLD])?;
    // A terminal that is closed says it too, and means the end.
    let is_at_terminal = std::io::stdin().is_terminal();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in &mut signals {
            let event = match signal {
                SIGCHLD => Event::ChildEnded,
                SIGHUP if !is_at_terminal => Event::Renew,
                _ => Event::Stop,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
