//! Runs on real MLflow servers: what a training leaves there, and what is left when things go wrong half way.
//!
//! `cargo xtask test registry` starts the servers and says where they are; without that these tests say what they skip.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; Python, servers and files are what it works with"
)]

#[allow(dead_code, reason = "shared with the tests of refusals, which use the rest")]
mod faulty;
#[allow(dead_code, reason = "shared with the tests of pulling, which use the rest")]
mod python;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use curbside_publish::BundleFile;
use curbside_registry::layout;
use curbside_registry::tracking::{Begin, Recorded, Registration, RunEnd, TrackedRun, Unrecorded};
use curbside_registry::{Client, Pair, RegistryErrorKind, Settings, process_environment};
use faulty::{Fate, Faulty};
use python::{Python, server};
use serde_json::{Value, json};

const PLOT: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// The shipped bundle.
fn shipped() -> BundleFile {
    BundleFile::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/green-tripdata-duration.curb")).unwrap()
}

/// A client that loses no time; keys to S3 as the environment has them.
fn client(address: &str) -> Client {
    let variable = |name: &str| {
        if name == "MLFLOW_TRACKING_URI" { Some(address.to_owned()) } else { process_environment(name) }
    };
    let mut settings = Settings::from_env(&variable).unwrap().unwrap();
    settings.first_pause = Duration::from_millis(20);
    settings.retries = 3;
    Client::new(settings).unwrap()
}

/// A name that no other test and no earlier run has.
fn unique(what: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("{what} {}", since.as_nanos())
}

fn begin(address: &str, experiment: &str) -> TrackedRun {
    let tags = vec![Pair::new("mlflow.source.git.commit", "0123456789012345678901234567890123456789")];
    let begin = Begin { experiment, run_name: Some("first"), parent_run: None, tags };
    TrackedRun::begin(client(address), &begin).unwrap()
}

/// A run from its beginning to its end.
fn tracked(address: &str, experiment: &str, name: &str) -> Result<Recorded, Box<Unrecorded>> {
    let mut run = begin(address, experiment);
    run.curve("candidate_1/fold_1_rmse", &[9.0, 8.0, f64::NAN, 6.5]);
    let registration = Registration::new(name, Some("challenger")).unwrap();
    run.finish(&shipped(), Some(PLOT), Some(&registration))
}

/// How many runs, logged models and versions there are.
fn counts(client: &Client, experiment: &str, name: &str) -> [usize; 3] {
    let id = client.experiment(experiment).unwrap();
    let post = |path: &str| -> Value {
        let body = json!({ "experiment_ids": [id], "max_results": 50 });
        client.post(path, &body, curbside_registry::Again::Harmless).unwrap()
    };
    let length = |value: &Value| value.as_array().map_or(0, Vec::len);
    let versions: Value =
        client.get("model-versions/search", &[("filter", &format!("name='{name}'")), ("max_results", "50")]).unwrap();
    [
        length(&post("runs/search")["runs"]),
        length(&post("logged-models/search")["models"]),
        length(&versions["model_versions"]),
    ]
}

/// Both kinds of servers: one that hands artifacts on, and one whose clients go to S3 themselves.
fn servers() -> Vec<String> {
    ["CURBSIDE_TEST_MLFLOW", "CURBSIDE_TEST_MLFLOW_DIRECT"].iter().filter_map(|name| server(name)).collect()
}

#[test]
fn a_run_holds_everything_and_its_bundle_is_a_version() {
    for address in servers() {
        let (experiment, name) = (unique("complete"), unique("ride duration"));
        let recorded = tracked(&address, &experiment, &name).unwrap();
        let client = client(&address);
        let version = client.aliased_version(&name, "challenger").unwrap();
        assert_eq!((version.version.as_str(), version.status.as_str()), ("1", "READY"));
        // The server says of a version's logged model in its source alone.
        let source = format!("models:/{}", recorded.model_id);
        assert_eq!((&version.source, &version.run_id), (&source, &recorded.run_id));
        let bundle = shipped();
        let sha256 = BundleFile::sha256(&bundle.stored());
        assert_eq!(Pair::find(&version.tags, "curbside.sha256"), Some(sha256.as_str()));
        let folder = client.download_uri(&name, "1").unwrap();
        let folder = client.artifacts(&folder).unwrap();
        let mut files: Vec<String> = folder.list("").unwrap().into_iter().map(|file| file.path).collect();
        files.sort();
        for expected in ["MLmodel", layout::BUNDLE_FILE, layout::CARD_FILE, layout::IMPORTANCE_FILE] {
            assert!(files.iter().any(|file| file == expected), "{expected} in {files:?}");
        }
        assert_eq!(folder.get(layout::BUNDLE_FILE, 1 << 20).unwrap(), *bundle.stored());
        assert_eq!(folder.get(layout::IMPORTANCE_FILE, 1 << 20).unwrap(), PLOT.as_bytes());
        // Another one gets the next number, and the alias moves.
        tracked(&address, &experiment, &name).unwrap();
        assert_eq!(client.aliased_version(&name, "challenger").unwrap().version, "2");
        assert_eq!(counts(&client, &experiment, &name), [2, 2, 2]);
    }
}

#[test]
fn python_sees_the_run_with_its_datasets_metrics_and_model() {
    let Some(python) = Python::find() else { return };
    for address in servers() {
        let (experiment, name) = (unique("python"), unique("python"));
        let Recorded { run_id, model_id, .. } = tracked(&address, &experiment, &name).unwrap();
        let said = python.run(&address, "read_run.py", &[&run_id, &experiment], None);
        let seen: Value = serde_json::from_str(&said).unwrap_or_else(|fault| panic!("{fault}: {said}"));
        let bundle = shipped();
        let estimator = bundle.estimator().unwrap();
        let card = estimator.card();
        assert_eq!((&seen["status"], &seen["ended"]), (&json!("FINISHED"), &json!(true)));
        assert_eq!(seen["found"], json!([run_id]));
        assert_eq!(seen["tags"]["mlflow.source.git.commit"], "0123456789012345678901234567890123456789");
        for (key, value) in &card.parameters {
            assert_eq!(seen["params"][key], json!(value), "{key}");
        }
        // What is not a number was left out, and the others kept their steps.
        assert_eq!(seen["history"], json!([[1, 9.0], [2, 8.0], [4, 6.5]]));
        let test = card.test.unwrap();
        assert_eq!(seen["metrics"]["test_rmse"], json!(test.rmse));
        assert!(seen["metrics"]["test_rmse_by_borough/Manhattan"].is_f64(), "{}", seen["metrics"]);
        // Every month with its account.
        let datasets = seen["datasets"].as_array().unwrap();
        assert_eq!(datasets.len(), card.trained_on.len() + card.measured_on.len());
        for (months, context) in [(&card.trained_on, "training"), (&card.measured_on, "validation")] {
            for month in months {
                let found = datasets.iter().find(|dataset| dataset["name"] == json!(month.file)).unwrap();
                assert_eq!((&found["context"], &found["digest"]), (&json!(context), &json!(month.sha256[..36])));
                assert_eq!(found["profile"]["used"], json!(month.used));
                assert_eq!(found["source"], json!({ "uri": month.file }));
                assert_eq!(found["columns"], 5);
            }
        }
        let model = &seen["model"];
        assert_eq!(
            (&model["id"], &model["name"], &model["status"]),
            (&json!(model_id), &json!("model"), &json!("READY"))
        );
        assert_eq!(model["searched"], json!([model_id]));
        // Measured on one month, which is linked.
        let month = &card.measured_on[0];
        assert_eq!(model["metrics"]["test_rmse"], json!([test.rmse, month.file, month.sha256[..36]]));
        assert_eq!(seen["flavors"], json!(["curbside", "python_function"]));
        assert!(seen["signature"].as_str().unwrap().contains("PULocationID"), "{seen}");
        assert_eq!(seen["has_example"], true);
    }
}

#[test]
fn failures_that_pass_leave_no_trace() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let (experiment, name) = (unique("passing"), unique("passing"));
    // Every request fails twice; of those that make something, the first is done all the same and its answer lost.
    let proxy = Faulty::new(Some(&address), |request| {
        let makes = ["runs/create", "logged-models", "model-versions/create", "runs/outputs"];
        match request.before {
            0 if makes.iter().any(|end| request.line == format!("POST /api/2.0/mlflow/{end}")) => Fate::AnswerLost,
            0 | 1 => Fate::Answered(500, "content-type: text/html\r\n", "<html>oops"),
            _ => Fate::Passes,
        }
    });
    let recorded = tracked(&proxy.address(), &experiment, &name).unwrap();
    let client = client(&address);
    assert_eq!(counts(&client, &experiment, &name), [1, 1, 1], "each was made once");
    let run = client.run(&recorded.run_id).unwrap();
    assert_eq!(run.info.status, "FINISHED");
    assert_eq!(run.outputs.model_outputs.len(), 1);
    assert_eq!(proxy.count("POST /api/2.0/mlflow/model-versions/create"), 1, "the first try had made it");
}

#[test]
fn numbers_that_could_not_be_told_when_they_came_are_told_at_the_end() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let experiment = unique("away");
    // Away for as long as all tries of one call take, and not asked again until the end.
    let proxy = Faulty::new(Some(&address), |request| {
        let is_away = request.line.ends_with("/runs/log-batch") && request.before < 4;
        if is_away { Fate::Answered(503, "", "") } else { Fate::Passes }
    });
    let mut run = begin(&proxy.address(), &experiment);
    for fold in 1..=3 {
        // More than the server takes at once.
        run.curve(&format!("candidate_1/fold_{fold}_rmse"), &(0..700).map(f64::from).collect::<Vec<f64>>());
    }
    assert_eq!(proxy.count("POST /api/2.0/mlflow/runs/log-batch"), 4, "one call with its tries, and then silence");
    let recorded = run.finish(&shipped(), None, None).unwrap();
    assert_eq!(recorded.version, None);
    let query =
        [("run_id", recorded.run_id.as_str()), ("metric_key", "candidate_1/fold_3_rmse"), ("max_results", "5000")];
    let history: Value = client(&address).get("metrics/get-history", &query).unwrap();
    let steps = history["metrics"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[699]["step"], &steps[699]["value"]), (700, &json!(700), &json!(699.0)));
}

/// What is left in the registry by a proxy with this rule; says the failure too.
fn left(address: &str, what: &str, rule: fn(&faulty::Request) -> Fate) -> (Unrecorded, Value) {
    let (experiment, name) = (unique(what), unique(what));
    let proxy = Faulty::new(Some(address), rule);
    let told = *tracked(&proxy.address(), &experiment, &name).unwrap_err();
    let client = client(address);
    assert_eq!(counts(&client, &experiment, &name)[2], 0, "no version");
    let missing = client.model_version(&name, "1").unwrap_err();
    assert_eq!(missing.kind(), RegistryErrorKind::NotFound);
    assert_eq!(client.run(&told.run_id).unwrap().info.status, "FAILED");
    let id = client.experiment(&experiment).unwrap();
    let body = json!({ "experiment_ids": [id] });
    let models: Value = client.post("logged-models/search", &body, curbside_registry::Again::Harmless).unwrap();
    (told, models["models"].clone())
}

#[test]
fn a_failed_upload_leaves_a_failed_run_and_never_half_a_version() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let (told, models) = left(&address, "refusing", |request| {
        if request.line.starts_with("PUT /api/2.0/mlflow-artifacts/") && request.line.ends_with("/card.json") {
            return Fate::Answered(500, "content-type: text/html\r\n", "<html>no space left");
        }
        Fate::Passes
    });
    assert_eq!(told.fault.code(), "REGISTRY_FAILED");
    let text = told.to_string();
    assert!(text.contains("card.json: expected success, found 500: a page of HTML"), "{text}");
    assert!(text.ends_with("is marked FAILED, and no model version was made"), "{text}");
    assert_eq!(models[0]["info"]["status"], "LOGGED_MODEL_UPLOAD_FAILED");

    // Files that come back with other bytes than were sent.
    let (told, models) = left(&address, "altering", |request| {
        if request.line.starts_with("GET /api/2.0/mlflow-artifacts/") && request.line.ends_with("/model.curb") {
            return Fate::Altered(|mut answer| {
                // In the midst of the file: an answer may end in what frames it.
                let middle = answer.len() / 2;
                if let Some(byte) = answer.get_mut(middle) {
                    *byte ^= 1;
                }
                answer
            });
        }
        Fate::Passes
    });
    assert_eq!(told.fault.code(), "REGISTRY_ARTIFACT");
    assert_eq!(models[0]["info"]["status"], "LOGGED_MODEL_UPLOAD_FAILED");
    assert!(told.to_string().contains("model.curb: expected the "), "{told}");
}

#[test]
fn a_store_beside_the_server_that_fails_leaves_a_failed_run_too() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW_DIRECT") else { return };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let secret = "0123456789abcdef-not-the-secret";
    let rows: [(&str, &[(&str, &str)]); 3] = [
        ("STORE_UNREACHABLE", &[("MLFLOW_S3_ENDPOINT_URL", &closed)]),
        ("STORE_DENIED", &[("AWS_SECRET_ACCESS_KEY", secret)]),
        ("STORE_CREDENTIALS", &[("AWS_SECRET_ACCESS_KEY", "")]),
    ];
    for (code, changed) in rows {
        let variable = |name: &str| {
            if name == "MLFLOW_TRACKING_URI" {
                return Some(address.clone());
            }
            let changed = changed.iter().find(|(changed, _)| *changed == name).map(|(_, value)| (*value).to_owned());
            changed.or_else(|| process_environment(name)).filter(|value| !value.is_empty())
        };
        let experiment = unique("store");
        let begin = Begin { experiment: &experiment, run_name: None, parent_run: None, tags: Vec::new() };
        let run = TrackedRun::begin(Client::from_env(&variable).unwrap().unwrap(), &begin).unwrap();
        let told = *run.finish(&shipped(), None, Some(&Registration::new(&experiment, None).unwrap())).unwrap_err();
        assert_eq!(told.fault.code(), code, "{told}");
        assert!(!format!("{told} {told:?}").contains(secret), "{told}");
        let client = client(&address);
        assert_eq!(client.run(&told.run_id).unwrap().info.status, "FAILED");
        assert_eq!(counts(&client, &experiment, &experiment), [1, 1, 0]);
    }
}

#[test]
fn a_server_that_goes_away_is_told_with_what_could_not_be_marked() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let (experiment, name) = (unique("leaving"), unique("leaving"));
    // From the logged model on nobody is there any more.
    let proxy = Faulty::new(Some(&address), |request| {
        let late = ["/logged-models", "/runs/update"].iter().any(|part| request.line.contains(part));
        if late { Fate::Silent(Duration::ZERO) } else { Fate::Passes }
    });
    let told = *tracked(&proxy.address(), &experiment, &name).unwrap_err();
    assert_eq!(told.fault.code(), "REGISTRY_UNREACHABLE");
    assert!(told.unmarked.is_some() && told.version.is_none(), "{told}");
    assert!(told.to_string().contains("could not be marked FAILED"), "{told}");
    let client = client(&address);
    assert_eq!(counts(&client, &experiment, &name), [1, 0, 0]);
    // Whoever knows the run can still end it.
    TrackedRun::kill(&client, &told.run_id).unwrap();
    assert_eq!(client.run(&told.run_id).unwrap().info.status, RunEnd::Killed.name());
}

#[test]
fn trainings_at_once_do_not_fail_each_other() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let (experiment, name) = (unique("at once"), unique("at once"));
    // The same months in the same new experiment under the same new name.
    let runs: Vec<_> = std::thread::scope(|scope| {
        let start = || tracked(&address, &experiment, &name);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for run in runs {
        run.unwrap_or_else(|told| panic!("{told}"));
    }
    assert_eq!(counts(&client(&address), &experiment, &name), [4, 4, 4]);
}

#[test]
fn an_experiment_that_two_make_at_once_is_one_and_a_missing_parent_is_told() {
    let Some(address) = server("CURBSIDE_TEST_MLFLOW") else { return };
    let experiment = unique("race");
    // Both find nothing, because the proxy says so; one of them is then told that it exists.
    let proxy = Faulty::new(Some(&address), |request| {
        const ABSENT: &str = r#"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}"#;
        if request.line.ends_with("/experiments/get-by-name") && request.before < 2 {
            return Fate::Answered(404, "content-type: application/json\r\n", ABSENT);
        }
        Fate::Passes
    });
    let ids = [0, 1].map(|_| client(&proxy.address()).experiment(&experiment).unwrap());
    assert_eq!(ids[0], ids[1]);
    let parent = begin(&address, &experiment);
    let begin = |parent_run| {
        TrackedRun::begin(
            client(&address),
            &Begin { experiment: &experiment, run_name: None, parent_run, tags: Vec::new() },
        )
    };
    let child = begin(Some(parent.run_id())).unwrap();
    let tags = client(&address).run(child.run_id()).unwrap().data.tags;
    assert_eq!(Pair::find(&tags, "mlflow.parentRunId"), Some(parent.run_id()));
    let absent = begin(Some("00000000000000000000000000000000")).unwrap_err();
    assert_eq!(absent.kind(), RegistryErrorKind::NotFound, "{absent}");
    for run in [parent, child] {
        run.end(RunEnd::Failed).unwrap();
    }
}
