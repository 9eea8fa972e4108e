//! Columns that one small number says all about.

/// A key for each family: what stands for its columns in a row.
pub(crate) type Keys = [u16; FAMILIES];

/// Families there are: columns of the pickup's zone, and of the drop-off's.
pub(crate) const FAMILIES: usize = 2;

/// Columns that are functions of one small number, their key, as latitude, area and borough are of a zone's id. A kernel can
/// prepare for every key what it would else look up column by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    /// The columns.
    pub(crate) columns: Vec<usize>,
    /// Keys from 0 on: how many there are.
    pub(crate) keys: usize,
    /// For each key, the values of the columns.
    pub(crate) values: Vec<f64>,
}

impl Family {
    /// Whether a column is one of it.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }
}
