//! A ride as a caller gives it, checked.
//!
//! Everything a caller can get wrong about a ride is decided here, once, for every protocol and host: [`TripInput`]
//! is what arrived, in whatever type it arrived; [`Trip`] is what remains when all of it was right. Past this floor
//! nothing about a ride can fail. The rules are those of the reference service's wire format, less its silences:
//! a wrong type is an error and never a guess.

mod error;
mod input;
mod pickup;

pub use error::{Field, Problem, TripError};
pub use input::{Given, TripInput};
pub use pickup::{Pickup, parse_pickup};

/// Zone ids run from 1 to this (TLC's taxi zone lookup table).
pub const MAX_LOCATION_ID: u16 = 265;

/// Distances above this many miles are taken as not measured.
pub const MAX_PLAUSIBLE_MILES: f64 = 50.0;

/// Distances above this many miles are refused.
pub const MAX_MILES: f64 = 100.0;

/// How far the ride goes, as far as the caller knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distance {
    /// Miles, above 0 and at most [`MAX_PLAUSIBLE_MILES`].
    Miles(f64),
    /// The caller gave none.
    NotGiven,
    /// The caller gave 0 or more than [`MAX_PLAUSIBLE_MILES`]: treated as not given, with a warning.
    Implausible,
}

/// A ride that can be scored.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "trip_distance is the field's own name on the wire")]
pub struct Trip {
    pu_location_id: u16,
    do_location_id: u16,
    trip_distance: Distance,
    pickup: Pickup,
}

impl Trip {
    /// A ride from checked parts: zone ids of 1 to 265, miles (or `None` where unknown), time of pickup.
    ///
    /// # Errors
    ///
    /// A [`TripError`] that names the first field out of range.
    ///
    /// ```
    /// use curbside::trip::{Pickup, Trip, parse_pickup};
    ///
    /// let trip = Trip::new(130, 205, Some(3.66), parse_pickup("2021-02-03T08:30")?)?;
    /// assert_eq!(trip.pu_location_id(), 130);
    /// assert_eq!(Trip::new(130, 266, None, trip.pickup()).unwrap_err().code(), "DO_LOCATION_ID_RANGE");
    /// # Ok::<(), curbside::trip::TripError>(())
    /// ```
    pub fn new(
        pu_location_id: u16,
        do_location_id: u16,
        trip_distance: Option<f64>,
        pickup: Pickup,
    ) -> Result<Trip, TripError> {
        let input = TripInput {
            pu_location_id: Given::Number(f64::from(pu_location_id)),
            do_location_id: Given::Number(f64::from(do_location_id)),
            trip_distance: trip_distance.map_or(Given::Absent, Given::Number),
            pickup_datetime: Given::Absent,
        };
        input.check(Some(pickup))
    }

    /// Zone of the pickup, 1 to 265.
    pub fn pu_location_id(&self) -> u16 {
        self.pu_location_id
    }

    /// Zone of the drop-off, 1 to 265.
    pub fn do_location_id(&self) -> u16 {
        self.do_location_id
    }

    /// Distance in miles, as far as it is known.
    pub fn trip_distance(&self) -> Distance {
        self.trip_distance
    }

    /// Time of pickup.
    pub fn pickup(&self) -> Pickup {
        self.pickup
    }
}
