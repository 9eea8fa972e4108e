//! Events of a stream, and the function form around them.

use curbside::serving::{Event, events};
use serde_json::{Value, json};

use super::{Ask, estimator};
use crate::support;

const FUNCTION: &str = "/2015-03-31/functions/function/invocations";
const RIDE: &str = r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}"#;

fn event(ride_id: &str) -> String {
    format!(r#"{{"ride": {RIDE}, "ride_id": {ride_id}}}"#)
}

/// Base64, the standard alphabet, padded.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap();
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[sextet]) });
        }
    }
    text
}

fn function(records: &[Value]) -> (curbside::serving::Reply, Value) {
    let body = json!({"Records": records}).to_string();
    let reply = Ask::post(FUNCTION, body.as_bytes()).of(&estimator());
    let told = serde_json::from_slice(&reply.body).unwrap();
    (reply, told)
}

fn record(number: &str, data: &str) -> Value {
    json!({"kinesis": {"data": base64(data.as_bytes()), "sequenceNumber": number, "partitionKey": "1"}, "eventID": "e"})
}

#[test]
fn the_references_event_is_answered_as_its_consumers_expect() {
    let (reply, told) = function(&[record("49630081666084879290581185630324770398608704880802529282", &event("256"))]);
    assert_eq!((reply.status, reply.tally.rides, reply.code), (200, 1, None));
    let expected = json!({
        "predictions": [{
            "model": "ride_duration_prediction_model",
            "version": "1",
            "prediction": {
                "ride_duration": 17.546_875, "ride_id": 256, "duration_low": 15.296_875, "duration_high": 20.546_875,
                "coverage": 0.8, "assumed": {"pickup_datetime": "2021-02-03T08:30"},
            },
        }],
        "batchItemFailures": [],
        "errors": [],
    });
    assert_eq!(told, expected);
}

#[test]
fn a_bad_record_fails_itself_and_not_its_batch() {
    let bad: Vec<(Value, &str)> = vec![
        (json!({"kinesis": {"data": "e30", "sequenceNumber": "2"}}), "REQUEST_FORM"),
        (json!({"kinesis": {"data": "e3-=", "sequenceNumber": "2"}}), "REQUEST_FORM"),
        (json!({"kinesis": {"data": 7, "sequenceNumber": "2"}}), "REQUEST_FORM"),
        (json!({"kinesis": {"sequenceNumber": "2"}}), "REQUEST_FORM"),
        (json!({"kinesis": {"data": base64(b"\xff"), "sequenceNumber": "2"}}), "MALFORMED_JSON"),
        (record("2", "{"), "MALFORMED_JSON"),
        (record("2", "[]"), "REQUEST_FORM"),
        (record("2", "{}"), "REQUEST_FORM"),
        (record("2", &"[".repeat(100_000)), "MALFORMED_JSON"),
        (record("2", r#"{"ride": 1, "ride_id": 1}"#), "TRIP_TYPE"),
        (record("2", r#"{"ride": {}, "ride": {}, "ride_id": 1}"#), "REQUEST_FORM"),
        (record("2", &format!(r#"{{"ride": {RIDE}}}"#)), "RIDE_ID_MISSING"),
        (record("2", &event("null")), "RIDE_ID_MISSING"),
        (record("2", &event("[1]")), "RIDE_ID_TYPE"),
        (record("2", r#"{"ride": {"PULocationID": 0, "DOLocationID": 1}, "ride_id": 1}"#), "PU_LOCATION_ID_RANGE"),
        (record("2", r#"{"ride": {"PULocationID": NaN, "DOLocationID": 1}, "ride_id": 1}"#), "MALFORMED_JSON"),
    ];
    let mut wrong = Vec::new();
    for (bad, code) in bad {
        let (reply, told) = function(&[record("1", &event("1")), bad.clone(), record("3", &event(r#""c""#))]);
        let ids: Vec<&Value> =
            told["predictions"].as_array().unwrap().iter().map(|told| &told["prediction"]["ride_id"]).collect();
        let right = reply.status == 200
            && ids == [&json!(1), &json!("c")]
            && told["batchItemFailures"] == json!([{"itemIdentifier": "2"}])
            && told["errors"][0]["record"] == 1
            && told["errors"][0]["error"]["code"] == code
            && (reply.tally.rides, reply.tally.refused) == (2, 1);
        if !right {
            wrong.push(format!("{bad}: expected {code}, found {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Without a number nobody can name it, and the caller takes the whole batch as failed.
    for record in
        [json!({}), json!(1), json!({"kinesis": 1}), json!({"kinesis": {"data": "e30=", "sequenceNumber": 2}})]
    {
        let (_, told) = function(&[record]);
        assert_eq!(told["batchItemFailures"], json!([{"itemIdentifier": ""}]), "{told}");
    }
}

#[test]
fn what_has_no_records_is_refused() {
    let many = json!({"Records": vec![json!({}); 1001]}).to_string();
    let rows: [(&str, u16, &str); 7] = [
        ("", 400, "MALFORMED_JSON"),
        ("[]", 400, "REQUEST_FORM"),
        ("{}", 400, "REQUEST_FORM"),
        (r#"{"Records": {}}"#, 400, "REQUEST_FORM"),
        (r#"{"Records": null}"#, 400, "REQUEST_FORM"),
        (r#"{"Records": [], "Records": []}"#, 400, "REQUEST_FORM"),
        (&many, 413, "TOO_MANY_ROWS"),
    ];
    for (body, status, code) in rows {
        let reply = Ask::post(FUNCTION, body.as_bytes()).of(&estimator());
        assert_eq!((reply.status, reply.code), (status, Some(code)), "{body:.60}");
        assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap()["error"]["code"], code);
    }
    assert_eq!(function(&[]).1, json!({"predictions": [], "batchItemFailures": [], "errors": []}));
}

#[test]
fn events_without_a_request_are_answered_one_by_one() {
    let estimator = estimator();
    let ask = |body: &str| events(&estimator, body.as_bytes(), Some(support::MORNING));
    let one = ask(&event("256")).unwrap();
    let [Event { ride_id: Some(id), outcome: Ok(told) }] = one.as_slice() else { panic!("{one:?}") };
    assert_eq!(id, "256");
    assert_eq!(serde_json::from_str::<Value>(told).unwrap()["prediction"]["ride_duration"], 17.546_875);
    let many = ask(&format!(r#"[{}, 1, {{"ride": {{}}, "ride_id": "a"}}]"#, event("1"))).unwrap();
    let codes: Vec<_> = many.iter().map(|event| event.outcome.as_ref().err().map(|refusal| refusal.code)).collect();
    assert_eq!(codes, [None, Some("REQUEST_FORM"), Some("PU_LOCATION_ID_MISSING")]);
    assert_eq!(many[2].ride_id.as_deref(), Some("\"a\""));
    assert!(ask("[]").unwrap().is_empty());
    for (body, code) in
        [("1", "MALFORMED_JSON"), ("", "MALFORMED_JSON"), (&format!("[{}1]", "1,".repeat(1000)), "TOO_MANY_ROWS")]
    {
        assert_eq!(ask(body).unwrap_err().code, code, "{body:.40}");
    }
}
