//! The web protocols as pure functions: a request's bytes in, a [`Reply`] out.
//!
//! No socket and no JavaScript is known here, so a native test drives every protocol; the Worker only carries bytes. What
//! has to do with the transport alone (methods, paths, sizes) is the carrier's.

mod predict;

use serde::Serialize;

pub use predict::{PredictRequest, explain, predict};

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// An error as every route of ours tells it.
#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    error: ErrorDetail<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorDetail<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    message: &'a str,
}

impl Reply {
    /// An error in the form `{"error": {"code", "field", "message"}}`.
    pub fn error(status: u16, code: &str, field: Option<&str>, message: &str) -> Reply {
        Reply::json(status, &ErrorBody { error: ErrorDetail { code, field, message } })
    }

    fn json<T: Serialize>(status: u16, body: &T) -> Reply {
        // Strings, finite numbers and lists of them: nothing here can fail to serialize.
        Reply { status, body: serde_json::to_string(body).unwrap_or_default() }
    }
}
