//! A ride as it arrived, before anything about it is believed.

use super::error::{Field, Problem, TripError};
use super::pickup::{Pickup, parse_pickup};
use super::{Distance, MAX_LOCATION_ID, MAX_MILES, MAX_PLAUSIBLE_MILES, Trip};
use crate::num;

/// One value as the caller sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Given<'a> {
    /// The caller did not name the field.
    #[default]
    Absent,
    /// The caller said null.
    Null,
    /// A number, finite or not.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// Something no field takes, by what it is: "a list", "an object", "true or false".
    Other(&'static str),
}

/// A ride as it arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TripInput<'a> {
    /// `PULocationID`: an integer, an integral number or a string of digits; required.
    pub pu_location_id: Given<'a>,
    /// `DOLocationID`: likewise.
    pub do_location_id: Given<'a>,
    /// `trip_distance`: a finite number of miles; may be absent or null.
    pub trip_distance: Given<'a>,
    /// `pickup_datetime`: a text; may be absent or null if the host has a clock.
    pub pickup_datetime: Given<'a>,
}

impl TripInput<'_> {
    /// Checks every field; `now` is the time of pickup where the caller gave none.
    ///
    /// # Errors
    ///
    /// A [`TripError`] that names the first field at fault, in the order pickup zone, drop-off zone, distance, time.
    pub fn check(&self, now: Option<Pickup>) -> Result<Trip, TripError> {
        Ok(Trip {
            pu_location_id: location_id(Field::PuLocationId, self.pu_location_id)?,
            do_location_id: location_id(Field::DoLocationId, self.do_location_id)?,
            trip_distance: distance(self.trip_distance)?,
            pickup: pickup(self.pickup_datetime, now)?,
        })
    }

    /// Whether [`check`](TripInput::check) takes the time of pickup from `now`.
    pub fn takes_now(&self) -> bool {
        matches!(self.pickup_datetime, Given::Absent | Given::Null)
    }
}

/// Shows a value in a message: quoted, without control characters, and cut where it gets long.
pub(super) fn quote(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

fn describe(given: Given<'_>) -> String {
    match given {
        Given::Absent => "nothing".to_owned(),
        Given::Null => "null".to_owned(),
        Given::Number(x) => num::Shown(x).to_string(),
        Given::Text(text) => quote(text),
        Given::Other(what) => what.to_owned(),
    }
}

fn location_id(field: Field, given: Given<'_>) -> Result<u16, TripError> {
    let fail = |problem| {
        let name = field.name();
        let found = describe(given);
        TripError::new(
            field,
            problem,
            format!("{name}: expected a TLC zone id of 1 to {MAX_LOCATION_ID}, found {found}"),
        )
    };
    let id = match given {
        Given::Absent | Given::Null => return Err(fail(Problem::Missing)),
        Given::Other(_) => return Err(fail(Problem::Type)),
        Given::Number(x) if !x.is_finite() => return Err(fail(Problem::Range)),
        Given::Number(x) => {
            num::integral(x).ok_or_else(|| fail(if x.abs() < 1e15 { Problem::Type } else { Problem::Range }))?
        }
        // A string of digits and nothing else: no sign, no space, no decimal point.
        Given::Text(text) if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(fail(Problem::Type));
        }
        Given::Text(text) => text.parse::<i64>().map_err(|_| fail(Problem::Range))?,
    };
    u16::try_from(id).ok().filter(|id| (1..=MAX_LOCATION_ID).contains(id)).ok_or_else(|| fail(Problem::Range))
}

fn distance(given: Given<'_>) -> Result<Distance, TripError> {
    let fail = |problem| {
        let found = describe(given);
        let message = format!(
            "trip_distance: expected a number of miles from 0 to {}, or null where it is not known, found {found}",
            num::Shown(MAX_MILES)
        );
        TripError::new(Field::TripDistance, problem, message)
    };
    match given {
        Given::Absent | Given::Null => Ok(Distance::NotGiven),
        Given::Text(_) | Given::Other(_) => Err(fail(Problem::Type)),
        // NaN is in no range, so it falls through to the refusal.
        Given::Number(miles) if miles > 0.0 && miles <= MAX_PLAUSIBLE_MILES => Ok(Distance::Miles(miles)),
        Given::Number(miles) if (0.0..=MAX_MILES).contains(&miles) => Ok(Distance::Implausible),
        Given::Number(_) => Err(fail(Problem::Range)),
    }
}

fn pickup(given: Given<'_>, now: Option<Pickup>) -> Result<Pickup, TripError> {
    let fail = |problem, why: &str| {
        TripError::new(Field::PickupDatetime, problem, format!("pickup_datetime: {why}, found {}", describe(given)))
    };
    match given {
        Given::Text(text) => parse_pickup(text),
        Given::Absent | Given::Null => {
            now.ok_or_else(|| fail(Problem::Missing, "expected a time, because this host has no clock"))
        }
        Given::Number(_) | Given::Other(_) => {
            Err(fail(Problem::Type, "expected a text such as 2021-02-03T08:30 or 2021-02-03T08:30:00-05:00"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Option<Pickup> = Some(Pickup::Local(26_872_350));

    fn ride(pu: Given<'static>, distance: Given<'static>) -> Result<Trip, &'static str> {
        TripInput {
            pu_location_id: pu,
            do_location_id: Given::Text("205"),
            trip_distance: distance,
            ..TripInput::default()
        }
        .check(NOW)
        .map_err(|e| e.code())
    }

    #[test]
    fn zone_ids_are_integers_in_any_of_three_spellings() {
        let rows = [
            (Given::Number(130.0), Ok(130)),
            (Given::Text("130"), Ok(130)),
            (Given::Text("0130"), Ok(130)),
            (Given::Number(1.0), Ok(1)),
            (Given::Number(265.0), Ok(265)),
            (Given::Absent, Err("PU_LOCATION_ID_MISSING")),
            (Given::Null, Err("PU_LOCATION_ID_MISSING")),
            (Given::Number(0.0), Err("PU_LOCATION_ID_RANGE")),
            (Given::Number(266.0), Err("PU_LOCATION_ID_RANGE")),
            (Given::Number(-1.0), Err("PU_LOCATION_ID_RANGE")),
            (Given::Number(1e300), Err("PU_LOCATION_ID_RANGE")),
            (Given::Number(f64::NAN), Err("PU_LOCATION_ID_RANGE")),
            (Given::Number(130.5), Err("PU_LOCATION_ID_TYPE")),
            (Given::Text(""), Err("PU_LOCATION_ID_TYPE")),
            (Given::Text("130.0"), Err("PU_LOCATION_ID_TYPE")),
            (Given::Text("+130"), Err("PU_LOCATION_ID_TYPE")),
            (Given::Text("\u{0661}"), Err("PU_LOCATION_ID_TYPE")),
            (Given::Text("99999999999999999999"), Err("PU_LOCATION_ID_RANGE")),
            (Given::Other("a list"), Err("PU_LOCATION_ID_TYPE")),
        ];
        let mut wrong = Vec::new();
        for (given, expected) in rows {
            let found = ride(given, Given::Null).map(|t| t.pu_location_id());
            if found != expected {
                wrong.push(format!("{given:?}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn distances_are_miles_missing_or_refused() {
        let rows = [
            (Given::Number(3.66), Ok(Distance::Miles(3.66))),
            (Given::Number(f64::MIN_POSITIVE), Ok(Distance::Miles(f64::MIN_POSITIVE))),
            (Given::Number(50.0), Ok(Distance::Miles(50.0))),
            (Given::Number(50.000_000_000_000_01), Ok(Distance::Implausible)),
            (Given::Number(100.0), Ok(Distance::Implausible)),
            (Given::Number(0.0), Ok(Distance::Implausible)),
            (Given::Number(-0.0), Ok(Distance::Implausible)),
            (Given::Absent, Ok(Distance::NotGiven)),
            (Given::Null, Ok(Distance::NotGiven)),
            (Given::Number(100.000_000_000_000_01), Err("TRIP_DISTANCE_RANGE")),
            (Given::Number(-5.0), Err("TRIP_DISTANCE_RANGE")),
            (Given::Number(f64::NAN), Err("TRIP_DISTANCE_RANGE")),
            (Given::Number(f64::INFINITY), Err("TRIP_DISTANCE_RANGE")),
            (Given::Text("40"), Err("TRIP_DISTANCE_TYPE")),
            (Given::Other("true or false"), Err("TRIP_DISTANCE_TYPE")),
        ];
        let mut wrong = Vec::new();
        for (given, expected) in rows {
            let found = ride(Given::Number(130.0), given).map(|t| t.trip_distance());
            if found != expected {
                wrong.push(format!("{given:?}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_message_names_the_field_what_was_expected_and_what_was_found() {
        let error = TripInput { pu_location_id: Given::Text("a\nb"), ..TripInput::default() }.check(NOW).unwrap_err();
        assert_eq!(error.to_string(), "PULocationID: expected a TLC zone id of 1 to 265, found \"a\\nb\"");
        let long = "x".repeat(1_000_000);
        assert!(quote(&long).len() < 60);
    }

    #[test]
    fn without_a_clock_the_time_is_required() {
        let input = TripInput {
            pu_location_id: Given::Number(1.0),
            do_location_id: Given::Number(1.0),
            ..TripInput::default()
        };
        assert_eq!(input.check(None).unwrap_err().code(), "PICKUP_DATETIME_MISSING");
        assert!(input.takes_now());
    }
}
