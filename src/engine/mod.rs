//! Models frozen for speed.
//!
//! [`Predictor`] is the one seam between a [`Model`] and its kernels: it is built once from a validated model, chooses
//! the kernel, and from then on predicting cannot fail and allocates nothing. A new kernel is one variant here.
//!
//! - `walk`, `xgboost`: ask the questions of each tree one by one, each in its library's arithmetic. Ready at once, so they answer
//!   until something faster is built.
//! - `prepared`: what is built from a walk, through `source`, and gives its bits. `tables`: every answer looked up, several trees at
//!   a time. `packed`: for trees too deep for that, smaller nodes and several steps at a time; and from those, natively,
//!   `planes` for many rows of many columns.
//! - `extended`, `linear_leaves`: what else surrounds a sum over trees.
//! - `linear`: the weighted sum.
//! - `questions`: the walks' questions by themselves, for [`explain`](crate::explain).
//!
//! [`Calibrator`] is the same for a [`Calibration`](crate::model::Calibration), with its [`IntervalPredictor`].

mod bins;
mod calibrator;
mod extended;
mod linear;
mod linear_leaves;
mod packed;
mod prepared;
mod questions;
mod rows;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod walk;
mod xgboost;

pub use calibrator::{Calibrator, IntervalPredictor};
pub(crate) use linear::contribution;
pub(crate) use questions::Questions;
pub(crate) use rows::Rows;
pub(crate) use source::{Place, Source};

use crate::features::{FAMILIES, Family};
use crate::model::Model;
use extended::ExtendedKernel;
use linear::LinearKernel;
use prepared::Prepared;
use walk::WalkKernel;

/// A model ready to score rows.
#[derive(Clone, Debug)]
pub struct Predictor {
    kernel: Kernel,
}

#[derive(Clone, Debug)]
enum Kernel {
    Linear(LinearKernel),
    Walk(WalkKernel),
    Extended(ExtendedKernel),
    Prepared(Prepared),
}

impl Predictor {
    /// Freezes a model that has passed [`Model::validate`]; only such a model keeps the indices below in bounds.
    pub(crate) fn new(model: &Model) -> Predictor {
        let kernel = match model {
            Model::Linear(linear) => Kernel::Linear(LinearKernel::new(linear)),
            Model::Ensemble(ensemble) => Kernel::Walk(WalkKernel::new(ensemble)),
            Model::Extended(extended) => Kernel::Extended(ExtendedKernel::new(extended)),
        };
        Predictor { kernel }
    }

    /// The model's number, before the target's bounds, for each of many rows of encoded columns; there is one for each number.
    pub(crate) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        match &self.kernel {
            Kernel::Linear(kernel) => each_row(rows, numbers, |row| kernel.predict(row)),
            Kernel::Walk(kernel) => each_row(rows, numbers, |row| kernel.predict(row)),
            Kernel::Extended(kernel) => kernel.predict_rows(rows, numbers),
            Kernel::Prepared(kernel) => kernel.predict_rows(rows, numbers),
        }
    }

    /// Whether it reads keys, where rows have them, instead of the columns of their families.
    pub(crate) fn takes_keys(&self) -> bool {
        match &self.kernel {
            Kernel::Prepared(kernel) => kernel.takes_keys(),
            Kernel::Extended(kernel) => kernel.takes_keys(),
            Kernel::Linear(_) | Kernel::Walk(_) => false,
        }
    }

    /// Puts a faster kernel in the place of a walk and returns the walk, so that the caller can check the one against the other
    /// and take the walk back. `None`, and nothing is changed, where there is no walk, or none that would gain by it: see
    /// [`Prepared::build`].
    pub(crate) fn prepare(&mut self, families: &[Family; FAMILIES]) -> Option<Predictor> {
        let kernel = match &self.kernel {
            Kernel::Walk(walk) => Kernel::Prepared(Prepared::build(walk, families)?),
            Kernel::Extended(walk) => Kernel::Extended(walk.prepared(families)?),
            Kernel::Linear(_) | Kernel::Prepared(_) => return None,
        };
        Some(std::mem::replace(self, Predictor { kernel }))
    }

    /// Whether something faster serves in the place of a walk.
    pub fn is_prepared(&self) -> bool {
        match &self.kernel {
            Kernel::Prepared(_) => true,
            Kernel::Extended(kernel) => kernel.is_prepared(),
            Kernel::Linear(_) | Kernel::Walk(_) => false,
        }
    }

    /// Name of the kernel, for `inspect` and the benchmark.
    pub fn kernel(&self) -> &'static str {
        match &self.kernel {
            Kernel::Linear(_) => "linear",
            Kernel::Walk(_) => "walk",
            Kernel::Extended(kernel) => kernel.name(),
            Kernel::Prepared(kernel) => kernel.name(),
        }
    }
}

/// Scores row by row.
fn each_row(rows: Rows<'_>, numbers: &mut [f64], predict: impl Fn(&[f64]) -> f64) {
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = predict(rows.row(index));
    }
}
