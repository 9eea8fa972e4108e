//! What is left of the figures where the distance is only nearly right: the files' distances are metered after the ride, a
//! rider's is planned before it.

use anyhow::Result;
use curbside::bundle::{IntervalMetrics, Metrics};
use curbside::trip::{Distance, MAX_PLAUSIBLE_MILES};
use curbside::{Estimator, Trip};
use curbside_evaluate::{Rides, groups};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;

use crate::figures::{Figures, estimates};

/// The share by which a distance is off: the standard deviation of its logarithm.
pub(crate) const NOISE: f64 = 0.1;
/// Draws to average over.
pub(crate) const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// One bundle with distances as recorded and with noise in them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) recorded: Figures,
    pub(crate) noisy: Figures,
}

/// Measures both ways.
///
/// # Errors
/// For a distance that is no distance, which noise never makes of one that is.
pub(crate) fn row(name: &str, estimator: &Estimator, rides: &Rides) -> Result<Row> {
    let whole = |rides: &Rides| {
        let group = groups(&estimates(estimator, rides), &rides.minutes, estimator.coverage(), |_| ()).pop();
        group.map(|group| Figures { metrics: group.metrics, interval: group.interval })
    };
    let nothing = || anyhow::anyhow!("expected rides to measure on, found none");
    let recorded = whole(rides).ok_or_else(nothing)?;
    let noisy = SEEDS.map(|seed| whole(&noisy(rides, seed)?).ok_or_else(nothing));
    let noisy = noisy.into_iter().collect::<Result<Vec<Figures>>>()?;
    Ok(Row { name: name.to_owned(), recorded, noisy: mean(&noisy, recorded) })
}

/// The same rides, each given distance multiplied by exp(0.1 z) with a normal z of its own.
fn noisy(rides: &Rides, seed: u64) -> Result<Rides> {
    let mut normal = Normal(Pcg64::seed_from_u64(seed));
    let mut rides = rides.clone();
    for trip in &mut rides.trips {
        if let Distance::Miles(miles) = trip.trip_distance() {
            // What the meter would have had to leave out stays a distance.
            let miles = (miles * libm::exp(NOISE * normal.next())).min(MAX_PLAUSIBLE_MILES);
            *trip = Trip::new(trip.pu_location_id(), trip.do_location_id(), Some(miles), trip.pickup())?;
        }
    }
    Ok(rides)
}

/// Normal draws of mean 0 and variance 1.
struct Normal(Pcg64);

impl Normal {
    /// Of two uniform draws (G. E. P. Box and M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958).
    fn next(&mut self) -> f64 {
        let (a, b) = (self.unit(), self.unit());
        (-2.0 * libm::log(1.0 - a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// The mean of each figure; counts and the promise are those of any of them.
fn mean(all: &[Figures], like: Figures) -> Figures {
    let count = all.iter().fold(0.0, |count, _| count + 1.0);
    let mean = |of: &dyn Fn(&Figures) -> f64| all.iter().map(of).sum::<f64>() / f64::max(count, 1.0);
    let metrics = Metrics {
        rmse: mean(&|figures| figures.metrics.rmse),
        mae: mean(&|figures| figures.metrics.mae),
        bias: mean(&|figures| figures.metrics.bias),
        rides: like.metrics.rides,
    };
    let interval = like.interval.map(|interval| IntervalMetrics {
        covered: mean(&|figures| figures.interval.map_or(0.0, |interval| interval.covered)),
        mean_width: mean(&|figures| figures.interval.map_or(0.0, |interval| interval.mean_width)),
        ..interval
    });
    Figures { metrics, interval }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::trip::parse_pickup;

    #[test]
    fn noise_is_a_tenth_and_unbiased_on_the_logarithm() {
        let pickup = parse_pickup("2021-02-03T08:30").unwrap();
        let ride = |miles| Trip::new(10, 20, miles, pickup).unwrap();
        let mut rides = Rides { trips: vec![ride(Some(4.0)); 20_000], ..Rides::default() };
        rides.trips.push(ride(None));
        rides.trips.push(ride(Some(50.0)));
        let changed = noisy(&rides, 1).unwrap();
        let miles = |trip: &Trip| match trip.trip_distance() {
            Distance::Miles(miles) => miles,
            Distance::NotGiven | Distance::Implausible => f64::NAN,
        };
        let logarithms: Vec<f64> = changed.trips[..20_000].iter().map(|trip| (miles(trip) / 4.0).ln()).collect();
        let mean = logarithms.iter().sum::<f64>() / 20_000.0;
        let deviation = (logarithms.iter().map(|x| x * x).sum::<f64>() / 20_000.0).sqrt();
        assert!(mean.abs() < 2e-3 && (deviation - 0.1).abs() < 2e-3, "{mean} {deviation}");
        assert!(logarithms.iter().any(|x| *x > 0.3) && logarithms.iter().any(|x| *x < -0.3), "tails there are");
        assert!(miles(&changed.trips[20_000]).is_nan(), "what was not given is not made up");
        assert!(miles(&changed.trips[20_001]) <= 50.0);
        assert_eq!(noisy(&rides, 1).unwrap().trips, changed.trips, "the same seed, the same noise");
        assert_ne!(noisy(&rides, 2).unwrap().trips[0], changed.trips[0]);
    }

    #[test]
    fn means_by_hand() {
        let figures = |rmse, covered| Figures {
            metrics: Metrics { rmse, mae: 1.0, bias: -1.0, rides: 7 },
            interval: Some(IntervalMetrics { coverage: 0.8, covered, mean_width: 9.0, rides: 7 }),
        };
        let found = mean(&[figures(4.0, 0.7), figures(5.0, 0.8)], figures(0.0, 0.0));
        let interval = found.interval.unwrap();
        assert!((found.metrics.rmse - 4.5).abs() < 1e-12 && (interval.covered - 0.75).abs() < 1e-12);
        assert_eq!((found.metrics.rides, interval.rides), (7, 7));
    }
}
