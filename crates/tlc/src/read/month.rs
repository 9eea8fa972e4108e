//! A whole file in memory, as training wants it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{ReadOptions, ReadReport, RideReader};
use crate::columns::Taxi;
use crate::error::{TlcError, TlcErrorKind};
use crate::month::MonthName;
use crate::ride::Ride;

/// A trip file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    /// The file.
    pub path: PathBuf,
    /// The month that it is of, as given or as named; `None` when neither says.
    pub month: Option<MonthName>,
    /// The kind of taxi, if the columns tell.
    pub taxi: Option<Taxi>,
    /// Its rides, in file order, unfiltered.
    pub rides: Vec<Ride>,
    /// The account of its rows.
    pub report: ReadReport,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Length of the file in bytes.
    pub bytes: u64,
}

/// Reads a whole trip file.
///
/// # Errors
/// [`TlcError`] when the file cannot be read, is no trip file, lacks a column, stops early, or has no ride in it.
///
/// # Panics
/// Never, for any content.
pub fn read_month(path: &Path, options: &ReadOptions) -> Result<Month, TlcError> {
    let mut reader = RideReader::open(path, options)?;
    let (mut rides, mut report) = (Vec::new(), ReadReport::default());
    for batch in &mut reader {
        let batch = batch?;
        report.count(&batch);
        rides.extend(batch.rides);
    }
    if report.rows == 0 {
        let again = "download the file again";
        return Err(TlcError::new(TlcErrorKind::NoRows, path, "at least one row", "only the column names", again));
    }
    if rides.is_empty() {
        return Err(TlcError::new(
            TlcErrorKind::NoRides,
            path,
            "at least one row that is a ride",
            format!("{} rows, all rejected\n{report}", report.rows),
            "look at the rows named in the table",
        ));
    }
    let (sha256, bytes) = sha256_of(path)?;
    Ok(Month { path: path.to_owned(), month: reader.month(), taxi: reader.taxi(), rides, report, sha256, bytes })
}

/// SHA-256 of a file's bytes in lower-case hexadecimal, and how many bytes they are.
///
/// # Errors
/// [`TlcError`] when the file cannot be read.
pub fn sha256_of(path: &Path) -> Result<(String, u64), TlcError> {
    let failed = |error| TlcError::io(path, "read", error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok((text, bytes))
}
