//! A ride as a protocol gave it, field by field, and what becomes of it.
//!
//! Every protocol fills [`Ride`]s and has them scored here, so that a ride means the same and is refused in the same words
//! wherever it comes from.

use std::borrow::Cow;

use super::json::{Json, Kind, Writer};
use super::{Refusal, Tally};
use crate::estimator::{Estimate, Estimator};
use crate::num;
use crate::trip::{Field, Given, Pickup, Trip, TripError, TripInput};
use crate::warning::Warning;

/// A field's value as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Cell<'a> {
    /// It did not.
    #[default]
    Absent,
    /// As JSON.
    Json(Json<'a>),
    /// As a number; NaN where it is missing.
    Number(f64),
    /// As a text; nothing where it is missing.
    Text(&'a str),
}

/// The fields of a ride, not yet read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ride<'a> {
    /// In the order of [`Field::ALL`].
    cells: [Cell<'a>; 4],
    /// The first field that came twice, with two values.
    conflict: Option<Field>,
    /// The ride's id, if it came with one that is not null.
    pub(super) id: Option<Json<'a>>,
    ids_differ: bool,
}

/// A ride that was scored.
pub(super) struct Answer {
    pub(super) trip: Trip,
    pub(super) estimate: Estimate,
    /// Whether the time of pickup is the carrier's.
    pub(super) assumed_now: bool,
}

impl<'a> Ride<'a> {
    /// The fields of an object, under any of their names; keys of other names are not looked at.
    pub(super) fn of(value: Json<'a>) -> Result<Ride<'a>, Refusal> {
        let mut ride = Ride::default();
        if value.kind() != Kind::Object {
            let message =
                ["the ride: expected a JSON object such as ", EXAMPLE, ", found ", value.kind().name()].concat();
            return Err(Refusal::ride("TRIP_TYPE", "", message));
        }
        for (key, value) in value.entries() {
            let name = key.name();
            if let Some(field) = Field::from_spelling(&name) {
                ride.set(field, Cell::Json(value));
            } else if name == "ride_id" {
                ride.set_id(value);
            }
        }
        Ok(ride)
    }

    /// Sets a field, under whichever of its names it came.
    pub(super) fn set(&mut self, field: Field, value: Cell<'a>) {
        let cell = &mut self.cells[field as usize];
        if *cell != Cell::Absent && *cell != value {
            // The first in the order of fields, whatever the order they came in.
            self.conflict =
                Some(self.conflict.map_or(field, |known| if (known as u8) < field as u8 { known } else { field }));
        }
        *cell = value;
    }

    /// Sets the ride's id; null is none.
    pub(super) fn set_id(&mut self, value: Json<'a>) {
        if value.kind() != Kind::Null {
            self.ids_differ |= self.id.is_some_and(|known| known != value);
            self.id = Some(value);
        }
    }

    /// Checks every field; `now` is the time of pickup where the ride has none.
    fn check(&self, now: Option<Pickup>) -> Result<(Trip, bool), Refusal> {
        if let Some(id) = self.id.filter(|id| self.ids_differ || !is_ride_id(*id)) {
            let found = match id.kind() {
                _ if self.ids_differ => "two that differ",
                Kind::Text => "a longer string, or one with half of a surrogate pair",
                other => other.name(),
            };
            let message = [
                "ride_id: expected a string of at most 128 characters or an integer of at most 20 digits, found ",
                found,
            ]
            .concat();
            return Err(Refusal::ride("RIDE_ID_TYPE", "ride_id", message));
        }
        if let Some(field) = self.conflict {
            return Err(TripError::conflict(field).into());
        }
        let mut texts = [const { String::new() }; 4];
        let [pu, to, distance, pickup] = &mut texts;
        let cell = |field: Field| self.cells[field as usize];
        let input = TripInput {
            pu_location_id: given(cell(Field::PuLocationId), pu),
            do_location_id: given(cell(Field::DoLocationId), to),
            trip_distance: given(cell(Field::TripDistance), distance),
            pickup_datetime: given(cell(Field::PickupDatetime), pickup),
        };
        let assumed_now = input.takes_now();
        input.check(now).map(|trip| (trip, assumed_now)).map_err(Refusal::from)
    }

    /// Scores it.
    pub(super) fn score(&self, estimator: &Estimator, now: Option<Pickup>) -> Result<Answer, Refusal> {
        let (trip, assumed_now) = self.check(now)?;
        Ok(Answer { trip, estimate: estimator.estimate(&trip), assumed_now })
    }
}

/// A ride, or why what came in its place is none.
pub(super) type Read<'a> = Result<Ride<'a>, Refusal>;

/// Scores rides, those that can be: an answer or a refusal each, in their order.
pub(super) fn score(estimator: &Estimator, rides: &[Read<'_>], now: Option<Pickup>) -> Vec<Result<Answer, Refusal>> {
    let mut trips = Vec::with_capacity(rides.len());
    let checked: Vec<Result<bool, Refusal>> = rides
        .iter()
        .map(|ride| {
            let (trip, assumed_now) = ride.as_ref().map_err(Clone::clone)?.check(now)?;
            trips.push(trip);
            Ok(assumed_now)
        })
        .collect();
    let mut estimates = Vec::with_capacity(trips.len());
    estimator.estimate_batch(&trips, |_, estimate| estimates.push(estimate));
    let mut scored = trips.into_iter().zip(estimates);
    checked
        .into_iter()
        .map(|ride| {
            let assumed_now = ride?;
            // There is one for every ride that was not refused.
            let (trip, estimate) = scored.next().ok_or_else(|| Refusal::form(&[]))?;
            Ok(Answer { trip, estimate, assumed_now })
        })
        .collect()
}

/// Scores rides of which none may be at fault.
pub(super) fn score_all(
    estimator: &Estimator,
    rides: &[Read<'_>],
    now: Option<Pickup>,
) -> Result<(Vec<Answer>, Tally), Refusal> {
    let mut tally = Tally::default();
    let mut answers = Vec::with_capacity(rides.len());
    for (row, answer) in score(estimator, rides, now).into_iter().enumerate() {
        let answer = answer.map_err(|refusal| refusal.in_row(row))?;
        tally.add(Some(&answer));
        answers.push(answer);
    }
    Ok((answers, tally))
}

impl Tally {
    /// Counts a ride: its answer, or none if it was refused.
    pub(super) fn add(&mut self, answer: Option<&Answer>) {
        match answer {
            Some(answer) => {
                self.rides += 1;
                self.unseen_pairs += u32::from(answer.estimate.warnings.contains(Warning::UnseenZonePair));
            }
            None => self.refused += 1,
        }
    }
}

/// What a ride looks like.
pub(super) const EXAMPLE: &str = r#"{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}"#;

/// The value that a cell holds; `text` keeps a string that had escapes.
fn given<'a>(cell: Cell<'a>, text: &'a mut String) -> Given<'a> {
    let json = match cell {
        Cell::Absent => return Given::Absent,
        Cell::Number(x) => return if x.is_nan() { Given::Null } else { Given::Number(x) },
        Cell::Text(given) => return if given.is_empty() { Given::Null } else { Given::Text(given) },
        Cell::Json(json) => json,
    };
    match json.kind() {
        Kind::Null => Given::Null,
        Kind::Number => Given::Number(json.number()),
        Kind::Text => match json.string() {
            Some(Cow::Borrowed(read)) => Given::Text(read),
            Some(Cow::Owned(read)) => {
                *text = read;
                Given::Text(text)
            }
            None => Given::Other("a string that cannot be read"),
        },
        other => Given::Other(other.name()),
    }
}

/// Whether it is a string of at most 128 characters or an integer of at most 20 digits, which a data frame whose column of ids has
/// gaps writes as 256.0.
fn is_ride_id(id: Json<'_>) -> bool {
    match id.kind() {
        Kind::Text => id.string().is_some_and(|text| text.chars().nth(128).is_none()),
        Kind::Number => {
            let (text, x) = (id.text(), id.number());
            let digits = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            digits || (text.len() <= 40 && num::floor(x).to_bits() == x.to_bits() && -1e19 < x && x < 1e20)
        }
        _ => false,
    }
}

/// Writes the interval, where the model has one.
pub(super) fn write_interval(out: &mut Writer, estimator: &Estimator, estimate: &Estimate) {
    let Some((interval, coverage)) = estimate.interval.zip(estimator.coverage()) else { return };
    for (name, number) in [("duration_low", interval.low), ("duration_high", interval.high), ("coverage", coverage)] {
        out.key(name);
        out.number(number);
    }
}

/// Writes what was assumed and what to know, where there is any; `more` is a warning's code and sentence.
pub(super) fn write_notes(out: &mut Writer, answer: &Answer, more: Option<(&str, &str)>) {
    let Answer { estimate, assumed_now, .. } = answer;
    if estimate.distance_assumed || *assumed_now {
        out.key("assumed");
        out.open(b'{');
        // A distance that was given but not believed is assumed too; the warning says why.
        if estimate.distance_assumed {
            out.key("trip_distance");
            out.number(estimate.trip_distance);
        }
        if *assumed_now {
            out.pair("pickup_datetime", &estimate.pickup.to_string());
        }
        out.close(b'}');
    }
    let mut warnings = estimate.warnings.iter().map(|w| (w.code(), w.message())).chain(more).peekable();
    if warnings.peek().is_some() {
        out.key("warnings");
        out.open(b'[');
        for (code, message) in warnings {
            out.open(b'{');
            out.pair("code", code);
            out.pair("message", message);
            out.close(b'}');
        }
        out.close(b']');
    }
}
