//! The reference's baseline, solved exactly: one weight a pair of zones, and one for the distance as recorded.
//!
//! With a weight for every pair, least squares falls apart (R. Frisch and F. V. Waugh, "Partial Time Regressions as Compared
//! with Individual Trends", 1933): the slope is that of durations and distances less their pair's means, and what a pair
//! adds is what then remains of its means. So no solver is needed, and none can stop early.

use std::collections::BTreeMap;

use curbside::model::{Background, Linear, Term};
use curbside_evaluate::Rides;

use crate::columns::pair_number;

/// The fitted baseline.
#[derive(Clone, Debug)]
pub(crate) struct Baseline {
    /// Minutes a mile.
    slope: f64,
    /// Minutes of a pair that was not seen and of no distance: the mean over pairs, each counting once, which is where the
    /// least-norm solution of the centred problem (scikit-learn's) puts it.
    intercept: f64,
    /// By pair number: minutes over the intercept.
    pairs: BTreeMap<u32, f64>,
    /// Minutes that the distance, and that the pair, add on average over the rides.
    means: [f64; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct PairSums {
    rides: f64,
    minutes: f64,
    miles: f64,
}

impl Baseline {
    /// Fits rides as recorded: absurd distances included, as the reference has them.
    pub(crate) fn fit(rides: &Rides) -> Baseline {
        let mut sums: BTreeMap<u32, PairSums> = BTreeMap::new();
        for (pair, minutes, miles) in observations(rides) {
            let sum = sums.entry(pair).or_default();
            sum.rides += 1.0;
            sum.minutes += minutes;
            sum.miles += miles;
        }
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (pair, minutes, miles) in observations(rides) {
            if let Some(sum) = sums.get(&pair) {
                let deviation = miles - sum.miles / sum.rides;
                covariance += deviation * (minutes - sum.minutes / sum.rides);
                variance += deviation * deviation;
            }
        }
        // Without any variation of distance within a pair, the least-norm slope is none.
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        let mut pairs: BTreeMap<u32, f64> =
            sums.iter().map(|(pair, sum)| (*pair, (sum.minutes - slope * sum.miles) / sum.rides)).collect();
        let count = pairs.values().fold(0.0, |count, _| count + 1.0);
        let intercept = pairs.values().sum::<f64>() / f64::max(count, 1.0);
        for minutes in pairs.values_mut() {
            *minutes -= intercept;
        }
        let rides = sums.values().map(|sum| sum.rides).sum::<f64>().max(1.0);
        let mean_miles = sums.values().map(|sum| sum.miles).sum::<f64>() / rides;
        let of_pair = |(sum, minutes): (&PairSums, &f64)| sum.rides * minutes;
        let mean_pair = sums.values().zip(pairs.values()).map(of_pair).sum::<f64>() / rides;
        Baseline { slope, intercept, pairs, means: [slope * mean_miles, mean_pair] }
    }

    /// Minutes of each ride, by its distance as recorded: not clipped, as the reference measures.
    pub(crate) fn predict_recorded(&self, rides: &Rides) -> Vec<f64> {
        observations(rides)
            .map(|(pair, _, miles)| self.intercept + self.pairs.get(&pair).unwrap_or(&0.0) + self.slope * miles)
            .collect()
    }

    /// Pair numbers, ascending.
    pub(crate) fn vocabulary(&self) -> Vec<u32> {
        self.pairs.keys().copied().collect()
    }

    /// As a bundle holds it, over the columns of [`columns::linear`](crate::columns::linear).
    pub(crate) fn model(&self) -> Linear {
        Linear {
            intercept: self.intercept,
            terms: vec![
                Term::Numeric { column: 0, coefficient: self.slope },
                Term::Categorical { column: 1, coefficients: self.pairs.values().copied().collect() },
            ],
        }
    }

    /// What explanations compare with, term by term.
    pub(crate) fn background(&self) -> Background {
        Background::Means(self.means.to_vec())
    }
}

/// Pair, minutes and recorded miles of each ride.
fn observations(rides: &Rides) -> impl Iterator<Item = (u32, f64, f64)> + '_ {
    rides
        .trips
        .iter()
        .zip(&rides.minutes)
        .zip(&rides.recorded_miles)
        .map(|((trip, minutes), miles)| (pair_number(trip.pu_location_id(), trip.do_location_id()), *minutes, *miles))
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::Trip;
    use curbside::trip::parse_pickup;

    fn rides(rows: &[(u16, f64, f64)]) -> Rides {
        let mut rides = Rides::default();
        for (zone, miles, minutes) in rows {
            rides.trips.push(Trip::new(*zone, 1, Some(*miles), parse_pickup("2021-01-05T10:00").unwrap()).unwrap());
            rides.recorded_miles.push(*miles);
            rides.minutes.push(*minutes);
        }
        rides
    }

    #[test]
    fn two_pairs_by_hand() {
        // Pair A: 3 + 2 x, pair B: 9 + 2 x, so slope 2, intercept (3 + 9) / 2 = 6, pairs -3 and +3.
        let baseline = Baseline::fit(&rides(&[(5, 1.0, 5.0), (5, 2.0, 7.0), (7, 1.0, 11.0), (7, 3.0, 15.0)]));
        assert!((baseline.slope - 2.0).abs() < 1e-12);
        assert!((baseline.intercept - 6.0).abs() < 1e-12);
        assert_eq!(baseline.vocabulary(), [5 * 266 + 1, 7 * 266 + 1]);
        // 7 miles over 4 rides are 3.5 minutes on average, and the pairs cancel out: with the intercept 9.5, the mean minutes.
        assert_eq!(baseline.background(), Background::Means(vec![3.5, 0.0]));
        // A known pair: 6 - 3 + 2 * 4 = 11. A pair never seen: 6 + 2 * 4 = 14.
        let predictions = baseline.predict_recorded(&rides(&[(5, 4.0, 0.0), (9, 4.0, 0.0)]));
        assert!((predictions[0] - 11.0).abs() < 1e-12 && (predictions[1] - 14.0).abs() < 1e-12, "{predictions:?}");
    }
}
