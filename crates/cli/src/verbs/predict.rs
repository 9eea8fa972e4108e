//! `curbside predict`: one ride, as a sentence or with every bit.

mod why;

use std::fmt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use curbside::explain::Explanation;
use curbside::trip::{Field, Given, Pickup, TripInput};
use curbside::{Estimate, Estimator, Trip};
use curbside_publish::BundleFile;
use serde::Serialize;

use super::calibrated::promise;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// A ride. The values are checked by the same code that checks them everywhere, so they are texts here.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Zone of the pickup: a TLC zone id of 1 to 265
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pu: String,
    /// Zone of the drop-off
    #[arg(long = "do", value_name = "ID", allow_hyphen_values = true)]
    to: String,
    /// Miles; estimated where you do not know them
    #[arg(long, value_name = "MILES", allow_hyphen_values = true)]
    distance: Option<String>,
    /// Time of pickup: 2021-02-03T08:30 on New York's clocks, or with an offset; now where you do not say
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Bundle; else what `CURBSIDE_MODEL` names, else the repository's own
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Say why: what the average ride takes, and how much each thing you told moves the estimate from there
    #[arg(long)]
    explain: bool,
}

/// The estimate and what it rests on.
#[derive(Serialize)]
struct Answer<'a> {
    duration: f64,
    #[serde(flatten)]
    interval: Option<IntervalOut>,
    unit: &'a str,
    pickup: Place<'a>,
    dropoff: Place<'a>,
    trip_distance: f64,
    pickup_datetime: String,
    assumed: Assumed,
    warnings: Vec<WarningOut>,
    model: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation<'a>>,
}

/// Where the truth is expected; absent for a bundle that does not say.
#[derive(Clone, Copy, Serialize)]
struct IntervalOut {
    duration_low: f64,
    duration_high: f64,
    coverage: f64,
    /// Whether it ends where the model's numbers do, so that more may be true.
    #[serde(skip)]
    is_open: bool,
}

#[derive(Serialize)]
struct Place<'a> {
    id: u16,
    /// Null for an id that the bundle's table does not have.
    name: Option<&'a str>,
    borough: Option<&'a str>,
}

/// What was assumed where the caller said nothing, or nothing that can be believed.
#[derive(Serialize)]
struct Assumed {
    #[serde(skip_serializing_if = "Option::is_none")]
    trip_distance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup_datetime: Option<String>,
}

#[derive(Serialize)]
struct WarningOut {
    code: &'static str,
    message: &'static str,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let (trip, assumed_now) = arguments.trip()?;
    let estimator = BundleFile::open(&place::model(arguments.model.as_deref())?)?.estimator()?;
    let estimate = estimator.estimate(&trip);
    let explanation = arguments.explain.then(|| estimator.explain(&trip)).transpose();
    let explanation = explanation.map_err(|fault| Failure::new(fault.code(), fault.to_string()))?;
    output.answer(&Answer { explanation, ..answer(&estimator, &trip, &estimate, assumed_now) })
}

impl Arguments {
    fn trip(&self) -> Result<(Trip, bool), Failure> {
        let miles = |text: &str| text.trim().parse::<f64>().ok();
        let input = TripInput {
            pu_location_id: Given::Text(&self.pu),
            do_location_id: Given::Text(&self.to),
            trip_distance: self.distance.as_deref().map_or(Given::Absent, |text| {
                // What is no number stays a text, so that the refusal shows it.
                miles(text).map_or(Given::Text(text), Given::Number)
            }),
            pickup_datetime: self.at.as_deref().map_or(Given::Absent, Given::Text),
        };
        let trip = input.check(now()).map_err(|error| Failure::trip(argument(error.field()), &error))?;
        Ok((trip, input.takes_now()))
    }
}

/// How the command calls a field.
fn argument(field: Field) -> &'static str {
    match field {
        Field::PuLocationId => "--pu",
        Field::DoLocationId => "--do",
        Field::TripDistance => "--distance",
        Field::PickupDatetime => "--at",
    }
}

/// The machine's clock; `None` where it stands outside the years that can be scored.
fn now() -> Option<Pickup> {
    // Whole seconds: a ride is scored to the minute, and 32 bits of them reach past the years that can be scored.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Pickup::from_unix_millis(f64::from(u32::try_from(seconds).ok()?) * 1000.0).ok()
}

fn answer<'a>(estimator: &'a Estimator, trip: &Trip, estimate: &Estimate, assumed_now: bool) -> Answer<'a> {
    let zones = estimator.zones();
    let place = |id| {
        let zone = zones.get(id);
        Place { id, name: zone.map(|zone| zone.name.as_str()), borough: zone.map(|zone| zones.borough(zone)) }
    };
    let pickup_datetime = estimate.pickup.to_string();
    Answer {
        duration: estimate.duration,
        interval: estimate.interval.zip(estimator.coverage()).map(|(interval, coverage)| IntervalOut {
            duration_low: interval.low,
            duration_high: interval.high,
            coverage,
            is_open: interval.high >= estimator.target().high,
        }),
        unit: &estimator.target().unit,
        pickup: place(trip.pu_location_id()),
        dropoff: place(trip.do_location_id()),
        trip_distance: estimate.trip_distance,
        assumed: Assumed {
            trip_distance: estimate.distance_assumed.then_some(estimate.trip_distance),
            pickup_datetime: assumed_now.then(|| pickup_datetime.clone()),
        },
        pickup_datetime,
        warnings: estimate.warnings.iter().map(|w| WarningOut { code: w.code(), message: w.message() }).collect(),
        model: &estimator.card().name,
        model_version: &estimator.card().version,
        explanation: None,
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name, self.borough) {
            (Some(name), Some(borough)) if ![name, "N/A", ""].contains(&borough) => write!(f, "{name} ({borough})"),
            (Some(name), _) => f.write_str(name),
            (None, _) => write!(f, "zone {}", self.id),
        }
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { duration, unit, pickup, dropoff, trip_distance, pickup_datetime, .. } = self;
        write!(f, "{duration:.0} {unit}")?;
        if let Some(IntervalOut { duration_low, duration_high, coverage, is_open }) = self.interval {
            // Outward, so that no ride that falls in the interval falls out of its words.
            let (low, high) = (duration_low.floor(), duration_high.ceil());
            let more = if is_open { " or more" } else { "" };
            write!(f, ", {low} to {high}{more}: {} fall in it", promise(coverage))?;
        }
        writeln!(f, "\n  ride      {pickup} to {dropoff}")?;
        let given = |assumed: bool, how| if assumed { how } else { "as given" };
        let miles = given(self.assumed.trip_distance.is_some(), "assumed: estimated from the map");
        writeln!(f, "  distance  {trip_distance} miles ({miles})")?;
        let time = given(self.assumed.pickup_datetime.is_some(), "assumed: now");
        writeln!(f, "  pickup    {} in New York ({time})", pickup_datetime.replace('T', " "))?;
        writeln!(f, "  model     {} {}", self.model, self.model_version)?;
        for warning in &self.warnings {
            writeln!(f, "  warning   {}: {}", warning.code, warning.message)?;
        }
        self.explanation.as_ref().map_or(Ok(()), |explanation| why::table(f, explanation))
    }
}
