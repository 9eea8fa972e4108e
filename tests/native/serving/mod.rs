//! The web protocols without a socket.

mod codes;
mod events;
mod hostile;
mod inference;
mod mlflow;
mod predict;

use curbside::Estimator;
use curbside::serving::{Reply, Request, respond};
use curbside::trip::Pickup;

use crate::support;

/// The id of a ride that came without one: a version 4 UUID of bytes that are all 0.
pub(crate) const MINTED: &str = "00000000-0000-4000-8000-000000000000";

/// A request that says what it must and nothing else.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) explain: bool,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) inference_header_length: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) now: Option<Pickup>,
}

impl<'a> Ask<'a> {
    pub(crate) fn post(path: &'a str, body: &'a [u8]) -> Ask<'a> {
        let now = Some(support::MORNING);
        Ask { method: "POST", path, explain: false, content_type: None, inference_header_length: None, body, now }
    }

    pub(crate) fn of(self, estimator: &Estimator) -> Reply {
        let Ask { method, path, explain, content_type, inference_header_length, body, now } = self;
        let random = &mut |bytes: &mut [u8]| bytes.fill(0);
        respond(
            estimator,
            &mut Request { method, path, explain, content_type, inference_header_length, body, now, random },
        )
    }
}

/// The small bundle's.
pub(crate) fn estimator() -> Estimator {
    Estimator::open(&support::bundle(support::ensemble()).to_bytes().unwrap()).unwrap()
}
