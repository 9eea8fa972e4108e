//! Everything that a measurement needs and a clean clone has not: engines at pinned versions, rides, trained models.
//!
//! All of it stands in `.curbside/bench` and `bench/peers/node_modules`, which git ignores. What is there already is kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::plan::{FIVE, Model};
use crate::project::{Project, is_fresh};
use crate::python::{self, Environment};
use crate::{command, node, wasm};

/// The rides that models learn from, and the later ones that are scored.
const MONTHS: [&str; 2] = ["2021-01", "2021-02"];
/// As many as such a month really has.
const SIMULATED_RIDES: &str = "75000";
/// What the files of a model depend on, in `bench/peers`.
const SOURCES: [&str; 6] = [
    "requirements.txt",
    "package.json",
    "python/train.py",
    "python/forms.py",
    "python/compile.py",
    "javascript/train-ml-xgboost.mjs",
];
/// The command line, as cargo builds it by default.
const COMMAND: &str = "debug/curbside";
/// A model as every engine of ours opens it.
const EXACT: &str = "curbside.curb";
/// The first model with its leaves in four bytes each, for its size.
const ROUNDED: &str = "curbside-f32.curb";
/// What the list of Python's packages is called.
const PEERS: &str = "peers";
/// Without these there is nothing to compare: they train the models.
const TRAINERS: [&str; 3] = ["lightgbm", "numpy", "xgboost"];

/// Where the models are, and what they learnt from.
#[derive(Debug)]
pub(super) struct Prepared {
    folder: PathBuf,
    months: Vec<PathBuf>,
    /// What the rides are, for the document.
    pub(super) rides: String,
}

impl Prepared {
    /// The folder of a model.
    pub(super) fn model(&self, model: &Model) -> PathBuf {
        self.folder.join("models").join(model.name)
    }

    /// Bytes on the wire of the first model.
    ///
    /// # Errors
    /// When it has not been packed, or cannot be inspected.
    pub(super) fn weights(&self, project: &Project) -> Result<Weights> {
        let file = |name| self.folder.join("models").join(FIVE).join(name);
        let mut inspect = Command::new(project.target(COMMAND));
        let printed =
            command::quiet_output(inspect.arg("inspect").arg(file(EXACT))).context("cannot inspect a bundle")?;
        Ok(Weights { trees: packed(&printed, &["model", "background"]), rounded: fs::metadata(file(ROUNDED))?.len() })
    }
}

/// The first model's size in two ways that its host does not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// Trees and the counts of their leaves, without zones, card and golden rides.
    pub(super) trees: u32,
    /// The whole bundle with its leaves in four bytes each.
    pub(super) rounded: u64,
}

/// The packed bytes of sections, from the table that `curbside inspect` prints: section, bytes, packed alone.
fn packed(printed: &str, sections: &[&str]) -> u32 {
    let size = |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        [name, _, packed] if sections.contains(name) => packed.parse::<u32>().ok(),
        _ => None,
    };
    printed.lines().filter_map(size).sum()
}

/// Installs the engines, builds our own programs, and finds or simulates the rides.
///
/// # Errors
/// When Python, its trainers, Node or Cargo fail. Any other engine that cannot be installed is left out, with a warning.
pub(super) fn run(project: &Project) -> Result<Prepared> {
    let folder = project.path(".curbside/bench");
    fs::create_dir_all(folder.join("data"))?;
    install_python(project, &folder.join("python"))?;
    node::install_packages(project)?;
    install_node_peers(project);
    wasm::build(project)?;
    // What is measured is optimised; what only packs models need not be, and is built in half the time.
    command::run(command::cargo(project)?.args(["build", "--quiet", "--release", "--package=curbside-bench"]))?;
    command::run(command::cargo(project)?.args(["build", "--quiet", "--package=curbside-cli"]))?;
    let (months, rides) = months(project, &folder.join("data"))?;
    Ok(Prepared { folder, months, rides })
}

/// Trains a model and makes the forms that engines read, unless that has been done; packs it for Curbside in any case.
///
/// # Errors
/// When training or packing fails.
pub(super) fn train(project: &Project, prepared: &Prepared, model: &Model) -> Result<()> {
    let peers = project.path("bench/peers");
    let (columns, out) = (peers.join("columns").join(model.columns).with_extension("toml"), prepared.model(model));
    let stamp = out.join("made-from.txt");
    let wanted = made_from(&peers, &columns, &prepared.rides)?;
    if fs::read_to_string(&stamp).unwrap_or_default() != wanted {
        println!("Training {} ...", model.title);
        let encoded = prepared.folder.join("data").join(model.columns);
        command::run(
            Command::new(project.target("release/curbside-bench"))
                .arg("encode")
                .args([&columns, &encoded])
                .args(&prepared.months),
        )?;
        command::run(
            Command::new(python::program(&prepared.folder.join("python"), "python"))
                .args(["-W", "ignore"])
                .arg(peers.join("python/train.py"))
                .arg(model.name)
                .args([&encoded, &out]),
        )?;
        if model.name == FIVE {
            command::run(
                node::node(project)?.arg(peers.join("javascript/train-ml-xgboost.mjs")).args([&encoded, &out]),
            )?;
        }
        fs::write(stamp, wanted)?;
    }
    pack(project, model, &columns, &out, &out.join(EXACT), "exact")?;
    if model.name == FIVE { pack(project, model, &columns, &out, &out.join(ROUNDED), "f32") } else { Ok(()) }
}

fn pack(project: &Project, model: &Model, columns: &Path, folder: &Path, out: &Path, leaves: &str) -> Result<()> {
    command::run(
        Command::new(project.target(COMMAND))
            .arg("pack")
            .arg(folder.join(model.file))
            .args(["--leaves", leaves, "--name", model.name, "--features"])
            .args([columns, Path::new("--out"), out])
            .stdout(Stdio::null()),
    )
}

fn made_from(peers: &Path, columns: &Path, rides: &str) -> Result<String> {
    let mut all = format!("{rides}\n");
    for file in SOURCES.iter().map(|source| peers.join(source)).chain([columns.to_owned()]) {
        all += &fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    Ok(all)
}

fn install_python(project: &Project, folder: &Path) -> Result<()> {
    let requirements = project.path("bench/peers/requirements.txt");
    let text = fs::read_to_string(&requirements)?;
    if Environment::is_installed(folder, PEERS, &text) {
        return Ok(());
    }
    println!("Installing the Python engines into {} ...", folder.display());
    let environment = Environment::make(project, folder, "the comparison")?;
    if environment.install(&["-r", &requirements.to_string_lossy()]).is_err() {
        // One engine that this system has no build of must not keep the others out.
        for line in text.lines().filter(|line| line.contains("==")) {
            let Err(error) = environment.install(&[line]) else { continue };
            if TRAINERS.iter().any(|trainer| line.starts_with(trainer)) {
                return Err(error).with_context(|| format!("{line} trains the models and cannot be installed"));
            }
            eprintln!("!!! {line} cannot be installed: what needs it is left out of the comparison");
        }
    }
    environment.remember(PEERS, &text)
}

fn install_node_peers(project: &Project) {
    let peers = project.path("bench/peers");
    if is_fresh(&peers.join("node_modules/.package-lock.json"), &peers.join("package-lock.json")) {
        return;
    }
    println!("Installing the JavaScript engines ...");
    let npm = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    if let Err(error) = command::run(Command::new("npm").args(npm).current_dir(&peers)) {
        eprintln!("!!! {error:#}: the JavaScript engines are left out of the comparison");
    }
}

/// Whether this machine has the rides that really were.
pub(super) fn has_real_months(project: &Project) -> bool {
    let file = |data: &Path, month: &str| data.join(format!("green_tripdata_{month}.parquet"));
    project.trip_data().is_some_and(|data| MONTHS.iter().all(|month| file(&data, month).is_file()))
}

/// Real months where they are, else months of the simulated city, which the command line makes.
///
/// # Errors
/// When they have to be made and cannot.
pub(super) fn months(project: &Project, folder: &Path) -> Result<(Vec<PathBuf>, String)> {
    let named =
        |folder: &Path, start: &str| MONTHS.map(|month| folder.join(format!("{start}green_tripdata_{month}.parquet")));
    if let Some(data) = project.trip_data() {
        let real = named(&data, "");
        if real.iter().all(|file| file.is_file()) {
            let rides = format!("green taxis: learnt from {}, scored of {}", MONTHS[0], MONTHS[1]);
            return Ok((real.into(), rides));
        }
    }
    let simulated = named(folder, "simulated_");
    for (file, (month, seed)) in simulated.iter().zip(MONTHS.iter().zip(["1", "2"])).filter(|(file, _)| !file.is_file())
    {
        command::run(
            Command::new(project.target(COMMAND))
                .args(["simulate", "--month", month, "--rides", SIMULATED_RIDES, "--seed", seed, "--out"])
                .arg(file),
        )?;
    }
    let rides = format!("the simulated city: learnt from {}, scored of {}", MONTHS[0], MONTHS[1]);
    Ok((simulated.into(), rides))
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn sections_are_found_by_their_names() {
        let printed = "Model: ensemble of 300 trees\n\nSections           bytes   packed alone\n  model           110971      80146\n  \
                       background       19507      10434\n  whole           149717      98448\n";
        assert_eq!(packed(printed, &["model", "background"]), 90_580);
        assert_eq!(packed(printed, &["zones"]), 0);
    }
}
