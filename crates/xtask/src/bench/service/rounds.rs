//! The contestants take turns, so that whatever else the machine does meets all of them.

use anyhow::{Context, Result};

use super::Effort;
use super::contestant::Running;
use super::load::{self, Load};
use super::prepare::Prepared;
use super::processes::Memory;
use crate::bench::figures::median;

/// Connections of the turns without a limit.
pub(super) const CONNECTIONS: [u32; 3] = [1, 16, 256];
/// Connections at equal load, and those whose turns say what half of the reference's maximum is.
const PACED_CONNECTIONS: u32 = 16;
/// Rides whose answers are checked before and after.
const CHECKED: usize = 250;
/// Seconds that each is asked before anything counts: code is compiled while it runs.
const WARM_UP: u32 = 3;

/// A turn without a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) load: Load,
    /// CPU microseconds of all the service's processes, a request.
    pub(super) cpu: f64,
}

/// What was found of one contestant.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: &'static str,
    /// Milliseconds, start by start.
    pub(super) first_answers: Vec<f64>,
    pub(super) memory_at_rest: Memory,
    pub(super) memory_after: Memory,
    /// By [`CONNECTIONS`], round by round.
    pub(super) turns: [Vec<Turn>; 3],
    /// At equal load, round by round.
    pub(super) paced: Vec<Load>,
    /// How many answers were compared with the expected ones.
    pub(super) checked: usize,
}

/// What was found of all: the reference, the reference with connections kept, ours.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) found: [Found; 3],
    /// Requests a second of the turns at equal load.
    pub(super) offered: f64,
}

/// Measures.
///
/// # Errors
/// When a contestant does not start or ends, a load generator fails, or an answer is wrong.
pub(super) fn run(prepared: &Prepared, effort: Effort) -> Result<Results> {
    let mut found = prepared.contestants.each_ref().map(|contestant| Found::new(contestant.name));
    starts(prepared, effort, &mut found)?;
    let mut running = Vec::new();
    for (contestant, found) in prepared.contestants.iter().zip(&mut found) {
        println!("{} is started and tried ...", contestant.name);
        let one = contestant.start()?;
        found.checked += contestant.asked.check(one.port, CHECKED)?;
        load::flat_out(prepared, one.port, PACED_CONNECTIONS, WARM_UP)?;
        running.push(one);
    }
    for round in 0..effort.rounds {
        for (place, connections) in CONNECTIONS.into_iter().enumerate() {
            for each in turns(running.len(), round) {
                let (Some(one), Some(found)) = (running.get(each), found.get_mut(each)) else { continue };
                let turn = turn(prepared, one, connections, effort.seconds)?;
                println!(
                    "round {} of {}, connections: {connections}, {}: {:.0} a second, {:.0} us of CPU each, {:.0} errors",
                    round + 1,
                    effort.rounds,
                    found.name,
                    turn.load.rate,
                    turn.cpu,
                    turn.load.errors
                );
                if let Some(turns) = found.turns.get_mut(place) {
                    turns.push(turn);
                }
            }
        }
    }
    let offered = half_of_the_maximum(&found).context("the reference was not measured")?;
    for round in 0..effort.paced_rounds {
        for each in turns(running.len(), round) {
            let (Some(one), Some(found)) = (running.get(each), found.get_mut(each)) else { continue };
            let load = load::paced(prepared, one.port, PACED_CONNECTIONS, offered, effort.paced_seconds)?;
            println!("at {offered:.0} a second, {}: p50 {:.2} ms, p99 {:.2} ms", found.name, load.median, load.p99);
            found.paced.push(load);
        }
    }
    for ((contestant, one), found) in prepared.contestants.iter().zip(&running).zip(&mut found) {
        found.memory_after = one.memory()?;
        found.checked += contestant.asked.check(one.port, CHECKED)?;
    }
    Ok(Results { found, offered })
}

/// Starts each alone, several times, and looks at its memory when it has answered once.
fn starts(prepared: &Prepared, effort: Effort, found: &mut [Found; 3]) -> Result<()> {
    for _ in 0..effort.starts {
        for (contestant, found) in prepared.contestants.iter().zip(found.iter_mut()) {
            let running = contestant.start()?;
            println!("{}: first answer after {:.0} ms", contestant.name, running.first_answer);
            found.first_answers.push(running.first_answer);
            found.memory_at_rest = running.memory()?;
        }
    }
    Ok(())
}

fn turn(prepared: &Prepared, one: &Running, connections: u32, seconds: u32) -> Result<Turn> {
    let before = one.cpu_seconds()?;
    let load = load::flat_out(prepared, one.port, connections, seconds)?;
    let used = one.cpu_seconds()? - before;
    Ok(Turn { load, cpu: used / load.requests.max(1.0) * 1e6 })
}

/// Whose turn it is: in every round another one begins.
fn turns(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (place + round) % count)
}

/// Of what the reference answers in a second on the connections of the turns at equal load.
fn half_of_the_maximum(found: &[Found; 3]) -> Option<f64> {
    let place = CONNECTIONS.iter().position(|connections| *connections == PACED_CONNECTIONS)?;
    Some(found.first()?.rate(place)? / 2.0)
}

impl Found {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            first_answers: Vec::new(),
            memory_at_rest: Memory::default(),
            memory_after: Memory::default(),
            turns: [Vec::new(), Vec::new(), Vec::new()],
            paced: Vec::new(),
            checked: 0,
        }
    }

    /// The median of answers a second on so many connections, by their place in [`CONNECTIONS`].
    pub(super) fn rate(&self, place: usize) -> Option<f64> {
        median(&self.turns.get(place)?.iter().map(|turn| turn.load.rate).collect::<Vec<_>>())
    }

    /// The same of CPU microseconds a request.
    pub(super) fn cpu(&self, place: usize) -> Option<f64> {
        median(&self.turns.get(place)?.iter().map(|turn| turn.cpu).collect::<Vec<_>>())
    }

    /// How many times as many a second as `other`: the median over rounds of what each found.
    pub(super) fn rate_over(&self, other: &Self, place: usize) -> Option<f64> {
        let (own, others) = (self.turns.get(place)?, other.turns.get(place)?);
        let ratios: Vec<f64> = own.iter().zip(others).map(|(own, other)| own.load.rate / other.load.rate).collect();
        median(&ratios)
    }

    /// The median of milliseconds at equal load.
    pub(super) fn paced(&self, of: impl Fn(&Load) -> f64) -> Option<f64> {
        median(&self.paced.iter().map(of).collect::<Vec<_>>())
    }

    /// All that went wrong in all turns.
    pub(super) fn errors(&self) -> f64 {
        let flat_out = self.turns.iter().flatten().map(|turn| turn.load.errors).sum::<f64>();
        flat_out + self.paced.iter().map(|load| load.errors).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_round_another_one_begins() {
        assert_eq!(turns(3, 0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(turns(3, 4).collect::<Vec<_>>(), [1, 2, 0]);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let turns = |rates: [f64; 3]| {
            rates.map(|rate| Turn { load: Load { rate, errors: 1.0, ..Load::default() }, cpu: 1e6 / rate }).to_vec()
        };
        // The machine was half as fast in the second round; that is no reason to say anything else than 5.
        let mut reference = Found::new("reference");
        reference.turns = [Vec::new(), turns([1000.0, 500.0, 1000.0]), Vec::new()];
        let mut ours = Found::new("ours");
        ours.turns = [Vec::new(), turns([5000.0, 2500.0, 7000.0]), Vec::new()];
        assert_eq!(ours.rate_over(&reference, 1), Some(5.0));
        assert_eq!(ours.rate_over(&reference, 0), None);
        assert_eq!(Some(ours.errors()), Some(3.0), "one in each round");
        assert_eq!(half_of_the_maximum(&[reference, ours, Found::new("third")]), Some(500.0));
    }
}
