//! How good a bundle is on a month, as the document says it.

use anyhow::{Result, anyhow};
use curbside::bundle::{IntervalMetrics, Metrics};
use curbside::model::{Calibration, Correction};
use curbside::{Bundle, Estimate, Estimator, Limits};
use curbside_evaluate::{ErrorSums, Measured, Months, Rides, calibrate, not_learnt_from};
use serde::Serialize;

/// Errors and intervals of some rides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Figures {
    pub(crate) metrics: Metrics,
    /// `None` for a bundle that gives none.
    pub(crate) interval: Option<IntervalMetrics>,
}

/// The same rides asked for with their distance and without.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Both {
    pub(crate) given: Figures,
    pub(crate) hidden: Figures,
}

impl From<Measured> for Both {
    fn from(measured: Measured) -> Both {
        Both {
            given: Figures { metrics: measured.all, interval: measured.interval },
            hidden: Figures { metrics: measured.without_distance, interval: measured.interval_without_distance },
        }
    }
}

/// The shares of rides inside their intervals, with a distance and without.
///
/// # Errors
/// For a bundle without intervals.
pub(crate) fn covered(both: &Both) -> Result<[f64; 2]> {
    let share = |figures: &Figures| Some(figures.interval?.covered);
    let shares = share(&both.given).zip(share(&both.hidden));
    shares.map(|(given, hidden)| [given, hidden]).ok_or_else(|| anyhow!("expected a bundle with intervals, found none"))
}

/// A bundle as it serves, but for its golden rides.
///
/// # Errors
/// For one that does not open.
pub(crate) fn frozen(bundle: &Bundle) -> Result<Estimator> {
    let mut estimator = Estimator::from_bundle(Bundle { golden: Vec::new(), ..bundle.clone() }, &Limits::default())?;
    // Whole months are estimated by it.
    estimator.prepare();
    Ok(estimator)
}

/// The bundle with its correction and interval learnt again from a month, as `curbside recalibrate` does it.
///
/// # Errors
/// For a month that it has learnt from, or one that nothing can be learnt from.
pub(crate) fn recalibrated(bundle: &Bundle, on: Months, coverage: f64) -> Result<Estimator> {
    not_learnt_from(&bundle.card.trained_on, &on, "to calibrate on")?;
    let calibration = calibrate::fit(bundle, &on.into_rides(), coverage)?;
    frozen(&Bundle { calibration, ..bundle.clone() })
}

/// The bundle with its estimates moved by their mean error on a month, and nothing else learnt from it: what a line is better than.
///
/// # Errors
/// As [`recalibrated`].
pub(crate) fn shifted(bundle: &Bundle, on: Months) -> Result<Estimator> {
    not_learnt_from(&bundle.card.trained_on, &on, "to calibrate on")?;
    let moved = |intercept| {
        let correction = Correction { intercept, slope: 1.0 };
        frozen(&Bundle { calibration: Calibration { correction, ..bundle.calibration.clone() }, ..bundle.clone() })
    };
    let rides = on.into_rides();
    let as_trained = errors(&moved(0.0)?, &rides);
    moved(-as_trained.bias)
}

/// Errors of all rides as asked for.
pub(crate) fn errors(estimator: &Estimator, rides: &Rides) -> Metrics {
    let minutes: Vec<f64> = estimates(estimator, rides).iter().map(|estimate| estimate.duration).collect();
    ErrorSums::of(&minutes, &rides.minutes).metrics()
}

/// Estimates of all rides as asked for.
pub(crate) fn estimates(estimator: &Estimator, rides: &Rides) -> Vec<Estimate> {
    rides.trips.iter().map(|trip| estimator.estimate(trip)).collect()
}
