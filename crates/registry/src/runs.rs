//! Experiments and runs: what was tried, and what came of it.

use std::hash::{BuildHasher, Hasher, RandomState};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::records::{DatasetInput, Metric, Pair, Run};
use crate::transport::Again;

/// The tag by which a run is known again whose making was not answered.
const REQUEST: &str = "curbside.request";

impl Client {
    /// The id of an experiment; makes it where there is none.
    ///
    /// # Errors
    ///
    /// `REGISTRY_REFUSED` for one that was deleted, and every other kind.
    pub fn experiment(&self, name: &str) -> Result<String, RegistryError> {
        #[derive(Deserialize)]
        struct Made {
            experiment_id: String,
        }
        #[derive(Deserialize)]
        struct Found {
            experiment: Experiment,
        }
        #[derive(Deserialize)]
        struct Experiment {
            experiment_id: String,
            #[serde(default)]
            lifecycle_stage: String,
        }
        let find = || -> Result<String, RegistryError> {
            let Found { experiment } = self.get("experiments/get-by-name", &[("experiment_name", name)])?;
            if experiment.lifecycle_stage == "deleted" {
                let message =
                    format!("experiment {name:?}: expected one in use, found it deleted: restore or rename it");
                return Err(RegistryError::new(RegistryErrorKind::Refused, message));
            }
            Ok(experiment.experiment_id)
        };
        match find() {
            Err(fault) if fault.kind() == RegistryErrorKind::NotFound => (),
            found => return found,
        }
        match self.post::<Made>("experiments/create", &json!({ "name": name }), Again::Harmless) {
            Ok(made) => Ok(made.experiment_id),
            // Somebody else, or the first of two attempts, made it meanwhile.
            Err(fault) if fault.kind() == RegistryErrorKind::Exists => find(),
            Err(fault) => Err(fault),
        }
    }

    /// Begins a run.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn create_run(
        &self,
        experiment_id: &str,
        run_name: Option<&str>,
        start_time: u64,
        tags: &[Pair],
    ) -> Result<Run, RegistryError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            runs: Vec<Run>,
        }
        let request = unique();
        let tags = [tags, &[Pair::new(REQUEST, request.clone())]].concat();
        let body = json!({
            "experiment_id": experiment_id, "run_name": run_name, "start_time": start_time, "tags": tags,
        });
        let filter = format!("tags.`{REQUEST}` = '{request}'");
        let search = json!({ "experiment_ids": [experiment_id], "filter": filter, "max_results": 1 });
        self.make_once(
            || self.post::<RunAnswer>("runs/create", &body, Again::Untouched).map(|answer| answer.run),
            || self.post::<Found>("runs/search", &search, Again::Harmless).map(|found| found.runs.into_iter().next()),
        )
    }

    /// A run.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` and every other kind.
    pub fn run(&self, run_id: &str) -> Result<Run, RegistryError> {
        self.get::<RunAnswer>("runs/get", &[("run_id", run_id)]).map(|answer| answer.run)
    }

    /// Ends a run: `FINISHED`, `FAILED` or `KILLED`.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn end_run(&self, run_id: &str, status: &str, end_time: u64) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "status": status, "end_time": end_time });
        self.post::<Value>("runs/update", &body, Again::Harmless).map(|_| ())
    }

    /// Says what a run was told and what it measured. The server takes at most 1000 of all, 100 of parameters and tags each,
    /// and counts what it has already once.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn log_batch(
        &self,
        run_id: &str,
        params: &[Pair],
        tags: &[Pair],
        metrics: &[Metric],
    ) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "params": params, "tags": tags, "metrics": metrics });
        self.post::<Value>("runs/log-batch", &body, Again::Harmless).map(|_| ())
    }

    /// Says what a run learnt from and measured on.
    ///
    /// Two runs that name the same data at once can fail each other: MLflow looks whether it has a dataset, then inserts it, and
    /// tells the later one of its database's error. The data is there then, so asking again succeeds.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn log_inputs(&self, run_id: &str, datasets: &[DatasetInput]) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "datasets": datasets });
        let send = || self.post::<Value>("runs/log-inputs", &body, Again::Harmless).map(|_| ());
        send().or_else(|fault| {
            let said = fault.to_string();
            if said.contains("IntegrityError") || said.contains("UniqueViolation") { send() } else { Err(fault) }
        })
    }

    /// Says which logged model a run made.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn log_output(&self, run_id: &str, model_id: &str) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "models": [{ "model_id": model_id, "step": 0 }] });
        let find = || {
            let said = self.run(run_id)?.outputs.model_outputs.iter().any(|output| output.model_id == model_id);
            Ok(said.then_some(()))
        };
        self.make_once(|| self.post::<Value>("runs/outputs", &body, Again::Untouched).map(|_| ()), find)
    }
}

#[derive(Deserialize)]
struct RunAnswer {
    run: Run,
}

/// A text that nobody else has: two numbers that the system draws at random for hash tables.
fn unique() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
