//! Any body gets a documented status and JSON.
//!
//! ```sh
//! cargo +nightly fuzz run predict -- -max_total_time=600
//! ```
#![no_main]

use std::sync::LazyLock;

use curbside::Estimator;
use curbside::serving::{Request, respond};
use curbside::trip::Pickup;
use libfuzzer_sys::fuzz_target;

static ESTIMATOR: LazyLock<Option<Estimator>> =
    LazyLock::new(|| Estimator::open(include_bytes!("../../tests/web/small.curb.raw")).ok());

fuzz_target!(|body: &[u8]| {
    let now = Some(Pickup::Local(26_872_350));
    let Some(estimator) = ESTIMATOR.as_ref() else { return };
    let mut request = Request {
        method: "POST",
        path: "/predict",
        explain: true,
        content_type: None,
        inference_header_length: None,
        body,
        now,
        random: &mut |bytes| bytes.fill(7),
    };
    let reply = respond(estimator, &mut request);
    assert!([200, 400, 413, 422].contains(&reply.status), "{}", reply.status);
    let body = str::from_utf8(&reply.body).unwrap_or_default();
    assert!(matches!((body.as_bytes().first(), body.as_bytes().last()), (Some(b'{' | b'['), Some(b'}' | b']'))), "{body}");
});
