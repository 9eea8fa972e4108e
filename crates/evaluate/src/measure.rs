//! Measuring a bundle on months it has not learnt from, by the estimator that serves.

use std::collections::BTreeMap;

use curbside::bundle::{BoroughError, Card, IntervalMetrics, Metrics, Month};
use curbside::features::Zones;
use curbside::{Estimate, Estimator, Trip};

use crate::metrics::{ErrorSums, IntervalSums};
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

/// How good estimates are on rides that have something in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<K> {
    /// What they have in common.
    pub key: K,
    /// Their errors.
    pub metrics: Metrics,
    /// Their intervals; `None` for a bundle that gives none.
    pub interval: Option<IntervalMetrics>,
}

/// Estimates every ride twice: as recorded, and without its distance.
pub fn measure(estimator: &Estimator, rides: &Rides) -> Measured {
    // A month has tens of thousands of rides, and building what is faster takes as long as walking a thousand or two.
    let mut estimator = estimator.clone();
    estimator.prepare();
    let estimates = |trips: &[Trip]| trips.iter().map(|trip| estimator.estimate(trip)).collect::<Vec<Estimate>>();
    let (given, blind) = (estimates(&rides.trips), estimates(&rides.without_distance()));
    let zones: &Zones = estimator.zones();
    let borough = |trip: &Trip| zones.get(trip.pu_location_id()).map_or("", |zone| zones.borough(zone));
    let (truths, coverage) = (&rides.minutes, estimator.coverage());
    let whole = |estimates: &[Estimate]| groups(estimates, truths, coverage, |_| ()).pop().unwrap_or_else(nothing);
    let (all, without_distance) = (whole(&given), whole(&blind));
    let mut boroughs = groups(&given, truths, coverage, |index| borough(&rides.trips[index]));
    boroughs.sort_by_key(|group| std::cmp::Reverse(group.metrics.rides));
    let interval =
        |group: &Group<&str>| Some(BoroughInterval { borough: group.key.to_owned(), interval: group.interval? });
    let error = |group: &Group<&str>| BoroughError { borough: group.key.to_owned(), metrics: group.metrics };
    Measured {
        all: all.metrics,
        without_distance: without_distance.metrics,
        interval: all.interval,
        interval_without_distance: without_distance.interval,
        borough_intervals: boroughs.iter().filter_map(interval).collect(),
        boroughs: boroughs.iter().map(error).collect(),
    }
}

/// Errors and intervals of estimates by what the rides have in common, in the order of the keys. `key` is asked with the index of
/// each ride: its hour, its borough, its band of distances. `coverage` is the estimator's.
pub fn groups<K: Ord>(
    estimates: &[Estimate],
    truths: &[f64],
    coverage: Option<f64>,
    key: impl Fn(usize) -> K,
) -> Vec<Group<K>> {
    let mut sums: BTreeMap<K, (ErrorSums, Option<IntervalSums>)> = BTreeMap::new();
    for (index, (estimate, truth)) in estimates.iter().zip(truths).enumerate() {
        let (errors, intervals) =
            sums.entry(key(index)).or_insert_with(|| (ErrorSums::default(), coverage.map(IntervalSums::new)));
        errors.add(estimate.duration, *truth);
        if let Some((intervals, interval)) = intervals.as_mut().zip(estimate.interval) {
            intervals.add(interval, *truth);
        }
    }
    let group = |(key, (errors, intervals)): (K, (ErrorSums, Option<IntervalSums>))| Group {
        key,
        metrics: errors.metrics(),
        interval: intervals.map(|intervals| intervals.metrics()),
    };
    sums.into_iter().map(group).collect()
}

/// What no ride at all gives.
fn nothing() -> Group<()> {
    Group { key: (), metrics: ErrorSums::default().metrics(), interval: None }
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

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::features::LocalTime;
    use curbside::{Interval, Warnings};

    #[test]
    fn groups_by_hand() {
        let estimate = |duration, low, high| Estimate {
            duration,
            interval: Some(Interval { low, high }),
            pickup: LocalTime::from_minutes(0),
            trip_distance: 1.0,
            distance_assumed: false,
            warnings: Warnings::default(),
        };
        let estimates = [estimate(10.0, 8.0, 12.0), estimate(20.0, 18.0, 24.0), estimate(30.0, 29.0, 31.0)];
        // Even rides: errors -1 and 0, 11 and 30 inside, widths 4 and 2. The odd one: error 5, 15 outside, width 6.
        let found = groups(&estimates, &[11.0, 15.0, 30.0], Some(0.8), |index| index % 2);
        let [even, odd] = &found[..] else { panic!("{found:?}") };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(even.metrics.mae, 0.5) && near(even.metrics.bias, -0.5) && even.metrics.rides == 2, "{even:?}");
        assert!(near(odd.metrics.rmse, 5.0) && odd.key == 1, "{odd:?}");
        let (even, odd) = (even.interval.unwrap(), odd.interval.unwrap());
        assert!(near(even.covered, 1.0) && near(even.mean_width, 3.0), "{even:?}");
        assert!(near(odd.covered, 0.0) && near(odd.mean_width, 6.0) && near(odd.coverage, 0.8), "{odd:?}");
        assert_eq!(groups(&estimates, &[11.0, 15.0, 30.0], None, |_| ())[0].interval, None);
    }
}
