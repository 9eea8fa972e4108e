//! When a ride begins: to the minute, in New York's wall time or as an instant.

use chrono::DateTime;

use super::error::{Field, Problem, TripError};
use crate::num;

/// 2007-01-01T00:00, the first year of today's daylight-saving rule, in minutes since 1970-01-01T00:00.
const EARLIEST: i64 = 13_514 * 1440;
/// 2100-01-01T00:00 in the same minutes.
const END: i64 = 47_482 * 1440;

/// A time of pickup, in whole minutes since 1970-01-01T00:00.
///
/// Seconds are cut off here and so can never become a feature: in the TLC's files they betray which kind of
/// record a ride is, which a rider who books cannot know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pickup {
    /// Wall time where the ride is.
    Local(i64),
    /// An instant: minutes of UTC.
    Utc(i64),
}

impl Pickup {
    /// The instant that a clock gives as milliseconds since 1970-01-01T00:00Z (JavaScript's `Date.now()`).
    ///
    /// # Errors
    ///
    /// `PICKUP_DATETIME_RANGE` for a number that is not finite or outside the years 2007 to 2099.
    pub fn from_unix_millis(millis: f64) -> Result<Pickup, TripError> {
        if !millis.is_finite() {
            return Err(out_of_range(&format!("{} milliseconds", num::Shown(millis))));
        }
        in_range(Pickup::Utc(num::truncate_to_i64(num::floor(millis / 60_000.0))), &"that instant")
    }

    /// Wall time from minutes since 1970-01-01T00:00 on the wall.
    ///
    /// # Errors
    ///
    /// `PICKUP_DATETIME_RANGE` outside the years 2007 to 2099.
    pub fn from_local_minutes(minutes: i64) -> Result<Pickup, TripError> {
        in_range(Pickup::Local(minutes), &format!("minute {minutes} since 1970"))
    }
}

/// Reads RFC 3339 with an offset as an instant, and `YYYY-MM-DDTHH:MM[:SS]` (or with a space, as the TLC writes it)
/// as wall time.
///
/// # Errors
///
/// `PICKUP_DATETIME_FORMAT` for anything else, `PICKUP_DATETIME_RANGE` outside the years 2007 to 2099.
///
/// ```
/// use curbside::trip::{Pickup, parse_pickup};
///
/// assert_eq!(parse_pickup("2021-02-03T08:30")?, parse_pickup("2021-02-03 08:30:59")?);
/// assert!(matches!(parse_pickup("2021-02-03T08:30:00-05:00")?, Pickup::Utc(_)));
/// assert_eq!(parse_pickup("tomorrow").unwrap_err().code(), "PICKUP_DATETIME_FORMAT");
/// # Ok::<(), curbside::trip::TripError>(())
/// ```
pub fn parse_pickup(text: &str) -> Result<Pickup, TripError> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return in_range(Pickup::Utc(instant.timestamp().div_euclid(60)), &text);
    }
    // Wall time is the same grammar less the offset, so the same parser reads it once the offset is put there.
    for ending in ["Z", ":00Z"] {
        // The longest wall time is 29 characters: nanoseconds. Nothing longer is worth a copy.
        if text.len() <= 32
            && let Ok(wall) = DateTime::parse_from_rfc3339(&format!("{text}{ending}"))
        {
            return in_range(Pickup::Local(wall.timestamp().div_euclid(60)), &text);
        }
    }
    Err(TripError::new(
        Field::PickupDatetime,
        Problem::Format,
        format!(
            "pickup_datetime: expected RFC 3339 with an offset (2021-02-03T08:30:00-05:00) or New York local time \
             (2021-02-03T08:30), found {}",
            super::input::quote(text)
        ),
    ))
}

fn in_range(pickup: Pickup, found: &dyn std::fmt::Display) -> Result<Pickup, TripError> {
    let (Pickup::Local(minutes) | Pickup::Utc(minutes)) = pickup;
    if (EARLIEST..END).contains(&minutes) { Ok(pickup) } else { Err(out_of_range(found)) }
}

fn out_of_range(found: &dyn std::fmt::Display) -> TripError {
    TripError::new(
        Field::PickupDatetime,
        Problem::Range,
        format!("pickup_datetime: expected a time in the years 2007 to 2099, found {found}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_wire_format_says() {
        // 2021-02-03 is day 18661 since 1970-01-01; 08:30 is minute 510.
        let wall = Pickup::Local(18_661 * 1440 + 510);
        let rows = [
            ("2021-02-03T08:30", Ok(wall)),
            ("2021-02-03T08:30:59", Ok(wall)),
            ("2021-02-03 08:30:00", Ok(wall)),
            ("2021-02-03T08:30:00.123456", Ok(wall)),
            ("2021-02-03T08:30:00Z", Ok(Pickup::Utc(18_661 * 1440 + 510))),
            ("2021-02-03T08:30:00-05:00", Ok(Pickup::Utc(18_661 * 1440 + 810))),
            ("2021-02-03T13:30:00+00:00", Ok(Pickup::Utc(18_661 * 1440 + 810))),
            ("2007-01-01T00:00", Ok(Pickup::Local(EARLIEST))),
            ("2006-12-31T23:59", Err("PICKUP_DATETIME_RANGE")),
            ("2099-12-31T23:59", Ok(Pickup::Local(END - 1))),
            ("2100-01-01T00:00", Err("PICKUP_DATETIME_RANGE")),
            ("2021-02-30T08:30", Err("PICKUP_DATETIME_FORMAT")),
            ("2021-02-03T24:00", Err("PICKUP_DATETIME_FORMAT")),
            ("2021-02-03", Err("PICKUP_DATETIME_FORMAT")),
            ("08:30", Err("PICKUP_DATETIME_FORMAT")),
            ("", Err("PICKUP_DATETIME_FORMAT")),
            ("2021-02-03T08:30:00-05:00-05:00", Err("PICKUP_DATETIME_FORMAT")),
            ("\u{1F695}", Err("PICKUP_DATETIME_FORMAT")),
        ];
        let mut wrong = Vec::new();
        for (text, expected) in rows {
            let found = parse_pickup(text).map_err(|e| e.code());
            if found != expected {
                wrong.push(format!("{text:?}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_clock_that_gives_no_number_is_an_error() {
        for millis in [f64::NAN, f64::INFINITY, -1e300, 0.0] {
            assert_eq!(
                Pickup::from_unix_millis(millis).map_err(|e| e.code()),
                Err("PICKUP_DATETIME_RANGE"),
                "{millis}"
            );
        }
    }
}
