//! How answers and failures reach the terminal: stdout holds an answer or nothing, stderr everything else.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::failure::Failure;

/// The chosen way to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a Failure,
}

impl Output {
    pub(crate) fn new(json: bool) -> Output {
        Output { json }
    }

    /// Prints an answer, for a person or as JSON.
    pub(crate) fn answer<T: Serialize + fmt::Display>(self, answer: &T) -> Result<(), Failure> {
        let text = if self.json {
            let text = serde_json::to_string_pretty(answer);
            text.map_err(|fault| {
                Failure::new("OUTPUT_FAILED", format!("the answer cannot be written as JSON: {fault}"))
            })?
        } else {
            answer.to_string()
        };
        match writeln!(io::stdout(), "{}", text.trim_end()) {
            // Whoever reads has seen enough, as `head` does.
            Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(fault) => Err(Failure::new("OUTPUT_FAILED", format!("stdout: {fault}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints one of many answers on a line of its own, at once.
    pub(crate) fn event<T: Serialize + fmt::Display>(self, event: &T) -> Result<(), Failure> {
        let failed = |fault: &dyn fmt::Display| Failure::new("OUTPUT_FAILED", format!("stdout: {fault}"));
        let line = if self.json {
            serde_json::to_string(event).map_err(|fault| failed(&fault))?
        } else {
            event.to_string().replace('\n', " ")
        };
        let mut stdout = io::stdout();
        writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|fault| failed(&fault))
    }

    /// Says on stderr what is going on; not beside JSON, so that stderr holds a failure or nothing there.
    pub(crate) fn progress(self, line: &str) {
        if !self.json {
            // Progress that cannot be shown is no reason to stop the work.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Says on a terminal's stderr what the next line may be written over.
    #[cfg(feature = "train")]
    pub(crate) fn passing(self, line: &str) {
        if !self.json {
            let _ = write!(io::stderr(), "\r\x1b[2K{line}");
        }
    }

    /// What says what is going on, for those that take a function; nothing beside JSON.
    pub(crate) fn notice(self) -> Option<fn(&str)> {
        let say: fn(&str) = |line| Output::new(false).progress(line);
        (!self.json).then_some(say)
    }

    /// Prints a failure and gives its exit code.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        if failure.is_answered() {
            return ExitCode::from(failure.exit_code());
        }
        let text = if self.json { serde_json::to_string(&ErrorBody { error: failure }).ok() } else { None };
        let text = text.unwrap_or_else(|| format!("error: {failure}"));
        // The exit code still tells, should stderr be closed.
        let _ = writeln!(io::stderr(), "{text}");
        ExitCode::from(failure.exit_code())
    }

    /// Prints what the argument parser has to say: help and version on stdout, a refusal in the form that was asked for.
    pub(crate) fn refuse(self, refusal: &clap::Error) -> ExitCode {
        if self.json && refusal.use_stderr() {
            let text = refusal.render().to_string();
            return self.fail(&Failure::usage("arguments", text.trim_start_matches("error: ").trim_end()));
        }
        // As above: the exit code tells.
        let _ = refusal.print();
        ExitCode::from(if refusal.use_stderr() { 2 } else { 0 })
    }
}
