//! Rides to learn from and to measure on, how good a bundle is on them, and how to make it fit later ones.
//!
//! Every figure is measured by the [`Estimator`](curbside::Estimator) that serves. It is apart from training because it
//! needs no LightGBM: whoever only looks at a bundle need not compile a library for minutes.
//!
//! In reading order:
//!
//! - [`read`]: trip files to [`Months`] of [`TripFile`]s, with the account of the rows that are no rides. [`Within`]: which
//!   pickups count. [`kept_apart`]: whether months to measure on are kept apart from those to learn from.
//!   [`not_learnt_from`]: whether a bundle's own card names them.
//! - [`Rides`]: what was asked, and what it took.
//! - [`ErrorSums`]: how far estimates are from the truth. [`IntervalSums`]: how well intervals keep their promise.
//! - [`measure`]: a bundle on rides it has not learnt from. [`Measured`]: what came of it. [`groups`]: the same by hour,
//!   borough or distance.
//! - [`calibrate`]: how far a model is off on the whole and how sure it is, learnt from later rides.
//! - [`golden_rides`]: the rides that every host answers when it opens a bundle.
//! - [`zone_table`]: the TLC's zones as a bundle holds them.
//! - [`PackedBundle`]: a bundle, checked by opening it, and how it is written.
//! - [`EvaluateError`]: what went wrong, what was expected, what to do.
//!
//! There is no clock and no random source: the same files give the same bytes.

// Native and for files only: the scoring module's ban on platform floats, clocks and files does not reach here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")
)]

pub mod calibrate;
mod error;
mod golden;
mod measure;
mod metrics;
mod months;
mod output;
mod rides;
mod zones;

pub use error::{EvaluateError, EvaluateErrorKind};
pub use golden::golden_rides;
pub use measure::{BoroughInterval, Group, Measured, groups, measure};
pub use metrics::{ErrorSums, IntervalSums};
pub use months::{FEWEST_RIDES, MOST_SHARED, Months, TripFile, Within, file_name, kept_apart, not_learnt_from, read};
pub use output::PackedBundle;
pub use rides::Rides;
pub use zones::zone_table;
