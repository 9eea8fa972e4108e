//! `curbside train` and `curbside register` against a real server, started as a person starts them.
//!
//! `cargo xtask test registry` builds the command with its trainer, starts the servers and says where they are; without
//! that these tests say what they skip.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; a command works on files and is started with an environment"
)]

#[allow(dead_code, reason = "shared with the tests of refusals, which use the rest")]
mod faulty;
#[allow(dead_code, reason = "shared with the tests of pulling, which use the rest")]
mod python;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use curbside_registry::{Client, Pair, RegistryErrorKind, process_environment};
use faulty::{Fate, Faulty};
use python::server;
use serde_json::Value;

/// A folder with two simulated months, and the command.
struct Desk {
    folder: tempfile::TempDir,
    command: String,
    server: String,
}

/// Looks like a password, and is one where a server asks for it.
const SECRET: &str = "not-to-be-seen-1";

impl Desk {
    /// Where there is a server and a command.
    fn new() -> Option<Desk> {
        let (server, command) = (server("CURBSIDE_TEST_MLFLOW")?, server("CURBSIDE_TEST_CLI")?);
        let desk = Desk { folder: tempfile::tempdir().unwrap(), command, server };
        for (month, seed) in [("2021-01", "1"), ("2021-02", "2")] {
            let file = format!("{month}.parquet");
            let simulated =
                desk.run(None, &["simulate", "--month", month, "--rides", "2500", "--seed", seed, "--out", &file]);
            assert!(simulated.status.success(), "{simulated:?}");
        }
        Some(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, tracking: Option<&str>, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.command);
        command.args(arguments).current_dir(self.folder.path()).env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1");
        command.env_remove("MLFLOW_TRACKING_URI").env_remove("MLFLOW_EXPERIMENT_NAME");
        if let Some(tracking) = tracking {
            let (scheme, rest) = tracking.split_once("://").unwrap();
            command.env("MLFLOW_TRACKING_URI", format!("{scheme}://someone:{SECRET}@{rest}"));
        }
        command
    }

    fn run(&self, tracking: Option<&str>, arguments: &[&str]) -> Output {
        self.command(tracking, arguments).output().unwrap()
    }

    /// Trains on the months, as quickly as that goes.
    fn train(&self, tracking: Option<&str>, arguments: &[&str]) -> Output {
        self.run(tracking, &[&TRAIN[..], &["--model", "linear", "--json"], arguments].concat())
    }

    fn client(&self) -> Client {
        let variable = |name: &str| {
            if name == "MLFLOW_TRACKING_URI" { Some(self.server.clone()) } else { process_environment(name) }
        };
        Client::from_env(&variable).unwrap().unwrap()
    }
}

const TRAIN: [&str; 7] = ["train", "--zones", "grid", "--from", "2021-01.parquet", "--validate", "2021-02.parquet"];

fn unique(what: &str) -> String {
    format!("{what}-{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos())
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(bytes)))
}

#[test]
fn a_training_becomes_a_version_and_without_a_server_the_bytes_are_those_of_before() {
    let Some(desk) = Desk::new() else { return };
    let name = unique("trained");
    let arguments = ["--out", "a.curb", "--name", "simulated", "--experiment", &name, "--run-name", "mine"];
    let tracked =
        desk.train(Some(&desk.server), &[&arguments[..], &["--register", &name, "--alias", "challenger"]].concat());
    assert!(tracked.status.success() && tracked.stderr.is_empty(), "{tracked:?}");
    let answer = json(&tracked.stdout);
    let run = answer["mlflow"]["run_id"].as_str().unwrap();
    assert_eq!(answer["card"]["mlflow_run"], run);
    assert_eq!(answer["mlflow"]["registered"]["version"], "1");
    let (client, version) = (desk.client(), desk.client().aliased_version(&name, "challenger").unwrap());
    assert_eq!(
        (version.run_id.as_str(), Pair::find(&version.tags, "curbside.sha256")),
        (run, answer["sha256"].as_str())
    );
    let found = client.run(run).unwrap();
    assert_eq!((found.info.status.as_str(), found.info.run_name.as_str()), ("FINISHED", "mine"));
    let tags = format!("{:?}", found.data);
    assert!(tags.contains("curbside train") && !tags.contains(SECRET), "{tags}");

    // The same without a server: no word of one, and but for the card's run the same bundle.
    let plain = desk.train(None, &["--out", "a.curb", "--name", "simulated"]);
    let (mut plain, mut tracked) = (json(&plain.stdout), answer);
    assert!(plain.get("mlflow").is_none() && plain["card"]["mlflow_run"].is_null(), "{plain}");
    for answer in [&mut plain, &mut tracked] {
        let answer = answer.as_object_mut().unwrap();
        for key in ["mlflow", "sha256", "stored_bytes", "bytes"] {
            answer.remove(key);
        }
        answer["card"]["mlflow_run"] = Value::Null;
    }
    assert_eq!(plain, tracked);
}

#[test]
fn a_failed_upload_is_told_and_register_sends_it_later() {
    let Some(desk) = Desk::new() else { return };
    let name = unique("later");
    let proxy = Faulty::new(Some(&desk.server), |request| {
        let is_upload = request.line.starts_with("PUT ");
        if is_upload { Fate::Answered(500, "content-type: text/html\r\n", "<html>full") } else { Fate::Passes }
    });
    let failed = desk.train(Some(&proxy.address()), &["--out", "b.curb", "--experiment", &name, "--register", &name]);
    assert_eq!((failed.status.code(), failed.stdout.as_slice()), (Some(1), &b""[..]));
    let error = &json(&failed.stderr)["error"];
    let text = error["message"].as_str().unwrap();
    assert_eq!(error["code"], "REGISTRY_FAILED");
    let later = format!("`curbside register b.curb --name {name}` sends it later");
    assert!(text.contains("is marked FAILED, and no model version was made") && text.contains(&later), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    let client = desk.client();
    assert_eq!(client.model_version(&name, "1").unwrap_err().kind(), RegistryErrorKind::NotFound);
    // What was trained is there, names the run that failed, and goes in by a run of its own below that one.
    let card = json(&fs::read(desk.path("b.card.json")).unwrap());
    let failed_run = card["mlflow_run"].as_str().unwrap();
    assert_eq!(client.run(failed_run).unwrap().info.status, "FAILED");
    let sent = desk.run(Some(&desk.server), &["register", "b.curb", "--name", &name, "--experiment", &name, "--json"]);
    assert!(sent.status.success(), "{sent:?}");
    let answer = json(&sent.stdout);
    assert_eq!(answer["registered"]["version"], "1");
    let tags = client.run(answer["run_id"].as_str().unwrap()).unwrap().data.tags;
    assert_eq!(Pair::find(&tags, "mlflow.parentRunId"), Some(failed_run));
    assert_eq!(Pair::find(&tags, "curbside.source.run"), Some(failed_run));
}

#[test]
fn what_fails_before_there_is_a_bundle_leaves_a_failed_run() {
    let Some(desk) = Desk::new() else { return };
    let experiment = unique("refused");
    let month = ["train", "--zones", "grid", "--from", "2021-01.parquet", "--validate", "2021-01.parquet"];
    let refused = desk
        .run(Some(&desk.server), &[&month[..], &["--out", "c.curb", "--experiment", &experiment, "--json"]].concat());
    let error = &json(&refused.stderr)["error"];
    assert_eq!((refused.status.code(), &error["code"]), (Some(1), &"EVALUATE_LEAKAGE".into()));
    let text = error["message"].as_str().unwrap();
    let run = text.split("Run ").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(desk.client().run(run).unwrap().info.status, "FAILED", "{text}");
    assert!(!desk.path("c.curb").exists());
}

#[test]
fn whoever_stops_a_training_leaves_a_killed_run() {
    let Some(desk) = Desk::new() else { return };
    let experiment = unique("stopped");
    let mut command =
        desk.command(Some(&desk.server), &[&TRAIN[..], &["--out", "d.curb", "--experiment", &experiment]].concat());
    let mut training = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(training.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    // It says its run before anything else; as soon as it grows trees it is asked to stop.
    for line in lines {
        if line.starts_with("fold ") && !said.iter().any(|line: &String| line.starts_with("fold ")) {
            let stopped = Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap();
            assert!(stopped.success());
        }
        said.push(line);
    }
    let status = training.wait().unwrap();
    let run = said.iter().find_map(|line| line.strip_prefix("run ")?.split(':').next()).unwrap().to_owned();
    assert_eq!(status.code(), Some(130), "{said:?}");
    assert!(said.iter().any(|line| line.ends_with("is marked KILLED")), "{said:?}");
    assert_eq!(desk.client().run(&run).unwrap().info.status, "KILLED");
    assert!(!desk.path("d.curb").exists());
}
