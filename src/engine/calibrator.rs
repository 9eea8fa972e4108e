//! A calibration frozen for speed: the correction, and the interval around an estimate.

use super::{Predictor, Rows};
use crate::features::{FAMILIES, Family};
use crate::model::{Calibration, Correction, Interval, IntervalModel, Quantiles, Target};

/// A [`Calibration`] ready to be applied.
#[derive(Clone, Debug)]
pub struct Calibrator {
    correction: Correction,
    interval: Option<IntervalPredictor>,
}

/// An [`IntervalModel`] ready to be asked.
#[derive(Clone, Debug)]
pub struct IntervalPredictor {
    coverage: f64,
    scale: Predictor,
    smallest_scale: f64,
    given: Quantiles,
    assumed: Quantiles,
}

impl Calibrator {
    /// Freezes a calibration that has passed [`Calibration::validate`].
    pub(crate) fn new(calibration: &Calibration) -> Calibrator {
        Calibrator {
            correction: calibration.correction,
            interval: calibration.interval.as_ref().map(IntervalPredictor::new),
        }
    }

    /// Puts tables in the place of the walk through the scale's trees, as [`Predictor::prepare`] does.
    pub(crate) fn prepare(&mut self, families: &[Family; FAMILIES]) -> Option<Predictor> {
        self.interval.as_mut()?.scale.prepare(families)
    }

    /// Takes back what [`prepare`](Calibrator::prepare) returned.
    pub(crate) fn restore(&mut self, scale: Predictor) {
        if let Some(interval) = &mut self.interval {
            interval.scale = scale;
        }
    }

    /// How far the model is off on the whole.
    pub fn correction(&self) -> Correction {
        self.correction
    }

    /// How sure it is of one estimate, where the model says so.
    pub fn interval(&self) -> Option<&IntervalPredictor> {
        self.interval.as_ref()
    }
}

impl IntervalPredictor {
    fn new(interval: &IntervalModel) -> IntervalPredictor {
        let IntervalModel { coverage, ref scale, smallest_scale, given, assumed } = *interval;
        IntervalPredictor { coverage, scale: Predictor::new(scale), smallest_scale, given, assumed }
    }

    /// The nominal share of rides whose truth lies in their interval.
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// The quantiles of rides whose distance was assumed, or given.
    pub fn quantiles(&self, distance_assumed: bool) -> Quantiles {
        if distance_assumed { self.assumed } else { self.given }
    }

    /// The least size of an error.
    pub fn smallest_scale(&self) -> f64 {
        self.smallest_scale
    }

    /// The frozen model of the size of an error.
    pub fn predictor(&self) -> &Predictor {
        &self.scale
    }

    /// The expected sizes of the errors for rows of encoded columns; above 0, perhaps infinite, never NaN.
    pub(crate) fn scales(&self, rows: Rows<'_>, scales: &mut [f64]) {
        self.scale.predict_rows(rows, scales);
        for scale in scales {
            *scale = self.bound(*scale);
        }
    }

    fn bound(&self, scale: f64) -> f64 {
        if scale > self.smallest_scale { scale } else { self.smallest_scale }
    }

    /// The interval around an estimate whose error has this scale.
    pub(crate) fn around(&self, estimate: f64, scale: f64, distance_assumed: bool, target: &Target) -> Interval {
        self.quantiles(distance_assumed).around(estimate, scale, target)
    }
}
