//! `curbside register` and the options of `train` that want an `MLflow` server, without one.

use std::net::TcpListener;

use crate::{Desk, outcome};

#[test]
fn what_cannot_be_registered_is_refused_before_anything_is_sent() {
    let desk = Desk::new();
    let rows: [(&[&str], i32, &str); 7] = [
        (&["register", "good.curb", "--name", "green"], 2, "USAGE"),
        (&["register", "good.curb"], 2, "USAGE"),
        (&["register", "good.curb", "--name", "a/b"], 2, "USAGE"),
        (&["register", "good.curb", "--name", "green", "--alias", "v3"], 2, "USAGE"),
        (&["register", "good.curb", "--name", "green", "--alias", "two words"], 2, "USAGE"),
        (&["register", "absent.curb", "--name", "green"], 1, "FILE_READ"),
        (&["register", "good.curb", "--name", ""], 2, "USAGE"),
    ];
    for (arguments, exit, code) in rows {
        let found = desk.run(&[arguments, &["--json"]].concat());
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
    }
    let told = desk.run(&["register", "good.curb", "--name", "green"]);
    assert!(told.stderr.contains("MLFLOW_TRACKING_URI, found none; set it"), "{}", told.stderr);
}

#[test]
fn a_server_that_cannot_be_had_is_told_in_words() {
    let desk = Desk::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://someone:not-to-be-seen@{closed}");
    for (address, code, word) in [
        (closed.as_str(), "REGISTRY_UNREACHABLE", "no connection"),
        ("sqlite:///mlflow.db", "REGISTRY_SETTINGS", "only Python's client follows"),
        ("databricks", "REGISTRY_SETTINGS", "text that is no address"),
    ] {
        let mut command = desk.command(&["register", "good.curb", "--name", "green", "--json"]);
        command.env("MLFLOW_TRACKING_URI", address).env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0");
        let found = outcome(&mut command);
        assert_eq!((found.code, &found.error()["code"]), (1, &code.into()), "{address}");
        let text = &found.stderr;
        assert!(text.contains(word) && text.contains("unset MLFLOW_TRACKING_URI"), "{text}");
        assert!(!text.contains("not-to-be-seen"), "{text}");
    }
}

#[cfg(feature = "train")]
#[test]
fn a_training_that_cannot_be_recorded_does_not_begin() {
    let desk = Desk::new();
    let train = ["train", "--zones", "grid", "--from", "absent.parquet", "--out", "a.curb", "--json"];
    // Without a server its options are refused; with one that is not there, the files are not even looked for.
    for options in [&["--register", "a"][..], &["--experiment", "a"], &["--run-name", "a"], &["--parent-run", "a"]] {
        let found = desk.run(&[&train[..], options].concat());
        assert_eq!((found.code, &found.error()["field"]), (2, &options[0].into()), "{options:?}");
    }
    assert_eq!(desk.run(&[&train[..], &["--alias", "a"]].concat()).error()["code"], "USAGE");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = desk.command(&train);
    command.env("MLFLOW_TRACKING_URI", format!("http://{closed}")).env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1");
    assert_eq!(outcome(&mut command).error()["code"], "REGISTRY_UNREACHABLE");
    assert!(!desk.path("a.curb").exists());
}
