//! Rides to learn from or to measure on, and the account of those that are neither.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use curbside::Trip;
use curbside::bundle::{DroppedRows, Month};
use curbside::trip::{MAX_MILES, Pickup};
use curbside_tlc::{DropReason, Filter, ReadOptions, Ride, read_month};

use crate::error::{EvaluateError, EvaluateErrorKind};

/// Rides in file order: parallel vectors, one entry a ride.
#[derive(Clone, Debug, Default)]
pub struct Rides {
    /// What a caller would have asked.
    pub trips: Vec<Trip>,
    /// Minutes that the ride took.
    pub minutes: Vec<f64>,
    /// Day of the pickup.
    pub days: Vec<NaiveDate>,
    /// Miles as recorded, absurd ones too.
    pub recorded_miles: Vec<f64>,
}

/// Which pickups count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Those in the month that the file is named after: what is learnt from.
    NamedMonth,
    /// All of the file: what is measured on, and what the baseline learns from, so that figures compare with the reference's.
    File,
}

/// Reads trip files in order, and says of each how many of its rows are used and why the others are not.
///
/// # Errors
///
/// A file that cannot be read, or no ride in any of them.
pub fn read(
    paths: &[PathBuf],
    within: Within,
    news: &mut dyn FnMut(&Month),
) -> Result<(Rides, Vec<Month>), EvaluateError> {
    let (mut rides, mut months) = (Rides::default(), Vec::new());
    for path in paths {
        let month = read_month(path, &ReadOptions::default())?;
        let filter = Filter::training(match within {
            Within::NamedMonth => month.month,
            Within::File => None,
        });
        let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
        for count in &month.report.rejected {
            let column = count.column.map_or_else(String::new, |column| format!("{column} "));
            *dropped.entry(format!("{column}{}", count.fault)).or_default() += count.rows;
        }
        let before = rides.trips.len();
        for ride in &month.rides {
            if let Err(reason) = filter.check(ride).map_err(|reason| reason.to_string()).and_then(|()| rides.add(ride))
            {
                *dropped.entry(reason).or_default() += 1;
            }
        }
        let entry = Month {
            file: file_name(path),
            sha256: month.sha256,
            rows: month.report.rows,
            used: (rides.trips.len() - before) as u64,
            dropped: in_order(dropped),
        };
        news(&entry);
        months.push(entry);
    }
    if rides.trips.is_empty() {
        let files = months.iter().map(|month| month.file.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("expected rides of 1 to 60 minutes in {files}, found none: look at the reasons above");
        return Err(EvaluateError::new(EvaluateErrorKind::TooFewRides, message));
    }
    Ok((rides, months))
}

impl Rides {
    fn add(&mut self, ride: &Ride) -> Result<(), String> {
        let minutes = ride.pickup.and_utc().timestamp().div_euclid(60);
        // A caller cannot ask for more than this; what is recorded so was not measured.
        let miles = Some(ride.trip_distance).filter(|miles| *miles <= MAX_MILES);
        let trip = Pickup::from_local_minutes(minutes)
            .and_then(|pickup| Trip::new(ride.pu_location_id, ride.do_location_id, miles, pickup))
            .map_err(|fault| fault.to_string())?;
        self.trips.push(trip);
        self.minutes.push(ride.duration_minutes());
        self.days.push(ride.pickup.date());
        self.recorded_miles.push(ride.trip_distance);
        Ok(())
    }

    /// The same rides as asked for by someone who does not know the distance.
    pub fn without_distance(&self) -> Vec<Trip> {
        // Zones and time of a trip are right already, so none is lost here.
        let blind = |trip: &Trip| Trip::new(trip.pu_location_id(), trip.do_location_id(), None, trip.pickup()).ok();
        self.trips.iter().filter_map(blind).collect()
    }
}

/// The filter's own reasons in its own order, then the others by name.
fn in_order(mut dropped: BTreeMap<String, u64>) -> Vec<DroppedRows> {
    let mut rows = Vec::new();
    for reason in DropReason::ALL.iter().map(ToString::to_string) {
        if let Some(count) = dropped.remove(&reason) {
            rows.push(DroppedRows { reason, rows: count });
        }
    }
    rows.extend(dropped.into_iter().map(|(reason, rows)| DroppedRows { reason, rows }));
    rows
}

/// A file's name without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
