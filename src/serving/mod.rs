//! The web protocols as pure functions: a [`Request`] in, a [`Reply`] out.
//!
//! No socket and no JavaScript is known here, so a native test drives every protocol; the Worker only carries bytes. What
//! has to do with the transport alone (how long a body may be, who may ask) is the carrier's.
//!
//! - [`respond`] answers any method and path; [`Request`] is what it is asked, [`Reply`] what to send back.
//! - [`Tally`]: what a reply was about, for the carrier's metrics.
//! - [`explain`]: an explanation as JSON.

mod predict;

use serde::Serialize;

use crate::estimator::Estimator;
use crate::trip::Pickup;
pub use predict::explain;

/// A request as its carrier has it.
pub struct Request<'a> {
    /// `GET`, `HEAD` or `POST`; anything else is refused where the path is known.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// Whether replies of `/predict` are to say why an estimate is what it is.
    pub explain: bool,
    /// `Content-Type`, if any.
    pub content_type: Option<&'a str>,
    /// `Inference-Header-Content-Length`, if any, as its text.
    pub inference_header_length: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// The carrier's clock: the time of pickup where the caller gives none.
    pub now: Option<Pickup>,
    /// Fills bytes with random ones: a ride that came without an id gets one made of them.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body: text, unless the type is [`BINARY`].
    pub body: Vec<u8>,
    /// More headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The stable code of what was refused.
    pub code: Option<&'static str>,
    /// What the reply was about.
    pub tally: Tally,
}

/// What a reply was about, in rides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rides that were scored.
    pub rides: u32,
    /// Rides that could not be.
    pub refused: u32,
    /// Scored rides between zones that no ride of the training joined.
    pub unseen_pairs: u32,
}

/// The type of most replies.
pub const JSON: &str = "application/json";
/// The type of a reply that is no text.
pub const BINARY: &str = "application/octet-stream";

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
    pub fn error(status: u16, code: &'static str, field: Option<&str>, message: &str) -> Reply {
        let reply = Reply::json(status, &ErrorBody { error: ErrorDetail { code, field, message } });
        Reply { code: Some(code), ..reply }
    }

    fn json<T: Serialize>(status: u16, body: &T) -> Reply {
        // Strings, finite numbers and lists of them: nothing here can fail to serialize.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Reply { status, content_type: JSON, body, headers: Vec::new(), code: None, tally: Tally::default() }
    }
}

/// Answers a request.
///
/// # Panics
///
/// Never, for any bytes.
pub fn respond(estimator: &Estimator, request: Request<'_>) -> Reply {
    match (request.path, request.method) {
        ("/predict", "POST") => predict::answer(estimator, request),
        ("/predict", method) => {
            let message = format!("expected POST, found {method}");
            let reply = Reply::error(405, "METHOD_NOT_ALLOWED", None, &message);
            Reply { headers: vec![("allow", "POST".to_owned())], ..reply }
        }
        _ => Reply::error(404, "NOT_FOUND", None, "nothing is at this path"),
    }
}
