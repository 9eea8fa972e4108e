//! A process that scores rows with one engine on request: a line in, a line out, as bench/peers/README.md describes.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::plan::{Engine, Host};
use crate::node;
use crate::project::Project;

/// A host that is ready to answer.
#[derive(Debug)]
pub(super) struct Served {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Served {
    /// Starts the host of an engine with a model, and waits until it is ready.
    ///
    /// # Errors
    /// The host's own reason why the engine cannot score this model.
    pub(super) fn start(project: &Project, engine: &Engine, model: &Path) -> Result<Self> {
        let mut command = command(project, engine, "serve", model)?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (requests, answers) = (child.stdin.take(), child.stdout.take().context("a host without output")?);
        let mut served = Self { child, requests, answers: BufReader::new(answers) };
        served.answer()?;
        Ok(served)
    }

    /// Puts a request and waits for its numbers.
    ///
    /// # Errors
    /// What the host says is wrong, or that it ended.
    pub(super) fn ask(&mut self, request: &str) -> Result<Vec<f64>> {
        let requests = self.requests.as_mut().context("the host has been stopped")?;
        writeln!(requests, "{request}")?;
        requests.flush()?;
        let answer = self.answer()?;
        answer.split_whitespace().map(|number| Ok(number.parse()?)).collect()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        read(&line)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A host ends with its input.
        self.requests = None;
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let stopped = self.child.kill().and_then(|()| self.child.wait());
            if let Err(error) = stopped {
                eprintln!("a host could not be stopped: {error}");
            }
        }
    }
}

/// One cold start in a process of its own, from the bytes in memory to the first estimate: milliseconds on the wall, and of CPU
/// time of all its threads.
///
/// # Errors
/// The host's own reason why there is none.
pub(super) fn cold_start(project: &Project, engine: &Engine, model: &Path) -> Result<(f64, f64)> {
    let output = command(project, engine, "start", model)?.stderr(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let answer = read(said.lines().last().unwrap_or_default())?;
    let (wall, cpu) = answer.split_once(' ').context("a start without two times")?;
    Ok((wall.parse()?, cpu.parse()?))
}

/// What travels for an engine of JavaScript, a kind and a path a line.
///
/// # Errors
/// The host's own reason why the engine is not there.
pub(super) fn files(project: &Project, engine: &Engine, model: &Path) -> Result<String> {
    let output = command(project, engine, "files", model)?.stderr(Stdio::null()).output()?;
    read(&String::from_utf8_lossy(&output.stdout))
}

fn command(project: &Project, engine: &Engine, verb: &str, model: &Path) -> Result<Command> {
    Ok(match engine.host {
        Host::Javascript => {
            let mut node = node::node(project)?;
            node.arg(project.path("bench/peers/javascript/host.mjs")).args([verb, engine.name]).arg(model);
            node
        }
        Host::Native => {
            let mut ours = Command::new(project.target("release/curbside-bench"));
            ours.args([verb, engine.name]).arg(model);
            ours
        }
        Host::Python => {
            let mut python = Command::new(project.path(".curbside/bench/python/bin/python"));
            python.arg(project.path("bench/peers/python/host.py")).arg(engine.name).arg(model);
            python
        }
    })
}

/// An answer without the word before it; an error where that is what the host said.
fn read(line: &str) -> Result<String> {
    let line = line.trim();
    if let Some(reason) = line.strip_prefix("error") {
        bail!("{}", reason.trim());
    }
    if line.is_empty() {
        bail!("its process ended without an answer");
    }
    Ok(line.strip_prefix("ready").unwrap_or(line).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_host_says_ready_or_why_not() {
        assert_eq!(read("ready kernel walk\n").unwrap_or_default(), "kernel walk");
        assert_eq!(read("1.5 2\n").unwrap_or_default(), "1.5 2");
        for (line, reason) in [("error no such file\n", "no such file"), ("", "its process ended without an answer")] {
            assert_eq!(read(line).map_err(|error| error.to_string()), Err(reason.to_owned()));
        }
    }
}
