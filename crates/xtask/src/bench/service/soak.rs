//! Ours alone for long, at half of what it can answer: whether anything fails, grows or becomes slow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::contestant::{OURS, Running};
use super::load::{self, Load};
use super::prepare::Prepared;
use crate::bench::figures::median;

const CONNECTIONS: u32 = 16;
/// Seconds of each try that looks for the maximum, after one that does not count.
const TRIAL: u32 = 5;
const TRIALS: usize = 3;
/// The load is offered a minute at a time, each with its own figures.
const MINUTE: u32 = 60;
/// How often memory is looked at.
const PULSE: Duration = Duration::from_secs(5);
/// In a minute.
const LOOKS: usize = 12;
/// Of the time, what the slope leaves out: until then the heap grows to the size that it keeps.
const SETTLING: f64 = 0.2;
/// Rides whose answers are checked after every minute.
const CHECKED: usize = 20;

/// What was found.
#[derive(Debug)]
pub(super) struct Soaked {
    /// Requests a second that were offered.
    pub(super) offered: f64,
    /// Minute by minute.
    pub(super) minutes: Vec<Load>,
    /// Hours since the beginning, and bytes of all processes' own memory then.
    pub(super) memory: Vec<(f64, f64)>,
    /// How many answers were compared with the expected ones.
    pub(super) checked: usize,
    /// Machine and versions.
    pub(super) described: String,
}

/// Asks for so many minutes.
///
/// # Errors
/// When the server does not start or ends, a load generator fails, or an answer is wrong.
pub(super) fn run(prepared: &Prepared, minutes: u32) -> Result<Soaked> {
    let ours = prepared.contestants.iter().find(|contestant| contestant.name == OURS).context("nothing of ours")?;
    let running = ours.start()?;
    load::flat_out(prepared, running.port, CONNECTIONS, TRIAL)?;
    let mut rates = Vec::new();
    for _ in 0..TRIALS {
        rates.push(load::flat_out(prepared, running.port, CONNECTIONS, TRIAL)?.rate);
    }
    let offered = median(&rates).context("nothing was tried")? / 2.0;
    println!("{minutes} minutes at {offered:.0} a second, half of what {OURS} answers on {CONNECTIONS} connections");
    let mut soaked =
        Soaked { offered, minutes: Vec::new(), memory: Vec::new(), checked: 0, described: prepared.described.clone() };
    let is_over = AtomicBool::new(false);
    soaked.memory = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(&running, &is_over));
        let outcome = (|| -> Result<()> {
            for minute in 1..=minutes {
                let load = load::paced(prepared, running.port, CONNECTIONS, offered, MINUTE)?;
                soaked.checked += ours.asked.check(running.port, CHECKED)?;
                let memory = running.memory()?;
                println!(
                    "minute {minute}: {:.0} a second, {:.0} errors, p50 {:.2} ms, p99 {:.2} ms, {:.0} MB",
                    load.rate,
                    load.errors,
                    load.median,
                    load.p99,
                    memory.own / 1e6
                );
                soaked.minutes.push(load);
            }
            Ok(())
        })();
        is_over.store(true, Ordering::Relaxed);
        let memory = watch.join().map_err(|_| anyhow::anyhow!("watching the memory panicked"))?;
        outcome.and(memory)
    })?;
    Ok(soaked)
}

fn watch(running: &Running, is_over: &AtomicBool) -> Result<Vec<(f64, f64)>> {
    let started = Instant::now();
    let mut memory = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        memory.push((started.elapsed().as_secs_f64() / 3600.0, running.memory()?.own));
        thread::sleep(PULSE);
    }
    Ok(memory)
}

impl Soaked {
    /// Bytes an hour, by least squares over the least of each minute after the heap has settled: a heap rises and falls by some
    /// megabytes with each collection, and what grows shows where it has fallen. None of fewer than two minutes.
    pub(super) fn slope(&self) -> Option<f64> {
        let settled = self.memory.last()?.0 * SETTLING;
        let looks: Vec<(f64, f64)> = self.memory.iter().copied().filter(|(hours, _)| *hours >= settled).collect();
        let least = looks.chunks(LOOKS).filter_map(|minute| minute.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)));
        slope(&least.collect::<Vec<_>>())
    }

    /// All that went wrong.
    pub(super) fn errors(&self) -> f64 {
        self.minutes.iter().map(|minute| minute.errors).sum()
    }
}

/// Of a straight line through points, by least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mean =
        |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.iter().map(|_| 1.0).sum::<f64>();
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread = points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    let together = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
    (spread > 0.0).then_some(together / spread)
}

#[cfg(test)]
mod tests {
    use super::{Soaked, slope};

    #[test]
    fn the_slope_is_that_of_a_line() {
        assert_eq!(slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]), Some(2.0));
        assert_eq!(slope(&[(1.0, 7.0)]), None);
        assert_eq!(slope(&[]), None);
    }

    #[test]
    fn what_grows_in_the_beginning_is_no_slope_nor_is_what_falls_again() {
        // A look every five seconds for an hour: the heap grows to 90, then swings between that and 99.
        let looks = (0_u32..720).map(|look| {
            let swing = f64::from(look % 10);
            (f64::from(look) / 720.0, if look < 100 { f64::from(look) } else { 90.0 + swing })
        });
        let memory: Vec<(f64, f64)> = looks.collect();
        let soaked =
            |memory| Soaked { offered: 1.0, minutes: Vec::new(), memory, checked: 0, described: String::new() };
        assert_eq!(soaked(memory.clone()).slope(), Some(0.0));
        let leaking = memory.iter().map(|(hours, bytes)| (*hours, bytes + 7.0 * hours)).collect();
        let slope = soaked(leaking).slope().unwrap_or_default();
        assert!((slope - 7.0).abs() < 0.2, "{slope}");
    }
}
