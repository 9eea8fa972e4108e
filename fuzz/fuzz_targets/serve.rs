//! Any request of any protocol gets a documented status and JSON. The first byte chooses the path, the second whether headers say
//! comma-separated values or where binary tensors begin; the rest is the body.
//!
//! ```sh
//! cargo +nightly fuzz run serve -- -max_total_time=600
//! ```
#![no_main]

use std::sync::LazyLock;

use curbside::Estimator;
use curbside::serving::{BINARY, Request, events, respond};
use curbside::trip::Pickup;
use libfuzzer_sys::fuzz_target;

static ESTIMATOR: LazyLock<Option<Estimator>> =
    LazyLock::new(|| Estimator::open(include_bytes!("../../tests/web/small.curb.raw")).ok());

const PATHS: [&str; 4] =
    ["/predict", "/invocations", "/v2/models/test/infer", "/2015-03-31/functions/function/invocations"];

fuzz_target!(|bytes: &[u8]| {
    let Some(estimator) = ESTIMATOR.as_ref() else { return };
    let [path, how, body @ ..] = bytes else { return };
    let now = Some(Pickup::Local(26_872_350));
    let length = body.iter().rposition(|byte| *byte == b'}').map(|at| (at + 1).to_string());
    let reply = respond(
        estimator,
        &mut Request {
            method: "POST",
            path: PATHS[usize::from(*path) % PATHS.len()],
            explain: false,
            content_type: (how & 1 == 1).then_some("text/csv"),
            inference_header_length: length.as_deref().filter(|_| how & 2 == 2),
            body,
            now,
            random: &mut |bytes| bytes.fill(7),
        },
    );
    assert!([200, 400, 404, 413, 415, 422].contains(&reply.status), "{}", reply.status);
    assert_eq!(reply.status == 200, reply.code.is_none());
    if reply.content_type != BINARY {
        let text = str::from_utf8(&reply.body).unwrap_or_default();
        assert!(text.starts_with(['{', '[']) && text.ends_with(['}', ']']), "{text}");
    }
    // What a stream brings, without a request around it.
    let _ = events(estimator, body, now);
});
