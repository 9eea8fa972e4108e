//! `curbside-server health`: whether a server can answer rides, for whoever watches containers. Silent if so.
//!
//! Without an address it asks the server on this machine by a Unix socket that is named after the address it listens on: the same
//! processes answer there, whatever certificate the server has.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

use crate::options::Question;
use crate::request::{self, Answer};
use crate::{log, settings, sockets, variables};

/// A container's health check gives up soon after.
const PATIENCE: Duration = Duration::from_secs(3);
/// 200 only if a model serves.
const PATH: &str = "/health/ready";

/// Asks; says what is wrong on standard error.
pub(crate) fn run(question: &Question) -> ExitCode {
    match ask(question) {
        Ok(Answer { status: 200, .. }) => ExitCode::SUCCESS,
        Ok(Answer { status, body }) => {
            log::failed(&format!("expected HTTP status 200 at {PATH}, found {status}: {body}"));
            ExitCode::FAILURE
        }
        Err(message) => {
            log::failed(&message);
            ExitCode::FAILURE
        }
    }
}

fn ask(question: &Question) -> Result<Answer, String> {
    if let Some(url) = &question.url {
        return ask_at(url);
    }
    let listen =
        settings::listen(question.listen.as_deref(), &variables::of_process).map_err(|refusal| refusal.to_string())?;
    let failed = |error: std::io::Error| format!("no server that listens on {listen} answers on this machine: {error}");
    let mut stream = sockets::connect(&sockets::health_name(listen)).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE))).map_err(failed)?;
    // Any program may take a name that is free: only this user's server, or root's, is believed.
    let owner = socket_peercred(&stream).map_err(|error| failed(error.into()))?.uid;
    if owner != geteuid() && !owner.is_root() {
        return Err(format!("expected a server of this user at {listen}, found one of user {}", owner.as_raw()));
    }
    exchange(&mut stream, "localhost").map_err(failed)
}

fn ask_at(url: &str) -> Result<Answer, String> {
    let host = url
        .strip_prefix("http://")
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
        .filter(|host| !host.is_empty() && !host.contains(['@', '/', '?', '#']))
        .ok_or_else(|| format!("URL: expected http://HOST[:PORT], found {url:?}; leave it away to ask this machine's server, with TLS too"))?;
    let address = if host.trim_end_matches(|digit: char| digit.is_ascii_digit()).ends_with(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let failed = |error: std::io::Error| format!("no server answers at {url}: {error}");
    let addresses = address.to_socket_addrs().map_err(failed)?;
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
                return exchange(&mut stream, host).map_err(failed);
            }
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

fn exchange(stream: &mut (impl Read + Write), host: &str) -> std::io::Result<Answer> {
    request::get(stream, host, PATH, None)
}
