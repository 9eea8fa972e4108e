//! The step against real servers: MLflow in both its forms and an S3 server, started once on free ports, with nothing in them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, bail};

use super::counts;
use crate::project::Project;
use crate::registry::garage::{self, REGION, WEIGHTS_BUCKET};
use crate::registry::home::Home;
use crate::registry::mlflow::{self, Artifacts};
use crate::server::{self, PULSE, Server, Stop};
use crate::{command, registry};

/// In the build directory: what the servers store and log. Removed when all has passed, kept for reading otherwise.
const HOME: &str = "registry-test";
/// The command line, as cargo builds it with its trainer.
const COMMAND: &str = "debug/curbside";
/// What a shell ends with after Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Installs the servers, and the clients that tests compare ours with.
///
/// # Errors
/// When one cannot be.
pub(super) fn ensure(project: &Project) -> Result<()> {
    registry::ensure(project, true, true)?;
    mlflow::ensure_clients(project)
}

/// Runs the native tests that ask for servers, then those of the whole chain; `node_tests` runs the latter with an environment.
///
/// # Errors
/// When a server does not start, or a test fails.
pub(super) fn run(project: &Project, node_tests: impl FnOnce(&[(String, PathBuf)]) -> Result<()>) -> Result<()> {
    let folder = project.target(HOME);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let home = Home::open(folder.clone())?;
    // Compiled first: a server would only take the processor away.
    let mut cargo = command::cargo(project)?;
    command::run(cargo.args(["build", "--quiet", "--package=curbside-cli", "--features=train"]))?;
    // A copy, since tests of other packages build the command again, without its trainer.
    fs::copy(project.target(COMMAND), home.path("curbside")).context("the command line cannot be copied")?;
    let running = Running::start(project, &home)?;
    let environment = running.environment(project, &home)?;
    // One run tells everything: what fails in one does not stop the other.
    let (native, chain) = (native_tests(project, &environment), node_tests(&environment));
    running.stop();
    match native.and(chain) {
        Ok(()) => Ok(fs::remove_dir_all(folder)?),
        Err(error) => Err(error.context(format!("the servers' logs are in {}", folder.display()))),
    }
}

/// The servers, which a signal stops too.
struct Running {
    servers: Arc<Mutex<Vec<Server>>>,
    s3: u16,
    proxied: u16,
    direct: u16,
}

impl Running {
    fn start(project: &Project, home: &Home) -> Result<Self> {
        let [s3, proxied, direct] = [server::free_port()?, server::free_port()?, server::free_port()?];
        let stop = Stop::listen()?;
        println!("Starting MLflow twice, on {proxied} and {direct}, and Garage on {s3} ...");
        let mut tracking = vec![
            (mlflow::start(project, home, proxied, s3, Artifacts::Proxied)?, proxied),
            (mlflow::start(project, home, direct, s3, Artifacts::Direct)?, direct),
        ];
        let Some(storage) = garage::start(project, home, s3, &stop)? else { bail!("interrupted") };
        for (server, port) in &mut tracking {
            if !mlflow::wait(server, *port, &stop)? {
                bail!("interrupted");
            }
        }
        let servers: Vec<Server> = tracking.into_iter().map(|(server, _)| server).chain([storage]).collect();
        let servers = Arc::new(Mutex::new(servers));
        stop_when_wished(&servers, stop);
        Ok(Self { servers, s3, proxied, direct })
    }

    /// What tests find the servers by.
    fn environment(&self, project: &Project, home: &Home) -> Result<Vec<(String, PathBuf)>> {
        let endpoint = format!("http://127.0.0.1:{}", self.s3);
        let [python, python_2] = mlflow::interpreters(project);
        let mut all = vec![
            ("CURBSIDE_TEST_S3_ENDPOINT", endpoint.clone().into()),
            ("CURBSIDE_TEST_S3_BUCKET", WEIGHTS_BUCKET.into()),
            ("CURBSIDE_TEST_MLFLOW", format!("http://127.0.0.1:{}", self.proxied).into()),
            ("CURBSIDE_TEST_MLFLOW_DIRECT", format!("http://127.0.0.1:{}", self.direct).into()),
            ("CURBSIDE_TEST_MLFLOW_PYTHON", python),
            ("CURBSIDE_TEST_MLFLOW2_PYTHON", python_2),
            ("CURBSIDE_TEST_CLI", home.path("curbside")),
            ("CURBSIDE_TEST_XTASK", env::current_exe()?),
            ("AWS_ENDPOINT_URL_S3", endpoint.clone().into()),
            ("MLFLOW_S3_ENDPOINT_URL", endpoint.into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_DEFAULT_REGION", REGION.into()),
            ("AWS_ACCESS_KEY_ID", home.access_key().into()),
            ("AWS_SECRET_ACCESS_KEY", home.secret_key().into()),
            ("MLFLOW_DISABLE_TELEMETRY", "true".into()),
            ("DO_NOT_TRACK", "true".into()),
        ];
        all.extend(project.trip_data().map(|data| ("CURBSIDE_DATA", data)));
        Ok(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn stop(&self) {
        stop_all(&self.servers);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn stop_all(servers: &Mutex<Vec<Server>>) {
    // One who panicked with them has still left them running.
    let mut servers = servers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    servers.clear();
}

/// Watches beside the tests, which know nothing of signals.
fn stop_when_wished(servers: &Arc<Mutex<Vec<Server>>>, stop: Stop) {
    let servers = Arc::clone(servers);
    thread::spawn(move || {
        while !stop.is_wished(PULSE) {}
        stop_all(&servers);
        process::exit(INTERRUPTED);
    });
}

/// The crates' own tests against servers; elsewhere, without these variables, they say what they skip.
fn native_tests(project: &Project, environment: &[(String, PathBuf)]) -> Result<()> {
    let mut outcome = Ok(());
    for arguments in [
        &["--package=curbside-publish", "--features=s3", "--test=s3"] as &[&str],
        &["--package=curbside-registry", "--tests"],
        &["--package=curbside-cli", "--test=command", "at_once"],
    ] {
        let mut cargo = command::cargo(project)?;
        set(&mut cargo, environment);
        cargo.args(["test", "--no-fail-fast"]).args(arguments);
        let tested = command::run_and_keep(&mut cargo).and_then(|log| counts::require_tests(&log));
        outcome = outcome.and(tested);
    }
    outcome
}

/// Gives a program these variables, and none that would lead it to servers of the user's own.
pub(super) fn set(command: &mut Command, environment: &[(String, PathBuf)]) {
    for (name, _) in env::vars_os() {
        let shown = name.to_string_lossy();
        if ["MLFLOW_", "AWS_", "R2_"].iter().any(|start| shown.starts_with(start)) && !shown.ends_with("CA_BUNDLE") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().map(|(name, value)| (name, Path::new(value))));
}
