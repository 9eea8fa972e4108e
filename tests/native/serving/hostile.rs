//! Any bytes, to any path, by any method: a reply with a documented status, whose body is what its type says. Never a panic.

use curbside::Estimator;
use curbside::serving::{BINARY, JSON, Reply};
use serde_json::Value;

use super::{Ask, estimator};

/// Every path that answers, and two that do not.
const PATHS: [&str; 13] = [
    "/predict",
    "/ping",
    "/version",
    "/invocations",
    "/2015-03-31/functions/function/invocations",
    "/v2",
    "/v2/health/ready",
    "/v2/models/test",
    "/v2/models/test/ready",
    "/v2/models/test/infer",
    "/v2/models/test/versions/1/infer",
    "/v2/models/test/config",
    "/nothing",
];

/// Bodies that are right, for damage to begin at.
const BODIES: [&str; 7] = [
    r#"{"PULocationID": 130, "DOLocationID": 132, "trip_distance": 3.66, "ride_id": "a\u0041\ud83d\ude95", "pickup_datetime": "2021-02-03T08:30:00-05:00"}"#,
    r#"[{"PULocationID": "130", "DOLocationID": 132, "trip_distance": null}, {"PULocationID": 130, "x": {"y": [1, [2]]}}, 7]"#,
    r#"{"dataframe_split": {"columns": ["PULocationID", "DOLocationID", "trip_distance"], "index": [0], "data": [[130, 132, NaN]]}}"#,
    r#"{"inputs": {"PULocationID": [130], "DOLocationID": [[132]], "trip_distance": [-Infinity]}}"#,
    r#"{"id": "1", "inputs": [{"name": "PULocationID", "shape": [1, 1], "datatype": "INT64", "data": [[130]]}, {"name": "DOLocationID", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 7}}], "outputs": [{"name": "duration", "parameters": {"binary_data": true}}]}"#,
    r#"{"Records": [{"kinesis": {"data": "eyJyaWRlIjogeyJQVUxvY2F0aW9uSUQiOiAxMzAsICJET0xvY2F0aW9uSUQiOiAxMzJ9LCAicmlkZV9pZCI6IDI1Nn0=", "sequenceNumber": "1"}}]}"#,
    "PULocationID,DOLocationID,trip_distance\n130,\"132\",3.66\n130,132,\n",
];

/// Numbers that repeat from run to run (Knuth's linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

fn fault(reply: &Reply) -> Option<String> {
    let statuses = [200, 400, 404, 405, 413, 415, 422];
    if !statuses.contains(&reply.status) {
        return Some(format!("status {}", reply.status));
    }
    if (reply.status == 200) != reply.code.is_none() {
        return Some(format!("status {} with code {:?}", reply.status, reply.code));
    }
    let json = match reply.content_type {
        JSON => reply.body.as_slice(),
        BINARY => {
            let length = reply.headers.iter().find(|(name, _)| *name == "inference-header-content-length");
            reply.body.get(..length?.1.parse().ok()?).unwrap_or_default()
        }
        _ => return (!matches!(reply.body.as_slice(), b"\n" | b"0.1.0")).then(|| "another word".to_owned()),
    };
    let value: Value = match serde_json::from_slice(json) {
        Ok(value) => value,
        Err(fault) => return Some(format!("{fault} in {}", String::from_utf8_lossy(json))),
    };
    let message = value["message"].as_str().or(value["error"].as_str()).or(value["error"]["message"].as_str());
    match message {
        None if reply.status != 200 => Some(format!("no message in {value}")),
        Some(message) if message.len() > 1000 => Some(format!("a message of {} bytes", message.len())),
        _ => None,
    }
}

fn try_all(estimator: &Estimator, body: &[u8], wrong: &mut Vec<String>) {
    let text = str::from_utf8(body).unwrap_or_default();
    let length = text.rfind('}').map(|at| (at + 1).to_string());
    for path in PATHS {
        for content_type in [None, Some("text/csv")] {
            for inference_header_length in [None, length.as_deref()] {
                if inference_header_length.is_some() && !path.ends_with("/infer")
                    || content_type.is_some() && path != "/invocations"
                {
                    continue;
                }
                let reply = Ask { content_type, inference_header_length, ..Ask::post(path, body) }.of(estimator);
                wrong.extend(fault(&reply).map(|fault| format!("{path} {body:?}: {fault}")));
            }
        }
    }
}

#[test]
fn damaged_bodies_get_a_reply_that_can_be_read() {
    let estimator = estimator();
    let mut random = Random(6);
    let mut wrong = Vec::new();
    let pieces: [&[u8]; 26] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"0",
        b"-",
        b"1e999",
        b"null",
        b"NaN",
        b"-Infinity",
        b"true",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\\u",
        b"\\ud83d",
        b"99999999999999999999",
        b"0.1",
        b" ",
        b"\xf0\x9f\x9a\x95",
    ];
    for round in 0..12_000 {
        let mut body = BODIES[round % BODIES.len()].as_bytes().to_vec();
        if round % BODIES.len() == 4 {
            body.extend(b"\x03\0\0\x00132");
        }
        for _ in 0..=random.below(3) {
            let at = random.below(body.len());
            let end = at + random.below(body.len() - at).min(12);
            match random.below(4) {
                0 => body.truncate(at),
                1 => drop(body.drain(at..end)),
                2 => drop(body.splice(at..end, pieces[random.below(pieces.len())].iter().copied())),
                _ => {
                    let copy = body[at..end].to_vec();
                    drop(body.splice(at..at, copy));
                }
            }
        }
        try_all(&estimator, &body, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(5)].join("\n"));
}

#[test]
fn bytes_of_no_kind_get_a_reply_too() {
    let estimator = estimator();
    let mut random = Random(7);
    let mut wrong = Vec::new();
    for _ in 0..2_000 {
        let body: Vec<u8> = (0..random.below(40)).map(|_| random.below(256).to_le_bytes()[0]).collect();
        try_all(&estimator, &body, &mut wrong);
    }
    let nests = [("[", "]"), ("{\"inputs\":", "}"), ("{\"Records\":[", "]}"), ("[{\"PULocationID\":", "}]")];
    for (open, close) in nests {
        for depth in [10, 63, 64, 65, 100_000] {
            try_all(&estimator, [open.repeat(depth), close.repeat(depth)].concat().as_bytes(), &mut wrong);
            try_all(&estimator, open.repeat(depth).as_bytes(), &mut wrong);
        }
    }
    for value in ["{}", "[]", "1", "\"\"", "null"] {
        let long = format!("{},{value}", vec![value; 100_000].join(","));
        for body in [
            format!("[{long}]"),
            format!("{{\"instances\":[{long}]}}"),
            format!("{{\"inputs\":[{long}]}}"),
            format!("{{\"inputs\":{{\"PULocationID\":[{long}],\"DOLocationID\":[{long}]}}}}"),
            format!("{{\"Records\":[{long}]}}"),
            format!("{{\"dataframe_split\":{{\"columns\":[{long}],\"data\":[[{long}]]}}}}"),
            format!(
                "{{\"inputs\":[{{\"name\":\"PULocationID\",\"datatype\":\"INT64\",\"shape\":[{long}],\"data\":[{long}]}}]}}"
            ),
        ] {
            try_all(&estimator, body.as_bytes(), &mut wrong);
        }
    }
    assert!(
        wrong.is_empty(),
        "{}",
        wrong[..wrong.len().min(5)].iter().map(|line| &line[..line.len().min(500)]).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn any_path_method_and_header_gets_a_reply() {
    let estimator = estimator();
    let long = "x".repeat(100_000);
    let odd = [
        "",
        "/",
        "POST",
        "%",
        "%%",
        "/%ff",
        "\u{1f695}",
        "\0",
        &long,
        "text/csv; charset=",
        ";;;",
        "application/",
        "+json",
        "application/+json",
    ];
    for text in odd {
        for ask in [
            Ask { method: text, ..Ask::post("/predict", b"{}") },
            Ask::post(text, b"{}"),
            Ask::post(&format!("/v2/models/{text}/infer"), b"{}"),
            Ask::post(&format!("/v2/models/test/versions/{text}"), b"{}"),
            Ask { content_type: Some(text), ..Ask::post("/predict", b"{}") },
            Ask { content_type: Some(text), ..Ask::post("/invocations", b"{}") },
            Ask { inference_header_length: Some(text), ..Ask::post("/v2/models/test/infer", b"{}") },
        ] {
            let reply = ask.of(&estimator);
            assert_eq!(fault(&reply), None, "{} {:.60}: {reply:?}", ask.method, ask.path);
        }
    }
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW"];
    for path in PATHS {
        for method in methods {
            let reply = Ask { method, ..Ask::post(path, b"{}") }.of(&estimator);
            assert_eq!(fault(&reply), None, "{method} {path}");
            let allow = reply.headers.iter().find(|(name, _)| *name == "allow");
            assert_eq!(allow.is_some(), reply.status == 405, "{method} {path}: {reply:?}");
        }
    }
}
