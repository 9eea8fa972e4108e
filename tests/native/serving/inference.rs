//! The Open Inference Protocol without a socket: metadata, tensors as JSON and as bytes, and every way to get them wrong.

use curbside::serving::Reply;
use serde_json::{Value, json};

use super::{Ask, estimator};

const INFER: &str = "/v2/models/test/infer";

fn get(path: &str) -> (u16, Value) {
    let reply = Ask { method: "GET", ..Ask::post(path, b"") }.of(&estimator());
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[expect(clippy::needless_pass_by_value, reason = "a value is written where it is handed over")]
fn tensor(name: &str, datatype: &str, data: Value) -> Value {
    let rows = data.as_array().map_or(0, Vec::len);
    json!({"name": name, "shape": [rows], "datatype": datatype, "data": data})
}

fn zones() -> [Value; 2] {
    [tensor("PULocationID", "INT64", json!([130, 130])), tensor("DOLocationID", "INT64", json!([132, 132]))]
}

fn infer(body: &Value) -> (Reply, Value) {
    let reply = Ask::post(INFER, body.to_string().as_bytes()).of(&estimator());
    let told = serde_json::from_slice(&reply.body).unwrap_or_default();
    (reply, told)
}

/// A request whose JSON is followed by bytes.
fn infer_bytes(head: &Value, tensors: &[u8]) -> Reply {
    let head = head.to_string();
    let length = head.len().to_string();
    let body = [head.as_bytes(), tensors].concat();
    Ask { inference_header_length: Some(&length), ..Ask::post(INFER, &body) }.of(&estimator())
}

/// Each output's name and, as they lie behind the JSON, its bytes.
fn outputs(reply: &Reply) -> Vec<(String, Vec<u8>)> {
    let (name, length) = &reply.headers[0];
    assert_eq!(*name, "inference-header-content-length");
    let (head, mut tensors) = reply.body.split_at(length.parse().unwrap());
    let head: Value = serde_json::from_slice(head).unwrap();
    let mut outputs = Vec::new();
    for output in head["outputs"].as_array().unwrap() {
        let size = usize::try_from(output["parameters"]["binary_data_size"].as_u64().unwrap()).unwrap();
        let (own, rest) = tensors.split_at(size);
        outputs.push((output["name"].as_str().unwrap().to_owned(), own.to_vec()));
        tensors = rest;
    }
    assert!(tensors.is_empty());
    outputs
}

#[test]
fn server_and_model_say_what_they_are() {
    assert_eq!(get("/v2").1["extensions"], json!(["binary_tensor_data"]));
    for path in ["/v2/health/live", "/v2/health/ready"] {
        assert_eq!(get(path), (200, json!({"live": true, "ready": true})));
    }
    for path in ["/v2/models/test", "/v2/models/test/versions/1", "/v2/models/t%65st"] {
        let (status, told) = get(path);
        assert_eq!((status, &told["name"], &told["versions"]), (200, &json!("test"), &json!(["1"])), "{path}");
        let names = |of: &str| told[of].as_array().unwrap().iter().map(|t| t["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names("inputs"), ["PULocationID", "DOLocationID", "trip_distance", "pickup_datetime"]);
        assert_eq!(names("outputs"), ["duration", "duration_low", "duration_high", "warnings"]);
    }
    for path in ["/v2/models/test/ready", "/v2/models/test/versions/1/ready"] {
        assert_eq!(get(path), (200, json!({"name": "test", "ready": true})));
    }
    for path in [
        "/v2/models/other",
        "/v2/models/test/versions/2",
        "/v2/models/test/versions/2/ready",
        "/v2/models/",
        "/v2/models/test/",
        "/v2/models/test/config",
        "/v2/models/test/versions",
        "/v2/models/test/versions/1/ready/x",
        "/v2/models/%zz",
        "/v2/models/%",
        "/v2/models/%\u{e9}",
        "/v2/health",
        "/v2/",
    ] {
        let (status, told) = get(path);
        assert!(status == 404 && told["error"].is_string(), "{path}: {status} {told}");
    }
    assert_eq!(get(INFER).0, 405);
    assert_eq!(Ask::post("/v2", b"").of(&estimator()).headers, [("allow", "GET, HEAD".to_owned())]);
}

#[test]
fn tensors_are_answered_by_tensors() {
    let [pu, to] = zones();
    let nested = json!({"name": "trip_distance", "shape": [2, 1], "datatype": "FP64", "data": [[3.66], [0]]});
    let when = tensor("pickup_datetime", "BYTES", json!(["2021-02-03T08:30", null]));
    let (reply, told) = infer(&json!({"id": "a\"b", "inputs": [pu, to, nested, when], "parameters": {"x": 1}}));
    assert_eq!((reply.status, reply.content_type, reply.tally.rides), (200, "application/json", 2));
    assert_eq!(
        (&told["model_name"], &told["model_version"], &told["id"]),
        (&json!("test"), &json!("1"), &json!("a\"b"))
    );
    let data = |name: &str| {
        let output = told["outputs"].as_array().unwrap().iter().find(|output| output["name"] == name).unwrap();
        assert_eq!(output["shape"], json!([2]));
        output["data"].clone()
    };
    assert_eq!(data("duration")[0], 17.546_875);
    assert_eq!(data("duration_low")[0], 15.296_875);
    assert_eq!(data("duration_high")[0], 20.546_875);
    assert_eq!(data("warnings"), json!(["", "TRIP_DISTANCE_IGNORED"]));
    // Only what is asked for, in the order in which it is.
    let (_, told) = infer(&json!({"inputs": zones(), "outputs": [{"name": "warnings"}, {"name": "duration"}]}));
    let names: Vec<&Value> = told["outputs"].as_array().unwrap().iter().map(|output| &output["name"]).collect();
    assert_eq!(names, ["warnings", "duration"]);
    // Python's word for a missing number.
    let body = json!({"inputs": [zones()[0], zones()[1], tensor("trip_distance", "FP32", json!([0, 0]))]}).to_string();
    let body = body.replace("[0,0]", "[NaN, 3.66]");
    assert_eq!(Ask::post(INFER, body.as_bytes()).of(&estimator()).status, 200);
}

#[test]
fn a_model_without_intervals_has_no_ends_of_them() {
    let mut bundle = crate::support::bundle(crate::support::ensemble());
    bundle.calibration = curbside::model::Calibration::default();
    crate::support::answer_golden_rides(&mut bundle);
    let estimator = curbside::Estimator::open(&bundle.to_bytes().unwrap()).unwrap();
    let reply = Ask::post(INFER, json!({"inputs": zones()}).to_string().as_bytes()).of(&estimator);
    let told: Value = serde_json::from_slice(&reply.body).unwrap();
    let names: Vec<&Value> = told["outputs"].as_array().unwrap().iter().map(|output| &output["name"]).collect();
    assert_eq!(names, ["duration", "warnings"]);
    let body = json!({"inputs": zones(), "outputs": [{"name": "duration_low"}]}).to_string();
    assert_eq!(Ask::post(INFER, body.as_bytes()).of(&estimator).status, 400);
}

/// A tensor's head and its bytes.
fn binary(name: &str, datatype: &str, rows: usize, bytes: &[u8]) -> (Value, Vec<u8>) {
    let parameters = json!({"binary_data_size": bytes.len()});
    (json!({"name": name, "shape": [rows, 1], "datatype": datatype, "parameters": parameters}), bytes.to_vec())
}

fn strings(texts: &[&str]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat())
        .collect()
}

#[test]
fn binary_tensors_give_the_same_bits() {
    let zone = |datatype: &str, zone: u8| match datatype {
        "UINT8" => vec![zone],
        "UINT16" | "INT16" => u16::from(zone).to_le_bytes().to_vec(),
        "UINT32" | "INT32" => u32::from(zone).to_le_bytes().to_vec(),
        "UINT64" | "INT64" => u64::from(zone).to_le_bytes().to_vec(),
        "FP32" => f32::from(zone).to_le_bytes().to_vec(),
        "FP64" => f64::from(zone).to_le_bytes().to_vec(),
        _ => strings(&[&zone.to_string()]),
    };
    for datatype in ["UINT8", "UINT16", "INT16", "UINT32", "INT32", "UINT64", "INT64", "FP32", "FP64", "BYTES"] {
        let inputs = [
            binary("PULocationID", datatype, 1, &zone(datatype, 130)),
            binary("DOLocationID", datatype, 1, &zone(datatype, 132)),
            binary("trip_distance", "FP64", 1, &3.66f64.to_le_bytes()),
            binary("pickup_datetime", "BYTES", 1, &strings(&["2021-02-03T08:30:00"])),
        ];
        let heads: Vec<&Value> = inputs.iter().map(|(head, _)| head).collect();
        let bytes: Vec<u8> = inputs.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let reply = infer_bytes(&json!({"inputs": heads, "parameters": {"binary_data_output": true}}), &bytes);
        assert_eq!((reply.status, reply.content_type), (200, "application/octet-stream"), "{datatype}: {reply:?}");
        let outputs = outputs(&reply);
        assert_eq!(outputs[0], ("duration".to_owned(), 17.546_875f64.to_le_bytes().to_vec()));
        assert_eq!(outputs[3], ("warnings".to_owned(), vec![0; 4]));
    }
    // One output in bytes, one as JSON; a missing distance is NaN.
    let [pu, to] = zones();
    let (miles, bytes) = binary("trip_distance", "FP32", 2, &[3.66f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat());
    let asked = json!([{"name": "duration", "parameters": {"binary_data": true}}, {"name": "warnings"}]);
    let reply = infer_bytes(&json!({"inputs": [pu, to, miles], "outputs": asked}), &bytes);
    assert_eq!((reply.status, reply.tally.rides), (200, 2), "{reply:?}");
    let length: usize = reply.headers[0].1.parse().unwrap();
    let head: Value = serde_json::from_slice(&reply.body[..length]).unwrap();
    assert_eq!(head["outputs"][1]["data"], json!(["", ""]));
    assert_eq!(reply.body.len(), length + 16);
}

#[test]
fn what_is_wrong_is_named() {
    let [pu, to] = zones();
    let with = |third: Value| json!({"inputs": [pu, to, third]});
    let miles = |datatype: &str, data: Value| with(tensor("trip_distance", datatype, data));
    let shaped =
        |shape: Value| with(json!({"name": "trip_distance", "shape": shape, "datatype": "FP64", "data": [1, 2]}));
    let outputs = |outputs: Value| json!({"inputs": [pu, to], "outputs": outputs});
    let parameters = |parameters: Value| outputs(json!([{"name": "duration", "parameters": parameters}]));
    let rows: Vec<(Value, u16, &str)> = vec![
        (json!([]), 400, "the body: expected an object, found a list"),
        (json!({}), 400, "inputs: expected a list, found nothing"),
        (json!({"inputs": []}), 400, "inputs: expected PULocationID and DOLocationID, found no PULocationID"),
        (json!({"inputs": [pu]}), 400, "found no DOLocationID"),
        (json!({"inputs": [1]}), 400, "an input: expected an object, found a number"),
        (json!({"inputs": [{}]}), 400, "an input: expected a name, a string"),
        (json!({"id": 1, "inputs": [pu, to]}), 400, "id: expected a string, found a number"),
        (json!({"parameters": 1, "inputs": [pu, to]}), 400, "parameters: expected an object"),
        (
            json!({"parameters": {"binary_data_output": 1}, "inputs": [pu, to]}),
            400,
            "binary_data_output to be true or false",
        ),
        (
            with(tensor("fare", "FP64", json!([1, 2]))),
            400,
            "inputs: expected PULocationID, DOLocationID, trip_distance and pickup_datetime, found fare",
        ),
        (miles("BOOL", json!([true, false])), 400, "input trip_distance: expected a datatype of"),
        (miles("FP16", json!([1, 2])), 400, "found FP16"),
        (miles("BF16", json!([1, 2])), 400, "found BF16"),
        (miles("INT128", json!([1, 2])), 400, "found INT128"),
        (miles("FP64", json!([1])), 400, "inputs: expected one number of rows in all shapes"),
        (miles("FP64", json!([1, "2"])), 400, "row 1: trip_distance: expected a value of its datatype, found \"2\""),
        (miles("FP64", json!([1, true])), 400, "row 1: trip_distance: expected a value of its datatype, found true"),
        (miles("BYTES", json!([1, 2])), 400, "row 0: trip_distance: expected a value of its datatype, found 1"),
        (miles("INT8", json!([1, 128])), 400, "row 1: trip_distance: expected a value of its datatype, found 128"),
        (miles("UINT8", json!([1, -1])), 400, "row 1: trip_distance"),
        (miles("INT64", json!([1, 1.5])), 400, "row 1: trip_distance"),
        (miles("BYTES", json!(["1", "2"])), 400, "row 0: trip_distance: expected a number of miles"),
        (miles("FP64", json!([1, -2])), 400, "row 1: trip_distance: expected a number of miles from 0 to 100"),
        (shaped(json!(2)), 400, "input trip_distance: expected a shape of [rows] or [rows, 1], found 2"),
        (shaped(json!([])), 400, "expected a shape"),
        (shaped(json!([2, 2])), 400, "expected a shape"),
        (shaped(json!([2, 1, 1])), 400, "expected a shape"),
        (shaped(json!([-2])), 400, "expected a shape"),
        (shaped(json!([2.0])), 400, "expected a shape"),
        (shaped(json!(["2"])), 400, "expected a shape"),
        (shaped(json!([3])), 400, "inputs: expected one number of rows in all shapes"),
        (
            with(json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "data": [1]})),
            400,
            "input trip_distance: expected as many values as its shape says, 2",
        ),
        (
            with(json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "data": [1, 2, 3]})),
            400,
            "input trip_distance: expected as many values as its shape says, 2",
        ),
        (shaped(json!([1001])), 413, "expected at most 1000 rides"),
        (shaped(json!([4_294_967_295_u32])), 413, "expected at most 1000 rides"),
        (shaped(json!([18_446_744_073_709_551_615_u64])), 400, "expected a shape"),
        (
            with(json!({"name": "trip_distance", "shape": [2], "datatype": "FP64"})),
            400,
            "expected either data or parameters.binary_data_size",
        ),
        (
            with(json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "data": 1})),
            400,
            "data: expected a list",
        ),
        (
            with(json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "data": [[[1]], [[2]]]})),
            400,
            "expected a value of its datatype",
        ),
        (outputs(json!({})), 400, "outputs: expected a list"),
        (outputs(json!([{}])), 400, "outputs: expected each of duration"),
        (outputs(json!([{"name": "price"}])), 400, "found price"),
        (outputs(json!([{"name": "duration"}, {"name": "duration"}])), 400, "found duration"),
        (parameters(json!(1)), 400, "parameters: expected an object"),
        (parameters(json!({"binary_data": "yes"})), 400, "binary_data to be true or false"),
        (parameters(json!({"classification": 1})), 400, "neither classification nor shared_memory_region"),
        (parameters(json!({"shared_memory_region": "a"})), 400, "neither classification nor shared_memory_region"),
    ];
    let mut wrong = Vec::new();
    for (body, status, words) in rows {
        let (reply, told) = infer(&body);
        if reply.status != status || !told["error"].as_str().unwrap_or_default().contains(words) {
            wrong.push(format!("{body}: expected {status} {words}, found {} {told}", reply.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bytes_that_are_not_those_of_the_tensors_are_refused() {
    let body = json!({"inputs": zones()}).to_string();
    for length in
        ["", "-1", "+5", "0x5", "5.0", "1e3", "1, 1", " 1", "0", "1", "99999", "4294967297", "18446744073709551617"]
    {
        let reply = Ask { inference_header_length: Some(length), ..Ask::post(INFER, body.as_bytes()) }.of(&estimator());
        assert_eq!(reply.status, 400, "{length:?}");
    }
    let [pu, to] = zones();
    let mut wrong = Vec::new();
    let sized = |size: Value| json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "parameters": {"binary_data_size": size}});
    for (size, bytes) in [
        (json!(15), 15),
        (json!(17), 17),
        (json!(16), 15),
        (json!(16), 17),
        (json!(-1), 16),
        (json!(16.0), 16),
        (json!("16"), 16),
        (json!(4_294_967_312_u64), 16),
        (json!(0), 0),
    ] {
        let reply = infer_bytes(&json!({"inputs": [pu, to, sized(size.clone())]}), &vec![0; bytes]);
        if reply.status != 400 {
            wrong.push(format!("{size} of {bytes}: {reply:?}"));
        }
    }
    let texts = |bytes: Vec<u8>| {
        let (head, bytes) = binary("pickup_datetime", "BYTES", 2, &bytes);
        infer_bytes(&json!({"inputs": [pu, to, head]}), &bytes).status
    };
    let time = "2021-02-03T08:30";
    assert_eq!(texts(strings(&[time, time])), 200);
    for bytes in [
        strings(&[time]),
        strings(&[time, time, time]),
        [strings(&[time]), vec![255; 4]].concat(),
        [strings(&[time]), vec![1, 0, 0, 0, 0xff]].concat(),
        vec![0; 7],
    ] {
        if texts(bytes.clone()) != 400 {
            wrong.push(format!("{bytes:?}"));
        }
    }
    // Both ways at once.
    let both = json!({"name": "trip_distance", "shape": [2], "datatype": "FP64", "data": [1, 2], "parameters": {"binary_data_size": 16}});
    if infer_bytes(&json!({"inputs": [pu, to, both]}), &[0; 16]).status != 400 {
        wrong.push("data and bytes".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
