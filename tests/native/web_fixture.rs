//! The bundles that the browsers' and the package's tests open are those of `tests/native/support.rs`, with an interval and
//! without: packing is native, so they stand as files.

use curbside::Bundle;

use crate::support;

fn must_be(path: &str, bundle: &Bundle) {
    must_be_bytes(path, &bundle.to_bytes().unwrap());
}

fn must_be_bytes(path: &str, today: &[u8]) {
    if std::fs::read(path).ok().as_deref() == Some(today) {
        return;
    }
    if std::env::var_os("CURBSIDE_BLESS").is_some() {
        std::fs::write(path, today).unwrap();
    }
    panic!(
        "{path} is not what tests/native/support.rs makes: run once with CURBSIDE_BLESS=1, look at the change, run again"
    );
}

#[test]
fn the_browser_tests_bundle_is_todays() {
    must_be("tests/web/small.curb.raw", &support::bundle(support::ensemble()));
}

#[test]
fn the_same_without_an_interval_is_todays() {
    let mut bundle = support::bundle(support::ensemble());
    bundle.calibration.interval = None;
    support::answer_golden_rides(&mut bundle);
    must_be("tests/web/small-without-interval.curb.raw", &bundle);
}

#[test]
fn the_other_arithmetics_bundles_are_todays() {
    must_be("tests/web/small-xgboost.curb.raw", &support::bundle(support::xgboost()));
    must_be("tests/web/small-linear-leaves.curb.raw", &support::bundle(support::linear_leaves()));
}

#[test]
fn the_explanations_of_the_browser_tests_are_todays() {
    // The bits that every host must find: `tests/web/main.rs` computes the same text in WebAssembly.
    let mut today = String::new();
    for model in [support::ensemble(), support::xgboost()] {
        let estimator = curbside::Estimator::open(&support::bundle(model).to_bytes().unwrap()).unwrap();
        for miles in [Some(3.66), None] {
            let trip = curbside::Trip::new(130, 132, miles, support::MORNING).unwrap();
            today += &curbside::serving::explain(&estimator, &trip).unwrap();
            today.push('\n');
        }
    }
    must_be_bytes("tests/web/explanations.jsonl", today.as_bytes());
}
