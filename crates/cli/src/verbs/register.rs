//! `curbside register`: a bundle that is there into `MLflow`'s model registry, by a run of its own.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use curbside_publish::BundleFile;
use curbside_registry::{Client, Pair, RegistryErrorKind, process_environment};
use serde::Serialize;

use super::tracked::{Logged, Place, no_server, registration, unrecorded};
use crate::failure::Failure;
use crate::output::Output;

/// What to register as what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle, packed or bare: what a failed upload left, or a model that was packed
    file: PathBuf,
    /// Registered model in MLflow, made where there is none
    #[arg(long)]
    name: String,
    /// Alias that is to stand on the new version
    #[arg(long)]
    alias: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// What was registered.
#[derive(Serialize)]
struct Answer {
    file: String,
    sha256: String,
    #[serde(flatten)]
    logged: Logged,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let registration = registration(("--name", &arguments.name), arguments.alias.as_deref())?;
    let bundle = BundleFile::open(&arguments.file)?;
    let card = bundle.estimator()?.card().clone();
    let client = Client::from_env(&process_environment)?.ok_or_else(|| no_server("register"))?;
    let mut tags = Vec::new();
    let mut parent = None;
    if let Some(run) = &card.mlflow_run {
        // The run that trained it, which another server does not have.
        match client.run(run) {
            Ok(_) => parent = Some(run.as_str()),
            Err(fault) if matches!(fault.kind(), RegistryErrorKind::NotFound | RegistryErrorKind::Refused) => (),
            Err(fault) => return Err(fault.into()),
        }
        tags.push(Pair::new("curbside.source.run", run.clone()));
    }
    let tracked = arguments.place.begin(client, "register", &card.name, (parent, tags))?;
    output.progress(&format!("run {}: {}", tracked.run_id(), tracked.url()));
    let recorded = tracked.finish(&bundle, None, Some(&registration));
    let recorded = recorded.map_err(|told| unrecorded(&told, &arguments.file, &arguments.name))?;
    let answer = Answer {
        file: shown(&arguments.file),
        sha256: BundleFile::sha256(&bundle.stored()),
        logged: Logged::new(recorded, Some(&registration)),
    };
    output.answer(&answer)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: sha256 {}", self.file, self.sha256)?;
        write!(f, "{}", self.logged)
    }
}
