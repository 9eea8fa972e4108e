//! Models frozen for speed.
//!
//! [`Predictor`] is the one seam between a [`Model`] and its kernels: it is built once from a validated model, chooses
//! the kernel, and from then on predicting cannot fail and allocates nothing. A new kernel is one variant here.
//!
//! - `walk`: asks the questions of each tree one by one. Ready at once, so it answers until tables are built.
//! - `tables`: every answer looked up, several trees at a time. Built from a walk, and gives its bits.
//! - `linear`: the weighted sum.
//!
//! [`Calibrator`] is the same for a [`Calibration`](crate::model::Calibration), with its [`IntervalPredictor`].

mod calibrator;
mod extended;
mod linear;
mod linear_leaves;
mod source;
mod tables;
mod walk;
mod xgboost;

pub use calibrator::{Calibrator, IntervalPredictor};

use crate::model::Model;
use extended::ExtendedKernel;
use linear::LinearKernel;
use source::Source;
use tables::TableKernel;
use walk::WalkKernel;

/// Trees from which on tables are faster: finding the bins costs what walking three or four trees does. From 32 on tables
/// take about a ninth of the walk's time, for one row as for many.
const FEWEST_TREES: usize = 4;

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
    Tables(TableKernel),
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
            Kernel::Tables(kernel) => kernel.predict(row),
        }
    }

    /// The model's number for each of many rows, laid out one after another: as many as `numbers` has places for and `rows`
    /// has rows of `columns`.
    pub(crate) fn predict_rows(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        for (index, number) in numbers.iter_mut().enumerate() {
            let Some(row) = rows.get(index * columns..(index + 1) * columns) else { return };
            *number = self.predict(row);
        }
    }

    /// Puts tables in the place of a walk and returns the walk, so that the caller can check the one against the other and
    /// take the walk back. `None`, and nothing is changed, where there is no walk, or so short a one that tables would be no
    /// faster, or one that tables cannot serve: see [`TableKernel::build`].
    pub(crate) fn prepare(&mut self) -> Option<Predictor> {
        let kernel = match &self.kernel {
            Kernel::Walk(walk) => Kernel::Tables(tables_of(walk)?),
            Kernel::Extended(walk) => Kernel::Extended(walk.prepared()?),
            Kernel::Linear(_) | Kernel::Tables(_) => return None,
        };
        Some(std::mem::replace(self, Predictor { kernel }))
    }

    /// Whether the answers are looked up in tables.
    pub fn has_tables(&self) -> bool {
        match &self.kernel {
            Kernel::Tables(_) => true,
            Kernel::Extended(kernel) => kernel.has_tables(),
            Kernel::Linear(_) | Kernel::Walk(_) => false,
        }
    }

    /// Name of the kernel, for `inspect` and the benchmark.
    pub fn kernel(&self) -> &'static str {
        match &self.kernel {
            Kernel::Linear(_) => "linear",
            Kernel::Walk(_) => "walk",
            Kernel::Extended(kernel) => kernel.name(),
            Kernel::Tables(_) => "tables",
        }
    }
}

/// The tables of a walk, where they serve and are worth it.
fn tables_of(walk: &dyn Source) -> Option<TableKernel> {
    if walk.trees() < FEWEST_TREES { None } else { TableKernel::build(walk) }
}
