//! MLflow's tracking server with `SQLite` behind it and its artifacts on S3, in an environment of its own.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::garage::{MLFLOW_BUCKET, REGION};
use super::home::Home;
use crate::project::Project;
use crate::python;
use crate::server::{Server, Stop};

/// What is installed, in exact versions: the server,
const REQUIREMENTS: &str = "crates/xtask/registry/server.txt";
/// the libraries whose models the tests of pulling log,
const TRAINERS: &str = "crates/registry/tests/requirements.txt";
/// and the series before.
const REQUIREMENTS_2: &str = "crates/xtask/registry/mlflow-2.txt";
/// How long it may take to answer for the first time: it makes its tables then.
const PATIENCE: Duration = Duration::from_mins(2);

/// Who moves artifacts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Artifacts {
    /// The tracking server, for clients that know no S3.
    Proxied,
    /// Each client by itself, with S3 keys of its own: the reference's form.
    Direct,
}

/// Installs MLflow into the build directory unless it is there.
///
/// # Errors
/// When Python is missing or too old, or pip fails.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    python::ensure(project, &folder(project), &project.path(REQUIREMENTS), "MLflow")
}

/// Installs what tests log models with, beside MLflow, and an MLflow of the series before, in an environment of its own.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_clients(project: &Project) -> Result<()> {
    python::ensure(project, &folder(project), &project.path(TRAINERS), "the libraries of the tests' models")?;
    python::ensure(project, &folder_2(project), &project.path(REQUIREMENTS_2), "MLflow 2")
}

/// Python with MLflow, and one with MLflow 2.
pub(crate) fn interpreters(project: &Project) -> [PathBuf; 2] {
    [folder(project), folder_2(project)].map(|folder| python::program(&folder, "python"))
}

fn folder(project: &Project) -> PathBuf {
    project.tools().join("mlflow")
}

fn folder_2(project: &Project) -> PathBuf {
    project.tools().join("mlflow-2")
}

/// Starts it without waiting for its answer: it takes its time, and others can start meanwhile.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(project: &Project, home: &Home, port: u16, s3_port: u16, artifacts: Artifacts) -> Result<Server> {
    let bucket = format!("s3://{MLFLOW_BUCKET}");
    // An experiment keeps the form it was made with, so each form has its own.
    let (database, log, places) = match artifacts {
        Artifacts::Proxied => (
            "mlflow.db",
            "mlflow.log",
            vec!["--default-artifact-root", "mlflow-artifacts:/", "--artifacts-destination", &bucket],
        ),
        Artifacts::Direct => ("mlflow-direct.db", "mlflow-direct.log", vec!["--default-artifact-root", &bucket]),
    };
    let mut command = Command::new(python::program(&folder(project), "mlflow"));
    forget_settings(&mut command);
    command
        .args(["server", "--host", "127.0.0.1", "--port", &port.to_string(), "--workers", "1"])
        .arg("--backend-store-uri")
        .arg(format!("sqlite:///{}", home.path(database).display()))
        .args(places)
        .current_dir(home.path(""))
        .env("MLFLOW_S3_ENDPOINT_URL", format!("http://127.0.0.1:{s3_port}"))
        .env("AWS_ACCESS_KEY_ID", &home.keys.access)
        .env("AWS_SECRET_ACCESS_KEY", &home.keys.secret)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("DO_NOT_TRACK", "true")
        // A dozen processes for background jobs that nothing here asks for.
        .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false");
    Server::start("MLflow", &mut command, &home.path(log))
}

/// Waits until it answers; false when the user wished to stop meanwhile.
///
/// # Errors
/// When it ends, or does not answer in time.
pub(crate) fn wait(server: &mut Server, port: u16, stop: &Stop) -> Result<bool> {
    server.wait_for(port, "/health", 200, stop, PATIENCE)
}

/// Settings in the user's shell are for other servers than this one.
fn forget_settings(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("MLFLOW_") || (shown.starts_with("AWS_") && shown != "AWS_CA_BUNDLE") {
            command.env_remove(name);
        }
    }
}
