//! The place of one process: who is in it, who was before, and when the next may be started.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Common, Own, Process};
use crate::sockets::{MemoryFile, Private};
use crate::{configuration, farewell, log};

/// The second attempt waits so long, each one more twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer: connections to the process that is missing wait for its successor.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A process that lived so long has not failed at its start.
const SETTLED: Duration = Duration::from_secs(30);
/// A process that does not answer for so long is ended. It may be starved by others, so this is generous.
const SILENCE: Duration = Duration::from_mins(1);
/// How long a replaced process may take to answer its last requests.
const RETIREMENT: Duration = Duration::from_secs(30);

/// One process's place.
#[derive(Debug)]
pub(crate) struct Slot {
    index: usize,
    /// Outlives the processes.
    pub(crate) private: Private,
    /// Has the process here be asked how it is, at once.
    pub(crate) nudge: Option<Sender<()>>,
    process: Option<Process>,
    retired: Vec<(Process, Instant)>,
    /// Deaths in a row, each soon after the start.
    pub(crate) failures: u32,
    /// Whether any process here has answered.
    pub(crate) has_ever_answered: bool,
    has_answered: bool,
    /// When the present process last showed that it lives.
    heard: Instant,
    next_start: Option<Instant>,
    /// What was counted here until the last answer.
    counts: Option<String>,
}

impl Slot {
    /// Without a process.
    pub(crate) fn new(index: usize, private: Private) -> Self {
        Self {
            index,
            private,
            nudge: None,
            process: None,
            retired: Vec::new(),
            failures: 0,
            has_ever_answered: false,
            has_answered: false,
            heard: Instant::now(),
            next_start: None,
            counts: None,
        }
    }

    /// When a process is to be started here; none if there is one.
    pub(crate) fn next_start(&self) -> Option<Instant> {
        self.next_start
    }

    /// Starts a process.
    ///
    /// # Errors
    /// When the first one here cannot be; a later one is tried again.
    pub(crate) fn start(
        &mut self,
        common: &Common<'_>,
        configuration: &MemoryFile,
        mut environment: Vec<(&str, String)>,
    ) -> Result<(), String> {
        if let Some(counts) = &self.counts {
            environment.push((configuration::EARLIER, counts.clone()));
        }
        let own = Own { index: self.index, private: &self.private, configuration, environment };
        match Process::start(common, own) {
            Ok(process) => {
                log::event("process_started", &json!({ "process": self.index, "pid": process.id() }));
                self.process = Some(process);
                self.next_start = None;
                self.has_answered = false;
                self.heard = Instant::now();
                if let Some(nudge) = &self.nudge {
                    // Whoever listens there lives as long as this.
                    let _ = nudge.send(());
                }
                Ok(())
            }
            Err(error) if self.has_ever_answered => {
                log::fault("process_not_started", &json!({ "process": self.index, "message": error.to_string() }));
                self.pause();
                Ok(())
            }
            Err(error) => Err(format!("cannot start process {}: {error}", self.index)),
        }
    }

    /// Takes note of an answer; whether it is the present process's first.
    pub(crate) fn answered(&mut self, asked: Instant, said: &Value) -> bool {
        if self.process.as_ref().is_none_or(|process| process.started > asked) {
            return false;
        }
        self.counts = said.get("counts").map(Value::to_string);
        self.heard = Instant::now();
        self.has_ever_answered = true;
        !std::mem::replace(&mut self.has_answered, true)
    }

    /// Takes note of the end of processes; whether the present one has ended.
    pub(crate) fn bury(&mut self) -> bool {
        self.bury_retired();
        let Some(process) = &mut self.process else {
            return false;
        };
        let Ok(Some(status)) = process.ended() else {
            return false;
        };
        let is_settled = process.started.elapsed() >= SETTLED;
        self.failures = if is_settled { 0 } else { self.failures.saturating_add(1) };
        let fields = json!({ "process": self.index, "pid": process.id(), "status": status.to_string() });
        log::fault("process_died", &fields);
        self.process = None;
        self.pause();
        true
    }

    fn pause(&mut self) {
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures.saturating_sub(1).min(16)));
        self.next_start = Some(Instant::now() + doubled.min(LONGEST_PAUSE));
    }

    /// Ends a process that has not answered for long; it will be buried and followed by another.
    pub(crate) fn end_if_silent(&mut self) {
        let Some(process) = &self.process else {
            return;
        };
        if self.heard.elapsed() >= SILENCE {
            log::fault(
                "process_silent",
                &json!({ "process": self.index, "pid": process.id(), "seconds": SILENCE.as_secs() }),
            );
            process.kill();
            // Not every second again, until it is buried.
            self.heard = Instant::now();
        }
    }

    /// Has the present process answer its last requests and end.
    pub(crate) fn retire(&mut self, token: &str) {
        self.next_start = None;
        if let Some(process) = self.process.take() {
            let counts = farewell::take_leave(&process, self.private.name(), token);
            self.counts = counts.or_else(|| self.counts.take());
            self.retired.push((process, Instant::now()));
        }
    }

    /// Takes note of the end of replaced processes, and ends those that take too long.
    pub(crate) fn bury_retired(&mut self) {
        self.retired.retain_mut(|(process, since)| {
            if !matches!(process.ended(), Ok(None)) {
                return false;
            }
            if since.elapsed() >= RETIREMENT {
                process.kill();
            }
            true
        });
    }

    /// Ends all processes here at once.
    pub(crate) fn kill(&self) {
        self.process.iter().chain(self.retired.iter().map(|(process, _)| process)).for_each(Process::kill);
    }

    /// Whether no process is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.process.is_none() && self.retired.is_empty()
    }
}
