//! Foreign models into Curbside's [`Model`](curbside::model::Model), one module a format.
//!
//! A model is read with the meaning that its own library gives it, or refused: a key that changes predictions and is not
//! understood is an error, never a guess. It is apart from the scoring module because no host that serves needs it.
//!
//! - [`read`]: a file of any format, told by its content. [`Options`]: what to read differently. [`Imported`]: what it says.
//! - [`bind`]: the model's columns as expressions over a ride, by [`KNOWN`] names or by a notation; [`BindError`].
//! - [`MlModel`]: the model's file in an MLflow folder, as its [`MLMODEL`] says, and where the model comes from.
//! - [`lightgbm`]: LightGBM's text format by itself, as training needs it.
//! - [`ImportError`]: what in the file is not understood, where, and what to do.

// Native and for files only: the scoring module's ban on platform floats, clocks and files does not reach here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")
)]

mod categories;
mod columns;
mod error;
mod formats;
pub mod lightgbm;
mod mlflow;
mod skops;
mod value;
mod xgboost;

pub use columns::{BindError, KNOWN, bind};
pub use error::ImportError;
pub use formats::{Imported, LARGEST_FILE, Options, read};
pub use mlflow::{MLMODEL, MlModel};
