//! Measuring a bundle on months it has not learnt from, by the estimator that serves.

use std::collections::BTreeMap;

use curbside::bundle::{BoroughError, Card, IntervalMetrics, Metrics, Month};
use curbside::features::Zones;
use curbside::{Estimate, Estimator, Trip};

use crate::metrics::{ErrorSums, IntervalSums, by_borough};
use crate::rides::Rides;

/// How good estimates are on rides kept apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// As asked for, with the distance as recorded.
    pub all: Metrics,
    /// The same rides asked for without a distance.
    pub without_distance: Metrics,
    /// The intervals of the rides as asked for; `None` for a bundle that gives none.
    pub interval: Option<IntervalMetrics>,
    /// The intervals of the same rides asked for without a distance.
    pub interval_without_distance: Option<IntervalMetrics>,
    /// As asked for, by borough of the pickup, most rides first.
    pub boroughs: Vec<BoroughError>,
    /// The intervals by borough, in the same order; empty for a bundle that gives none.
    pub borough_intervals: Vec<BoroughInterval>,
}

/// The intervals of the rides that begin in one borough.
#[derive(Clone, Debug, PartialEq)]
pub struct BoroughInterval {
    /// Its name.
    pub borough: String,
    /// How well they keep what they promise.
    pub interval: IntervalMetrics,
}

/// Estimates every ride twice: as recorded, and without its distance.
pub fn measure(estimator: &Estimator, rides: &Rides) -> Measured {
    let estimates = |trips: &[Trip]| trips.iter().map(|trip| estimator.estimate(trip)).collect::<Vec<Estimate>>();
    let (given, blind) = (estimates(&rides.trips), estimates(&rides.without_distance()));
    let zones: &Zones = estimator.zones();
    let borough = |trip: &Trip| zones.get(trip.pu_location_id()).map_or("", |zone| zones.borough(zone));
    let rows =
        || rides.trips.iter().zip(&given).zip(&rides.minutes).map(|((trip, e), truth)| (borough(trip), e, *truth));
    let boroughs = by_borough(rows().map(|(borough, estimate, truth)| (borough, estimate.duration, truth)));
    let coverage = estimator.coverage();
    let mut sums: BTreeMap<&str, IntervalSums> = BTreeMap::new();
    for (borough, estimate, truth) in rows() {
        if let Some((interval, coverage)) = estimate.interval.zip(coverage) {
            sums.entry(borough).or_insert_with(|| IntervalSums::new(coverage)).add(interval, truth);
        }
    }
    let in_order = boroughs.iter().filter_map(|error| {
        let interval = sums.get(error.borough.as_str())?.metrics();
        Some(BoroughInterval { borough: error.borough.clone(), interval })
    });
    Measured {
        all: errors(&given, &rides.minutes),
        without_distance: errors(&blind, &rides.minutes),
        interval: coverage.map(|coverage| intervals(&given, &rides.minutes, coverage)),
        interval_without_distance: coverage.map(|coverage| intervals(&blind, &rides.minutes, coverage)),
        borough_intervals: in_order.collect(),
        boroughs,
    }
}

fn errors(estimates: &[Estimate], truths: &[f64]) -> Metrics {
    let mut sums = ErrorSums::default();
    estimates.iter().zip(truths).for_each(|(estimate, truth)| sums.add(estimate.duration, *truth));
    sums.metrics()
}

fn intervals(estimates: &[Estimate], truths: &[f64], coverage: f64) -> IntervalMetrics {
    let mut sums = IntervalSums::new(coverage);
    for (estimate, truth) in estimates.iter().zip(truths) {
        if let Some(interval) = estimate.interval {
            sums.add(interval, *truth);
        }
    }
    sums.metrics()
}

impl Measured {
    /// Writes the figures into a card, with the months that they were measured on.
    pub fn record(self, card: &mut Card, measured_on: Vec<Month>) {
        card.measured_on = measured_on;
        card.test = Some(self.all);
        card.test_without_distance = Some(self.without_distance);
        card.interval = self.interval;
        card.interval_without_distance = self.interval_without_distance;
        card.boroughs = self.boroughs;
    }
}
