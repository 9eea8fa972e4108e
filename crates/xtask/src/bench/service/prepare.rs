//! Everything that the comparison needs and a clean clone has not, in `.curbside/bench/service`, which git ignores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::super::{machine, prepare as peers};
use super::answers::Asked;
use super::contestant::{Contestant, KEPT, OURS, REFERENCE};
use crate::project::Project;
use crate::{command, node, python, serve, system, tools};

/// In `bench/service`.
const REQUIREMENTS: &str = "bench/service/requirements.txt";
/// A time of pickup for rides whose answer is checked: without one an answer depends on the minute.
const PICKUP: &str = "2024-01-18T17:30";
/// Minutes: scikit-learn adds up many rows in another order than one.
const REFERENCE_TOLERANCE: f64 = 1e-9;
const SHIPPED: &str = "models/green-tripdata-duration.curb";
/// Of gunicorn's threads: rides that a worker has at once. Its work is the interpreter's, one thread's at a time.
const THREADS: &str = "8";

/// Both services, ready to be started.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) contestants: [Contestant; 3],
    /// The rides, a body a line.
    pub(super) rides: PathBuf,
    /// The requests of wrk.
    pub(super) script: PathBuf,
    /// Where oha is.
    pub(super) oha: PathBuf,
    /// Machine, rides and versions, for the document.
    pub(super) described: String,
}

/// Installs, builds and trains what is not there yet.
///
/// # Errors
/// When a part cannot be had.
pub(super) fn run(project: &Project) -> Result<Prepared> {
    let folder = project.path(".curbside/bench/service");
    fs::create_dir_all(&folder)?;
    system::ensure_wrk(project)?;
    let oha = tools::oha();
    oha.ensure(project)?;
    let oha = project.which(&[oha.program()])?.context("oha is missing")?;
    let environment = folder.join("python");
    python::ensure(project, &environment, &project.path(REQUIREMENTS), "the reference's service")?;
    let (month, told) = month(project)?;
    command::run(
        Command::new(python::program(&environment, "python"))
            .arg(project.path("bench/service/train.py"))
            .args([&month, &folder]),
    )?;
    let server = serve::program(project)?;
    let rides = folder.join("rides.jsonl");
    let reference = Asked::read(&rides, None, &fs::read_to_string(folder.join("answers.txt"))?, REFERENCE_TOLERANCE)?;
    let ours = Asked::read(&rides, Some(PICKUP), &our_answers(project, &rides)?, 0.0)?;
    let gunicorn = gunicorn(project, &environment, &folder.join("model.bin"));
    let threads = ["--worker-class", "gthread", "--threads", THREADS].map(str::to_owned);
    let kept = gunicorn.iter().cloned().chain(threads).collect();
    let contestants = [
        Contestant::new(REFERENCE, gunicorn, "--bind", reference.clone(), &folder),
        Contestant::new(KEPT, kept, "--bind", reference, &folder),
        Contestant::new(OURS, vec![server.to_string_lossy().into_owned()], "--listen", ours, &folder),
    ];
    let described = described(project, &told)?;
    Ok(Prepared { contestants, rides, script: project.path("bench/service/rides.lua"), oha, described })
}

/// A month of the real rides where they are, else of the simulated city, and what to call it.
fn month(project: &Project) -> Result<(PathBuf, String)> {
    let folder = project.path(".curbside/bench/data");
    fs::create_dir_all(&folder)?;
    if !peers::has_real_months(project) {
        command::run(command::cargo(project)?.args(["build", "--quiet", "--package=curbside-cli"]))?;
    }
    let (months, _) = peers::months(project, &folder)?;
    let month = months.into_iter().next().context("no month of rides")?;
    let what = if peers::has_real_months(project) { "green taxis" } else { "the simulated city" };
    Ok((month, format!("2021-01 of {what}")))
}

fn gunicorn(project: &Project, environment: &Path, model: &Path) -> Vec<String> {
    // `env` so that all of a contestant is one list of words.
    let words = [
        "env".to_owned(),
        format!("MODEL={}", model.display()),
        "PYTHONDONTWRITEBYTECODE=1".to_owned(),
        python::program(environment, "gunicorn").display().to_string(),
        "--chdir".to_owned(),
        project.path("bench/service").display().to_string(),
        "predict:app".to_owned(),
        "--workers".to_owned(),
        "2".to_owned(),
    ];
    words.into()
}

/// What the shipped model says of the rides in Node.
fn our_answers(project: &Project, rides: &Path) -> Result<String> {
    let mut node = node::node(project)?;
    node.arg("bench/service/answers.mjs").arg(project.path(SHIPPED)).arg(rides).arg(PICKUP);
    command::quiet_output(&mut node).context("bench/service/answers.mjs gives no answers")
}

fn described(project: &Project, rides: &str) -> Result<String> {
    let requirements = fs::read_to_string(project.path(REQUIREMENTS))?;
    let said = |program: &str| command::quiet_output(Command::new(program).arg("--version")).unwrap_or_default();
    let workerd = said(&project.path("node_modules/.bin/workerd").to_string_lossy());
    let python = said(&project.path(".curbside/bench/service/python/bin/python").to_string_lossy());
    Ok(format!(
        "{}; {}, {}; {}. Rides and the reference's model: {rides}.",
        machine::processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        workerd.trim(),
        python.trim(),
        machine::python_versions(&requirements).join(", ")
    ))
}
