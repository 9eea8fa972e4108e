//! Rides as the trees see them, each by tables that its own day did not help to make.

use std::cell::OnceCell;
use std::rc::Rc;

use curbside::Trip;
use curbside::features::{DistanceEstimate, Encoder, FeatureSpec, Zones};
use curbside_evaluate::Rides;
use ndarray::{Array2, Axis};

use crate::error::{TrainError, TrainErrorKind};
use crate::folds::{self, FOLDS};
use crate::statistics::{self, Statistics};

/// Feature rows, one a ride.
#[derive(Debug)]
pub(crate) struct Rows {
    /// As the caller asked.
    pub(crate) given: Array2<f64>,
    /// The same rides without their distance.
    pub(crate) without_distance: Array2<f64>,
}

/// The training rides with what is needed to encode them.
pub(crate) struct Encoded<'a> {
    rides: &'a Rides,
    blind: Vec<Trip>,
    zones: &'a Zones,
    line: DistanceEstimate,
    statistics: Statistics,
    folds: Vec<usize>,
    names: Vec<String>,
    /// Without tables every day has the same rows, whatever is left out.
    same: OnceCell<Rc<Rows>>,
}

impl<'a> Encoded<'a> {
    pub(crate) fn new(
        rides: &'a Rides,
        zones: &'a Zones,
        line: DistanceEstimate,
        statistics: Statistics,
    ) -> Result<Encoded<'a>, TrainError> {
        let (folds, blind) = (folds::by_day(&rides.days)?, rides.without_distance());
        let mut encoded =
            Encoded { rides, blind, zones, line, statistics, folds, names: Vec::new(), same: OnceCell::new() };
        // Of no rides: the names do not depend on them.
        let spec = statistics::learn(rides, &[], zones, line, statistics)?;
        encoded.names = spec.columns.into_iter().map(|column| column.name).collect();
        Ok(encoded)
    }

    /// Names of the columns of a row; the last is for the size of the error alone.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Minutes of each ride.
    pub(crate) fn minutes(&self) -> &[f64] {
        &self.rides.minutes
    }

    /// What was asked of each ride.
    pub(crate) fn trips(&self) -> &[Trip] {
        &self.rides.trips
    }

    /// The rides of some folds.
    pub(crate) fn rows(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.folds.len()).filter(|row| keep(self.folds[*row])).collect()
    }

    /// The features that are deployed, their tables learnt from all rides.
    pub(crate) fn features(&self) -> Result<FeatureSpec, TrainError> {
        self.without(&[])
    }

    /// The features with tables that rides of these folds did not help to make.
    fn without(&self, folds: &[usize]) -> Result<FeatureSpec, TrainError> {
        let rows = self.rows(|fold| !folds.contains(&fold));
        statistics::learn(self.rides, &rows, self.zones, self.line, self.statistics)
    }

    /// Every ride by tables that neither its own fold nor the one left out helped to make.
    pub(crate) fn leaving_out(&self, left_out: Option<usize>) -> Result<Rc<Rows>, TrainError> {
        if self.statistics.any() {
            return self.encode(left_out).map(Rc::new);
        }
        if let Some(rows) = self.same.get() {
            return Ok(Rc::clone(rows));
        }
        let encoder = Encoder::new(self.features()?, self.zones)?;
        let given = encoder.encode_batch(self.rides.trips.iter());
        let rows = Rc::new(Rows { given, without_distance: encoder.encode_batch(self.blind.iter()) });
        Ok(Rc::clone(self.same.get_or_init(|| rows)))
    }

    fn encode(&self, left_out: Option<usize>) -> Result<Rows, TrainError> {
        let mut all: Option<Rows> = None;
        for fold in 0..FOLDS {
            let rows = self.rows(|f| f == fold);
            let folds: Vec<usize> = left_out.into_iter().chain([fold]).collect();
            let encoder = Encoder::new(self.without(&folds)?, self.zones)?;
            let all = all.get_or_insert_with(|| {
                let empty = Array2::zeros((self.folds.len(), encoder.columns()));
                Rows { given: empty.clone(), without_distance: empty }
            });
            let fill = |matrix: &mut Array2<f64>, trips: &[Trip]| {
                let found = encoder.encode_batch(rows.iter().map(|row| &trips[*row]));
                for (row, values) in rows.iter().zip(found.rows()) {
                    matrix.index_axis_mut(Axis(0), *row).assign(&values);
                }
            };
            fill(&mut all.given, &self.rides.trips);
            fill(&mut all.without_distance, &self.blind);
        }
        // There is at least one fold.
        all.ok_or_else(|| TrainError::new(TrainErrorKind::NoRides, "expected rides to encode, found none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use curbside_tlc::zones;

    /// Ten days of rides between two pairs of zones of the grid; every other day is slow.
    fn rides() -> Rides {
        let mut rides = Rides::default();
        for day in 0..10 {
            for ride in 0..8 {
                let pickup = curbside::trip::Pickup::from_local_minutes(26_830_000 + day * 1440 + ride * 60).unwrap();
                let (from, miles) = if ride % 2 == 0 { (20, 3.0) } else { (21, 4.0) };
                rides.trips.push(Trip::new(from, 120, Some(miles), pickup).unwrap());
                rides.minutes.push(if day % 2 == 0 { 10.0 } else { 20.0 });
                rides.days.push(chrono::NaiveDate::from_ymd_opt(2021, 1, 1 + u32::try_from(day).unwrap()).unwrap());
                rides.recorded_miles.push(miles);
            }
        }
        rides
    }

    fn rows(rides: &Rides, left_out: Option<usize>) -> Rc<Rows> {
        let table = columns::zones(&zones::grid());
        let line = DistanceEstimate { intercept: 0.0, slope: 1.4, without_place: 5.0, detour: None };
        let statistics = Statistics { zone_hours: true, ..Statistics::PAIRS };
        Encoded::new(rides, &table, line, statistics).unwrap().leaving_out(left_out).unwrap()
    }

    #[test]
    fn no_ride_meets_what_its_own_day_says_and_none_what_the_left_out_fold_says() {
        let before = rides();
        let mut after = before.clone();
        // Of the days in fold 1 everything is different but what the rider asks.
        let changed = |day: usize| day % FOLDS == 1;
        for (row, minutes) in after.minutes.iter_mut().enumerate() {
            if changed(row / 8) {
                *minutes = 55.0;
            }
        }
        let same = |a: &Array2<f64>, b: &Array2<f64>, row: usize| {
            a.row(row).iter().zip(b.row(row)).all(|(a, b)| a.to_bits() == b.to_bits())
        };
        let (a, b) = (rows(&before, None), rows(&after, None));
        for row in 0..80 {
            // What fold 1 took tells the others, and never itself.
            assert_eq!(same(&a.given, &b.given, row), changed(row / 8), "ride {row}");
            assert_eq!(same(&a.without_distance, &b.without_distance, row), changed(row / 8), "ride {row}");
        }
        let (a, b) = (rows(&before, Some(1)), rows(&after, Some(1)));
        for row in 0..80 {
            assert!(same(&a.given, &b.given, row) && same(&a.without_distance, &b.without_distance, row), "ride {row}");
        }
    }
}
