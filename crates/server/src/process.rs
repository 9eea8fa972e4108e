//! One workerd process: how it is started, asked to end, and made to.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::configuration;
use crate::relay;
use crate::sockets::{Inherited, MemoryFile, Private, Public};
use crate::tree::Tree;

/// What all processes share.
pub(crate) struct Common<'a> {
    /// Programs and files.
    pub(crate) tree: &'a Tree,
    /// Where clients come in.
    pub(crate) public: &'a Public,
    /// Where health is asked.
    pub(crate) health: &'a Private,
}

/// What is one process's own.
pub(crate) struct Own<'a> {
    /// Its number.
    pub(crate) index: usize,
    /// Where the launcher and the other processes ask it.
    pub(crate) private: &'a Private,
    /// What it reads at its start.
    pub(crate) configuration: &'a MemoryFile,
    /// Its whole environment.
    pub(crate) environment: Vec<(&'a str, String)>,
}

/// A process that runs, or has just ended.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// When it was started.
    pub(crate) started: Instant,
}

impl Process {
    /// Starts workerd. Call it from a thread that lives as long as the launcher: the process ends with that thread.
    ///
    /// # Errors
    /// When there are no more processes to be had.
    pub(crate) fn start(common: &Common<'_>, own: Own<'_>) -> std::io::Result<Self> {
        let descriptors = [
            (configuration::PUBLIC, common.public.of(own.index)),
            (configuration::PRIVATE, own.private.as_fd()),
            (configuration::HEALTH, common.health.as_fd()),
        ];
        let mut command = Command::new(&common.tree.program);
        command.arg("process").arg(getpid().as_raw_pid().to_string()).arg("--").arg(&common.tree.workerd);
        // `embed` and `import` in the configuration name absolute paths.
        command.args(["serve", "--import-path", "/"]);
        for (name, descriptor) in &descriptors {
            command.arg("--socket-fd").arg(format!("{name}={}", descriptor.as_raw_fd()));
        }
        command.arg(own.configuration.path_in_child()).arg("config");
        command.env_clear().envs(own.environment).env(configuration::PROCESS, own.index.to_string());
        // Ctrl-C at a terminal is meant for the launcher, which ends them in its own way.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::inherit()).stderr(Stdio::piped());
        let inherited = descriptors.iter().map(|(_, descriptor)| *descriptor).chain([own.configuration.as_fd()]);
        let inherited = Inherited::mark(inherited.collect())?;
        let mut child = command.spawn()?;
        drop(inherited);
        let stderr = child.stderr.take();
        let mut process = Self { child, started: Instant::now() };
        if let Some(Err(error)) = stderr.map(|stderr| relay::start(stderr, own.index)) {
            // Nobody would know of it, and it would go on taking connections beside its successor.
            process.kill();
            let _ = process.child.wait();
            return Err(error);
        }
        Ok(process)
    }

    /// Its id, for the log.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has; asked afterwards it says the same.
    ///
    /// # Errors
    /// When it is no child of this process.
    pub(crate) fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Has it take no more connections, and end once its requests are answered.
    pub(crate) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // A child that nobody has waited for keeps its id, so this reaches no other process.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}
