//! `curbside promote`, and rolling back, between a real MLflow and a real S3: both aliases, each half of the act, and following.
//!
//! The command is the one that `CURBSIDE_TEST_CLI` names; `cargo xtask test registry` builds it and starts the servers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; a command, files and a clock are what it works with"
)]

mod gate;
#[allow(dead_code, reason = "shared with pulling.rs, which runs Python")]
mod python;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use curbside::{Bundle, Limits};
use curbside_publish::{BundleFile, pack};
use curbside_registry::{Client, Settings};
use gate::{Gate, Mood};
use python::server;
use serde_json::Value;

/// A folder with a key and two bundles, a registered model with a version of each, and a place in S3.
struct Stage {
    folder: tempfile::TempDir,
    command: PathBuf,
    registry: String,
    /// Of the registered model, and of the place.
    name: String,
    public: String,
}

/// What the command left behind.
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", self.stdout))
    }

    fn error(&self) -> Value {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{}", self.stderr);
        serde_json::from_str::<Value>(&self.stderr).unwrap()["error"].clone()
    }
}

impl Stage {
    /// `None`, loudly, without servers.
    fn set(name: &str) -> Option<Stage> {
        let (registry, command) = (server("CURBSIDE_TEST_MLFLOW")?, server("CURBSIDE_TEST_CLI")?);
        server("CURBSIDE_TEST_S3_ENDPOINT")?;
        let name = format!("{name}-{}", std::process::id());
        let (folder, public) = (tempfile::tempdir().unwrap(), String::new());
        let mut stage = Stage { folder, command: command.into(), registry, name, public };
        let key = stage.run(&["keys", "new", "--out", "key.json"]).json();
        key["public"].as_str().unwrap().clone_into(&mut stage.public);
        for version in ["one", "two"] {
            std::fs::write(stage.folder.path().join(format!("{version}.curb")), bundle(version)).unwrap();
            stage.run(&["register", &format!("{version}.curb"), "--name", &stage.name]).json();
        }
        Some(stage)
    }

    fn store(&self) -> String {
        format!("s3://{}/{}", std::env::var("CURBSIDE_TEST_S3_BUCKET").unwrap(), self.name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.command);
        command.current_dir(self.folder.path()).env("MLFLOW_TRACKING_URI", &self.registry);
        command.env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1").args(arguments).arg("--json").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(&mut self.command(arguments))
    }

    /// The arguments that promote what the registered model's `which` is.
    fn promoting(&self, which: &str) -> Vec<String> {
        let (uri, store) = (format!("models:/{}{which}", self.name), self.store());
        ["promote", &uri, "--to", &store, "--key", "key.json"].map(str::to_owned).to_vec()
    }

    fn promote(&self, which: &str) -> Outcome {
        self.run(&self.promoting(which).iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn client(&self) -> Client {
        Client::new(Settings::new(&self.registry).unwrap()).unwrap()
    }

    /// The version of MLflow's champion.
    fn champion(&self) -> Option<String> {
        self.client().aliased_version(&self.name, "champion").ok().map(|found| found.version)
    }

    /// What storage's champion stands on: version and sequence.
    fn stored(&self) -> (String, u64) {
        let found = self.run(&["status", &self.store(), "--trust", &self.public]).json();
        let manifest = &found["aliases"][0]["manifest"];
        (manifest["version"].as_str().unwrap().to_owned(), manifest["sequence"].as_u64().unwrap())
    }
}

/// The shipped bundle under another version.
fn bundle(version: &str) -> Vec<u8> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/green-tripdata-duration.curb");
    let file = BundleFile::open(&shipped).unwrap();
    let mut bundle = Bundle::from_bytes(file.bytes(), &Limits::default()).unwrap();
    version.clone_into(&mut bundle.card.version);
    pack(&bundle.to_bytes().unwrap())
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn both_aliases_move_and_go_back_together() {
    let Some(stage) = Stage::set("both") else { return };
    let first = stage.promote("/1").json();
    assert_eq!((&first["storage"]["unchanged"], &first["storage"]["before"]), (&false.into(), &Value::Null));
    let manifest = &first["storage"]["after"];
    assert_eq!((&manifest["version"], &manifest["sequence"]), (&"one".into(), &1.into()));
    assert_eq!(
        (&manifest["mlflow_model"], &manifest["mlflow_model_version"]),
        (&stage.name.as_str().into(), &"1".into())
    );
    assert_eq!(manifest["mlflow_run"], first["origin"]["run_id"]);
    assert!(manifest["mlflow_run"].is_string(), "{first}");
    assert_eq!((&first["mlflow"]["before"], &first["mlflow"]["after"]), (&Value::Null, &"1".into()));
    assert_eq!(stage.champion().as_deref(), Some("1"));

    let second = stage.promote("/latest").json();
    assert_eq!(second["storage"]["before"], *manifest);
    assert_eq!((&second["mlflow"]["before"], &second["mlflow"]["after"]), (&"1".into(), &"2".into()));
    assert_eq!((stage.champion().as_deref(), stage.stored()), (Some("2"), ("two".to_owned(), 2)));
    // Once more changes nothing.
    let again = stage.promote("@champion").json();
    assert_eq!(
        (&again["storage"]["unchanged"], &again["storage"]["after"]),
        (&true.into(), &second["storage"]["after"])
    );
    assert_eq!((&again["mlflow"]["before"], &again["mlflow"]["after"]), (&"2".into(), &"2".into()));

    let back = stage.run(&["rollback", &stage.store(), "--key", "key.json"]).json();
    assert_eq!((&back["manifest"]["version"], &back["manifest"]["sequence"]), (&"one".into(), &3.into()));
    assert_eq!((&back["mlflow"]["before"], &back["mlflow"]["after"]), (&"2".into(), &"1".into()));
    assert_eq!((stage.champion().as_deref(), stage.stored()), (Some("1"), ("one".to_owned(), 3)));
}

#[test]
fn half_an_act_is_told_as_half_and_finished_by_doing_it_again() {
    let Some(mut stage) = Stage::set("half") else { return };
    stage.promote("/1").json();
    let gate = Gate::before(&stage.registry);
    let registry = std::mem::replace(&mut stage.registry, gate.address.clone());
    gate.set(Mood::Refuses("POST /api/2.0/mlflow/registered-models/alias"));
    let failed = stage.promote("/2").error();
    assert_eq!(failed["code"], "PROMOTE_ALIAS", "{failed}");
    let words = failed["message"].as_str().unwrap();
    let name = &stage.name;
    for part in [
        format!("stands on version 2 of {name} as of sequence 2, and riders get it"),
        format!("models:/{name}@champion was not moved"),
        "503".to_owned(),
        "which finishes it".to_owned(),
    ] {
        assert!(words.contains(&part), "{part}: {words}");
    }
    stage.registry = registry;
    assert_eq!((stage.champion().as_deref(), stage.stored()), (Some("1"), ("two".to_owned(), 2)));
    let finished = stage.promote("/2").json();
    assert_eq!((&finished["storage"]["unchanged"], &finished["mlflow"]["before"]), (&true.into(), &"1".into()));
    assert_eq!((stage.champion().as_deref(), stage.stored()), (Some("2"), ("two".to_owned(), 2)));
    // What cannot be fetched leaves both as they are.
    let missing = stage.promote("/9").error();
    assert_eq!(missing["code"], "REGISTRY_NOT_FOUND");
    assert!(missing["message"].as_str().unwrap().contains("versions up to 2"), "{missing}");
    assert_eq!((stage.champion().as_deref(), stage.stored()), (Some("2"), ("two".to_owned(), 2)));
}

/// A command that follows, and its lines.
struct Follower {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Follower {
    fn start(stage: &Stage, registry: &str, store: &str) -> Follower {
        let mut arguments = stage.promoting("@champion");
        arguments.extend(["--follow".to_owned(), "0.5".to_owned()]);
        let mut command = stage.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let mut child = command
            .env("MLFLOW_TRACKING_URI", registry)
            .env("AWS_ENDPOINT_URL_S3", store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Follower { child, lines }
    }

    /// The next event, which must be of this kind.
    fn next(&mut self, kind: &str) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|fault| panic!("{kind}: {fault}: {line:?}"));
        assert_eq!(event["event"], kind, "{event}");
        event
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Of a test that failed half way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_follower_publishes_whatever_the_alias_is_moved_to() {
    let Some(stage) = Stage::set("follow") else { return };
    let gate = Gate::before(&stage.registry);
    let client = stage.client();
    let store = Gate::before(&std::env::var("CURBSIDE_TEST_S3_ENDPOINT").unwrap());
    let mut follower = Follower::start(&stage, &gate.address, &store.address);
    follower.next("following");
    // No alias yet: told once, however often it is looked for.
    assert_eq!(follower.next("trouble")["error"]["code"], "REGISTRY_NOT_FOUND");
    client.set_alias(&stage.name, "champion", "1").unwrap();
    follower.next("recovered");
    let first = follower.next("promoted");
    assert_eq!((&first["storage"]["after"]["version"], &first["mlflow"]["after"]), (&"one".into(), &"1".into()));
    let begun = Instant::now();
    client.set_alias(&stage.name, "champion", "2").unwrap();
    let second = follower.next("promoted");
    let taken = begun.elapsed();
    assert_eq!(
        (&second["storage"]["after"]["version"], &second["storage"]["after"]["sequence"]),
        (&"two".into(), &2.into())
    );
    println!("From the alias moved to the manifest written: {taken:.2?}, looking every 0.5 s");
    assert!(taken < Duration::from_secs(10), "{taken:?}");
    // The registry goes away and comes back; what it says then is done.
    gate.set(Mood::Shut);
    let trouble = follower.next("trouble");
    assert_eq!(trouble["error"]["code"], "REGISTRY_UNREACHABLE", "{trouble}");
    std::thread::sleep(Duration::from_secs(3));
    client.set_alias(&stage.name, "champion", "1").unwrap();
    gate.set(Mood::Open);
    follower.next("recovered");
    let third = follower.next("promoted");
    assert_eq!(
        (&third["storage"]["after"]["version"], &third["storage"]["after"]["sequence"]),
        (&"one".into(), &3.into())
    );
    // So does storage.
    store.set(Mood::Shut);
    client.set_alias(&stage.name, "champion", "2").unwrap();
    let trouble = follower.next("trouble");
    assert_eq!(trouble["error"]["code"], "STORE_UNREACHABLE", "{trouble}");
    store.set(Mood::Open);
    follower.next("recovered");
    // A rollback takes the alias along, and the follower finds that there is nothing to do.
    assert_eq!(follower.next("promoted")["storage"]["after"]["sequence"], 4);
    let back = stage.run(&["rollback", &stage.store(), "--key", "key.json"]).json();
    assert_eq!((&back["manifest"]["version"], &back["mlflow"]["after"]), (&"one".into(), &"1".into()));
    let found = follower.next("promoted");
    assert_eq!((&found["storage"]["unchanged"], &found["storage"]["after"]["sequence"]), (&true.into(), &5.into()));
    // A polite word ends it.
    let id = follower.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    follower.next("stopped");
    assert_eq!(follower.child.wait().unwrap().code(), Some(0));
    assert_eq!(stage.stored(), ("one".to_owned(), 5));
}
