//! The ledger of parity: rides, real and odd, and the bits of their estimates by the shipped bundle.
//!
//! Every host proves that it gives exactly these bits, by numbers and through JSON text: here the native one, and in
//! `tests/parity/` Node, workerd, Chromium and Firefox.

use std::fmt::Write as _;

use crate::serving::Ask;
use curbside::trip::parse_pickup;
use curbside::{Estimator, Trip};

const LEDGER: &str = "tests/parity/ledger.csv";
const HEADER: &str = "pu,do,trip_distance,pickup_datetime,bits,low,high";
const BUNDLE: &str = "models/green-tripdata-duration.curb";

/// One line: the ride as JSON would have it, and what it must be answered with.
struct Line<'a> {
    pu: &'a str,
    to: &'a str,
    /// The JSON text of the miles; empty where the rider gives none.
    miles: &'a str,
    pickup: &'a str,
    bits: Bits,
}

/// What an estimate is in bits: the duration, and the ends of its interval where the model has one.
#[derive(Clone, Copy, PartialEq)]
struct Bits {
    duration: u64,
    interval: Option<[u64; 2]>,
}

impl std::fmt::Display for Bits {
    /// As the ledger has it: three fields, the last two empty where there is no interval.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x},", self.duration)?;
        match self.interval {
            Some([low, high]) => write!(f, "{low:016x},{high:016x}"),
            None => write!(f, ","),
        }
    }
}

fn lines(ledger: &str) -> Vec<Line<'_>> {
    let mut lines = ledger.lines();
    assert_eq!(lines.next(), Some(HEADER));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let &[pu, to, miles, pickup, duration, low, high] = fields.as_slice() else {
                panic!("{line:?} has not seven fields")
            };
            let bits = |field: &str| u64::from_str_radix(field, 16).unwrap();
            let interval = (!low.is_empty()).then(|| [bits(low), bits(high)]);
            Line { pu, to, miles, pickup, bits: Bits { duration: bits(duration), interval } }
        })
        .collect()
}

fn estimator() -> Estimator {
    use std::io::Read;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(BUNDLE).unwrap()).read_to_end(&mut bytes).unwrap();
    Estimator::open(&bytes).unwrap()
}

impl Line<'_> {
    fn trip(&self) -> Trip {
        let miles = (!self.miles.is_empty()).then(|| self.miles.parse().unwrap());
        let pickup = parse_pickup(self.pickup).unwrap();
        Trip::new(self.pu.parse().unwrap(), self.to.parse().unwrap(), miles, pickup).unwrap()
    }
}

fn by_numbers(estimator: &Estimator, line: &Line<'_>) -> Bits {
    let estimate = estimator.estimate(&line.trip());
    let interval = estimate.interval.map(|interval| [interval.low.to_bits(), interval.high.to_bits()]);
    Bits { duration: estimate.duration.to_bits(), interval }
}

fn through_json(estimator: &Estimator, line: &Line<'_>) -> Bits {
    let Line { pu, to, miles, pickup, .. } = line;
    let mut body = format!(r#"{{"PULocationID":{pu},"DOLocationID":{to},"pickup_datetime":"{pickup}""#);
    if !miles.is_empty() {
        write!(body, r#","trip_distance":{miles}"#).unwrap();
    }
    body.push('}');
    let reply = Ask { now: None, ..Ask::post("/predict", body.as_bytes()) }.of(estimator);
    let reply: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let bits = |field: &str| reply.get(field).map(|number| number.as_f64().unwrap().to_bits());
    let interval = bits("duration_low").zip(bits("duration_high")).map(|(low, high)| [low, high]);
    Bits { duration: bits("duration").unwrap(), interval }
}

#[test]
fn this_host_gives_the_ledgers_bits_by_the_walk_and_by_tables() {
    let mut estimator = estimator();
    let ledger = std::fs::read_to_string(LEDGER).unwrap();
    let lines = lines(&ledger);
    if std::env::var_os("CURBSIDE_BLESS").is_some() {
        let mut blessed = format!("{HEADER}\n");
        for line in &lines {
            let Line { pu, to, miles, pickup, .. } = line;
            writeln!(blessed, "{pu},{to},{miles},{pickup},{}", by_numbers(&estimator, line)).unwrap();
        }
        std::fs::write(LEDGER, blessed).unwrap();
        panic!("{LEDGER} was written anew: look at the change and run again without CURBSIDE_BLESS");
    }
    assert!(lines.len() >= 2000, "expected at least 2,000 rides, found {}", lines.len());
    check(&estimator, &lines);
    assert!(estimator.prepare(), "the shipped bundle is one that tables serve");
    assert!(estimator.calibration().interval().is_none_or(|interval| interval.predictor().is_prepared()));
    check(&estimator, &lines);
}

fn check(estimator: &Estimator, lines: &[Line<'_>]) {
    let kernel = estimator.predictor().kernel();
    let wrong: Vec<String> = lines
        .iter()
        .map(|line| (line, by_numbers(estimator, line), through_json(estimator, line)))
        .filter(|(line, numbers, json)| (*numbers, *json) != (line.bits, line.bits))
        .map(|(line, numbers, json)| {
            format!(
                "{} to {}, {:?} miles, {}: expected {}, found {numbers} and through JSON {json}",
                line.pu, line.to, line.miles, line.pickup, line.bits
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{kernel}: {} of {} differ:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

#[test]
fn a_matrix_gives_the_bits_that_single_rides_give() {
    let estimator = estimator();
    let ledger = std::fs::read_to_string(LEDGER).unwrap();
    let trips: Vec<Trip> = lines(&ledger).iter().map(Line::trip).collect();
    let matrix = estimator.encoder().encode_batch(trips.iter());
    let mut prepared = estimator.clone();
    prepared.prepare();
    for asked in [&estimator, &prepared] {
        let durations = asked.predict_matrix(&matrix.view()).unwrap();
        for (trip, duration) in trips.iter().zip(&durations) {
            assert_eq!(estimator.estimate(trip).duration.to_bits(), duration.to_bits(), "{trip:?}");
        }
    }
}
