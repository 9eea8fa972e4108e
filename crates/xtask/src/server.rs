//! Servers of other projects on loopback: started in a process group of their own, waited for, and stopped with all they started.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a server may take to stop when asked.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often to look.
pub(crate) const PULSE: Duration = Duration::from_millis(100);
/// How much of a log is shown when its server has failed.
const TAIL_LINES: usize = 30;

/// The user's wish to end: Ctrl-C, a polite kill, or the terminal going away.
#[derive(Debug)]
pub(crate) struct Stop(Receiver<()>);

impl Stop {
    /// Takes over the signals, once in a process.
    ///
    /// # Errors
    /// When they cannot be handled.
    pub(crate) fn listen() -> Result<Self> {
        let (sender, receiver) = mpsc::channel();
        ctrlc::set_handler(move || {
            // The receiver is gone only when the driver is ending anyway.
            let _ = sender.send(());
        })
        .context("signals cannot be handled")?;
        Ok(Self(receiver))
    }

    /// Whether the user wished it, now or within this time.
    pub(crate) fn is_wished(&self, within: Duration) -> bool {
        !matches!(self.0.recv_timeout(within), Err(RecvTimeoutError::Timeout))
    }
}

/// Refuses a port that something else listens on, before minutes are spent on building; `option` chooses another.
///
/// # Errors
/// When the port cannot be bound.
pub(crate) fn require_free_port(port: u16, option: &str) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map(drop)
        .with_context(|| format!("port {port} is taken: stop what listens there, or choose another with {option}"))
}

/// A port that nothing listens on.
///
/// # Errors
/// When there is none.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The status of `GET path`, if anything answers; by hand, since an HTTP library would double this driver's build time.
pub(crate) fn status_of(port: u16, path: &str) -> Option<u16> {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())?;
        let mut status = [0; 12];
        socket.read_exact(&mut status)?;
        Ok(status)
    };
    let line = ask().ok()?;
    std::str::from_utf8(&line).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// A process that serves; it and what it started end with this value.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// Kept, because a process that has ended tells it once.
    ended: Option<ExitStatus>,
}

impl Server {
    /// Starts it; what it prints goes into the log alone, and its process id into a file beside that.
    ///
    /// # Errors
    /// When log or process cannot be made.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        lead_a_group(command);
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        fs::write(log.with_extension("pid"), format!("{}\n", child.id()))?;
        Ok(Self { name, child, log: log.to_owned(), ended: None })
    }

    /// Waits until it answers `GET path` with this status; false when the user wished to stop meanwhile.
    ///
    /// # Errors
    /// When it ends, or does not answer in time.
    pub(crate) fn wait_for(
        &mut self,
        port: u16,
        path: &str,
        status: u16,
        stop: &Stop,
        patience: Duration,
    ) -> Result<bool> {
        let started = Instant::now();
        while status_of(port, path) != Some(status) {
            self.require_alive()?;
            if started.elapsed() > patience {
                bail!(
                    "{} did not answer {status} at http://127.0.0.1:{port}{path} within {} s:\n{}",
                    self.name,
                    patience.as_secs(),
                    self.tail()
                );
            }
            if stop.is_wished(PULSE) {
                return Ok(false);
            }
        }
        // What answered may be another server: this one then could not bind its port, and has ended.
        self.require_alive().map(|()| true)
    }

    /// Of the process that was started; what it started has others.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// # Errors
    /// When the server has ended; shows the end of its log.
    pub(crate) fn require_alive(&mut self) -> Result<()> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        match self.ended {
            Some(status) => bail!("{} ended by itself ({status}):\n{}", self.name, self.tail()),
            None => Ok(()),
        }
    }

    /// The end of its log, and where the rest is.
    fn tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
        format!("{}\n(all of it: {})", tail.join("\n"), self.log.display())
    }

    /// Asks the whole group to end, and insists after a while.
    pub(crate) fn stop(&mut self) {
        let asked = Instant::now();
        signal_group(self.child.id(), "TERM");
        while asked.elapsed() < FAREWELL {
            // Reaped first: a dead leader that nobody has waited for still counts as one of its group.
            let reaped = !matches!(self.child.try_wait(), Ok(None));
            if reaped && !signal_group(self.child.id(), "0") {
                return;
            }
            std::thread::sleep(PULSE / 4);
        }
        signal_group(self.child.id(), "KILL");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        // Where it cannot be removed it is only out of date.
        let _ = fs::remove_file(self.log.with_extension("pid"));
    }
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn lead_a_group(_: &mut Command) {}

/// Sends a signal to all processes of a group; whether there was any.
fn signal_group(leader: u32, signal: &str) -> bool {
    let group = format!("-{leader}");
    let sent = Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
    sent.is_ok_and(|status| status.success())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::net::TcpListener;
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Server, free_port, require_free_port, signal_group, status_of};

    #[test]
    fn a_port_that_is_taken_is_refused_with_the_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let complaint = require_free_port(port, "--s3-port").unwrap_err().to_string();
        assert!(complaint.contains(&port.to_string()) && complaint.contains("--s3-port"), "{complaint}");
        drop(taken);
        // A process that another test starts just now holds a copy of every socket until it has become its program.
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut freed = require_free_port(port, "--s3-port");
        while freed.is_err() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
            freed = require_free_port(port, "--s3-port");
        }
        freed.unwrap();
        assert_eq!(status_of(free_port().unwrap(), "/"), None, "nobody answers there");
    }

    #[test]
    fn what_a_server_started_ends_with_it() {
        let log = std::env::temp_dir().join(format!("curbside-server-{}.log", std::process::id()));
        // A leader that ends at once and leaves a child behind: nobody but the group knows it.
        let mut server =
            Server::start("the shell", Command::new("sh").args(["-c", "sleep 60 & echo started"]), &log).unwrap();
        let leader = server.child.id();
        server.child.wait().unwrap();
        assert!(signal_group(leader, "0"), "the child of the shell should be running");
        let complaint = server.require_alive().unwrap_err().to_string();
        assert!(complaint.contains("ended by itself") && complaint.contains("started"), "{complaint}");
        drop(server);
        assert!(!signal_group(leader, "0"), "the child of the shell should be gone");
        std::fs::remove_file(log).unwrap();
    }
}
