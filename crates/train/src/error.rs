//! Why there is no trained bundle.

use std::fmt;

use curbside::OpenError;
use curbside::features::SpecError;
use curbside_import::ImportError;
use curbside_tlc::TlcError;

use crate::lightgbm::LightGbmError;

/// What went wrong, for a caller to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainErrorKind {
    /// A trip file or the zone table cannot be read.
    Data,
    /// What was asked for cannot be done: no months, a month on both sides, parameters out of range.
    Config,
    /// Nothing is left to learn from.
    NoRides,
    /// LightGBM refused.
    LightGbm,
    /// The trained model does not make a bundle that opens.
    Bundle,
    /// A file cannot be written.
    Write,
}

impl TrainErrorKind {
    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            TrainErrorKind::Data => "TRAIN_DATA",
            TrainErrorKind::Config => "TRAIN_CONFIG",
            TrainErrorKind::NoRides => "TRAIN_NO_RIDES",
            TrainErrorKind::LightGbm => "TRAIN_LIGHTGBM",
            TrainErrorKind::Bundle => "TRAIN_BUNDLE",
            TrainErrorKind::Write => "TRAIN_WRITE",
        }
    }
}

/// Why there is no trained bundle: what was expected, what was found, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainError {
    kind: TrainErrorKind,
    message: String,
}

impl TrainError {
    pub(crate) fn new(kind: TrainErrorKind, message: impl fmt::Display) -> TrainError {
        TrainError { kind, message: message.to_string() }
    }

    /// What went wrong.
    pub fn kind(&self) -> TrainErrorKind {
        self.kind
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TrainError {}

impl From<TlcError> for TrainError {
    fn from(fault: TlcError) -> TrainError {
        TrainError::new(TrainErrorKind::Data, fault)
    }
}

impl From<LightGbmError> for TrainError {
    fn from(fault: LightGbmError) -> TrainError {
        TrainError::new(TrainErrorKind::LightGbm, fault)
    }
}

impl From<ImportError> for TrainError {
    fn from(fault: ImportError) -> TrainError {
        TrainError::new(TrainErrorKind::LightGbm, format!("the model that LightGBM wrote: {fault}"))
    }
}

impl From<SpecError> for TrainError {
    fn from(fault: SpecError) -> TrainError {
        TrainError::new(TrainErrorKind::Bundle, format!("the features: {fault}"))
    }
}

impl From<OpenError> for TrainError {
    fn from(fault: OpenError) -> TrainError {
        TrainError::new(TrainErrorKind::Bundle, fault)
    }
}
