//! Registries and stores that lie: nothing is read that was not asked for, nothing grows without bound, no credentials go elsewhere.
//!
//! The servers here are as bad as they can be, which no real one does on demand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics"
)]

#[allow(dead_code, reason = "shared with promoting.rs, which lets requests through")]
mod gate;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use curbside_registry::{ModelUri, Puller, RegistryError};
use serde_json::json;

/// The word that must not leave for anywhere but the server it is for.
const SECRET: &str = "hush-hush-secret";

/// A server that answers a path as told, and remembers what it was asked.
struct Liar {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What follows a request whose first line has this in it.
type Lines = Vec<(&'static str, Vec<u8>)>;

impl Liar {
    fn new(lines: Lines) -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heard);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Ok((request, _)) = gate::read_request(&mut stream) else { continue };
                shared.lock().unwrap().push(request.clone());
                let first = request.lines().next().unwrap_or_default().to_owned();
                let told = lines.iter().find(|(part, _)| first.contains(part)).map(|(_, answer)| answer.clone());
                let nothing = || answer("404 Not Found", "", b"{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\"}");
                match told.unwrap_or_else(nothing) {
                    without_end if without_end.is_empty() => endless(&mut stream),
                    // Whoever asked may have gone away.
                    answer => _ = stream.write_all(&answer),
                }
            }
        });
        Liar { address, heard }
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().join("\n")
    }
}

/// Bytes without end, as far as anybody listens.
fn endless(stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    while stream.write_all(format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16)).as_bytes()).is_ok() {}
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn ok(body: &serde_json::Value) -> Vec<u8> {
    answer("200 OK", "content-type: application/json\r\n", body.to_string().as_bytes())
}

fn version() -> (&'static str, Vec<u8>) {
    ("registered-models/alias", ok(&json!({"model_version": {"name": "m", "version": "1", "status": "READY"}})))
}

fn lies_at(uri: &str) -> (&'static str, Vec<u8>) {
    ("get-download-uri", ok(&json!({ "artifact_uri": uri })))
}

fn listed(names: &[&str]) -> (&'static str, Vec<u8>) {
    let files: Vec<_> = names.iter().map(|name| json!({"path": name, "is_dir": false, "file_size": 1})).collect();
    ("artifacts?path=", ok(&json!({ "files": files })))
}

fn puller(liar: &Liar) -> Puller {
    let variable = |name: &str| {
        let value = match name {
            "MLFLOW_TRACKING_URI" | "MLFLOW_S3_ENDPOINT_URL" => liar.address.clone(),
            "MLFLOW_TRACKING_TOKEN" | "AWS_SECRET_ACCESS_KEY" => SECRET.to_owned(),
            "AWS_ACCESS_KEY_ID" => "GKtest".to_owned(),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES" => "0".to_owned(),
            _ => return None,
        };
        Some(value)
    };
    Puller::from_env(&variable).unwrap()
}

/// Pulls from a liar; gives the fault, which holds no secret, and what else was asked.
fn fault(lines: Lines, uri: &str) -> (RegistryError, Liar) {
    let liar = Liar::new(lines);
    let fault = puller(&liar).pull(&ModelUri::parse(uri).unwrap()).unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains(SECRET), "{fault}");
    (fault, liar)
}

#[test]
fn a_server_that_names_places_elsewhere_is_not_followed() {
    let elsewhere = Liar::new(Vec::new());
    let rows = [
        ("/etc", "REGISTRY_ARTIFACT"),
        ("file:///etc", "REGISTRY_ARTIFACT"),
        (elsewhere.address.as_str(), "REGISTRY_ARTIFACT"),
        ("mlflow-artifacts://elsewhere.example/1", "REGISTRY_ARTIFACT"),
        ("dbfs:/1", "REGISTRY_ARTIFACT"),
        ("models:/other@champion", "REGISTRY_ANSWER"),
        ("runs:/1/../../x", "PULL_URI"),
    ];
    for (place, code) in rows {
        let (fault, liar) = fault(vec![version(), lies_at(place)], "models:/m@champion");
        assert_eq!(fault.code(), code, "{place}: {fault}");
        assert!(!liar.heard().contains("mlflow-artifacts/artifacts"), "{place}: {}", liar.heard());
    }
    assert_eq!(elsewhere.heard(), "");
}

#[test]
fn an_mlmodel_that_names_files_elsewhere_is_not_followed() {
    for name in ["../secret.curb", "/etc/passwd", "sub/model.curb", "..", "a\\b"] {
        let text = format!("flavors:\n  curbside:\n    data: {name}\n");
        let lines = vec![
            version(),
            lies_at("mlflow-artifacts:/1/m"),
            listed(&["MLmodel", name]),
            ("/MLmodel", answer("200 OK", "", text.as_bytes())),
        ];
        let (fault, liar) = fault(lines, "models:/m@champion");
        assert_eq!(fault.code(), "PULL_MODEL", "{name}: {fault}");
        assert_eq!(liar.heard().matches("GET ").count(), 4, "{}", liar.heard());
    }
}

#[test]
fn what_has_no_end_is_cut() {
    let model = "flavors:\n  curbside:\n    data: model.curb\n";
    let text = ("/MLmodel", answer("200 OK", "", model.as_bytes()));
    let rows: [(&str, Lines); 5] = [
        ("an alias", vec![("registered-models/alias", Vec::new())]),
        ("a listing", vec![version(), lies_at("mlflow-artifacts:/1/m"), ("artifacts?path=", Vec::new())]),
        (
            "an MLmodel",
            vec![version(), lies_at("mlflow-artifacts:/1/m"), listed(&["MLmodel"]), ("/MLmodel", Vec::new())],
        ),
        (
            "a bundle",
            vec![
                version(),
                lies_at("mlflow-artifacts:/1/m"),
                listed(&["MLmodel", "model.curb"]),
                text.clone(),
                ("/model.curb", Vec::new()),
            ],
        ),
        (
            "a bundle that says so",
            vec![
                version(),
                lies_at("mlflow-artifacts:/1/m"),
                listed(&["MLmodel", "model.curb"]),
                text,
                ("/model.curb", b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec()),
            ],
        ),
    ];
    for (what, lines) in rows {
        let begun = Instant::now();
        let (fault, _) = fault(lines, "models:/m@champion");
        assert_eq!(fault.code(), "REGISTRY_TOO_LARGE", "{what}: {fault}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
    }
}

#[test]
fn a_run_of_very_many_models_is_not_asked_for_each() {
    let outputs: Vec<_> = (0..5000).map(|n| json!({ "model_id": format!("m-{n}"), "step": 0 })).collect();
    let run =
        json!({"run": {"info": {"artifact_uri": "mlflow-artifacts:/1/r"}, "outputs": {"model_outputs": outputs}}});
    let info = json!({"model": {"info": {"model_id": "m-1", "artifact_uri": "x", "name": "other"}}});
    let lines = vec![("runs/get", ok(&run)), ("logged-models/", ok(&info)), listed(&["a"])];
    let (fault, liar) = fault(lines, "runs:/r/model");
    assert_eq!(fault.code(), "PULL_MISSING", "{fault}");
    assert!(fault.to_string().contains("found only a"), "{fault}");
    assert_eq!(liar.heard().matches("logged-models/").count(), 50);
}

#[test]
fn models_that_were_never_finished_are_refused() {
    let pending = json!({"model_version": {"name": "m", "version": "1", "status": "PENDING_REGISTRATION"}});
    let (pending, _) = fault(vec![("registered-models/alias", ok(&pending))], "models:/m@champion");
    assert_eq!(pending.code(), "PULL_NOT_READY");
    for status in ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_UPLOAD_FAILED", "\u{1b}[31m"] {
        let info = json!({"model": {"info": {"model_id": "m-1", "artifact_uri": "x", "status": status}}});
        let (fault, _) = fault(vec![("logged-models/", ok(&info))], "models:/m-1");
        assert_eq!(fault.code(), "PULL_NOT_READY");
        assert!(!fault.to_string().contains('\u{1b}'), "{fault:?}");
    }
}

#[test]
fn nobody_is_followed_elsewhere_with_credentials() {
    let elsewhere = Liar::new(Vec::new());
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let redirect = answer(status, &format!("location: {}/x\r\n", elsewhere.address), b"");
        let registry = fault(vec![("registered-models/alias", redirect.clone())], "models:/m@champion").0;
        assert_eq!(registry.code(), "REGISTRY_ANSWER", "{status}: {registry}");
        let file =
            vec![version(), lies_at("mlflow-artifacts:/1/m"), listed(&["MLmodel"]), ("/MLmodel", redirect.clone())];
        assert_eq!(fault(file, "models:/m@champion").0.code(), "REGISTRY_ANSWER", "{status}");
        // A store: whatever comes of it, the signature goes nowhere else.
        let (_, store) = fault(vec![("GET ", redirect)], "s3://bucket/models/m");
        assert!(store.heard().to_ascii_lowercase().contains("authorization: aws4-hmac-sha256"), "{}", store.heard());
    }
    let heard = elsewhere.heard().to_ascii_lowercase();
    assert!(!heard.contains("authorization") && !heard.contains(SECRET), "{heard}");
}

#[test]
fn a_bucket_that_never_stops_listing_is_left() {
    let page = "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>\
                <KeyCount>0</KeyCount></ListBucketResult>";
    let missing = answer("404 Not Found", "", b"<Error><Code>NoSuchKey</Code></Error>");
    let lines = vec![
        ("list-type=2", answer("200 OK", "content-type: application/xml\r\n", page.as_bytes())),
        ("GET ", missing),
    ];
    let begun = Instant::now();
    let (fault, _) = fault(lines, "s3://bucket/models/m");
    assert_eq!(fault.code(), "PULL_MISSING", "{fault}");
    assert!(fault.to_string().contains("found no end of it"), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(40));
}
