//! What is wrong with a ride: the field, the kind of problem, and a sentence for the person who sent it.

use std::fmt;

/// The part of a ride that an error is about, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `PULocationID`
    PuLocationId,
    /// `DOLocationID`
    DoLocationId,
    /// `trip_distance`
    TripDistance,
    /// `pickup_datetime`
    PickupDatetime,
}

impl Field {
    /// Every field, in the order in which they are checked.
    pub const ALL: [Field; 4] = [Field::PuLocationId, Field::DoLocationId, Field::TripDistance, Field::PickupDatetime];

    /// The names under which the field may come, ours first: the TLC's columns, their renamed copies, and Rust's.
    pub fn spellings(self) -> &'static [&'static str] {
        match self {
            Field::PuLocationId => &["PULocationID", "pu_location_id", "pickup_location_id"],
            Field::DoLocationId => &["DOLocationID", "do_location_id", "dropoff_location_id"],
            Field::TripDistance => &["trip_distance"],
            Field::PickupDatetime => &["pickup_datetime", "lpep_pickup_datetime", "tpep_pickup_datetime"],
        }
    }

    /// The field that comes under this name.
    pub fn from_spelling(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.spellings().contains(&name))
    }

    /// The field's name on the wire.
    pub fn name(self) -> &'static str {
        self.spellings()[0]
    }
}

/// The kind of thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A required field is absent or null.
    Missing,
    /// The value is of a type that the field does not take.
    Type,
    /// The value's text cannot be read.
    Format,
    /// The value lies outside what the field takes.
    Range,
    /// The field was given twice, under two names, with two values.
    Conflict,
}

/// A ride that cannot be scored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TripError {
    field: Field,
    problem: Problem,
    message: String,
}

impl TripError {
    pub(crate) fn new(field: Field, problem: Problem, message: String) -> TripError {
        TripError { field, problem, message }
    }

    /// Two values for one field, under two of its names.
    pub(crate) fn conflict(field: Field) -> TripError {
        let message = format!("{}: expected one value, found two that differ", field.name());
        TripError { field, problem: Problem::Conflict, message }
    }

    /// The sentence for the person who sent the ride.
    pub(crate) fn into_message(self) -> String {
        self.message
    }

    /// The field at fault.
    pub fn field(&self) -> Field {
        self.field
    }

    /// The kind of problem.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The stable code of this error on every wire, such as `TRIP_DISTANCE_RANGE`.
    pub fn code(&self) -> &'static str {
        code(self.field, self.problem)
    }
}

impl fmt::Display for TripError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TripError {}

fn code(field: Field, problem: Problem) -> &'static str {
    match (field, problem) {
        (Field::PuLocationId, Problem::Missing) => "PU_LOCATION_ID_MISSING",
        (Field::PuLocationId, Problem::Type) => "PU_LOCATION_ID_TYPE",
        (Field::PuLocationId, Problem::Format) => "PU_LOCATION_ID_FORMAT",
        (Field::PuLocationId, Problem::Range) => "PU_LOCATION_ID_RANGE",
        (Field::PuLocationId, Problem::Conflict) => "PU_LOCATION_ID_CONFLICT",
        (Field::DoLocationId, Problem::Missing) => "DO_LOCATION_ID_MISSING",
        (Field::DoLocationId, Problem::Type) => "DO_LOCATION_ID_TYPE",
        (Field::DoLocationId, Problem::Format) => "DO_LOCATION_ID_FORMAT",
        (Field::DoLocationId, Problem::Range) => "DO_LOCATION_ID_RANGE",
        (Field::DoLocationId, Problem::Conflict) => "DO_LOCATION_ID_CONFLICT",
        (Field::TripDistance, Problem::Missing) => "TRIP_DISTANCE_MISSING",
        (Field::TripDistance, Problem::Type) => "TRIP_DISTANCE_TYPE",
        (Field::TripDistance, Problem::Format) => "TRIP_DISTANCE_FORMAT",
        (Field::TripDistance, Problem::Range) => "TRIP_DISTANCE_RANGE",
        (Field::TripDistance, Problem::Conflict) => "TRIP_DISTANCE_CONFLICT",
        (Field::PickupDatetime, Problem::Missing) => "PICKUP_DATETIME_MISSING",
        (Field::PickupDatetime, Problem::Type) => "PICKUP_DATETIME_TYPE",
        (Field::PickupDatetime, Problem::Format) => "PICKUP_DATETIME_FORMAT",
        (Field::PickupDatetime, Problem::Range) => "PICKUP_DATETIME_RANGE",
        (Field::PickupDatetime, Problem::Conflict) => "PICKUP_DATETIME_CONFLICT",
    }
}
