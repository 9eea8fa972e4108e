//! Models frozen for speed.
//!
//! [`Predictor`] is the one seam between a [`Model`] and its kernels: it is built once from a validated model, chooses
//! the kernel, and from then on predicting cannot fail and allocates nothing. A new kernel is one variant here.
//! [`Calibrator`] is the same for a [`Calibration`](crate::model::Calibration), with its [`IntervalPredictor`].

mod calibrator;
mod extended;
mod linear;
mod linear_leaves;
mod walk;
mod xgboost;

pub use calibrator::{Calibrator, IntervalPredictor};

use crate::model::Model;
use extended::ExtendedKernel;
use linear::LinearKernel;
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
        }
    }

    /// Name of the kernel, for `inspect` and the benchmark.
    pub fn kernel(&self) -> &'static str {
        match &self.kernel {
            Kernel::Linear(_) => "linear",
            Kernel::Walk(_) => "walk",
            Kernel::Extended(kernel) => kernel.name(),
        }
    }
}
