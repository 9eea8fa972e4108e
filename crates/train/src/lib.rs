//! Training: from trip files to a bundle.
//!
//! The features are computed by the very [`Encoder`](curbside::features::Encoder) that serves, and every figure is measured
//! by the [`Estimator`](curbside::Estimator) that serves. It is apart from everything else because it compiles LightGBM,
//! which takes minutes and needs `CMake` and libclang. The only `unsafe` code is in `lightgbm.rs`.
//!
//! In reading order:
//!
//! - [`train`]: the one way in. [`TrainConfig`]: what to train on what. [`Algorithm`], [`BoostingParameters`], [`ZoneSource`].
//! - [`Progress`]: what it says meanwhile. [`Gain`], [`importance_svg`]: what a column of the model is worth, and a picture of it.
//! - [`PackedBundle`]: what comes out, and how it is written.
//! - [`TrainError`]: why nothing comes out.
//!
//! There is no clock and no random source: the same command on the same files gives the same bytes.

// Native and for files only: the scoring module's ban on platform floats, clocks and files does not reach here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")
)]

mod boosting;
mod columns;
mod config;
mod distance;
mod encoded;
mod error;
mod folds;
mod importance;
mod interval;
mod lightgbm;
mod linear;
mod parameters;
mod pipeline;
mod progress;
mod statistics;

pub use config::{Algorithm, TrainConfig, ZoneSource};
pub use curbside_evaluate::PackedBundle;
pub use error::{TrainError, TrainErrorKind};
pub use importance::{Gain, importance_svg};
pub use parameters::BoostingParameters;
pub use pipeline::train;
pub use progress::Progress;
pub use statistics::Statistics;
