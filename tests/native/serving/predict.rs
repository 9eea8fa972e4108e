//! `POST /predict` without a socket: every rule of the wire format.

use curbside::Estimator;
use serde_json::{Value, json};

use super::{Ask, MINTED, estimator};
use crate::support;

fn post(body: &[u8], content_type: Option<&str>) -> (u16, Value) {
    let reply = Ask { content_type, ..Ask::post("/predict", body) }.of(&estimator());
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[test]
fn the_references_ride_gets_the_references_answer_and_more() {
    let (status, reply) = post(br#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}"#, None);
    // 8 (tree 1) + 4.5 (above 3 miles; 08:30 is minute 510, above 450.5) + 2.125 (the pair is category 1, in the set)
    // + 0.75 (above 2 miles; as the crow flies it is 4.02 miles, so the difference is below 0.1) = 15.375, corrected to
    // 0.25 + 1.125 * 15.375 = 17.546875. The scale is 1 (the distance is given) + 0.5 (above 3 miles) = 1.5, so the interval
    // goes from 1.5 * 1.5 = 2.25 below to 2 * 1.5 = 3 above.
    assert_eq!(status, 200);
    let expected = json!({
        "duration": 17.546_875, "duration_low": 15.296_875, "duration_high": 20.546_875, "coverage": 0.8, "model_version": "1", "model": "test", "ride_id": MINTED,
        "assumed": {"pickup_datetime": "2021-02-03T08:30"},
    });
    assert_eq!(reply, expected);
}

/// A body, the status that it must be answered with, and words of the answer: of the estimate, or the error's code and field.
type Row = (&'static str, u16, &'static str);

/// Rides that are taken.
const TAKEN: &[Row] = &[
    (r#"{"PULocationID": 130, "DOLocationID": 132}"#, 200, "\"trip_distance\":"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": null}"#, 200, "\"trip_distance\":"),
    (r#"{"PULocationID": "130", "DOLocationID": 132.0, "trip_distance": 1e1}"#, 200, "\"duration\":"),
    (r#"{"PULocationID": 130, "DOLocationID": 1.32e2, "trip_distance": 0}"#, 200, "TRIP_DISTANCE_IGNORED"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 50.01}"#, 200, "TRIP_DISTANCE_IGNORED"),
    (r#"{"PULocationID": 132, "DOLocationID": 130, "trip_distance": 3}"#, 200, "UNSEEN_ZONE_PAIR"),
    (r#"{"PULocationID": 264, "DOLocationID": 130, "trip_distance": 3}"#, 200, "ZONE_WITHOUT_PLACE"),
    (
        r#"{"pu_location_id": 130, "dropoff_location_id": 132, "tpep_pickup_datetime": "2021-02-03 08:30:00"}"#,
        200,
        "duration",
    ),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 256, "extra": [1]}"#, 200, "\"ride_id\":256"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": "a\"b"}"#, 200, r#""ride_id":"a\"b""#),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 9007199254740993}"#, 200, ":9007199254740993"),
    (r#"{"PULocationID": 130, "pickup_location_id": 130, "DOLocationID": 132}"#, 200, "duration"),
    (r#"{"\u0050ULocationID": 130, "DOLocationID": 132}"#, 200, "duration"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 256.0}"#, 200, "\"ride_id\":256.0"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 99999999999999999999}"#, 200, "\"ride_id\":"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": null}"#, 200, "\"ride_id\":\"00000000"),
];

/// Rides that cannot be scored.
const REFUSED: &[Row] = &[
    (
        r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": -1e400}"#,
        422,
        "TRIP_DISTANCE_RANGE trip_distance",
    ),
    (r#"{"DOLocationID": 132}"#, 422, "PU_LOCATION_ID_MISSING PULocationID"),
    (r#"{"PULocationID": null, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_MISSING PULocationID"),
    (r#"{"PULocationID": 130}"#, 422, "DO_LOCATION_ID_MISSING DOLocationID"),
    (r#"{"PULocationID": [130], "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_TYPE PULocationID"),
    (r#"{"PULocationID": true, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_TYPE PULocationID"),
    (r#"{"PULocationID": "130.0", "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_TYPE PULocationID"),
    (r#"{"PULocationID": 130.5, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_TYPE PULocationID"),
    (r#"{"PULocationID": 266, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_RANGE PULocationID"),
    (r#"{"PULocationID": 130, "DOLocationID": 0}"#, 422, "DO_LOCATION_ID_RANGE DOLocationID"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": "40"}"#, 422, "TRIP_DISTANCE_TYPE trip_distance"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": -5}"#, 422, "TRIP_DISTANCE_RANGE trip_distance"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 100.1}"#, 422, "TRIP_DISTANCE_RANGE trip_distance"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 1e400}"#, 422, "TRIP_DISTANCE_RANGE trip_distance"),
    (r#"{"PULocationID": 1e400, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_RANGE PULocationID"),
    (
        r#"{"PULocationID": 130, "DOLocationID": 132, "pickup_datetime": 1}"#,
        422,
        "PICKUP_DATETIME_TYPE pickup_datetime",
    ),
    (
        r#"{"PULocationID": 130, "DOLocationID": 132, "pickup_datetime": "noon"}"#,
        422,
        "PICKUP_DATETIME_FORMAT pickup_datetime",
    ),
    (
        r#"{"PULocationID": 130, "DOLocationID": 132, "pickup_datetime": "1999-01-01T00:00"}"#,
        422,
        "PICKUP_DATETIME_RANGE pickup_datetime",
    ),
    (
        r#"{"PULocationID": 130, "pickup_location_id": 131, "DOLocationID": 132}"#,
        422,
        "PU_LOCATION_ID_CONFLICT PULocationID",
    ),
    (r#"{"PULocationID": 130, "PULocationID": 131, "DOLocationID": 132}"#, 422, "PU_LOCATION_ID_CONFLICT PULocationID"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 1.5}"#, 422, "RIDE_ID_TYPE ride_id"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 100000000000000000000}"#, 422, "RIDE_ID_TYPE ride_id"),
    // Half of a surrogate pair, which no reader of the reply could read.
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": "\ud83d"}"#, 422, "RIDE_ID_TYPE ride_id"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": 1, "ride_id": 2}"#, 422, "RIDE_ID_TYPE ride_id"),
    (r#"{"PULocationID": 130, "DOLocationID": 132, "ride_id": {}}"#, 422, "RIDE_ID_TYPE ride_id"),
];

/// Bodies that are no ride.
const MALFORMED: &[Row] = &[
    ("", 400, "MALFORMED_JSON"),
    ("null", 400, "MALFORMED_JSON"),
    (r#"{"PULocationID": 130, "DOLocationID": 132"#, 400, "MALFORMED_JSON"),
    (r#"{"PULocationID": 130, "DOLocationID": 132} x"#, 400, "MALFORMED_JSON"),
    (r#"{"PULocationID": NaN, "DOLocationID": 132}"#, 400, "MALFORMED_JSON"),
    (r#"{"PULocationID": 0130, "DOLocationID": 132}"#, 400, "MALFORMED_JSON"),
    ("PULocationID=130&DOLocationID=132", 400, "MALFORMED_JSON"),
];

#[test]
fn every_way_to_ask_has_its_answer() {
    let mut wrong = Vec::new();
    for (body, status, words) in [TAKEN, REFUSED, MALFORMED].concat() {
        let (found, reply) = post(body.as_bytes(), Some("application/json"));
        let told = match reply.get("error") {
            Some(error) => format!("{} {}", error["code"].as_str().unwrap(), error["field"].as_str().unwrap_or("")),
            None => reply.to_string(),
        };
        if found != status || !told.contains(words) {
            wrong.push(format!("{body}: expected {status} {words}, found {found} {reply}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_list_is_answered_by_a_list_in_which_a_bad_ride_spoils_no_other() {
    let body =
        br#"[{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "ride_id": 1}, {"DOLocationID": 132}, 7,
        {"PULocationID": 132, "DOLocationID": 130, "trip_distance": 3.66}]"#;
    let reply = Ask::post("/predict", body).of(&estimator());
    assert_eq!((reply.status, reply.code), (200, None));
    assert_eq!((reply.tally.rides, reply.tally.refused, reply.tally.unseen_pairs), (2, 2, 1));
    let told: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&told[0]["duration"], &told[0]["ride_id"]), (&json!(17.546_875), &json!(1)));
    assert_eq!(told[1]["error"]["code"], "PU_LOCATION_ID_MISSING");
    assert_eq!(told[2]["error"]["code"], "TRIP_TYPE");
    assert_eq!((&told[3]["ride_id"], &told[3]["warnings"][0]["code"]), (&json!(MINTED), &json!("UNSEEN_ZONE_PAIR")));
    // Each as it is answered alone.
    let alone = post(br#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "ride_id": 1}"#, None).1;
    assert_eq!(told[0], alone);
    assert_eq!(post(b"[]", None), (200, json!([])));
    let rides = |rows: usize| format!("[{}]", vec![r#"{"PULocationID": 130, "DOLocationID": 132}"#; rows].join(","));
    assert_eq!(post(rides(1000).as_bytes(), None).1.as_array().unwrap().len(), 1000);
    assert_eq!(post(rides(1001).as_bytes(), None).1["error"]["code"], "TOO_MANY_ROWS");
    for (rows, status) in [(16, 200), (17, 413)] {
        let reply = Ask { explain: true, ..Ask::post("/predict", rides(rows).as_bytes()) }.of(&estimator());
        assert_eq!(reply.status, status);
    }
}

#[test]
fn bytes_that_are_no_text_and_depths_without_end_are_malformed() {
    let deep = [b"{\"a\":".repeat(100_000), b"1".to_vec()].concat();
    let lists = [br#"{"x": "#.to_vec(), b"[".repeat(1_000_000)].concat();
    for body in [b"\xff\xfe{}".to_vec(), b"{\"PULocationID\": \"\xc3\x28\"}".to_vec(), deep, lists] {
        assert_eq!(post(&body, None).0, 400);
    }
}

#[test]
fn content_types() {
    let ride = br#"{"PULocationID": 130, "DOLocationID": 132}"#;
    let rows = [
        (None, 200),
        (Some("application/json"), 200),
        (Some("Application/JSON; charset=utf-8"), 200),
        (Some("application/vnd.ride+json"), 200),
        (Some("application/x-www-form-urlencoded"), 200),
        (Some("text/plain"), 415),
        (Some("multipart/form-data; boundary=x"), 415),
        (Some("application/xml"), 415),
    ];
    for (content_type, expected) in rows {
        assert_eq!(post(ride, content_type).0, expected, "{content_type:?}");
    }
}

#[test]
fn an_explanation_is_told_on_request_alone() {
    let body = br#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}"#;
    let ask = |bundle: &curbside::Bundle| {
        let estimator = Estimator::open(&bundle.to_bytes().unwrap()).unwrap();
        let reply = Ask { explain: true, ..Ask::post("/predict", body) }.of(&estimator);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let mut bundle = support::bundle(support::ensemble());
    let (status, mut reply) = ask(&bundle);
    let explanation = reply["explanation"].take();
    assert_eq!((status, reply["duration"].as_f64()), (200, Some(17.546_875)));
    // The reply is otherwise what it is without.
    let (_, plain) = post(body, None);
    reply.as_object_mut().unwrap().remove("explanation");
    assert_eq!(reply, plain);
    // The trees' leaves by their covers (20 to 69 rows), corrected as the estimate is.
    let amounts = explanation["contributions"].as_array().unwrap().iter().map(|part| part["amount"].as_f64().unwrap());
    let sum = explanation["base_value"].as_f64().unwrap() + amounts.sum::<f64>();
    assert!((sum - 17.546_875).abs() < 1e-12, "{explanation}");
    let facts: Vec<&Value> =
        explanation["contributions"].as_array().unwrap().iter().map(|part| &part["facts"]).collect();
    let expected = [json!(["distance"]), json!(["time_of_day"]), json!(["pickup_zone", "dropoff_zone"])];
    assert!(expected.iter().all(|group| facts.contains(&group)), "{explanation}");

    // Where it cannot be told, the estimate is, and why not.
    bundle.background = None;
    let (status, reply) = ask(&bundle);
    assert_eq!((status, reply["duration"].as_f64()), (200, Some(17.546_875)));
    assert!(reply["explanation"].is_null() && reply.get("explanation").is_some(), "{reply}");
    assert_eq!(reply["warnings"][0]["code"], "NO_BACKGROUND");
}

#[test]
fn in_another_space_an_explanation_adds_up_to_what_the_link_is_given() {
    let estimator = Estimator::open(&support::bundle(support::xgboost()).to_bytes().unwrap()).unwrap();
    let trip = curbside::Trip::new(130, 132, None, support::MORNING).unwrap();
    let explanation = estimator.explain(&trip).unwrap();
    assert_eq!((explanation.unit.as_str(), explanation.space), ("log minutes", curbside::explain::Space::Log));
    // e^sum, corrected by 0.25 + 1.125 x; in `f32` there, in `f64` here.
    let duration = 0.25 + 1.125 * libm_exp(explanation.sum);
    assert!((duration - estimator.estimate(&trip).duration).abs() < 1e-5, "{duration}");
    let words: Vec<&str> = explanation.contributions.iter().map(|part| part.words.as_str()).collect();
    assert!(words.contains(&"assumed distance"), "{words:?}");
}

/// e to the `x` by its series: the platform's is not for the module, nor for its tests.
fn libm_exp(x: f64) -> f64 {
    (1..60).fold((1.0, 1.0), |(sum, term), n| (sum + term * x / f64::from(n), term * x / f64::from(n))).0
}
