//! Which column of a file is which: TLC has named the same five columns in many ways over the years, and people who
//! pass the files on rename them again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the five columns that make a [`crate::Ride`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// When the meter was switched on.
    PickupDatetime,
    /// When the meter was switched off.
    DropoffDatetime,
    /// Zone of the pickup.
    PuLocationId,
    /// Zone of the drop-off.
    DoLocationId,
    /// Metered miles.
    TripDistance,
}

impl Column {
    /// All of them, in the order of the fields of [`crate::Ride`].
    pub const ALL: [Self; 5] =
        [Self::PickupDatetime, Self::DropoffDatetime, Self::PuLocationId, Self::DoLocationId, Self::TripDistance];

    /// The names under which the column is looked for, whatever their case: green, yellow, renamed.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::PickupDatetime => &["lpep_pickup_datetime", "tpep_pickup_datetime", "pickup_datetime"],
            Self::DropoffDatetime => &["lpep_dropoff_datetime", "tpep_dropoff_datetime", "dropoff_datetime"],
            Self::PuLocationId => &["PULocationID", "pickup_location_id", "pu_location_id"],
            Self::DoLocationId => &["DOLocationID", "dropoff_location_id", "do_location_id"],
            Self::TripDistance => &["trip_distance", "trip_miles"],
        }
    }

    /// What its cells hold, for a person.
    pub fn holds(self) -> &'static str {
        match self {
            Self::PickupDatetime | Self::DropoffDatetime => {
                "local New York times without a zone (a Parquet timestamp, or YYYY-MM-DD HH:MM:SS in CSV)"
            }
            Self::PuLocationId | Self::DoLocationId => "zone ids (whole numbers, 1 to 265)",
            Self::TripDistance => "miles (numbers)",
        }
    }
}

impl fmt::Display for Column {
    /// The short name that does not depend on the kind of taxi.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PickupDatetime => "pickup_datetime",
            Self::DropoffDatetime => "dropoff_datetime",
            Self::PuLocationId => "PULocationID",
            Self::DoLocationId => "DOLocationID",
            Self::TripDistance => "trip_distance",
        })
    }
}

/// The kind of taxi, which TLC writes into the names of its time columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taxi {
    /// Street-hail livery, outside the core of Manhattan: `lpep_` columns.
    Green,
    /// Medallion taxi: `tpep_` columns.
    Yellow,
}

impl Taxi {
    /// How TLC begins the names of its time columns for this kind: `lpep` or `tpep`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Green => "lpep",
            Self::Yellow => "tpep",
        }
    }
}

impl fmt::Display for Taxi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
        })
    }
}

/// Where the five columns stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Positions in the order of [`Column::ALL`].
    pub(crate) positions: [usize; 5],
    /// From the name of the pickup column; unknown where it was renamed.
    pub(crate) taxi: Option<Taxi>,
}

/// Why the five columns are not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LayoutFault {
    /// None of the names of this column is there.
    Missing(Column),
    /// More than one is, and nothing says which is meant.
    Ambiguous(Column, Vec<String>),
}

/// Finds the five columns among a file's column names.
pub(crate) fn locate(names: &[String]) -> Result<Layout, LayoutFault> {
    let mut positions = [0; 5];
    for (position, column) in positions.iter_mut().zip(Column::ALL) {
        let found: Vec<usize> = (0..names.len())
            .filter(|&at| column.names().iter().any(|name| name.eq_ignore_ascii_case(plain(&names[at]))))
            .collect();
        *position = match found[..] {
            [] => return Err(LayoutFault::Missing(column)),
            [one] => one,
            _ => return Err(LayoutFault::Ambiguous(column, found.iter().map(|&at| names[at].clone()).collect())),
        };
    }
    let pickup = plain(&names[positions[0]]);
    let taxi = [Taxi::Green, Taxi::Yellow]
        .into_iter()
        .find(|taxi| pickup.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(taxi.prefix())));
    Ok(Layout { positions, taxi })
}

/// A column name without the byte-order mark and blanks that spreadsheet programs leave.
fn plain(name: &str) -> &str {
    name.trim_start_matches('\u{feff}').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn every_vintage_is_located() {
        let cases = [
            (
                "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,PULocationID,DOLocationID,trip_distance",
                Some(Taxi::Green),
            ),
            (
                "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,PULocationID,DOLocationID,trip_distance",
                Some(Taxi::Yellow),
            ),
            ("id,pickup_datetime,dropoff_datetime,pickup_location_id,dropoff_location_id,trip_distance", None),
            (
                "\u{feff}id, lpep_pickup_datetime,Lpep_dropoff_datetime,pulocationid,dolocationid,Trip_distance",
                Some(Taxi::Green),
            ),
        ];
        for (line, taxi) in cases {
            assert_eq!(locate(&names(line)), Ok(Layout { positions: [1, 2, 3, 4, 5], taxi }), "{line}");
        }
    }

    #[test]
    fn missing_and_doubled_columns_are_named() {
        let missing = locate(&names("lpep_pickup_datetime,lpep_dropoff_datetime,PULocationID,trip_distance"));
        assert_eq!(missing, Err(LayoutFault::Missing(Column::DoLocationId)));
        let doubled = locate(&names("lpep_pickup_datetime,pickup_datetime,dropoff_datetime"));
        let both = vec!["lpep_pickup_datetime".to_owned(), "pickup_datetime".to_owned()];
        assert_eq!(doubled, Err(LayoutFault::Ambiguous(Column::PickupDatetime, both)));
    }
}
