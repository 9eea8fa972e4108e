//! One month cut into parts: by borough, hour and distance, and by what was estimated.

use curbside::features::Zones;
use curbside::trip::Distance;
use curbside::{Estimate, Estimator, Trip};
use curbside_evaluate::{Group, Rides, groups};
use serde::Serialize;

use crate::figures::Figures;

/// Bands of distance, each from its number of miles to the next one's.
pub(crate) const BANDS: [(f64, &str); 5] =
    [(0.0, "0 to 1"), (1.0, "1 to 2"), (2.0, "2 to 5"), (5.0, "5 to 10"), (10.0, "10 and more")];
/// The band of rides whose distance was not measured.
pub(crate) const NOT_GIVEN: &str = "not given";

/// Width of a bin of estimates, in minutes.
pub(crate) const BIN: f64 = 2.0;
/// Bins of fewer rides say nothing.
const FEWEST_OF_BIN: u64 = 50;

/// One part of a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Slice {
    pub(crate) name: String,
    pub(crate) figures: Figures,
}

/// The rides whose estimates lie near each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Bin {
    /// Mean of the estimates.
    pub(crate) estimated: f64,
    /// Mean of what they took.
    pub(crate) actual: f64,
    pub(crate) rides: u64,
}

/// A month in all its parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Slices {
    /// By borough of the pickup, most rides first.
    pub(crate) boroughs: Vec<Slice>,
    /// By hour of the pickup.
    pub(crate) hours: Vec<Slice>,
    /// The same rides asked for without their distance.
    pub(crate) hours_hidden: Vec<Slice>,
    /// By distance as recorded, last those without.
    pub(crate) bands: Vec<Slice>,
    /// The same rides asked for without their distance.
    pub(crate) bands_hidden: Vec<Slice>,
    /// By what was estimated, with the distance as recorded.
    pub(crate) bins: Vec<Bin>,
    /// The same asked for without their distance.
    pub(crate) bins_hidden: Vec<Bin>,
}

/// Cuts a month.
pub(crate) fn slices(estimator: &Estimator, rides: &Rides) -> Slices {
    let estimates = |trips: &[Trip]| trips.iter().map(|trip| estimator.estimate(trip)).collect::<Vec<Estimate>>();
    let (given, hidden) = (estimates(&rides.trips), estimates(&rides.without_distance()));
    let zones: &Zones = estimator.zones();
    let borough = |index: usize| {
        let zone = zones.get(rides.trips[index].pu_location_id());
        zone.map_or("", |zone| zones.borough(zone)).to_owned()
    };
    let band = |index: usize| band(rides.trips[index].trip_distance());
    let cut = Cut { truths: &rides.minutes, coverage: estimator.coverage() };
    let mut boroughs = cut.by(&given, borough, String::clone);
    boroughs.sort_by_key(|slice| std::cmp::Reverse(slice.figures.metrics.rides));
    let hours =
        |estimates: &[Estimate]| cut.by(estimates, |index| hour(&estimates[index]), |hour| format!("{hour:02}"));
    let bands = |estimates: &[Estimate]| cut.by(estimates, band, |band| band_name(*band).to_owned());
    Slices {
        boroughs,
        hours: hours(&given),
        hours_hidden: hours(&hidden),
        bands: bands(&given),
        bands_hidden: bands(&hidden),
        bins: bins(&given, &rides.minutes),
        bins_hidden: bins(&hidden, &rides.minutes),
    }
}

struct Cut<'a> {
    truths: &'a [f64],
    coverage: Option<f64>,
}

impl Cut<'_> {
    fn by<K: Ord>(&self, estimates: &[Estimate], key: impl Fn(usize) -> K, name: impl Fn(&K) -> String) -> Vec<Slice> {
        let slice = |group: Group<K>| Slice {
            name: name(&group.key),
            figures: Figures { metrics: group.metrics, interval: group.interval },
        };
        groups(estimates, self.truths, self.coverage, key).into_iter().map(slice).collect()
    }
}

fn hour(estimate: &Estimate) -> i64 {
    estimate.pickup.minutes().rem_euclid(1440) / 60
}

/// The number of a distance's band; the last is that of rides without.
fn band(distance: Distance) -> usize {
    match distance {
        Distance::Miles(miles) => BANDS.partition_point(|(from, _)| *from <= miles).saturating_sub(1),
        Distance::NotGiven | Distance::Implausible => BANDS.len(),
    }
}

fn band_name(band: usize) -> &'static str {
    BANDS.get(band).map_or(NOT_GIVEN, |(_, name)| name)
}

/// Estimates against what rides took, bin by bin.
fn bins(estimates: &[Estimate], truths: &[f64]) -> Vec<Bin> {
    let mut sums: Vec<(f64, f64, u32)> = Vec::new();
    for (estimate, truth) in estimates.iter().zip(truths) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration of 1 to 60 minutes")]
        let bin = (estimate.duration / BIN) as usize;
        if sums.len() <= bin {
            sums.resize(bin + 1, (0.0, 0.0, 0));
        }
        let (sum, actual, rides) = &mut sums[bin];
        *sum += estimate.duration;
        *actual += truth;
        *rides += 1;
    }
    let bin = |(sum, actual, rides): (f64, f64, u32)| {
        let count = f64::from(rides.max(1));
        Bin { estimated: sum / count, actual: actual / count, rides: u64::from(rides) }
    };
    sums.into_iter().map(bin).filter(|bin| bin.rides >= FEWEST_OF_BIN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::features::LocalTime;
    use curbside::{Interval, Warnings};

    #[test]
    fn every_edge_of_a_band() {
        let rows = [(0.01, "0 to 1"), (0.99, "0 to 1"), (1.0, "1 to 2"), (2.0, "2 to 5"), (5.0, "5 to 10")];
        let more = [(9.99, "5 to 10"), (10.0, "10 and more"), (50.0, "10 and more")];
        for (miles, expected) in rows.into_iter().chain(more) {
            assert_eq!(band_name(band(Distance::Miles(miles))), expected, "{miles}");
        }
        assert_eq!(band_name(band(Distance::NotGiven)), NOT_GIVEN);
        assert_eq!(band_name(band(Distance::Implausible)), NOT_GIVEN);
    }

    fn estimate(duration: f64, minutes: i64) -> Estimate {
        Estimate {
            duration,
            interval: Some(Interval { low: duration - 1.0, high: duration + 1.0 }),
            pickup: LocalTime::from_minutes(minutes),
            trip_distance: 1.0,
            distance_assumed: false,
            warnings: Warnings::default(),
        }
    }

    #[test]
    fn hours_are_those_of_the_wall() {
        for (minutes, expected) in [(0, 0), (59, 0), (60, 1), (1439, 23), (1440, 0), (-1, 23)] {
            assert_eq!(hour(&estimate(5.0, minutes)), expected, "{minutes}");
        }
    }

    #[test]
    fn bins_by_hand() {
        // 50 rides estimated at 4.5 that took 4 and 6 in turn, 50 at 5.5 that took 8, 49 at 9: too few.
        let mut estimates = vec![estimate(4.5, 0); 50];
        let mut truths = [4.0, 6.0].repeat(25);
        estimates.extend(vec![estimate(5.5, 0); 50]);
        truths.extend([8.0; 50]);
        estimates.extend(vec![estimate(9.0, 0); 49]);
        truths.extend([9.0; 49]);
        // Both first groups lie in the bin of 4 to 6: estimates (4.5 + 5.5) / 2, truths (5 + 8) / 2.
        assert_eq!(bins(&estimates, &truths), [Bin { estimated: 5.0, actual: 6.5, rides: 100 }]);
    }

    #[test]
    fn a_cut_loses_no_ride() {
        let estimates = [estimate(5.0, 10), estimate(7.0, 70), estimate(9.0, 75)];
        let cut = Cut { truths: &[5.5, 9.0, 9.0], coverage: Some(0.8) };
        let hours = cut.by(&estimates, |index| hour(&estimates[index]), |hour| format!("{hour:02}"));
        let found: Vec<_> = hours
            .iter()
            .map(|slice| (slice.name.as_str(), slice.figures.metrics.rides, slice.figures.interval.unwrap().covered))
            .collect();
        // The ride of 7 minutes took 9: outside of 6 to 8.
        assert_eq!(found, [("00", 1, 1.0), ("01", 2, 0.5)]);
    }
}
