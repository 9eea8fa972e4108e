//! Trip files to learn from or to measure on: read, filtered, put in order, and refused where they would fool whoever
//! trusts the figures.
//!
//! A file alone is looked at by [`read`]: enough rides, more than one zone, no ride twice. Whether what is measured on is
//! kept apart from what is learnt from is for [`kept_apart`] to say. Both compare rides and not names or digests, so that a
//! month under another name or in another format is known again.

mod apart;
mod content;
mod file;

use std::path::{Path, PathBuf};

use curbside::bundle::Month;
use curbside_tlc::{ReadOptions, read_month};

use crate::error::{EvaluateError, EvaluateErrorKind};
use crate::rides::Rides;

pub(crate) use apart::{MEASURED_ON, looks_back};
pub use apart::{kept_apart, not_learnt_from};
pub use file::TripFile;

/// Fewer rides than this in a file are no month.
pub const FEWEST_RIDES: usize = 1000;

/// Two files that share more than this part of the smaller one's rides hold the same month, at least in part; a file in which
/// more than this part of the rides is there again holds them twice. Of the real months no two share any ride, and at most
/// 0.33 % of one's rides are there again, as a fare that was billed anew (`tests/months.rs`).
pub const MOST_SHARED: f64 = 0.01;

/// Which pickups count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Those in the month that the file is named after: what is learnt from.
    NamedMonth,
    /// All of the file: what is measured on, and what the baseline learns from, so that figures compare with the reference's.
    File,
}

/// Trip files in the order of their first pickups, whatever the order in which they were given.
#[derive(Clone, Debug)]
pub struct Months {
    files: Vec<TripFile>,
    reordered: bool,
}

/// Reads trip files, and says of each through `news` how many of its rows are used and why the others are not.
///
/// # Errors
///
/// `EVALUATE_NO_FILES`; a [`TlcError`](curbside_tlc::TlcError) of a file that cannot be read; `EVALUATE_TOO_FEW_RIDES` for
/// a file of fewer than [`FEWEST_RIDES`]; `EVALUATE_ONE_ZONE` for one whose rides all begin, or all end, in one zone;
/// `EVALUATE_DUPLICATE` for one that holds rides twice, or two that share more than [`MOST_SHARED`] of the smaller one's.
pub fn read(paths: &[PathBuf], within: Within, news: &mut dyn FnMut(&Month)) -> Result<Months, EvaluateError> {
    if paths.is_empty() {
        let message = "expected at least one trip file, found none: give the month's file";
        return Err(EvaluateError::new(EvaluateErrorKind::NoFiles, message));
    }
    let mut files: Vec<TripFile> = Vec::new();
    for path in paths {
        let file = TripFile::new(path, &read_month(path, &ReadOptions::default())?, within);
        news(&file.month);
        file.check()?;
        if let Some((twin, shared)) = files.iter().find_map(|other| Some((other, file.overlap(other)?))) {
            return Err(duplicate(twin, &file, &shared));
        }
        files.push(file);
    }
    let given: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    files.sort_by(|a, b| a.place_in_time().cmp(&b.place_in_time()));
    let reordered = !files.iter().map(|file| &file.path).eq(&given);
    Ok(Months { files, reordered })
}

fn duplicate(first: &TripFile, second: &TripFile, shared: &str) -> EvaluateError {
    let (a, b) = (first.path.display(), second.path.display());
    let what = if first.month.sha256 == second.month.sha256 { "the same bytes" } else { shared };
    let message = format!("{a} and {b}: expected every ride once, found {what} in both: leave one of them out");
    EvaluateError::new(EvaluateErrorKind::Duplicate, message)
}

impl Months {
    /// The files in order.
    pub fn files(&self) -> &[TripFile] {
        &self.files
    }

    /// Their paths in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// The account of each, as a card has it.
    pub fn accounts(&self) -> Vec<Month> {
        self.files.iter().map(|file| file.month.clone()).collect()
    }

    /// A word for who gave them in another order.
    pub fn note(&self) -> Option<String> {
        let names: Vec<&str> = self.files.iter().map(|file| file.month.file.as_str()).collect();
        self.reordered.then(|| format!("files are taken in the order of their pickups: {}", names.join(", ")))
    }

    /// All their rides, file after file.
    pub fn into_rides(self) -> Rides {
        let mut rides = Rides::default();
        self.files.into_iter().for_each(|file| rides.append(file.rides));
        rides
    }
}

/// A file's name without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
