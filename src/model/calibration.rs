//! What is learnt about a model after it has been trained: how far it is off on the whole, and how sure it is of one
//! estimate.
//!
//! It is apart from the model because it can be learnt again, on later rides, while the model stays what it is.
//!
//! The interval is a normalised, asymmetric split conformal prediction: residuals of rides that the model did not learn
//! from are divided by a second model's guess of their size (Papadopoulos et al., "Inductive Confidence Machines for
//! Regression", 2002; Lei et al., "Distribution-Free Predictive Inference for Regression", 2018, section 5.2), and a
//! quantile is taken on each side by itself (Romano et al., "Conformalized Quantile Regression", 2019). Rides with a
//! given and with an assumed distance have quantiles of their own, as the categories of Mondrian conformal prediction
//! (Vovk et al., 2003).

use serde::{Deserialize, Serialize};

use super::{Model, ModelError, Target, TreeShape};
use crate::num::Shown;

/// What was learnt about a model after its training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// How far the model is off on the whole.
    pub correction: Correction,
    /// How sure it is of one estimate; `None` for a model that does not say.
    pub interval: Option<IntervalModel>,
}

/// A line from the model's number to the estimate: `intercept + slope * number`, before the target's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// In the target's unit.
    pub intercept: f64,
    /// Above 0.
    pub slope: f64,
}

/// How far a truth may lie from its estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalModel {
    /// The nominal share of rides whose truth lies in their interval, above 0 and below 1.
    pub coverage: f64,
    /// The expected size of the error of one ride, in the target's unit; reads the columns that the model reads.
    pub scale: Model,
    /// The least size there is, above 0; also the size where `scale` gives NaN.
    pub smallest_scale: f64,
    /// For rides whose distance was given.
    pub given: Quantiles,
    /// For rides whose distance was assumed.
    pub assumed: Quantiles,
}

/// Where the two ends of an interval lie, in multiples of the scale from the estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The lower end, mostly below 0.
    pub low: f64,
    /// The upper end, not below `low`.
    pub high: f64,
}

/// Where the truth of one ride is expected, in the target's unit; the estimate is never outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Default for Correction {
    fn default() -> Correction {
        Correction::IDENTITY
    }
}

impl Correction {
    /// The one that changes nothing.
    pub const IDENTITY: Correction = Correction { intercept: 0.0, slope: 1.0 };

    /// The corrected number. With the identity it is the number itself to the bit (but -0, which becomes 0).
    pub fn apply(self, number: f64) -> f64 {
        self.intercept + self.slope * number
    }
}

impl Quantiles {
    /// The interval around an estimate within `target`'s bounds. Whatever the scale, infinite or NaN included, the ends are
    /// numbers and the estimate lies between them.
    pub fn around(self, estimate: f64, scale: f64, target: &Target) -> Interval {
        let (low, high) = (estimate + self.low * scale, estimate + self.high * scale);
        // Not `min` and `max`: they leave open which zero is the smaller one. NaN (0 times infinity) is no comparison's
        // winner, so the estimate stands.
        Interval {
            low: target.bound(if low < estimate { low } else { estimate }).0,
            high: target.bound(if high > estimate { high } else { estimate }).0,
        }
    }

    fn fault(self) -> Option<String> {
        let Quantiles { low, high } = self;
        let right = low.is_finite() && high.is_finite() && low <= high;
        (!right).then(|| format!("expected finite numbers, low <= high, found {} and {}", Shown(low), Shown(high)))
    }
}

impl Calibration {
    /// Checks that every row of `columns` numbers can be calibrated.
    ///
    /// # Errors
    ///
    /// [`ModelError`] that names the part, what was expected and what was found.
    pub fn validate(&self, columns: usize, shape: &TreeShape) -> Result<(), ModelError> {
        let Correction { intercept, slope } = self.correction;
        if !(intercept.is_finite() && slope.is_finite() && slope > 0.0) {
            let found = format!("found {} and {}", Shown(intercept), Shown(slope));
            return Err(ModelError::new(format!(
                "correction: expected a finite intercept and a finite slope above 0, {found}"
            )));
        }
        self.interval.as_ref().map_or(Ok(()), |interval| interval.validate(columns, shape))
    }
}

impl IntervalModel {
    fn validate(&self, columns: usize, shape: &TreeShape) -> Result<(), ModelError> {
        let fail = |what: &str, fault: &dyn std::fmt::Display| Err(ModelError::new(format!("{what}: {fault}")));
        if !(self.coverage > 0.0 && self.coverage < 1.0) {
            return fail("coverage", &format_args!("expected above 0 and below 1, found {}", Shown(self.coverage)));
        }
        if !(self.smallest_scale > 0.0 && self.smallest_scale.is_finite()) {
            return fail(
                "smallest_scale",
                &format_args!("expected a finite number above 0, found {}", Shown(self.smallest_scale)),
            );
        }
        for (name, quantiles) in [("given", self.given), ("assumed", self.assumed)] {
            if let Some(fault) = quantiles.fault() {
                return fail(name, &fault);
            }
        }
        self.scale.validate(columns, shape).or_else(|fault| fail("scale", &fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_leaves_bits_alone() {
        for number in [1.0, -1.0, 0.1, 1e-310, f64::MAX, f64::INFINITY, 4.035_612_1, -0.3] {
            assert_eq!(Correction::IDENTITY.apply(number).to_bits(), number.to_bits(), "{number}");
        }
        assert!(Correction::default().apply(f64::NAN).is_nan());
    }

    #[test]
    fn an_estimate_lies_in_its_interval() {
        let target = Target { name: String::new(), unit: String::new(), low: -100.0, high: 100.0 };
        let quantiles = Quantiles { low: -1.5, high: 2.0 };
        let nothing = Quantiles { low: 0.0, high: 0.0 };
        let rows = [
            // 10 - 1.5 * 2, 10 + 2 * 2
            (quantiles, 10.0, 2.0, (7.0, 14.0)),
            (quantiles, 10.0, f64::INFINITY, (-100.0, 100.0)),
            (quantiles, 10.0, f64::NAN, (10.0, 10.0)),
            (nothing, 10.0, f64::INFINITY, (10.0, 10.0)),
            (quantiles, 100.0, 0.5, (99.25, 100.0)),
        ];
        for (quantiles, estimate, scale, (low, high)) in rows {
            assert_eq!(quantiles.around(estimate, scale, &target), Interval { low, high }, "scale {scale}");
        }
    }
}
