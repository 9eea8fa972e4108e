//! Whether a service answers right: over plain sockets, ride by ride, so that no load generator has to be believed.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Rides, and what a service is to say of each.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) bodies: Vec<String>,
    /// Minutes.
    expected: Vec<f64>,
    /// How far an answer may be from that.
    tolerance: f64,
}

impl Asked {
    /// The rides of a file, with a time of pickup where the answer depends on it; `answers` has a number a line.
    ///
    /// # Errors
    /// When the file cannot be read, or there are not as many answers.
    pub(super) fn read(rides: &Path, pickup: Option<&str>, answers: &str, tolerance: f64) -> Result<Self> {
        let text = std::fs::read_to_string(rides).with_context(|| format!("cannot read {}", rides.display()))?;
        let mut bodies = Vec::new();
        for line in text.lines() {
            let mut ride: Value = serde_json::from_str(line)?;
            if let (Some(pickup), Some(fields)) = (pickup, ride.as_object_mut()) {
                fields.insert("pickup_datetime".to_owned(), pickup.into());
            }
            bodies.push(ride.to_string());
        }
        let expected = answers.lines().map(|line| Ok(line.parse()?)).collect::<Result<Vec<f64>>>()?;
        if bodies.is_empty() || bodies.len() != expected.len() {
            bail!("expected as many answers as rides, found {} and {}", expected.len(), bodies.len());
        }
        Ok(Self { bodies, expected, tolerance })
    }

    /// Asks the first `count` rides one by one; how many that were.
    ///
    /// # Errors
    /// Names the first ride that is answered otherwise than expected.
    pub(super) fn check(&self, port: u16, count: usize) -> Result<usize> {
        let rides = self.bodies.iter().zip(&self.expected).take(count);
        let asked = rides.len();
        for (body, expected) in rides {
            let (status, answer) = ask(port, body)?;
            if status != 200 || !duration(&answer).is_some_and(|found| (found - expected).abs() <= self.tolerance) {
                bail!("{body}: expected 200 and {expected} minutes, found {status} and {answer}");
            }
        }
        Ok(asked)
    }
}

/// Status and body of the answer to a ride, on a connection of its own.
///
/// # Errors
/// When nothing answers.
pub(super) fn ask(port: u16, body: &str) -> Result<(u16, String)> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(Duration::from_mins(1)))?;
    write!(
        socket,
        "POST /predict HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reply = String::new();
    socket.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").context("an answer without a head")?;
    let status = head.split_whitespace().nth(1).context("an answer without a status")?.parse()?;
    Ok((status, body.to_owned()))
}

fn duration(answer: &str) -> Option<f64> {
    serde_json::from_str::<Value>(answer).ok()?.get("duration")?.as_f64()
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn only_a_number_is_a_duration() {
        assert_eq!(duration("{\"duration\":26.5,\"model\":\"x\"}"), Some(26.5));
        for answer in ["", "26.5", "{\"duration\":\"26.5\"}", "{\"error\":{}}", "<html>"] {
            assert_eq!(duration(answer), None, "{answer}");
        }
    }
}
