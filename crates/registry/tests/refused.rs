//! What a registry does wrong, and what is said of it. No real server is needed: the answers are canned.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; a client works over a network, in time"
)]

#[allow(dead_code, reason = "shared with the tests on real servers, which use the rest")]
mod faulty;

use std::time::{Duration, Instant};

use curbside_registry::tracking::{Begin, TrackedRun};
use curbside_registry::{Client, RegistryError, Settings};
use faulty::{Fate, Faulty};

const SECRET: &str = "hunter2-and-more";

/// A client that loses no time, with a name and a password.
fn client(address: &str) -> Client {
    let mut settings = Settings::new(&address.replacen("http://", &format!("http://someone:{SECRET}@"), 1)).unwrap();
    settings.first_pause = Duration::from_millis(5);
    settings.retries = 3;
    settings.timeout = Duration::from_millis(400);
    Client::new(settings).unwrap()
}

fn begun(address: &str) -> RegistryError {
    let begin = Begin { experiment: "x", run_name: None, parent_run: None, tags: Vec::new() };
    TrackedRun::begin(client(address), &begin).unwrap_err()
}

#[test]
fn every_wrong_answer_is_told_by_its_code_and_without_secrets() {
    const JSON: &str = "content-type: application/json\r\n";
    const HTML: &str = "content-type: text/html\r\n";
    let rows: [(u16, &str, &str, &str, &str, usize); 9] = [
        (200, HTML, "<!doctype html><title>Welcome</title>", "REGISTRY_ANSWER", "a page of HTML", 1),
        (200, JSON, "", "REGISTRY_ANSWER", "found nothing", 1),
        (200, JSON, "{\"experiment\": {\"exper", "REGISTRY_ANSWER", "expected MLflow's JSON", 1),
        (200, JSON, "{\"unexpected\": 1}", "REGISTRY_ANSWER", "missing field `experiment`", 1),
        (302, "location: http://elsewhere/login\r\n", "", "REGISTRY_ANSWER", "a redirect to http://elsewhere/login", 1),
        (401, HTML, "you are not someone:hunter2-and-more", "REGISTRY_DENIED", "someone:***", 1),
        (403, HTML, "Invalid Host header", "REGISTRY_DENIED", "--allowed-hosts", 1),
        (503, HTML, "<html>the proxy is sorry", "REGISTRY_FAILED", "found 503: a page of HTML", 4),
        (400, JSON, "{\"error_code\": \"BAD_REQUEST\", \"message\": \"no\"}", "REGISTRY_REFUSED", "BAD_REQUEST: no", 1),
    ];
    for (status, headers, body, code, expected, tries) in rows {
        let server = Faulty::new(None, move |_| Fate::Answered(status, headers, body));
        let error = begun(&server.address());
        let text = format!("{error} {error:?}");
        assert_eq!(error.code(), code, "{status} {body}: {text}");
        assert!(text.contains(expected), "{status} {body}: {text}");
        assert!(text.contains("GET http://127.0.0.1:"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        assert_eq!(server.count("GET"), tries, "{status} {body}");
    }
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_is_told_in_time_and_the_remedy_names_the_variable() {
    // Nobody listens where somebody has just stopped to.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let began = Instant::now();
    let error = begun(&format!("http://{closed}"));
    assert_eq!(error.code(), "REGISTRY_UNREACHABLE");
    let text = error.to_string();
    assert!(text.contains("no connection") && text.contains("unset MLFLOW_TRACKING_URI"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let silent = Faulty::new(None, |_| Fate::Silent(Duration::from_secs(2)));
    let began = Instant::now();
    let error = begun(&silent.address());
    assert_eq!(error.code(), "REGISTRY_UNREACHABLE");
    assert!(error.to_string().contains("none within 400ms"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(silent.count("GET"), 4);
}

#[test]
fn whoever_asks_for_patience_gets_it_within_bounds() {
    let found = r#"{"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}}"#;
    let patient = Faulty::new(None, move |request| {
        if request.before == 0 { Fate::Answered(429, "retry-after: 1\r\n", "") } else { Fate::Answered(200, "", found) }
    });
    let began = Instant::now();
    assert_eq!(client(&patient.address()).experiment("x").unwrap(), "7");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    // An hour is more than anybody waits for.
    let endless = Faulty::new(None, |_| Fate::Answered(429, "retry-after: 3600\r\n", ""));
    let began = Instant::now();
    assert_eq!(client(&endless.address()).experiment("x").unwrap_err().code(), "REGISTRY_FAILED");
    assert!(began.elapsed() < Duration::from_secs(2) && endless.count("GET") == 1);
}

#[test]
fn an_answer_is_read_as_far_as_is_allowed() {
    let large = Faulty::new(None, |_| Fate::Answered(200, "", "0123456789"));
    let client = client(&large.address());
    let folder = client.artifacts("mlflow-artifacts:/1/x").unwrap();
    assert_eq!(folder.get("model.curb", 10).unwrap(), b"0123456789");
    let error = folder.get("model.curb", 9).unwrap_err();
    assert_eq!(error.code(), "REGISTRY_TOO_LARGE");
    assert!(error.to_string().contains("at most 9 bytes, found 10"), "{error}");
}

#[test]
fn credentials_go_to_the_server_and_nowhere_else() {
    let named = Faulty::new(None, |request| {
        let fits = request.authorization.as_deref() == Some("Basic c29tZW9uZTpodW50ZXIyLWFuZC1tb3Jl");
        if fits {
            Fate::Answered(200, "", r#"{"experiment": {"experiment_id": "7"}}"#)
        } else {
            Fate::Answered(401, "", "")
        }
    });
    assert_eq!(client(&named.address()).experiment("x").unwrap(), "7");
    // An artifact's place on another host is not asked with them; and one outside of HTTP is refused in words.
    let elsewhere = client(&named.address());
    for uri in
        ["http://127.0.0.1:9/api/2.0/mlflow-artifacts/artifacts/1", "file:///mlruns/1", "/mlruns/1", "hdfs://a/b"]
    {
        let error = elsewhere.artifacts(uri).unwrap_err();
        assert_eq!(error.code(), "REGISTRY_ARTIFACT", "{uri}");
    }
}
