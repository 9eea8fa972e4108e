//! What `train` and `register` share: a run in `MLflow`, and what is said of it.

use std::fmt;
use std::path::Path;

use clap::Args;
use curbside_registry::tracking::{Begin, Recorded, Registration, TrackedRun, Unrecorded, lineage};
use curbside_registry::{Client, Pair, TRACKING_URI, process_environment};
use serde::Serialize;

use crate::failure::Failure;

/// The variable that names an experiment.
const EXPERIMENT: &str = "MLFLOW_EXPERIMENT_NAME";

/// Where a run stands.
#[derive(Args)]
pub(crate) struct Place {
    /// Experiment in MLflow, made where there is none; else the one of the environment, else the model's name
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    /// Name of the run in MLflow; else the server makes one up
    #[arg(long, value_name = "NAME")]
    run_name: Option<String>,
    /// Id of the run in MLflow below which this one stands
    #[arg(long, value_name = "ID")]
    parent_run: Option<String>,
}

impl Place {
    /// The first option that was given, if any was.
    #[cfg(feature = "train")]
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options =
            [("--experiment", &self.experiment), ("--run-name", &self.run_name), ("--parent-run", &self.parent_run)];
        options.iter().find(|(_, value)| value.is_some()).map(|(name, _)| *name)
    }

    /// Begins a run of a verb, below the run that was asked for or, where nobody asked, below `parent`.
    pub(crate) fn begin(
        &self,
        client: Client,
        verb: &str,
        model: &str,
        (parent, tags): (Option<&str>, Vec<Pair>),
    ) -> Result<TrackedRun, Failure> {
        let from_environment = process_environment(EXPERIMENT);
        let experiment = self.experiment.as_deref().or(from_environment.as_deref()).unwrap_or(model);
        let folder = std::env::current_dir().unwrap_or_default();
        let lineage = lineage(&format!("curbside {verb}"), &folder, &process_environment);
        let begin = Begin {
            experiment,
            run_name: self.run_name.as_deref(),
            parent_run: self.parent_run.as_deref().or(parent),
            tags: [lineage, tags].concat(),
        };
        Ok(TrackedRun::begin(client, &begin)?)
    }
}

/// The name and the alias under which a bundle is registered.
pub(crate) fn registration((option, name): (&'static str, &str), alias: Option<&str>) -> Result<Registration, Failure> {
    Registration::new(name, None).map_err(|fault| Failure::usage(option, fault))?;
    Registration::new(name, alias).map_err(|fault| Failure::usage("--alias", fault))
}

/// The failure of what cannot be done without a server.
pub(crate) fn no_server(argument: &'static str) -> Failure {
    let message = format!(
        "expected the address of an MLflow tracking server in {TRACKING_URI}, found none; set it, such as http://localhost:5000"
    );
    Failure::usage(argument, message)
}

/// What stands in the registry.
#[derive(Serialize)]
pub(crate) struct Logged {
    run_id: String,
    run_url: String,
    model_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered: Option<Registered>,
}

#[derive(Serialize)]
struct Registered {
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

impl Logged {
    pub(crate) fn new(recorded: Recorded, registration: Option<&Registration>) -> Logged {
        let Recorded { run_id, run_url, model_id, version } = recorded;
        let alias = registration.and_then(|registration| registration.alias.clone());
        let registered = version.map(|version| Registered { name: version.name, version: version.version, alias });
        Logged { run_id, run_url, model_id, registered }
    }
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  run {}: {}", self.run_id, self.run_url)?;
        match &self.registered {
            None => writeln!(f, "  logged model {}", self.model_id),
            Some(Registered { name, version, alias }) => {
                let alias = alias.as_ref().map_or_else(String::new, |alias| format!(", models:/{name}@{alias}"));
                writeln!(f, "  registered: models:/{name}/{version}{alias} (logged model {})", self.model_id)
            }
        }
    }
}

/// A failure to record, with what stands there, what stands on the disk and how it gets into the registry later.
pub(crate) fn unrecorded(told: &Unrecorded, bundle: &Path, name: &str) -> Failure {
    let bundle = bundle.display();
    let later = if told.version.is_some() {
        format!("{bundle} is written, with its card")
    } else {
        format!("{bundle} is written, with its card: `curbside register {bundle} --name {name}` sends it later")
    };
    Failure::from(told.fault.clone()).and(&format!("{}. {later}", told.standing()))
}
