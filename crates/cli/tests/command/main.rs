//! The real binary, started as a person starts it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; the command works on files"
)]

#[path = "../../../../tests/native/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the scoring core, which use more of it")]
mod support;

mod at_once;
mod bundles;
mod documents;
mod pack;
mod predict;
mod publish;
mod pull;
mod recalibrate;
mod register;
mod rollback;
mod simulate;
#[cfg(feature = "train")]
mod train;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// What the command left behind.
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    /// The answer as JSON, which is all that stdout holds; stderr holds nothing then.
    fn json(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""));
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", self.stdout))
    }

    /// The failure as JSON, which is all that stderr holds; stdout holds nothing then.
    fn error(&self) -> Value {
        assert_eq!(self.stdout, "", "{}", self.stderr);
        let body: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|fault| panic!("{fault}: {}", self.stderr));
        assert!(body["error"]["message"].is_string(), "{body}");
        body["error"].clone()
    }
}

/// A folder of its own, with a bundle in it, from which the command is run.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.write("good.curb", &curbside_publish::pack(&bundle_bytes()));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_curbside"));
        command.current_dir(self.folder.path()).env_remove("CURBSIDE_MODEL").args(arguments);
        // Whoever runs the tests may have a registry and a store of their own.
        for name in
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "R2_ACCOUNT_ID", "R2_ENDPOINT_URL", "R2_ACCESS_KEY_ID"]
        {
            command.env_remove(name);
        }
        command.env_remove("MLFLOW_TRACKING_URI").env_remove("MLFLOW_EXPERIMENT_NAME");
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(&mut self.command(arguments))
    }
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The test bundle, bare.
fn bundle_bytes() -> Vec<u8> {
    support::bundle(support::ensemble()).to_bytes().unwrap()
}

#[test]
fn help_is_an_answer_and_a_wrong_word_is_a_refusal() {
    let desk = Desk::new();
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, 0);
    for verb in [
        "predict",
        "inspect",
        "verify",
        "simulate",
        "train",
        "pack",
        "recalibrate",
        "register",
        "keys",
        "publish",
        "status",
        "rollback",
    ] {
        assert!(help.stdout.contains(&format!("\n  {verb} ")), "{verb}: {}", help.stdout);
    }
    for arguments in [&["fly"][..], &[], &["predict"], &["predict", "--pu", "1"], &["verify"], &["keys"]] {
        let refused = desk.run(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{arguments:?}");
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let refused = desk.run(&arguments);
        assert_eq!((refused.code, &refused.error()["code"]), (2, &Value::from("USAGE")), "{arguments:?}");
    }
}

#[cfg(not(feature = "train"))]
#[test]
fn a_build_without_training_says_which_has_it() {
    let desk = Desk::new();
    let told = desk.run(&["train", "--from", "a.parquet", "--out", "b.curb"]);
    assert_eq!(told.code, 1);
    assert!(told.stderr.contains("run `cargo curbside train --from a.parquet --out b.curb`"), "{}", told.stderr);
    assert_eq!(desk.run(&["train", "--json"]).error()["code"], "TRAIN_NOT_BUILT");
}
