//! Extended ensembles: the sum in the arithmetic of its dialect, then the mean and the link.

use super::linear_leaves::LinearLeafKernel;
use super::tables::TableKernel;
use super::tables_of;
use super::walk::WalkKernel;
use super::xgboost::XgBoostKernel;
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
    Tables(TableKernel),
    /// Of the XGBoost dialect.
    TablesF32(TableKernel),
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

    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        match &self.sum {
            Sum::XgBoost(kernel) => f64::from(linked_f32(self.link, kernel.predict(row))),
            // The sum is an `f32`.
            Sum::TablesF32(kernel) => f64::from(linked_f32(self.link, num::nearest_f32(kernel.predict(row)))),
            Sum::Tables(kernel) => self.finished(kernel.predict(row)),
            Sum::Walk(kernel) => self.finished(kernel.predict(row)),
            Sum::LinearLeaves(kernel) => self.finished(kernel.predict(row)),
        }
    }

    /// The same with tables, where they serve. Linear leaves stay with the walk: it is the leaves that take the time.
    pub(super) fn prepared(&self) -> Option<ExtendedKernel> {
        let sum = match &self.sum {
            Sum::Walk(walk) => Sum::Tables(tables_of(walk)?),
            Sum::XgBoost(walk) => Sum::TablesF32(tables_of(walk)?),
            Sum::LinearLeaves(_) | Sum::Tables(_) | Sum::TablesF32(_) => return None,
        };
        Some(ExtendedKernel { sum, ..*self })
    }

    pub(super) fn has_tables(&self) -> bool {
        matches!(self.sum, Sum::Tables(_) | Sum::TablesF32(_))
    }

    /// LightGBM's order: `GBDT::Predict` divides, then converts.
    fn finished(&self, sum: f64) -> f64 {
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
            Sum::LinearLeaves(_) => "walk, linear leaves",
            Sum::XgBoost(_) => "walk, f32",
            Sum::Tables(_) => "tables",
            Sum::TablesF32(_) => "tables, f32",
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
