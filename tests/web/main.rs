//! The face that JavaScript sees, run in real browsers: `wasm-pack test --headless --chrome` and `--firefox`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test that fails panics")]

mod goldens;

use curbside::wasm::{Scorer, body_digest, warning_texts};
use js_sys::{Array, Date, Float64Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The small bundle of `tests/native/support.rs`, as `tests/native/web_fixture.rs` checks and writes it.
const BUNDLE: &[u8] = include_bytes!("small.curb.raw");
/// The same without an interval.
const WITHOUT_INTERVAL: &[u8] = include_bytes!("small-without-interval.curb.raw");
/// The arithmetics that the first has not: XGBoost's, and LightGBM's linear leaves in a mean.
const OTHERS: [&[u8]; 2] = [include_bytes!("small-xgboost.curb.raw"), include_bytes!("small-linear-leaves.curb.raw")];
/// Minutes since 1970 on the wall: 2021-02-03T08:30.
const MORNING: f64 = 26_872_350.0;

fn scorer() -> Scorer {
    Scorer::new(BUNDLE).unwrap()
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap()
}

fn code(error: &JsValue) -> String {
    get(error, "code").as_string().unwrap_or_default()
}

fn ride(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

#[wasm_bindgen_test]
fn an_estimate_in_numbers_leaves_its_parts_in_the_buffer() {
    let mut scorer = scorer();
    // The sums are drawn in tests/native/serving.rs: 0.25 + 1.125 * (8 + 4.5 + 2.125 + 0.75), less 1.5 * 1.5, more 2 * 1.5.
    let duration = scorer.estimate(130.0, 132.0, 3.66, MORNING, 3).unwrap();
    assert_eq!(duration.to_bits(), 17.546_875_f64.to_bits());
    let memory = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
    let address = u32::try_from(scorer.results() as usize).unwrap();
    let results = Float64Array::new_with_byte_offset_and_length(&memory.buffer(), address, 7).to_vec();
    assert_eq!(results, [17.546_875, 3.66, 0.0, 0.0, MORNING, 15.296_875, 20.546_875]);
    assert_eq!(scorer.coverage(), Some(0.8));
}

#[wasm_bindgen_test]
fn explanations_have_the_bits_that_they_have_natively() {
    let expected: Vec<&str> = include_str!("explanations.jsonl").lines().collect();
    let mut found = Vec::new();
    for bytes in [BUNDLE, OTHERS[0]] {
        let estimator = curbside::Estimator::open(bytes).unwrap();
        for miles in [Some(3.66), None] {
            let pickup = curbside::trip::Pickup::Local(26_872_350);
            let trip = curbside::Trip::new(130, 132, miles, pickup).unwrap();
            found.push(curbside::serving::explain(&estimator, &trip).unwrap());
        }
    }
    assert_eq!(found, expected);
    // The same as an object.
    let body =
        r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "pickup_datetime": "2021-02-03T08:30"}"#;
    let object = scorer().explain_object(&ride(body), f64::NAN).unwrap();
    let sum = get(&object, "sum").as_f64().unwrap();
    assert!((sum - 17.546_875).abs() < 1e-12, "{sum}");
    let refused = Scorer::new(OTHERS[1]).unwrap().explain_object(&ride(body), f64::NAN).unwrap_err();
    assert_eq!(code(&refused), "LINEAR_LEAVES");
}

#[wasm_bindgen_test]
fn every_dialect_gives_its_golden_rides_here_too() {
    for bytes in OTHERS {
        // Opening checks the bits of the golden rides, which were answered natively.
        let mut scorer = Scorer::new(bytes).unwrap();
        assert!(scorer.estimate(130.0, 132.0, 3.66, MORNING, 3).unwrap() > 1.0);
    }
}

#[wasm_bindgen_test]
fn an_object_of_any_shape_gives_the_same_bits_or_the_same_error_as_json() {
    let mut scorer = scorer();
    let rows = [
        (
            r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "pickup_datetime": "2021-02-03T08:30"}"#,
            "",
        ),
        (
            r#"{"pu_location_id": "130", "DOLocationID": 132.0, "trip_distance": 3.66, "lpep_pickup_datetime": "2021-02-03T13:30Z"}"#,
            "PICKUP_DATETIME_FORMAT",
        ),
        (
            r#"{"pu_location_id": "130", "DOLocationID": 132.0, "trip_distance": 3.66, "lpep_pickup_datetime": "2021-02-03T13:30:00Z"}"#,
            "",
        ),
        (r#"{"DOLocationID": 132}"#, "PU_LOCATION_ID_MISSING"),
        (r#"{"PULocationID": 130, "DOLocationID": [132]}"#, "DO_LOCATION_ID_TYPE"),
        (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": "40"}"#, "TRIP_DISTANCE_TYPE"),
        (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": -5}"#, "TRIP_DISTANCE_RANGE"),
        (r#"{"PULocationID": 130, "pickup_location_id": 131, "DOLocationID": 132}"#, "PU_LOCATION_ID_CONFLICT"),
    ];
    for (json, expected) in rows {
        match scorer.estimate_object(&ride(json), Date::now()) {
            Ok(duration) => {
                assert!(expected.is_empty() && duration.to_bits() == 17.546_875_f64.to_bits(), "{json}: {duration}");
            }
            Err(error) => assert_eq!(code(&error), expected, "{json}"),
        }
    }
    let dated = ride(r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}"#);
    let date = Date::new(&JsValue::from_str("2021-02-03T13:30:00Z"));
    Reflect::set(&dated, &JsValue::from_str("pickup_datetime"), &date).unwrap();
    assert_eq!(scorer.estimate_object(&dated, 0.0).unwrap().to_bits(), 17.546_875_f64.to_bits());
}

#[wasm_bindgen_test]
fn tables_change_no_bit() {
    let (walk, mut prepared) = (scorer(), scorer());
    assert!(prepared.prepare() && prepared.prepare());
    let zones = [130.0, 130.0, 132.0, 264.0];
    let to = [132.0, 130.0, 132.0, 130.0];
    let columns = |scorer: &Scorer| {
        let miles = [3.66, 1.0, 0.0, 12.5];
        let columns = scorer.estimate_batch(&zones, &to, &miles, &[MORNING; 4], &[3, 3, 3, 2]).unwrap();
        [0, 3, 4].map(|index| columns.get(index).unchecked_into::<Float64Array>().to_vec())
    };
    assert_eq!(columns(&prepared), columns(&walk));
    let mut scorer = prepared;
    assert_eq!(scorer.estimate(130.0, 132.0, 3.66, MORNING, 3).unwrap().to_bits(), 17.546_875_f64.to_bits());
}

#[wasm_bindgen_test]
fn a_batch_keeps_its_good_rides() {
    let results =
        scorer().estimate_batch(&[130.0, 999.0], &[132.0, 132.0], &[3.66, 1.0], &[MORNING, MORNING], &[3, 3]).unwrap();
    let durations: Float64Array = results.get(0).unchecked_into();
    assert_eq!(durations.get_index(0).to_bits(), 17.546_875_f64.to_bits());
    assert!(durations.get_index(1).is_nan());
    for (index, expected) in [(3, 15.296_875), (4, 20.546_875)] {
        let ends: Float64Array = results.get(index).unchecked_into();
        assert_eq!(ends.get_index(0).to_bits(), f64::to_bits(expected));
        assert!(ends.get_index(1).is_nan());
    }
    let errors: Array = results.get(2).unchecked_into();
    assert_eq!(errors.length(), 1);
    assert_eq!(code(&errors.get(0)), "PU_LOCATION_ID_RANGE");
    assert_eq!(get(&errors.get(0), "row").as_f64(), Some(1.0));
    let ragged = scorer().estimate_batch(&[130.0], &[], &[], &[], &[]).unwrap_err();
    assert_eq!(code(&ragged), "COLUMNS_LENGTH");
}

#[wasm_bindgen_test]
fn a_bundle_without_an_interval_says_so_in_numbers_and_columns() {
    let mut scorer = Scorer::new(WITHOUT_INTERVAL).unwrap();
    assert_eq!(scorer.coverage(), None);
    let duration = scorer.estimate(130.0, 132.0, 3.66, MORNING, 3).unwrap();
    assert_eq!(duration.to_bits(), 17.546_875_f64.to_bits());
    let memory = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
    let address = u32::try_from(scorer.results() as usize).unwrap();
    let results = Float64Array::new_with_byte_offset_and_length(&memory.buffer(), address, 7).to_vec();
    assert!(results[5].is_nan() && results[6].is_nan(), "{results:?}");
    let columns = scorer.estimate_batch(&[130.0], &[132.0], &[3.66], &[MORNING], &[3]).unwrap();
    assert_eq!(columns.length(), 5);
    assert!(columns.get(3).is_null() && columns.get(4).is_null());
}

#[wasm_bindgen_test]
fn a_ride_without_an_id_gets_one_that_is_its_own() {
    let scorer = scorer();
    let id = || {
        let body = br#"{"PULocationID": 130, "DOLocationID": 132}"#;
        let reply = scorer.serve("POST", "/predict", false, None, None, body, Date::now()).unwrap();
        assert_eq!(reply.get(0).as_f64(), Some(200.0));
        get(&ride(&reply.get(2).as_string().unwrap()), "ride_id").as_string().unwrap()
    };
    let (one, other) = (id(), id());
    assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'), "{one} is a version 4 UUID");
    assert_ne!(one, other);
}

#[wasm_bindgen_test]
fn every_protocol_is_behind_one_function() {
    let scorer = scorer();
    let serve = |method: &str, path: &str, length: Option<String>, body: &[u8]| {
        scorer.serve(method, path, false, None, length, body, Date::now()).unwrap()
    };
    let rides = br#"{"instances": [{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "pickup_datetime": "2021-02-03T08:30"}]}"#;
    let reply = serve("POST", "/invocations", None, rides);
    assert_eq!(reply.get(1).as_string().as_deref(), Some("application/json"));
    assert!(reply.get(2).as_string().unwrap().starts_with(r#"{"predictions":[17.546875]"#));
    assert!(reply.get(3).is_undefined() && reply.get(4).is_undefined());
    assert_eq!(
        (reply.get(5).as_f64(), reply.get(6).as_f64(), reply.get(7).as_f64()),
        (Some(1.0), Some(0.0), Some(0.0))
    );
    // Binary tensors come as bytes, and say where they begin.
    let head = br#"{"inputs": [{"name": "PULocationID", "shape": [1], "datatype": "UINT8", "parameters": {"binary_data_size": 1}},
        {"name": "DOLocationID", "shape": [1], "datatype": "UINT8", "parameters": {"binary_data_size": 1}}],
        "outputs": [{"name": "duration", "parameters": {"binary_data": true}}]}"#;
    let reply =
        serve("POST", "/v2/models/test/infer", Some(head.len().to_string()), &[&head[..], &[130, 132]].concat());
    assert_eq!(reply.get(1).as_string().as_deref(), Some("application/octet-stream"));
    let bytes: js_sys::Uint8Array = reply.get(2).unchecked_into();
    let headers: Array = reply.get(3).unchecked_into();
    assert_eq!(headers.get(0).as_string().as_deref(), Some("inference-header-content-length"));
    assert_eq!(headers.get(1).as_string().unwrap().parse::<u32>().unwrap() + 8, bytes.length());
    let refused = serve("GET", "/nothing", None, b"");
    assert_eq!((refused.get(0).as_f64(), refused.get(4).as_string().as_deref()), (Some(404.0), Some("NOT_FOUND")));
}

#[wasm_bindgen_test]
fn cards_zones_and_warnings_are_plain_objects() {
    let scorer = scorer();
    assert_eq!(get(&scorer.card().unwrap(), "name").as_string().as_deref(), Some("test"));
    let zones: Array = scorer.zones().unwrap().unchecked_into();
    assert_eq!(zones.length(), 3);
    assert_eq!(get(&zones.get(1), "borough").as_string().as_deref(), Some("Queens"));
    assert!(get(&zones.get(2), "latitude").is_null());
    assert_eq!(get(&scorer.target().unwrap(), "unit").as_string().as_deref(), Some("minutes"));
    let texts: Array = warning_texts().unwrap().unchecked_into();
    assert_eq!(texts.length(), 4);
    assert!(texts.get(0).is_instance_of::<Object>());
}

#[wasm_bindgen_test]
fn bytes_that_are_no_bundle_throw_an_error_with_a_code() {
    assert_eq!(body_digest(BUNDLE).unwrap().len(), 32);
    for (bytes, expected) in [
        (&b"<!doctype html>"[..], "BUNDLE_NOT_RECOGNISED"),
        (&BUNDLE[..BUNDLE.len() - 1], "BUNDLE_TRUNCATED"),
        (&[&BUNDLE[..8], &[1, 0], &BUNDLE[10..]].concat(), "BUNDLE_VERSION"),
    ] {
        let error = Scorer::new(bytes).err().expect("no such bundle opens");
        assert_eq!(code(&error), expected);
        assert_eq!(get(&error, "name").as_string().as_deref(), Some("BundleError"));
    }
}
