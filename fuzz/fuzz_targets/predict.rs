//! Any body gets a documented status and JSON.
//!
//! ```sh
//! cargo +nightly fuzz run predict -- -max_total_time=600
//! ```
#![no_main]

use std::sync::LazyLock;

use curbside::Estimator;
use curbside::serving::{PredictRequest, predict};
use curbside::trip::Pickup;
use libfuzzer_sys::fuzz_target;

static ESTIMATOR: LazyLock<Option<Estimator>> =
    LazyLock::new(|| Estimator::open(include_bytes!("../../tests/web/small.curb.raw")).ok());

fuzz_target!(|body: &[u8]| {
    let now = Some(Pickup::Local(26_872_350));
    let request = PredictRequest { content_type: None, body, now, minted_id: "minted", explain: true };
    let reply = predict(ESTIMATOR.as_ref(), &request);
    assert!([200, 400, 422].contains(&reply.status), "{}", reply.status);
    assert!(reply.body.starts_with('{') && reply.body.ends_with('}'), "{}", reply.body);
});
