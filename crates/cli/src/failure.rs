//! Why a verb could not do its work.

use std::fmt;

use curbside::TripError;
use curbside_evaluate::EvaluateError;
use curbside_publish::PublishError;
use curbside_registry::{RegistryError, RegistryErrorKind};
use curbside_tlc::TlcError;
use curbside_tlc::simulate::NoPlaces;
use serde::Serialize;

/// A failure, in the form that every wire of Curbside has for one.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// Stable, for scripts.
    code: &'static str,
    /// The field of the ride, or the argument, that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// The section of the bundle that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    /// Where in the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    /// What was expected, what was found, what to do.
    message: String,
    /// Whether it is the caller's words that are wrong: another exit code.
    #[serde(skip)]
    usage: bool,
}

impl Failure {
    /// Something outside the command is wrong.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, field: None, section: None, offset: None, message: message.into(), usage: false }
    }

    /// An argument is wrong.
    pub(crate) fn usage(argument: &'static str, message: impl fmt::Display) -> Failure {
        let message = format!("{argument}: {message}");
        Failure { field: Some(argument), usage: true, ..Failure::new("USAGE", message) }
    }

    /// The answer on stdout says what is wrong, and there is nothing to add.
    pub(crate) fn answered() -> Failure {
        Failure::new("", "")
    }

    /// Whether there is nothing to add to the answer.
    pub(crate) fn is_answered(&self) -> bool {
        self.code.is_empty()
    }

    /// A ride cannot be scored; `argument` is where the caller said so.
    pub(crate) fn trip(argument: &str, error: &TripError) -> Failure {
        let message = format!("{argument}: {error}");
        Failure { field: Some(error.field().name()), usage: true, ..Failure::new(error.code(), message) }
    }

    /// The same failure, with what else is to be said.
    pub(crate) fn and(mut self, more: &str) -> Failure {
        self.message = format!("{}. {more}", self.message.trim_end_matches('.'));
        self
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// What the shell is told.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.usage { 2 } else { 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Failure {
        let open = error.open_error();
        Failure {
            section: open.map(|open| open.section().map_or("header", |section| section.name())),
            offset: open.map(curbside::OpenError::offset),
            ..Failure::new(error.code(), error.to_string())
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Failure {
        if let Some(fault) = error.publish_error() {
            return fault.clone().into();
        }
        // What was asked for is no address.
        let usage = error.kind() == RegistryErrorKind::Uri;
        Failure { usage, ..Failure::new(error.code(), error.to_string()) }
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

impl From<TlcError> for Failure {
    fn from(error: TlcError) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

impl From<NoPlaces> for Failure {
    fn from(error: NoPlaces) -> Failure {
        Failure::new("TLC_BAD_ZONES", error.to_string())
    }
}
