//! What a kernel is asked about: rows of columns, and keys that stand for some of them.

use crate::features::Keys;

/// Rows of so many columns, one after another; perhaps more than are asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) columns: usize,
    /// For each row its keys, where they are known. Then a kernel that [takes](super::Predictor::takes_keys) them reads no column of
    /// a family.
    pub(crate) keys: Option<&'a [Keys]>,
}

impl<'a> Rows<'a> {
    /// One row.
    pub(crate) fn one(row: &'a [f64]) -> Rows<'a> {
        Rows { values: row, columns: row.len(), keys: None }
    }

    /// A row, and what follows it.
    pub(super) fn row(&self, index: usize) -> &'a [f64] {
        &self.values[index * self.columns..]
    }

    /// The rows from one on.
    pub(super) fn from(self, first: usize) -> Rows<'a> {
        Rows { values: self.row(first), keys: self.keys.map(|keys| &keys[first..]), ..self }
    }
}
