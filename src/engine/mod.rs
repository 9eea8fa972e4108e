//! Models frozen for speed.
//!
//! [`Predictor`] is the one seam between a [`Model`] and its kernels: it is built once from a validated model, chooses
//! the kernel, and from then on predicting cannot fail and allocates nothing. A new kernel is one variant here.
//!
//! - `walk`, `xgboost`: ask the questions of each tree one by one, each in its library's arithmetic. Ready at once, so they answer
//!   until something faster is built.
//! - `prepared`: what is built from a walk, through `source`, and gives its bits. `tables`: every answer looked up, several trees at
//!   a time. `packed`: for trees too deep for that, smaller nodes and several steps at a time.
//! - `extended`, `linear_leaves`: what else surrounds a sum over trees.
//! - `linear`: the weighted sum.
//!
//! [`Calibrator`] is the same for a [`Calibration`](crate::model::Calibration), with its [`IntervalPredictor`].

mod bins;
mod calibrator;
mod extended;
mod linear;
mod linear_leaves;
mod packed;
mod prepared;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod walk;
mod xgboost;

pub use calibrator::{Calibrator, IntervalPredictor};

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

    /// The model's number for one row of encoded columns, before the target's bounds.
    pub(crate) fn predict(&self, row: &[f64]) -> f64 {
        match &self.kernel {
            Kernel::Linear(kernel) => kernel.predict(row),
            Kernel::Walk(kernel) => kernel.predict(row),
            Kernel::Extended(kernel) => kernel.predict(row),
            Kernel::Prepared(kernel) => kernel.predict(row),
        }
    }

    /// The model's number for each of many rows, laid out one after another: as many as `numbers` has places for and `rows`
    /// has rows of `columns`.
    pub(crate) fn predict_rows(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        let whole = rows.len().checked_div(columns).unwrap_or(numbers.len()).min(numbers.len());
        let numbers = &mut numbers[..whole];
        match &self.kernel {
            Kernel::Prepared(kernel) => kernel.predict_rows(rows, columns, numbers),
            Kernel::Extended(kernel) => kernel.predict_rows(rows, columns, numbers),
            Kernel::Linear(_) | Kernel::Walk(_) => {
                for (index, number) in numbers.iter_mut().enumerate() {
                    *number = self.predict(&rows[index * columns..]);
                }
            }
        }
    }

    /// Puts a faster kernel in the place of a walk and returns the walk, so that the caller can check the one against the other
    /// and take the walk back. `None`, and nothing is changed, where there is no walk, or none that would gain by it: see
    /// [`Prepared::build`].
    pub(crate) fn prepare(&mut self) -> Option<Predictor> {
        let kernel = match &self.kernel {
            Kernel::Walk(walk) => Kernel::Prepared(Prepared::build(walk)?),
            Kernel::Extended(walk) => Kernel::Extended(walk.prepared()?),
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
