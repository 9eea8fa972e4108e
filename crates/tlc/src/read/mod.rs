//! Reading a trip file, whatever its vintage: the format is told from the content, the columns from their names.
//!
//! A file that is not what it should be is an error. A row that is not a ride is no error: it is handed out as a
//! [`RejectedRow`] and counted in the [`ReadReport`], so that one bad cell does not cost a month.

mod cells;
mod csv;
mod format;
mod month;
mod parquet;
mod report;

pub use cells::{Fault, RejectedRow};
pub use month::{Month, read_month, sha256_of};
pub use report::{ReadReport, RejectedCount};

use std::path::{Path, PathBuf};

use crate::columns::{Column, Layout, LayoutFault, Taxi, locate};
use crate::error::{TlcError, TlcErrorKind};
use crate::month::MonthName;
use crate::ride::Ride;
use cells::Cells;
use format::Format;

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Most rows in a batch; 0 is read as 1.
    pub batch_rows: usize,
    /// The month that the file is of; `None` takes it from the file's name.
    pub month: Option<MonthName>,
}

impl Default for ReadOptions {
    /// Batches of 8,192 rows, the month from the file's name.
    fn default() -> Self {
        Self { batch_rows: 8192, month: None }
    }
}

/// Consecutive rows of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RideBatch {
    /// Rows that are rides, in file order.
    pub rides: Vec<Ride>,
    /// Rows that are not, in file order.
    pub rejected: Vec<RejectedRow>,
}

/// A trip file, batch by batch; memory stays at one batch (and one Parquet page of each column).
#[derive(Debug)]
pub struct RideReader {
    path: PathBuf,
    month: Option<MonthName>,
    taxi: Option<Taxi>,
    source: Source,
    next_row: u64,
    failed: bool,
}

#[derive(Debug)]
enum Source {
    Parquet(parquet::ParquetRows),
    Csv(csv::CsvRows),
}

impl RideReader {
    /// Opens a file and finds its five columns.
    ///
    /// # Errors
    /// [`TlcError`] when the file cannot be read, is no trip file, or lacks a column.
    ///
    /// # Panics
    /// Never, for any content.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, TlcError> {
        let batch_rows = options.batch_rows.max(1);
        let (source, layout) = match format::of(path)? {
            Format::Parquet => {
                let (rows, layout) = parquet::ParquetRows::open(path, batch_rows)?;
                (Source::Parquet(rows), layout)
            }
            text @ (Format::Csv | Format::GzipCsv) => {
                let (rows, layout) = csv::CsvRows::open(path, text, batch_rows)?;
                (Source::Csv(rows), layout)
            }
        };
        let month = options.month.or_else(|| MonthName::from_file_name(path));
        Ok(Self { path: path.to_owned(), month, taxi: layout.taxi, source, next_row: 0, failed: false })
    }

    /// The month given in the options, else the one in the file's name.
    pub fn month(&self) -> Option<MonthName> {
        self.month
    }

    /// The kind of taxi, if the file's time columns tell.
    pub fn taxi(&self) -> Option<Taxi> {
        self.taxi
    }

    fn read_batch(&mut self) -> Result<Option<RideBatch>, TlcError> {
        let mut rows: Vec<Cells> = Vec::new();
        let more = match &mut self.source {
            Source::Parquet(source) => source.read(&self.path, &mut rows)?,
            Source::Csv(source) => source.read(&self.path, &mut rows)?,
        };
        let mut batch = RideBatch::default();
        for cells in rows {
            match cells.into_ride(self.next_row) {
                Ok(ride) => batch.rides.push(ride),
                Err(row) => batch.rejected.push(row),
            }
            self.next_row += 1;
        }
        Ok(more.then_some(batch))
    }
}

impl Iterator for RideReader {
    type Item = Result<RideBatch, TlcError>;

    /// The next batch; after an error, nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.read_batch();
        self.failed = batch.is_err();
        batch.transpose()
    }
}

/// [`locate`], with the error that a person needs.
fn layout_of(path: &Path, names: &[String]) -> Result<Layout, TlcError> {
    locate(names).map_err(|fault| match fault {
        LayoutFault::Missing(column) => TlcError::new(
            TlcErrorKind::MissingColumn,
            path,
            format!("a column {column} under one of the names {}", column.names().join(", ")),
            format!("the columns {}", listed(names)),
            "take a green or yellow trip file as TLC publishes it, or rename the column",
        ),
        LayoutFault::Ambiguous(column, both) => TlcError::new(
            TlcErrorKind::AmbiguousColumn,
            path,
            format!("one column {column}"),
            both.join(" and "),
            "remove or rename all but one",
        ),
    })
}

/// Column names for a message; a file of another kind may have hundreds.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut text: Vec<String> = names.iter().take(SHOWN).map(|name| shortened(name)).collect();
    if names.len() > SHOWN {
        text.push(format!("and {} more", names.len() - SHOWN));
    }
    if text.is_empty() { "(none)".to_owned() } else { text.join(", ") }
}

/// A text from a file for a message: no control characters, no novels.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

/// The error of a column whose type is not the one that [`Column::holds`] says.
fn wrong_type(path: &Path, column: Column, name: &str, found: &str) -> TlcError {
    TlcError::new(
        TlcErrorKind::WrongType,
        path,
        format!("column {} to hold {}", shortened(name), column.holds()),
        found,
        "take the file as TLC publishes it, or convert the column",
    )
}
