//! The load generators: wrk asks as fast as it is answered, oha at a constant rate.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::prepare::Prepared;
use crate::command;

/// Beyond this an answer counts as none.
const TIMEOUT: &str = "20s";

/// What a load generator found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    pub(super) requests: f64,
    /// Answers a second.
    pub(super) rate: f64,
    /// Milliseconds.
    pub(super) median: f64,
    /// Milliseconds.
    pub(super) p99: f64,
    /// Connections that broke, answers that did not come in time, statuses other than 200.
    pub(super) errors: f64,
}

/// As many requests as are answered on so many connections, by one thread of wrk.
///
/// # Errors
/// When wrk fails.
pub(super) fn flat_out(prepared: &Prepared, port: u16, connections: u32, seconds: u32) -> Result<Load> {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--timeout", TIMEOUT, "--connections"])
        .arg(connections.to_string())
        .args(["--duration", &format!("{seconds}s"), "--script"])
        .arg(&prepared.script)
        .args([&format!("http://127.0.0.1:{port}"), "--"])
        .arg(&prepared.rides);
    read_wrk(&command::quiet_output(&mut wrk).context("wrk failed")?)
}

/// So many requests a second on so many connections, each timed from the moment it was due.
///
/// # Errors
/// When oha fails.
pub(super) fn paced(prepared: &Prepared, port: u16, connections: u32, rate: f64, seconds: u32) -> Result<Load> {
    let mut oha = Command::new(&prepared.oha);
    oha.args(["--no-tui", "--output-format", "json", "--latency-correction", "--wait-ongoing-requests-after-deadline"])
        .args(["-m", "POST", "-T", "application/json", "-t", TIMEOUT, "-c", &connections.to_string()])
        .args(["-z", &format!("{seconds}s"), "-q", &format!("{rate:.0}"), "-Z"])
        .arg(&prepared.rides)
        .arg(format!("http://127.0.0.1:{port}/predict"));
    read_oha(&command::quiet_output(&mut oha).context("oha failed")?)
}

/// The last line, which rides.lua wrote.
fn read_wrk(printed: &str) -> Result<Load> {
    let said: Value = serde_json::from_str(printed.lines().last().unwrap_or_default()).context("wrk's last line")?;
    let number = |name: &str| said.get(name).and_then(Value::as_f64).with_context(|| format!("no {name} from wrk"));
    let requests = number("requests")?;
    let mut errors = 0.0;
    for kind in ["connect", "read", "write", "status", "timeout"] {
        errors += number(kind)?;
    }
    Ok(Load {
        requests,
        rate: requests / number("microseconds")? * 1e6,
        median: number("p50")? / 1e3,
        p99: number("p99")? / 1e3,
        errors,
    })
}

fn read_oha(printed: &str) -> Result<Load> {
    let said: Value = serde_json::from_str(printed).context("what oha printed")?;
    let number = |path: &str| said.pointer(path).and_then(Value::as_f64).with_context(|| format!("no {path} from oha"));
    let counts = |path: &str| -> Result<Vec<(String, f64)>> {
        let counted = said.pointer(path).and_then(Value::as_object).with_context(|| format!("no {path} from oha"))?;
        Ok(counted.iter().map(|(name, count)| (name.clone(), count.as_f64().unwrap_or_default())).collect())
    };
    let statuses = counts("/statusCodeDistribution")?;
    let sum = |counted: &[(String, f64)]| counted.iter().map(|(_, count)| count).sum::<f64>();
    let well: f64 = statuses.iter().filter(|(status, _)| status == "200").map(|(_, count)| count).sum();
    Ok(Load {
        requests: well,
        rate: number("/summary/requestsPerSec")?,
        median: number("/latencyPercentiles/p50")? * 1e3,
        p99: number("/latencyPercentiles/p99")? * 1e3,
        errors: sum(&statuses) - well + sum(&counts("/errorDistribution")?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Load, read_oha, read_wrk};

    #[test]
    fn every_kind_of_error_counts() {
        let printed = "Running 1s test\n{\"requests\": 500, \"microseconds\": 2000000, \"connect\": 1, \"read\": 2, \"write\": 3, \
                       \"status\": 4, \"timeout\": 5, \"p50\": 551, \"p99\": 81915}\n";
        let load = Load { requests: 500.0, rate: 250.0, median: 0.551, p99: 81.915, errors: 15.0 };
        assert_eq!(read_wrk(printed).unwrap(), load);
        let printed = "{\"summary\":{\"requestsPerSec\":498.5},\"latencyPercentiles\":{\"p50\":0.0005,\"p99\":0.25},\
                       \"statusCodeDistribution\":{\"200\":90,\"503\":7},\"errorDistribution\":{\"connection closed\":3}}";
        let load = Load { requests: 90.0, rate: 498.5, median: 0.5, p99: 250.0, errors: 10.0 };
        assert_eq!(read_oha(printed).unwrap(), load);
    }

    #[test]
    fn what_says_nothing_is_no_measurement() {
        assert!(read_wrk("unable to connect to 127.0.0.1\n").is_err());
        assert!(read_oha("{}").is_err());
    }
}
