//! One trip as a file has it. Nothing is judged here: that is the filter's work.

use chrono::{NaiveDateTime, TimeDelta};

/// One metered trip, unfiltered: the five columns that Curbside uses, and where they stood.
///
/// Real files hold trips that end before they begin, of 0 miles or of 290,000, and from 2009 or 2041: a `Ride` can
/// be any of them. [`crate::Filter`] says which are learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ride {
    /// Position among the rows of its file, the first row of data being 0 (a CSV header is no row).
    pub row: u64,
    /// When the meter was switched on, New York local time without a zone.
    pub pickup: NaiveDateTime,
    /// When the meter was switched off, New York local time without a zone.
    pub dropoff: NaiveDateTime,
    /// Zone of the pickup as recorded: 1..=265 in every published file, but any number here.
    pub pu_location_id: u16,
    /// Zone of the drop-off as recorded: 1..=265 in every published file, but any number here.
    pub do_location_id: u16,
    /// Metered distance in miles as recorded: may be 0, absurd, negative or NaN.
    pub trip_distance: f64,
}

impl Ride {
    /// Drop-off minus pickup; negative where the file has them the wrong way round.
    pub fn duration(&self) -> TimeDelta {
        self.dropoff - self.pickup
    }

    /// [`Ride::duration`] in minutes, as the reference computes it: whole seconds as a double, divided by 60.
    pub fn duration_minutes(&self) -> f64 {
        self.duration().as_seconds_f64() / 60.0
    }
}
