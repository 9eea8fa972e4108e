//! Who is compared: how each is started, when it answers, and what its processes cost.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::answers::{self, Asked};
use super::processes::{self, Memory};
use crate::server::{self, Server};

/// The reference as it is run.
pub(super) const REFERENCE: &str = "gunicorn, 2 workers";
/// The same, if it kept connections.
pub(super) const KEPT: &str = "gunicorn, 2 workers with threads, connections kept";
pub(super) const OURS: &str = "curbside-server";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often is asked whether it answers.
const PULSE: Duration = Duration::from_millis(2);

/// A service that can be started.
#[derive(Debug)]
pub(super) struct Contestant {
    pub(super) name: &'static str,
    command: Vec<String>,
    /// The option that takes address and port.
    option: &'static str,
    pub(super) asked: Asked,
    log: PathBuf,
}

/// A service that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) port: u16,
    /// Milliseconds from its start to its first answer.
    pub(super) first_answer: f64,
    server: Server,
}

impl Contestant {
    pub(super) fn new(
        name: &'static str,
        command: Vec<String>,
        option: &'static str,
        asked: Asked,
        folder: &Path,
    ) -> Self {
        let log = folder.join(format!("{}.log", name.replace([' ', ','], "-")));
        Self { name, command, option, asked, log }
    }

    /// Starts it on a free port, and waits for the answer to a ride.
    ///
    /// # Errors
    /// When it ends, or does not answer in time.
    pub(super) fn start(&self) -> Result<Running> {
        let port = server::free_port()?;
        let (program, arguments) = self.command.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        let mut command = Command::new(program);
        command.args(arguments).arg(self.option).arg(format!("127.0.0.1:{port}"));
        let started = Instant::now();
        let mut server = Server::start(self.name, &mut command, &self.log)?;
        while !self
            .asked
            .bodies
            .first()
            .is_some_and(|body| answers::ask(port, body).is_ok_and(|(status, _)| status == 200))
        {
            server.require_alive()?;
            if started.elapsed() > PATIENCE {
                bail!("{} does not answer: {}", self.name, self.log.display());
            }
            std::thread::sleep(PULSE);
        }
        let first_answer = started.elapsed().as_secs_f64() * 1e3;
        Ok(Running { port, first_answer, server })
    }
}

impl Running {
    /// Of all its processes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn memory(&self) -> Result<Memory> {
        processes::memory(self.server.id())
    }

    /// Seconds of CPU time that all its processes have used.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        processes::cpu_seconds(self.server.id())
    }
}
