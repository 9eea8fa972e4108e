//! Why rides cannot be learnt from or measured on, or a bundle not be written.

use std::fmt;

use curbside::OpenError;
use curbside_tlc::{TlcError, TlcErrorKind};

/// What went wrong, for a caller to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluateErrorKind {
    /// A trip file cannot be read.
    Data(TlcErrorKind),
    /// No trip file was given.
    NoFiles,
    /// A month has too few rides.
    TooFewRides,
    /// All rides of a month begin or end in one zone.
    OneZone,
    /// Two files hold the same rides.
    Duplicate,
    /// What is measured on was learnt from.
    Leakage,
    /// What was asked for cannot be done.
    Config,
    /// The parts do not make a bundle that opens.
    Bundle,
    /// A file cannot be written.
    Write,
}

impl EvaluateErrorKind {
    /// A stable name; that of the [`TlcError`] for a file that cannot be read.
    pub fn code(self) -> &'static str {
        match self {
            EvaluateErrorKind::Data(kind) => kind.code(),
            EvaluateErrorKind::NoFiles => "EVALUATE_NO_FILES",
            EvaluateErrorKind::OneZone => "EVALUATE_ONE_ZONE",
            EvaluateErrorKind::Duplicate => "EVALUATE_DUPLICATE",
            EvaluateErrorKind::Leakage => "EVALUATE_LEAKAGE",
            EvaluateErrorKind::TooFewRides => "EVALUATE_TOO_FEW_RIDES",
            EvaluateErrorKind::Config => "EVALUATE_CONFIG",
            EvaluateErrorKind::Bundle => "EVALUATE_BUNDLE",
            EvaluateErrorKind::Write => "EVALUATE_WRITE",
        }
    }
}

/// What went wrong: where, what was expected, what was found, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateError {
    kind: EvaluateErrorKind,
    message: String,
}

impl EvaluateError {
    pub(crate) fn new(kind: EvaluateErrorKind, message: impl fmt::Display) -> EvaluateError {
        EvaluateError { kind, message: message.to_string() }
    }

    /// What went wrong.
    pub fn kind(&self) -> EvaluateErrorKind {
        self.kind
    }

    /// [`EvaluateErrorKind::code`] of its kind.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvaluateError {}

impl From<TlcError> for EvaluateError {
    fn from(fault: TlcError) -> EvaluateError {
        EvaluateError::new(EvaluateErrorKind::Data(fault.kind()), fault)
    }
}

impl From<OpenError> for EvaluateError {
    fn from(fault: OpenError) -> EvaluateError {
        EvaluateError::new(EvaluateErrorKind::Bundle, fault)
    }
}
