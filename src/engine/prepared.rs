//! What takes the place of a walk once there is time to build it.

use super::Rows;
use super::packed::PackedKernel;
#[cfg(not(target_arch = "wasm32"))]
use super::packed::planes::{FEWEST_FEATURES, PlaneKernel};
use super::source::Source;
use super::tables::TableKernel;
use crate::features::{FAMILIES, Family};

/// Trees from which on it is worth building: finding the bins costs what walking three or four trees does. From 32 on tables
/// take about a ninth of the walk's time, for one row as for many.
const FEWEST_TREES: usize = 4;

/// The sum of a walk, faster and with its bits.
#[derive(Clone, Debug)]
pub(super) enum Prepared {
    Tables(TableKernel),
    /// Of many columns: planes for many rows, tables for few.
    #[cfg(not(target_arch = "wasm32"))]
    Planes(TableKernel, PlaneKernel),
    Packed(PackedKernel),
}

impl Prepared {
    /// Tables where they serve, else the packed walk; `None` for so few trees that neither would be faster, or so many nodes that
    /// they cannot be counted.
    pub(super) fn build(walk: &dyn Source, families: &[Family; FAMILIES]) -> Option<Prepared> {
        if walk.trees() < FEWEST_TREES {
            return None;
        }
        let Some(tables) = TableKernel::build(walk, families) else {
            return PackedKernel::build(walk).map(Prepared::Packed);
        };
        #[cfg(not(target_arch = "wasm32"))]
        if tables.features() >= FEWEST_FEATURES
            && let Some(planes) = PackedKernel::build(walk).and_then(PlaneKernel::build)
        {
            return Some(Prepared::Planes(tables, planes));
        }
        Some(Prepared::Tables(tables))
    }

    /// Base and leaves in tree order, in the arithmetic of the walk.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        let mut number = [0.0];
        self.predict_rows(Rows::one(row), &mut number);
        number[0]
    }

    /// The same for many rows; there is one for each number.
    pub(super) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        match self {
            Prepared::Tables(kernel) => kernel.predict_rows(rows, numbers),
            #[cfg(not(target_arch = "wasm32"))]
            // Planes are made from columns, which rows with keys need not have.
            Prepared::Planes(tables, planes) if rows.keys.is_none() => {
                let (many, few) = numbers.split_at_mut(PlaneKernel::worth(numbers.len()));
                tables.predict_rows(rows.from(many.len()), few);
                planes.predict_rows(rows, many);
            }
            #[cfg(not(target_arch = "wasm32"))]
            Prepared::Planes(tables, _) => tables.predict_rows(rows, numbers),
            Prepared::Packed(kernel) => match numbers {
                [number] => *number = kernel.predict(rows.values),
                numbers => kernel.predict_rows(rows.values, rows.columns, numbers),
            },
        }
    }

    /// Whether it reads keys, where rows have them.
    pub(super) fn takes_keys(&self) -> bool {
        match self {
            Prepared::Tables(kernel) => kernel.takes_keys(),
            #[cfg(not(target_arch = "wasm32"))]
            Prepared::Planes(tables, _) => tables.takes_keys(),
            Prepared::Packed(_) => false,
        }
    }

    /// Name of the kernel, for `inspect` and the benchmark.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Prepared::Tables(_) => "tables",
            #[cfg(not(target_arch = "wasm32"))]
            Prepared::Planes(..) => "tables and planes",
            Prepared::Packed(_) => "packed walk",
        }
    }
}
