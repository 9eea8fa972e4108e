//! How a process is asked to end so that no request is lost.
//!
//! On SIGTERM workerd answers the requests that it has read, and closes all other connections: also those on which a busy client's
//! next request has just arrived. So the Worker first holds all requests for a moment (worker/self-hosted/gate.ts). When no more
//! come, every client that has something to ask is being waited on; then comes the signal, and then the answers, each of which says
//! that its connection ends.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::Process;
use crate::{request, sockets};

/// Between two looks at how many requests are held.
const PULSE: Duration = Duration::from_millis(50);
/// Without another request for so many looks, no more are awaited: a busy client asks again sooner, from this machine within a millisecond.
const QUIET: u32 = 3;
/// Requests go on coming from clients that open new connections; they are not waited for any longer.
const PATIENCE: Duration = Duration::from_millis(900);
/// What the process needs to take note of a connection or a signal.
const MOMENT: Duration = Duration::from_millis(20);

/// Asks the process to end; where it does not answer any more, by the signal alone. Returns what it has counted, if it says so.
pub(crate) fn take_leave(process: &Process, name: &str, token: &str) -> Option<String> {
    let counts = hold(name, token).ok().flatten();
    // Opened now: connections that are new after the signal are not accepted.
    let release = open_release(name);
    thread::sleep(MOMENT);
    process.ask_to_end();
    thread::sleep(MOMENT);
    if let Ok(stream) = release {
        let _ = finish_release(stream, token);
    }
    counts
}

/// Holds requests until no more come; what was counted until then.
fn hold(name: &str, token: &str) -> std::io::Result<Option<String>> {
    let started = Instant::now();
    let mut before = ask(name, token)?;
    let mut quiet = 0;
    while quiet < QUIET && started.elapsed() < PATIENCE {
        thread::sleep(PULSE);
        let now = ask(name, token)?;
        quiet = if now.get("waiting") == before.get("waiting") { quiet + 1 } else { 0 };
        before = now;
    }
    Ok(before.get("counts").map(Value::to_string))
}

fn ask(name: &str, token: &str) -> std::io::Result<Value> {
    let mut stream = connect(name)?;
    let answer = request::get(&mut stream, "process", "/hold", Some(token))?;
    Ok(serde_json::from_str(&answer.body)?)
}

fn open_release(name: &str) -> std::io::Result<impl Read + Write> {
    let mut stream = connect(name)?;
    stream.write_all(b"GET /release HTTP/1.1\r\nhost: process\r\n")?;
    Ok(stream)
}

fn finish_release(mut stream: impl Read + Write, token: &str) -> std::io::Result<()> {
    stream.write_all(format!("authorization: Bearer {token}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(1024).read_to_end(&mut answer)?;
    Ok(())
}

fn connect(name: &str) -> std::io::Result<std::os::unix::net::UnixStream> {
    let stream = sockets::connect(name)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
