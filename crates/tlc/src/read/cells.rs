//! One row before it is known to be a ride: five cells, each a value or a fault.

use std::fmt;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::shortened;
use crate::columns::Column;
use crate::ride::Ride;

/// What can be wrong with a cell, or with the whole row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Null in Parquet, nothing between the commas in CSV.
    Empty,
    /// Not a time, or one outside the calendar.
    NotATime,
    /// Not a whole number from 0 to 65535, so no zone id that anybody could have meant.
    NotAnId,
    /// Not a number.
    NotANumber,
    /// The row has fewer or more fields than the heading.
    WrongFieldCount,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::NotATime => "not a time",
            Self::NotAnId => "not a zone id",
            Self::NotANumber => "not a number",
            Self::WrongFieldCount => "wrong number of fields",
        })
    }
}

/// A row that is not a ride: where it stands and the first thing that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Position among the rows of its file, as in [`Ride::row`].
    pub row: u64,
    /// The column at fault; `None` when the whole row is.
    pub column: Option<Column>,
    /// What is wrong.
    pub fault: Fault,
    /// What was found there, shortened; empty for [`Fault::Empty`].
    pub found: String,
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: ", self.row)?;
        if let Some(column) = self.column {
            write!(f, "{column} ")?;
        }
        write!(f, "{}", self.fault)?;
        if self.found.is_empty() { Ok(()) } else { write!(f, ": {:?}", self.found) }
    }
}

/// A fault and the text that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellFault {
    pub(super) fault: Fault,
    pub(super) found: String,
}

impl CellFault {
    pub(super) fn empty() -> Self {
        Self { fault: Fault::Empty, found: String::new() }
    }

    pub(super) fn new(fault: Fault, found: &str) -> Self {
        Self { fault, found: shortened(found) }
    }
}

/// A value, or why there is none.
pub(super) type Cell<T> = Result<T, CellFault>;

/// The five cells of a row.
#[derive(Debug)]
pub(super) struct Cells {
    /// A fault of the row as a whole comes before those of its cells.
    pub(super) whole: Cell<()>,
    pub(super) pickup: Cell<NaiveDateTime>,
    pub(super) dropoff: Cell<NaiveDateTime>,
    pub(super) pu_location_id: Cell<u16>,
    pub(super) do_location_id: Cell<u16>,
    pub(super) trip_distance: Cell<f64>,
}

impl Cells {
    /// The ride, if every cell has a value.
    pub(super) fn into_ride(self, row: u64) -> Result<Ride, RejectedRow> {
        let rejected = |column| move |CellFault { fault, found }: CellFault| RejectedRow { row, column, fault, found };
        self.whole.map_err(rejected(None))?;
        Ok(Ride {
            row,
            pickup: self.pickup.map_err(rejected(Some(Column::PickupDatetime)))?,
            dropoff: self.dropoff.map_err(rejected(Some(Column::DropoffDatetime)))?,
            pu_location_id: self.pu_location_id.map_err(rejected(Some(Column::PuLocationId)))?,
            do_location_id: self.do_location_id.map_err(rejected(Some(Column::DoLocationId)))?,
            trip_distance: self.trip_distance.map_err(rejected(Some(Column::TripDistance)))?,
        })
    }
}

/// A zone id stored as a double, as some vintages do: whole, and within 16 bits.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and within 0..=65535 by the test above it"
)]
pub(super) fn id_from_f64(value: f64) -> Cell<u16> {
    if value.fract() == 0.0 && (0.0..=65535.0).contains(&value) {
        Ok(value as u16)
    } else {
        Err(CellFault::new(Fault::NotAnId, &value.to_string()))
    }
}
