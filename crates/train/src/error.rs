//! Why there is no trained bundle.

use std::fmt;

use curbside::OpenError;
use curbside::features::SpecError;
use curbside_evaluate::{EvaluateError, EvaluateErrorKind};
use curbside_import::ImportError;
use curbside_tlc::TlcError;

use crate::lightgbm::LightGbmError;

/// What went wrong, for a caller to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainErrorKind {
    /// The zone table or a trip file cannot be read.
    Data,
    /// The months cannot be learnt from or measured on, or the bundle cannot be written.
    Evaluate(EvaluateErrorKind),
    /// What was asked for cannot be done: no months, a month on both sides, parameters out of range.
    Config,
    /// Nothing is left to learn from.
    NoRides,
    /// LightGBM refused.
    LightGbm,
    /// The trained model does not make a bundle that opens.
    Bundle,
}

impl TrainErrorKind {
    /// A stable name; that of the [`EvaluateError`] where it is one.
    pub fn code(self) -> &'static str {
        match self {
            TrainErrorKind::Data => "TRAIN_DATA",
            TrainErrorKind::Evaluate(kind) => kind.code(),
            TrainErrorKind::Config => "TRAIN_CONFIG",
            TrainErrorKind::NoRides => "TRAIN_NO_RIDES",
            TrainErrorKind::LightGbm => "TRAIN_LIGHTGBM",
            TrainErrorKind::Bundle => "TRAIN_BUNDLE",
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

impl From<EvaluateError> for TrainError {
    fn from(fault: EvaluateError) -> TrainError {
        TrainError::new(TrainErrorKind::Evaluate(fault.kind()), fault)
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
