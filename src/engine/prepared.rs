//! What takes the place of a walk once there is time to build it.

use super::packed::PackedKernel;
use super::source::Source;
use super::tables::TableKernel;

/// Trees from which on it is worth building: finding the bins costs what walking three or four trees does. From 32 on tables
/// take about a ninth of the walk's time, for one row as for many.
const FEWEST_TREES: usize = 4;

/// The sum of a walk, faster and with its bits.
#[derive(Clone, Debug)]
pub(super) enum Prepared {
    Tables(TableKernel),
    Packed(PackedKernel),
}

impl Prepared {
    /// Tables where they serve, else the packed walk; `None` for so few trees that neither would be faster, or so many nodes that
    /// they cannot be counted.
    pub(super) fn build(walk: &dyn Source) -> Option<Prepared> {
        if walk.trees() < FEWEST_TREES {
            return None;
        }
        let tables = TableKernel::build(walk).map(Prepared::Tables);
        tables.or_else(|| PackedKernel::build(walk).map(Prepared::Packed))
    }

    /// Base and leaves in tree order, in the arithmetic of the walk.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        match self {
            Prepared::Tables(kernel) => kernel.predict(row),
            Prepared::Packed(kernel) => kernel.predict(row),
        }
    }

    /// The same for rows of so many columns one after another, into as many places as there are.
    pub(super) fn predict_rows(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        match self {
            Prepared::Tables(kernel) => kernel.predict_rows(rows, columns, numbers),
            Prepared::Packed(kernel) => kernel.predict_rows(rows, columns, numbers),
        }
    }

    /// Name of the kernel, for `inspect` and the benchmark.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Prepared::Tables(_) => "tables",
            Prepared::Packed(_) => "packed walk",
        }
    }
}
