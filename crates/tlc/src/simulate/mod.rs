//! A simulated city, for tests and trials where the real files are absent.
//!
//! It is no model of New York: it has rush hours, slow and fast places, detours of their own between any two zones,
//! and records that go wrong as often as real ones do. The same seed gives the same rides on every platform, and
//! every seed gives rides of the same city, so that one simulated month can be trained on and another measured.
//!
//! ```
//! use curbside_tlc::simulate::{SimulationConfig, simulate};
//! use curbside_tlc::{Taxi, zones};
//!
//! let config = SimulationConfig { seed: 1, month: "2021-02".parse()?, rides: 1000, taxi: Taxi::Green };
//! let rides: Vec<_> = simulate(&config, &zones::grid())?.collect();
//! assert_eq!(rides.len(), 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bills;
mod chance;
mod city;
mod faults;
mod write;

pub use write::write_parquet;

use std::fmt;

use chrono::{NaiveDateTime, TimeDelta};

use crate::columns::Taxi;
use crate::month::MonthName;
use crate::ride::Ride;
use crate::zones::ZoneRecord;
use chance::Chance;
use city::City;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulationConfig {
    /// Chooses the rides; the city is the same for every seed.
    pub seed: u64,
    /// The month in which they begin (but for the few whose record says otherwise).
    pub month: MonthName,
    /// How many.
    pub rides: u32,
    /// Where they are hailed, and what the time columns of the file are called.
    pub taxi: Taxi,
}

impl SimulationConfig {
    /// The name under which TLC would publish such a month, with "simulated" in it so that nobody takes it for one:
    /// `green_tripdata_simulated_2021-02.parquet`.
    pub fn file_name(&self) -> String {
        format!("{}_tripdata_simulated_{}.parquet", self.taxi, self.month)
    }
}

/// No zone has a centre, so there is no place where a ride could begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlaces {
    zones: usize,
}

impl fmt::Display for NoPlaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zones = self.zones;
        write!(f, "expected zones with centres to simulate rides between, found {zones} zones and no centre: ")?;
        f.write_str("read the zone shapes with the table, or use the built-in grid")
    }
}

impl std::error::Error for NoPlaces {}

/// Simulates a month: exactly `config.rides` rides in the order of their pickups, faults aside.
///
/// # Errors
/// [`NoPlaces`] if no zone has a centre.
pub fn simulate(
    config: &SimulationConfig,
    zones: &[ZoneRecord],
) -> Result<impl Iterator<Item = Ride> + use<>, NoPlaces> {
    let city = City::new(zones, config.taxi).ok_or(NoPlaces { zones: zones.len() })?;
    let hours = Hours::of(config.month);
    let (month, rides) = (config.month, config.rides);
    let mut chance = Chance::new(config.seed, 0);
    Ok((0..rides).map(move |row| {
        // One ride in each equal part of the month's demand: sorted, and exactly as many as asked for.
        let pickup = hours.at((f64::from(row) + chance.unit()) / f64::from(rides));
        let journey = city.journey(pickup, &mut chance);
        let mut ride = Ride {
            row: u64::from(row),
            pickup,
            dropoff: pickup + seconds(journey.minutes * 60.0),
            pu_location_id: journey.pu_location_id,
            do_location_id: journey.do_location_id,
            trip_distance: hundredths(journey.miles),
        };
        faults::befall(&mut ride, &mut chance, month.end());
        ride
    }))
}

/// The hours of a month with running sums of their demand.
struct Hours {
    starts: Vec<NaiveDateTime>,
    sums: Vec<f64>,
}

impl Hours {
    fn of(month: MonthName) -> Self {
        let (mut starts, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        let mut hour = month.start();
        while hour < month.end() {
            sum += city::demand(hour);
            starts.push(hour);
            sums.push(sum);
            hour += TimeDelta::hours(1);
        }
        Self { starts, sums }
    }

    /// The second at which the given share (0..1) of the month's demand has passed.
    fn at(&self, share: f64) -> NaiveDateTime {
        // A month has at least 672 hours, so the last position exists.
        let last = self.sums.len() - 1;
        let passed = share * self.sums[last];
        let hour = self.sums.partition_point(|sum| *sum <= passed).min(last);
        let before = if hour == 0 { 0.0 } else { self.sums[hour - 1] };
        let within = (passed - before) / (self.sums[hour] - before);
        self.starts[hour] + seconds((3600.0 * within).min(3599.0))
    }
}

/// Whole seconds, rounded down.
#[allow(
    clippy::cast_possible_truncation,
    reason = "durations here are below a week, and TLC's times are whole seconds"
)]
fn seconds(duration: f64) -> TimeDelta {
    TimeDelta::seconds(duration.floor() as i64)
}

/// Rounded to hundredths, as meters print miles and dollars.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
