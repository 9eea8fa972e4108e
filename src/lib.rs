//! Curbside scores a ride where the rider is: the feature logic and the model engine, as one module that gives the same
//! bits natively and as WebAssembly.
//!
//! Bytes and numbers go in and numbers come out. There is no file, clock, network, random source or thread in here; the
//! hosts around it (the command line, the page, the Worker) bring those. Read the modules in the order of the floors:
//!
//! - [`trip`]: a ride as a caller gives it, checked: [`Trip`], [`TripError`].
//! - [`features`]: the feature logic, as data and frozen: [`FeatureSpec`](features::FeatureSpec), [`Encoder`](features::Encoder).
//! - [`model`]: models as stored; [`engine`]: models frozen for speed.
//! - [`explain`]: why an estimate is what it is: [`Explanation`](explain::Explanation).
//! - [`bundle`]: the `.curb` file: [`Bundle`], [`OpenError`].
//! - [`Estimator`]: an opened bundle, which scores. [`Estimate`]: what a rider is told, with its [`Interval`]. [`Warning`]: what they should know.
//! - [`serving`]: the web protocols, as pure functions from request to reply.
//!
//! ```no_run
//! use curbside::{Estimator, Trip, trip::parse_pickup};
//!
//! let bytes = std::fs::read("ride-duration.curb.raw")?;
//! let estimator = Estimator::open(&bytes)?;
//! let trip = Trip::new(130, 205, Some(3.66), parse_pickup("2021-02-03T08:30")?)?;
//! println!("{:.0} minutes", estimator.estimate(&trip).duration);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics"))]

pub mod bundle;
pub mod engine;
mod estimator;
pub mod explain;
pub mod features;
pub mod model;
pub mod num;
pub mod serving;
pub mod trip;
mod warning;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use bundle::{Bundle, Limits, OpenError};
pub use estimator::{Estimate, Estimator};
pub use model::Interval;
pub use trip::{Trip, TripError};
pub use warning::{Warning, Warnings};
