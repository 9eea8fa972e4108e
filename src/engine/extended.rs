//! Extended ensembles: the sum in the arithmetic of its dialect, then the mean and the link.

use super::linear_leaves::LinearLeafKernel;
use super::prepared::Prepared;
use super::walk::WalkKernel;
use super::xgboost::XgBoostKernel;
use super::{Rows, each_row};
use crate::features::{FAMILIES, Family};
use crate::model::{Dialect, ExtendedEnsemble, Link};
use crate::num;

#[derive(Clone, Debug)]
pub(super) struct ExtendedKernel {
    sum: Sum,
    base: f64,
    /// What the sum is divided by; 1 changes nothing.
    divisor: f64,
    link: Link,
}

#[derive(Clone, Debug)]
enum Sum {
    Walk(WalkKernel),
    LinearLeaves(LinearLeafKernel),
    XgBoost(XgBoostKernel),
    Prepared(Prepared),
    /// In the XGBoost dialect: its sum is an `f32`.
    PreparedF32(Prepared),
}

impl ExtendedKernel {
    pub(super) fn new(extended: &ExtendedEnsemble) -> ExtendedKernel {
        let ExtendedEnsemble { trees, base, average, link, linear_leaves } = extended;
        let sum = match trees.dialect {
            Dialect::XGBoost => Sum::XgBoost(XgBoostKernel::new(trees, num::nearest_f32(*base))),
            Dialect::LightGbm if linear_leaves.is_empty() => Sum::Walk(WalkKernel::new(trees)),
            Dialect::LightGbm => Sum::LinearLeaves(LinearLeafKernel::new(trees, linear_leaves)),
        };
        let divisor = if *average { num::count_to_f64(trees.trees.len().max(1)) } else { 1.0 };
        ExtendedKernel { sum, base: *base, divisor, link: *link }
    }

    fn predict(&self, row: &[f64]) -> f64 {
        let sum = match &self.sum {
            Sum::Walk(kernel) => kernel.predict(row),
            Sum::LinearLeaves(kernel) => kernel.predict(row),
            Sum::XgBoost(kernel) => f64::from(kernel.predict(row)),
            Sum::Prepared(kernel) | Sum::PreparedF32(kernel) => kernel.predict(row),
        };
        self.finished(sum)
    }

    /// The same for many rows; there is one for each number.
    pub(super) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        if let Sum::Prepared(kernel) | Sum::PreparedF32(kernel) = &self.sum {
            kernel.predict_rows(rows, numbers);
            for number in numbers {
                *number = self.finished(*number);
            }
        } else {
            each_row(rows, numbers, |row| self.predict(row));
        }
    }

    /// The same with something faster in the place of the walk, where there is.
    pub(super) fn prepared(&self, families: &[Family; FAMILIES]) -> Option<ExtendedKernel> {
        let sum = match &self.sum {
            Sum::Walk(walk) => Sum::Prepared(Prepared::build(walk, families)?),
            Sum::XgBoost(walk) => Sum::PreparedF32(Prepared::build(walk, families)?),
            Sum::LinearLeaves(walk) => Sum::LinearLeaves(walk.prepared()?),
            Sum::Prepared(_) | Sum::PreparedF32(_) => return None,
        };
        Some(ExtendedKernel { sum, ..*self })
    }

    pub(super) fn takes_keys(&self) -> bool {
        matches!(&self.sum, Sum::Prepared(kernel) | Sum::PreparedF32(kernel) if kernel.takes_keys())
    }

    pub(super) fn is_prepared(&self) -> bool {
        match &self.sum {
            Sum::Prepared(_) | Sum::PreparedF32(_) => true,
            Sum::LinearLeaves(kernel) => kernel.is_prepared(),
            Sum::Walk(_) | Sum::XgBoost(_) => false,
        }
    }

    /// From the sum to the prediction, in the type of the sum.
    fn finished(&self, sum: f64) -> f64 {
        match self.sum {
            Sum::XgBoost(_) | Sum::PreparedF32(_) => f64::from(linked_f32(self.link, num::nearest_f32(sum))),
            Sum::Walk(_) | Sum::LinearLeaves(_) | Sum::Prepared(_) => self.finished_f64(sum),
        }
    }

    /// LightGBM's order: `GBDT::Predict` divides, then converts.
    fn finished_f64(&self, sum: f64) -> f64 {
        let x = (self.base + sum) / self.divisor;
        match self.link {
            Link::Identity => x,
            Link::Exp => num::exp(x),
            Link::Logistic { slope } => 1.0 / (1.0 + num::exp(-slope * x)),
            Link::SignedSquare => x.abs() * x,
        }
    }

    /// Name of the kernel, for `inspect`.
    pub(super) fn name(&self) -> &'static str {
        match self.sum {
            Sum::Walk(_) => "walk",
            Sum::LinearLeaves(ref kernel) if kernel.is_prepared() => "packed walk, linear leaves",
            Sum::LinearLeaves(_) => "walk, linear leaves",
            Sum::XgBoost(_) => "walk, f32",
            Sum::Prepared(ref kernel) | Sum::PreparedF32(ref kernel) => kernel.name(),
        }
    }
}

/// XGBoost's `PredTransform`, in `f32` (`src/objective/regression_loss.h`, `src/common/math.h`). The exponential is rounded
/// from a double's, which is the nearest `f32` where the C library's may be its neighbour.
fn linked_f32(link: Link, x: f32) -> f32 {
    let exp = |x: f32| num::nearest_f32(num::exp(f64::from(x)));
    match link {
        Link::Exp => exp(x),
        Link::Logistic { .. } => {
            // Its largest exponent, so that the exponential stays finite; NaN stays NaN.
            let exponent = if -x > 88.7 { 88.7 } else { -x };
            1.0 / (exp(exponent) + 1.0)
        }
        // `ExtendedEnsemble::validate` has refused the square.
        Link::Identity | Link::SignedSquare => x,
    }
}
