//! What is refused and why, and how each protocol says so.

use super::json::Writer;
use super::{JSON, Reply, Tally};
use crate::trip::TripError;

/// A request, or a ride of one, that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status, where it is the request's.
    pub status: u16,
    /// Stable code.
    pub code: &'static str,
    /// The ride's field at fault, by its name on the wire; nothing where it is none.
    pub field: &'static str,
    /// What was expected, what was found, what to do.
    pub message: String,
}

/// Whose form an error takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// `{"error": {"code", "field", "message"}}`.
    Ours,
    /// `{"error_code", "message"}`, as `MLflow`'s servers say it.
    Mlflow,
    /// `{"error": "message"}`, as the Open Inference Protocol has it.
    Inference,
}

impl From<TripError> for Refusal {
    fn from(error: TripError) -> Refusal {
        Refusal { status: 422, code: error.code(), field: error.field().name(), message: error.into_message() }
    }
}

impl Refusal {
    /// 400: a body that is no JSON, or other JSON than the protocol's.
    pub(super) fn malformed(message: String) -> Refusal {
        Refusal { status: 400, code: "MALFORMED_JSON", field: "", message }
    }

    /// 422: a ride that cannot be scored.
    pub(super) fn ride(code: &'static str, field: &'static str, message: String) -> Refusal {
        Refusal { status: 422, code, field, message }
    }

    /// 400: JSON that is not what the protocol says.
    pub(super) fn form(parts: &[&str]) -> Refusal {
        Refusal { status: 400, code: "REQUEST_FORM", field: "", message: parts.concat() }
    }

    /// 413: more rides than are answered at once.
    pub(super) fn too_many(most: usize) -> Refusal {
        let message = format!("the request: expected at most {most} rides, found more; send them in parts");
        Refusal { status: 413, code: "TOO_MANY_ROWS", field: "", message }
    }

    /// The same, of the ride in this row: as a request of which no ride may be at fault is refused.
    pub(super) fn in_row(mut self, row: usize) -> Refusal {
        self.status = 400;
        self.message = format!("row {row}: {}", self.message);
        self
    }

    /// What to send back.
    pub(super) fn reply(self, speech: Speech) -> Reply {
        let mut out = Writer::new();
        self.write(&mut out, speech);
        let tally = Tally::default();
        Reply {
            status: self.status,
            content_type: JSON,
            body: out.finish(),
            headers: Vec::new(),
            code: Some(self.code),
            tally,
        }
    }

    /// Writes it.
    pub(super) fn write(&self, out: &mut Writer, speech: Speech) {
        out.open(b'{');
        match speech {
            Speech::Ours => {
                out.key("error");
                self.write_detail(out);
            }
            Speech::Mlflow => {
                // Its two codes for what a client did wrong: the request's form, and a value in it.
                out.pair("error_code", if self.field.is_empty() { "BAD_REQUEST" } else { "INVALID_PARAMETER_VALUE" });
                out.pair("message", &self.message);
            }
            Speech::Inference => out.pair("error", &self.message),
        }
        out.close(b'}');
    }

    /// Writes `{"code", "field", "message"}`.
    pub(super) fn write_detail(&self, out: &mut Writer) {
        out.open(b'{');
        out.pair("code", self.code);
        if !self.field.is_empty() {
            out.pair("field", self.field);
        }
        out.pair("message", &self.message);
        out.close(b'}');
    }
}
