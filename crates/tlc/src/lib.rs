//! Trip files of the New York taxi commission (TLC): reading every vintage, filtering with reasons, zones, and a
//! simulated city for where the real files are absent.
//!
//! It is apart from the scoring module because it touches files, and apart from training because batch scoring and
//! the command line read the same files.
//!
//! In reading order:
//!
//! * [`Ride`]: one trip as the file has it, unfiltered.
//! * [`MonthName`]: the month that a file is named after, and its days.
//! * [`read_month`]: a whole file as rides, with its digest and a [`ReadReport`] of rows that are not rides.
//! * [`RideReader`]: the same in batches, with the rejected rows themselves.
//! * [`Filter`] and [`FilterReport`]: which rides are learnt from, and how many were dropped for which reason.
//! * [`zones`]: names, boroughs and centres of the 265 taxi zones.
//! * [`simulate`]: a seeded month of a made-up city, written as TLC writes its files.
//! * [`TlcError`]: what is wrong with a file, what was expected, what was found, what to do.
//! * [`data_dir`]: where the real files are on this machine, if they are.
//!
//! ```
//! use curbside_tlc::{Filter, MonthName, Ride};
//! use chrono::NaiveDate;
//!
//! let month: MonthName = "2021-02".parse()?;
//! let pickup = NaiveDate::from_ymd_opt(2021, 2, 3).and_then(|day| day.and_hms_opt(8, 30, 0)).ok_or("no such day")?;
//! let ride = Ride {
//!     row: 0,
//!     pickup,
//!     dropoff: pickup + chrono::TimeDelta::seconds(61),
//!     pu_location_id: 130,
//!     do_location_id: 205,
//!     trip_distance: 3.66,
//! };
//! assert_eq!(Filter::training(month).check(&ride), Ok(()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Native and for files only: the scoring module's ban on platform floats, clocks and files does not reach here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")
)]

mod columns;
mod error;
mod filter;
mod month;
mod read;
mod reasons;
mod ride;
pub mod simulate;
pub mod zones;

pub use columns::{Column, Taxi};
pub use error::{TlcError, TlcErrorKind};
pub use filter::{DropReason, Filter, FilterReport};
pub use month::{MonthName, MonthNameError};
pub use read::{
    Fault, Month, ReadOptions, ReadReport, RejectedCount, RejectedRow, RideBatch, RideReader, read_month, sha256_of,
};
pub use ride::Ride;

use std::path::{Path, PathBuf};

/// The environment variable that names the folder of real TLC files.
pub const DATA_VARIABLE: &str = "CURBSIDE_DATA";

/// The folder of real TLC files: what `CURBSIDE_DATA` names, else `../shared/data` beside the repository.
///
/// `None` if that folder does not exist. A test that needs real files says loudly that it is skipped then.
pub fn data_dir() -> Option<PathBuf> {
    let folder = match std::env::var_os(DATA_VARIABLE) {
        Some(named) => PathBuf::from(named),
        // This crate stands at crates/tlc, so the repository root is two folders up.
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    folder.is_dir().then(|| folder.canonicalize().unwrap_or(folder))
}
