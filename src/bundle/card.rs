//! The card: where a model comes from, what it learnt from and how good it was.

use serde::{Deserialize, Serialize};

/// Provenance and measured quality of a model. Made from the data alone: no clock, so that the same command on the same
/// files gives the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Name of the model, such as `ride-duration`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The day of the last training ride, `YYYY-MM-DD`.
    pub created: String,
    /// What kind of model it is, for people.
    pub algorithm: String,
    /// The command that made it, from the root of the repository.
    pub command: String,
    /// Commit of the code that made it, where known.
    pub git_commit: Option<String>,
    /// `MLflow` run that it belongs to, where there is one.
    pub mlflow_run: Option<String>,
    /// Months it was trained on.
    pub trained_on: Vec<Month>,
    /// Months that the correction and the interval were learnt on; empty where that was done on the training months, out
    /// of fold.
    pub calibrated_on: Vec<Month>,
    /// The bundle whose model this is, where only the calibration was learnt again: its version and the digest of its
    /// body, such as `2024-01 (sha256 0123...)`.
    pub recalibrated_from: Option<String>,
    /// Months it was measured on, once.
    pub measured_on: Vec<Month>,
    /// Error on the training months, by folds of whole days.
    pub folds: Option<Metrics>,
    /// The same with every distance hidden.
    pub folds_without_distance: Option<Metrics>,
    /// Error on the months it was measured on.
    pub test: Option<Metrics>,
    /// The same with every distance hidden.
    pub test_without_distance: Option<Metrics>,
    /// The intervals on the months it was measured on.
    pub interval: Option<IntervalMetrics>,
    /// The same with every distance hidden.
    pub interval_without_distance: Option<IntervalMetrics>,
    /// Error on the months it was measured on, by borough of the pickup.
    pub boroughs: Vec<BoroughError>,
    /// What the trainer was told: name and value.
    pub parameters: Vec<(String, String)>,
    /// Anything a user may want to know.
    pub notes: Vec<String>,
    /// Anything a user must know before believing the figures.
    pub warnings: Vec<String>,
}

/// One file of rides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// File name, without its folder.
    pub file: String,
    /// Digest of the file, in hexadecimal.
    pub sha256: String,
    /// Rows in the file.
    pub rows: u64,
    /// Rows that were used.
    pub used: u64,
    /// Rows that were not, by reason.
    pub dropped: Vec<DroppedRows>,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRows {
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// Error of an estimate, in the target's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean of estimate minus truth.
    pub bias: f64,
    /// Rides measured.
    pub rides: u64,
}

/// How well intervals keep what they promise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalMetrics {
    /// The share of rides that was promised to lie inside.
    pub coverage: f64,
    /// The share that did.
    pub covered: f64,
    /// Mean of high minus low, in the target's unit.
    pub mean_width: f64,
    /// Rides measured.
    pub rides: u64,
}

/// Error of the rides that begin in one borough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoroughError {
    /// Its name.
    pub borough: String,
    /// Its error.
    pub metrics: Metrics,
}
