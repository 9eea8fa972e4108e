//! What a process says on standard error, as lines of the log: the Worker's lines of JSON as they are, the runtime's as such lines.
//!
//! The runtime has a line for each connection that breaks off oddly, and anybody can make connections: what it says again and again is
//! counted, so that a disk is not filled by strangers.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::log;

/// What was said within this time is counted and not said again.
const INTERVAL: Duration = Duration::from_mins(1);
/// So many different things are told apart; what is beyond them is one.
const KINDS: usize = 32;
/// A longer message is cut.
const MAX_CHARACTERS: usize = 2000;

/// Passes on until the process closes its end.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn start(stderr: impl Read + Send + 'static, process: usize) -> std::io::Result<()> {
    thread::Builder::new().name(format!("stderr-{process}")).spawn(move || {
        let mut said = Said::default();
        let mut is_told = true;
        for line in BufReader::new(stderr).split(b'\n') {
            let Ok(line) = line else { return };
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() {
                continue;
            }
            if text.starts_with('{') && serde_json::from_str::<Map<String, Value>>(text).is_ok() {
                let _ = writeln!(std::io::stderr().lock(), "{text}");
                continue;
            }
            // Where code was when it happened follows below what happened, and is told with it or not at all.
            let times = if text.starts_with(' ') { is_told.then_some(1) } else { said.again(text, Instant::now()) };
            is_told = times.is_some();
            if let Some(times) = times {
                let message: String = text.chars().take(MAX_CHARACTERS).collect();
                log::fault("runtime", &json!({ "process": process, "message": message, "times": times }));
            }
        }
    })?;
    Ok(())
}

/// What has been said lately.
#[derive(Default)]
struct Said(HashMap<String, (Instant, u64)>);

impl Said {
    /// How often a message came since it was last told; `None` if it is not told now.
    fn again(&mut self, message: &str, now: Instant) -> Option<u64> {
        let kind = kind_of(message);
        let kind = if self.0.len() < KINDS || self.0.contains_key(&kind) { kind } else { String::new() };
        match self.0.get_mut(&kind) {
            Some((told, times)) if now.duration_since(*told) < INTERVAL => {
                *times += 1;
                None
            }
            found => {
                let times = 1 + found.map_or(0, |(_, times)| *times);
                self.0.insert(kind, (now, 0));
                Some(times)
            }
        }
    }
}

/// A message without what differs from one connection to the next.
fn kind_of(message: &str) -> String {
    message.chars().filter(|character| !character.is_ascii_digit()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{INTERVAL, KINDS, Said};

    #[test]
    fn what_is_said_again_is_counted_and_told_once_a_minute() {
        let mut said = Said::default();
        let start = Instant::now();
        assert_eq!(said.again("broken pipe of fd 17", start), Some(1));
        for second in 1..60 {
            assert_eq!(said.again(&format!("broken pipe of fd {second}"), start + Duration::from_secs(second)), None);
        }
        assert_eq!(said.again("another", start), Some(1));
        assert_eq!(said.again("broken pipe of fd 4", start + INTERVAL), Some(60));
        assert_eq!(said.again("broken pipe of fd 4", start + 2 * INTERVAL), Some(1));
    }

    #[test]
    fn however_many_kinds_there_are_few_are_kept() {
        let mut said = Said::default();
        let now = Instant::now();
        let told = (0..10_000_u32).filter(|kind| {
            let message: String = kind.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            said.again(&message, now).is_some()
        });
        assert_eq!(told.count(), KINDS + 1);
        assert!(said.0.len() <= KINDS + 1);
    }
}
