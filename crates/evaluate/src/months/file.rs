//! One trip file and what is wrong with it alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDateTime};
use curbside::bundle::{DroppedRows, Month};
use curbside_tlc::{DropReason, Filter, MonthName};

use super::content::Content;
use super::{FEWEST_RIDES, MOST_SHARED, Within, file_name};
use crate::error::{EvaluateError, EvaluateErrorKind};
use crate::rides::Rides;

/// A trip file, read and filtered.
#[derive(Clone, Debug)]
pub struct TripFile {
    /// Where it is.
    pub path: PathBuf,
    /// The account of its rows, as a card has it.
    pub month: Month,
    /// The rides that are used.
    pub rides: Rides,
    /// When the first used ride of its main month began.
    first: NaiveDateTime,
    /// How many used rides began in each month.
    by_month: BTreeMap<MonthName, usize>,
    /// All its rides, those that are not used for their month too.
    content: Content,
}

impl TripFile {
    /// Filters what was read.
    pub(crate) fn new(path: &Path, read: &curbside_tlc::Month, within: Within) -> TripFile {
        let filter = Filter::training(match within {
            Within::NamedMonth => read.month,
            Within::File => None,
        });
        let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
        for count in &read.report.rejected {
            let column = count.column.map_or_else(String::new, |column| format!("{column} "));
            *dropped.entry(format!("{column}{}", count.fault)).or_default() += count.rows;
        }
        let (mut rides, mut pickups) = (Rides::default(), Vec::new());
        for ride in &read.rides {
            let verdict = filter.check(ride).map_err(|reason| reason.to_string());
            match verdict.and_then(|()| rides.add(ride)) {
                Ok(()) => pickups.push(ride.pickup),
                Err(reason) => *dropped.entry(reason).or_default() += 1,
            }
        }
        let by_month = by_month(&pickups);
        let main = read.month.filter(|named| by_month.contains_key(named)).or_else(|| most_rides(&by_month));
        let first = pickups.into_iter().filter(|pickup| main.is_some_and(|main| main.contains(*pickup))).min();
        let any_month = Filter::training(None);
        TripFile {
            path: path.to_owned(),
            month: Month {
                file: file_name(path),
                sha256: read.sha256.clone(),
                rows: read.report.rows,
                used: rides.len() as u64,
                dropped: in_order(dropped),
            },
            rides,
            first: first.unwrap_or_default(),
            by_month,
            content: Content::new(read.rides.iter().filter(|ride| any_month.check(ride).is_ok())),
        }
    }

    /// What the files are ordered by: the first pickup, then what tells two files of one month apart.
    pub(crate) fn place_in_time(&self) -> (NaiveDateTime, &str, &str) {
        (self.first, &self.month.file, &self.month.sha256)
    }

    /// When the first used ride of its main month began.
    pub fn first_pickup(&self) -> NaiveDateTime {
        self.first
    }

    /// The months that its rides began in, but for strays: a row from 2009 makes no month.
    pub fn months(&self) -> Vec<MonthName> {
        let enough = share(self.rides.len(), MOST_SHARED);
        self.by_month.iter().filter(|(_, rides)| **rides > enough).map(|(month, _)| *month).collect()
    }

    /// How many of its used rides began in one of these months.
    pub(crate) fn rides_in(&self, months: &[MonthName]) -> usize {
        months.iter().filter_map(|month| self.by_month.get(month)).sum()
    }

    /// Whether so many of its used rides are more than strays.
    pub(crate) fn more_than_strays(&self, rides: usize) -> bool {
        rides > share(self.rides.len(), MOST_SHARED)
    }

    /// How many rides, whatever their month, this file and another have in common: same times, zones and distance.
    pub fn shared_rides(&self, other: &TripFile) -> usize {
        self.content.shared(&other.content)
    }

    /// How many of its rides, whatever their month, are there more than once: the same times, zones and distance.
    pub fn repeated_rides(&self) -> usize {
        self.content.repeated()
    }

    /// What two files have in common if that is more than chance, in words.
    pub(crate) fn overlap(&self, other: &TripFile) -> Option<String> {
        let (shared, smaller) = (self.shared_rides(other), self.content.len().min(other.content.len()));
        (shared > share(smaller, MOST_SHARED)).then(|| format!("{shared} rides of the smaller one's {smaller}"))
    }

    /// Refuses what is no month.
    pub(crate) fn check(&self) -> Result<(), EvaluateError> {
        let (place, used, rows) = (self.path.display(), self.rides.len(), self.month.rows);
        if used < FEWEST_RIDES {
            let most = self.month.dropped.iter().max_by_key(|dropped| dropped.rows);
            let why = most.map_or_else(String::new, |most| format!(" ({} were left out: {})", most.rows, most.reason));
            let message = format!(
                "{place}: expected at least {FEWEST_RIDES} rides of 1 to 60 minutes in the month of the file's name, found \
                 {used} in {rows} rows{why}: give a whole month under its own name"
            );
            return Err(EvaluateError::new(EvaluateErrorKind::TooFewRides, message));
        }
        let (repeated, all) = (self.content.repeated(), self.content.len() + self.content.repeated());
        if repeated > share(all, MOST_SHARED) {
            let message = format!(
                "{place}: expected every ride once, found {repeated} of {all} again in the same file: give the file as TLC \
                 publishes it"
            );
            return Err(EvaluateError::new(EvaluateErrorKind::Duplicate, message));
        }
        let ends = [
            ("PULocationID", self.rides.trips.iter().map(curbside::Trip::pu_location_id).collect::<Vec<u16>>()),
            ("DOLocationID", self.rides.trips.iter().map(curbside::Trip::do_location_id).collect()),
        ];
        for (column, zones) in ends {
            if let Some(zone) = zones.first().filter(|first| zones.iter().all(|zone| zone == *first)) {
                let message = format!(
                    "{place}: expected rides of many zones, found {column} {zone} in all {used}: give the month of the \
                     whole city"
                );
                return Err(EvaluateError::new(EvaluateErrorKind::OneZone, message));
            }
        }
        Ok(())
    }
}

/// A part of a number of rides, rounded down.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rides are counted in millions, far below 2^53, and the part is between 0 and 1"
)]
fn share(rides: usize, part: f64) -> usize {
    (rides as f64 * part) as usize
}

fn by_month(pickups: &[NaiveDateTime]) -> BTreeMap<MonthName, usize> {
    let mut months = BTreeMap::new();
    for pickup in pickups {
        let (year, month) = (u16::try_from(pickup.year()), u8::try_from(pickup.month()));
        // The years that a ride can be scored in all have names.
        if let Some(month) = year.ok().zip(month.ok()).and_then(|(year, month)| MonthName::new(year, month)) {
            *months.entry(month).or_default() += 1;
        }
    }
    months
}

/// The earliest of those that have the most rides.
fn most_rides(by_month: &BTreeMap<MonthName, usize>) -> Option<MonthName> {
    by_month.iter().rev().max_by_key(|(_, rides)| **rides).map(|(month, _)| *month)
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
