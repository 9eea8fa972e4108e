//! MLflow's tracking server with `SQLite` behind it and its artifacts on S3, in an environment of its own.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::garage::{MLFLOW_BUCKET, REGION};
use super::home::Home;
use crate::project::Project;
use crate::python::{self, Environment};
use crate::server::{Server, Stop};

/// What is installed, in exact versions.
const REQUIREMENTS: &str = "crates/xtask/registry/requirements.txt";
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
    let (folder, file) = (project.tools().join("mlflow"), project.path(REQUIREMENTS));
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if Environment::is_installed(&folder, &text) {
        return Ok(());
    }
    println!("Installing MLflow into {} ...", folder.display());
    let environment = Environment::make(project, &folder, "MLflow")?;
    environment.install(&["-r", &file.to_string_lossy()]).context("MLflow could not be installed")?;
    environment.remember(&text)
}

/// Starts it without waiting for its answer: it takes its time, and others can start meanwhile.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(project: &Project, home: &Home, port: u16, s3_port: u16, artifacts: Artifacts) -> Result<Server> {
    let folder = project.tools().join("mlflow");
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
    let mut command = Command::new(python::program(&folder, "mlflow"));
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
