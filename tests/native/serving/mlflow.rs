//! `MLflow`'s scoring protocol without a socket: every form of body, and every way to get it wrong.

use serde_json::{Value, json};

use super::{Ask, estimator};

/// The reference's ride of the small bundle, and the same with its distance assumed.
const GIVEN: f64 = 17.546_875;

fn ask(body: &str, content_type: Option<&str>) -> (u16, Value) {
    let reply = Ask { content_type, ..Ask::post("/invocations", body.as_bytes()) }.of(&estimator());
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[test]
fn every_form_of_a_body_gives_the_same_numbers() {
    let assumed = Ask::post("/predict", br#"{"PULocationID": 130, "DOLocationID": 132}"#).of(&estimator()).body;
    let assumed = serde_json::from_slice::<Value>(&assumed).unwrap()["duration"].as_f64().unwrap();
    let csv = Some("text/csv; charset=UTF-8");
    let rows: [(&str, Option<&str>); 16] = [
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "x", "DOLocationID", "trip_distance"], "index": [7, 8], "data": [[130, "?", 132, 3.66], [130, null, 132, null]]}}"#,
            None,
        ),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID", "trip_distance"], "data": [[130.0, 132.0, 3.66], [130, 132, NaN]]}}"#,
            Some("application/json"),
        ),
        (r#"{"dataframe_split": {"data": [[130, 132, 3.66], [130, 132]]}}"#, None),
        (
            r#"{"dataframe_records": [{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "x": 1}, {"PULocationID": "130", "DOLocationID": 132}]}"#,
            Some("application/json; charset=utf-8"),
        ),
        (
            r#"{"instances": [{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}, {"pu_location_id": 130, "DOLocationID": 132, "trip_distance": NaN}], "params": {"a": 1}}"#,
            None,
        ),
        (r#"{"instances": [[130, 132, 3.66, "2021-02-03T08:30"], [130, 132, null, null]], "params": null}"#, None),
        (r#"{"inputs": [[130, 132, 3.66], [130, 132]]}"#, None),
        (
            r#"{"inputs": {"PULocationID": [130, 130], "DOLocationID": [[132], [132]], "trip_distance": [3.66, null], "x": [1]}}"#,
            None,
        ),
        ("PULocationID,DOLocationID,trip_distance\n130,132,3.66\n130,132,\n", csv),
        (
            "\u{feff}x,PULocationID,DOLocationID,trip_distance\r\n\"a,\"\"b\"\"\nc\",130,\"132\",\"3.66\"\r\n\r\n,130.0,132.0,NaN",
            csv,
        ),
        ("PULocationID,DOLocationID,trip_distance,pickup_datetime\r130,132,3.66,2021-02-03 08:30:00\r130,132,NA,", csv),
        ("PULocationID,trip_distance,DOLocationID\n1.3e2, 3.66 ,132\n130,None,132\n\n", Some("text/csv")),
        ("PULocationID,DOLocationID,trip_distance\n130,132,+3.66\n", Some("text/csv")),
        (r#"{"inputs": {"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66}}"#, None),
        (r#"{"inputs": {"PULocationID": [], "DOLocationID": []}}"#, None),
        ("PULocationID,DOLocationID\n\n\n", Some("text/csv")),
    ];
    let mut wrong = Vec::new();
    for (index, (body, content_type)) in rows.into_iter().enumerate() {
        let expected = match index {
            // A number has no plus sign, here as in JSON.
            12 => json!({"error_code": "INVALID_PARAMETER_VALUE"}),
            13 => json!([GIVEN]),
            14 | 15 => json!([]),
            _ => json!([GIVEN, assumed]),
        };
        let (status, reply) = ask(body, content_type);
        let right = if index == 12 { status == 400 } else { status == 200 && reply["predictions"] == expected };
        if !right {
            wrong.push(format!("{body}: expected {expected}, found {status} {reply}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn beside_the_predictions_stands_what_a_rider_should_know() {
    let body = r#"{"inputs": {"PULocationID": [130, 132], "DOLocationID": [132, 130], "trip_distance": [3.66, 0]}}"#;
    let reply = Ask::post("/invocations", body.as_bytes()).of(&estimator());
    assert_eq!((reply.tally.rides, reply.tally.unseen_pairs, reply.code), (2, 1, None));
    let reply: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&reply["model"], &reply["model_version"]), (&json!("test"), &json!("1")));
    assert_eq!(reply["details"][0]["duration_low"], 15.296_875);
    assert_eq!(reply["details"][0]["assumed"], json!({"pickup_datetime": "2021-02-03T08:30"}));
    let codes: Vec<&str> =
        reply["details"][1]["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["UNSEEN_ZONE_PAIR", "TRIP_DISTANCE_IGNORED"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_wrong_is_named() {
    let many = format!(r#"{{"instances": [{}[130, 132]]}}"#, "[130, 132],".repeat(1000));
    let many_columns = format!(r#"{{"inputs": {{"PULocationID": [1], "DOLocationID": [{}1]}}}}"#, "1,".repeat(1000));
    let many_lines = format!("PULocationID,DOLocationID\n{}", "1,2\n".repeat(1001));
    let json = "application/json";
    let rows: Vec<(&str, &str, u16, &str, &str)> = vec![
        ("{", json, 400, "BAD_REQUEST", "the body: "),
        ("[]", json, 400, "BAD_REQUEST", "expected an object, found a list"),
        (
            "{}",
            json,
            400,
            "BAD_REQUEST",
            "exactly one of dataframe_split, dataframe_records, instances and inputs, found none",
        ),
        (r#"{"instances": [], "inputs": []}"#, json, 400, "BAD_REQUEST", "found instances and inputs"),
        (r#"{"instances": [], "instances": []}"#, json, 400, "BAD_REQUEST", "expected one instances, found two"),
        (r#"{"instances": 1}"#, json, 400, "BAD_REQUEST", "instances: expected a list, found a number"),
        (r#"{"instances": [1]}"#, json, 400, "BAD_REQUEST", "instances, row 0: expected a list of 2 to 4 values"),
        (r#"{"instances": [[1]]}"#, json, 400, "BAD_REQUEST", "instances, row 0: expected a list of 2 to 4 values"),
        (r#"{"instances": [], "params": 1}"#, json, 400, "BAD_REQUEST", "params: expected an object, found a number"),
        (
            r#"{"dataframe_records": {}}"#,
            json,
            400,
            "BAD_REQUEST",
            "dataframe_records: expected a list, found an object",
        ),
        (r#"{"dataframe_records": [[130, 132]]}"#, json, 400, "BAD_REQUEST", "row 0: the ride: expected a JSON object"),
        (r#"{"dataframe_split": []}"#, json, 400, "BAD_REQUEST", "dataframe_split: expected an object, found a list"),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID"]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "dataframe_split.data: ",
        ),
        (
            r#"{"dataframe_split": {"columns": [1], "data": []}}"#,
            json,
            400,
            "BAD_REQUEST",
            "columns: expected strings, found a number",
        ),
        (r#"{"dataframe_split": {"columns": [], "data": []}}"#, json, 400, "BAD_REQUEST", "found no PULocationID"),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID"], "data": []}}"#,
            json,
            400,
            "BAD_REQUEST",
            "found no DOLocationID",
        ),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID"], "data": [[1, 2], [1]]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "row 1: expected a list of 2 values",
        ),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID"], "index": [0, 1], "data": [[1, 2]]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "index: expected one value a row",
        ),
        (
            r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID"], "index": 0, "data": [[1, 2]]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "index: expected a list",
        ),
        (
            r#"{"inputs": {"PULocationID": [1]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "inputs: expected PULocationID and DOLocationID, found no DOLocationID",
        ),
        (
            r#"{"inputs": {"PULocationID": [1], "DOLocationID": [1, 2]}}"#,
            json,
            400,
            "BAD_REQUEST",
            "inputs.DOLocationID: expected 1 values, found 2",
        ),
        (
            r#"{"inputs": {"PULocationID": [130], "DOLocationID": [[132, 132]]}}"#,
            json,
            400,
            "INVALID_PARAMETER_VALUE",
            "row 0: DOLocationID: expected a TLC zone id of 1 to 265, found a list",
        ),
        (
            r#"{"instances": [[130, 132], [130, 132, -5]]}"#,
            json,
            400,
            "INVALID_PARAMETER_VALUE",
            "row 1: trip_distance: expected a number of miles from 0 to 100, or null where it is not known, found -5",
        ),
        (r#"{"instances": [[130, 132, Infinity]]}"#, json, 400, "INVALID_PARAMETER_VALUE", "row 0: trip_distance: "),
        (
            r#"{"instances": [[NaN, 132]]}"#,
            json,
            400,
            "INVALID_PARAMETER_VALUE",
            "row 0: PULocationID: expected a TLC zone id of 1 to 265, found null",
        ),
        (r#"{"instances": [[130, 132, "far"]]}"#, json, 400, "INVALID_PARAMETER_VALUE", "found \"far\""),
        (&many, json, 413, "BAD_REQUEST", "expected at most 1000 rides, found more"),
        (&many_columns, json, 413, "BAD_REQUEST", "expected at most 1000 rides, found more"),
        (&many_lines, "text/csv", 413, "BAD_REQUEST", "expected at most 1000 rides, found more"),
        ("", "text/csv", 400, "BAD_REQUEST", "text/csv: expected a header, found nothing"),
        ("{}", "text/csv", 400, "BAD_REQUEST", "the header: expected PULocationID and DOLocationID"),
        ("PULocationID,DOLocationID\n130\n", "text/csv", 400, "BAD_REQUEST", "row 0: expected 2 values, found 1"),
        ("PULocationID,DOLocationID\n130,\"132\n", "text/csv", 400, "BAD_REQUEST", "line 2: expected closing quotes"),
        (
            "PULocationID,DOLocationID\n\"130\"x,132\n",
            "text/csv",
            400,
            "BAD_REQUEST",
            "line 2: expected a comma behind closing quotes",
        ),
        (
            "PULocationID,DOLocationID\n130,abc\n",
            "text/csv",
            400,
            "INVALID_PARAMETER_VALUE",
            "row 0: DOLocationID: expected a TLC zone id of 1 to 265, found \"abc\"",
        ),
        (
            "PULocationID,PULocationID,DOLocationID\n130,131,132\n",
            "text/csv",
            400,
            "INVALID_PARAMETER_VALUE",
            "row 0: PULocationID: expected one value, found two that differ",
        ),
        ("{}", "text/plain", 415, "BAD_REQUEST", "expected application/json or text/csv, found text/plain"),
        ("{}", "application/json; charset=latin1", 415, "BAD_REQUEST", "found charset=latin1"),
        ("{}", "application/json; format=pandas-split", 415, "BAD_REQUEST", "found format=pandas-split"),
    ];
    let mut wrong = Vec::new();
    for (body, content_type, status, code, words) in rows {
        let (found, reply) = ask(body, Some(content_type));
        let message = reply["message"].as_str().unwrap_or_default();
        if found != status || reply["error_code"] != code || !message.contains(words) || message.len() > 1000 {
            wrong.push(format!(
                "{}: expected {status} {code} {words}, found {found} {reply}",
                &body[..body.len().min(120)]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ping_and_version_are_words() {
    for (path, body) in [("/ping", "\n"), ("/version", env!("CARGO_PKG_VERSION"))] {
        for method in ["GET", "HEAD"] {
            let reply = Ask { method, ..Ask::post(path, b"") }.of(&estimator());
            assert_eq!((reply.status, reply.body.as_slice()), (200, body.as_bytes()), "{method} {path}");
            assert_eq!(reply.content_type, "text/plain; charset=utf-8");
        }
        let reply = Ask::post(path, b"").of(&estimator());
        assert_eq!((reply.status, reply.headers), (405, vec![("allow", "GET, HEAD".to_owned())]));
    }
}
