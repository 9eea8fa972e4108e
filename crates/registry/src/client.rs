//! The tracking server's calls, one method each, with what they answer.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::error::{RegistryError, RegistryErrorKind};
use crate::settings::{Environment, Settings};
use crate::transport::{Again, Call, Transport, excerpt};

/// The longest JSON answer that is read.
const MOST_JSON: usize = 16 << 20;

/// One tracking server.
///
/// It waits for each answer, so call it from a thread that runs no asynchronous runtime. Requests that may be sent again
/// are, with growing pauses, where nobody answered or the server failed.
#[derive(Debug)]
pub struct Client {
    pub(crate) transport: Transport,
}

/// A key and a value, as the server has tags and parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Key.
    pub key: String,
    /// Value; parameters have at most 6000 characters.
    #[serde(default)]
    pub value: String,
}

impl Pair {
    /// A pair.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Pair {
        Pair { key: key.into(), value: value.into() }
    }

    /// The value of a key.
    pub fn find<'a>(pairs: &'a [Pair], key: &str) -> Option<&'a str> {
        pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str())
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Run {
    /// Who and where it is.
    pub info: RunInfo,
    /// What it learnt.
    #[serde(default)]
    pub data: RunData,
}

/// Who and where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RunInfo {
    /// Its id.
    pub run_id: String,
    /// Its experiment's.
    pub experiment_id: String,
    /// Its name.
    #[serde(default)]
    pub run_name: String,
    /// `RUNNING`, `FINISHED`, `FAILED`, `KILLED`.
    #[serde(default)]
    pub status: String,
    /// The folder of its artifacts, `mlflow-artifacts:/...` or `s3://...`.
    #[serde(default)]
    pub artifact_uri: String,
}

/// What a run learnt.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RunData {
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Pair>,
    /// Parameters.
    #[serde(default)]
    pub params: Vec<Pair>,
}

/// A logged model: `MLflow` 3's folder of a model, with its own id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoggedModel {
    /// Who and where it is.
    pub info: LoggedModelInfo,
}

/// Who and where a logged model is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoggedModelInfo {
    /// Its id, `m-...`.
    pub model_id: String,
    /// The folder of its artifacts, `mlflow-artifacts:/...` or `s3://...`.
    pub artifact_uri: String,
    /// Its name in the experiment.
    #[serde(default)]
    pub name: String,
    /// The run that made it, where one did.
    #[serde(default)]
    pub source_run_id: String,
    /// `LOGGED_MODEL_PENDING`, `LOGGED_MODEL_READY`, `LOGGED_MODEL_UPLOAD_FAILED`.
    #[serde(default)]
    pub status: String,
}

/// A version of a registered model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ModelVersion {
    /// The registered model.
    pub name: String,
    /// The version, `1` and up, as text.
    pub version: String,
    /// Where it was registered from: `models:/m-...`, `runs:/...` or a folder.
    #[serde(default)]
    pub source: String,
    /// The run that made it; empty where none did.
    #[serde(default)]
    pub run_id: String,
    /// The logged model it is; empty before `MLflow` 3.
    #[serde(default)]
    pub model_id: String,
    /// `READY` when it can be used.
    #[serde(default)]
    pub status: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Pair>,
    /// Aliases that stand on it, where the server says so.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// One measured number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// Its name.
    pub key: String,
    /// Its value; the server refuses what is not finite.
    pub value: f64,
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
    /// At which step, such as the number of trees.
    pub step: u64,
    /// The logged model it was measured of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// The dataset it was measured on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<String>,
}

/// A dataset and what it is to the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetInput {
    /// `mlflow.data.context` says what for.
    pub tags: Vec<Pair>,
    /// The dataset.
    pub dataset: Dataset,
}

/// A dataset as the server keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// At most 36 characters.
    pub digest: String,
    /// What kind of place it is from.
    pub source_type: String,
    /// That place, as JSON.
    pub source: String,
    /// Columns, as JSON.
    pub schema: String,
    /// Counts, as JSON.
    pub profile: String,
}

impl Client {
    /// A client of the server that these settings name. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` where credentials cannot be sent or there is no TLS.
    pub fn new(settings: Settings) -> Result<Client, RegistryError> {
        Ok(Client { transport: Transport::new(settings)? })
    }

    /// A client of the server that `MLFLOW_TRACKING_URI` names; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` for a variable that cannot be used.
    pub fn from_env(variable: Environment<'_>) -> Result<Option<Client>, RegistryError> {
        Settings::from_env(variable)?.map(Client::new).transpose()
    }

    /// The server's address for people: without credentials.
    pub fn address(&self) -> &str {
        self.transport.settings().shown()
    }

    /// A GET below the API's prefix, such as `runs/get`.
    ///
    /// # Errors
    ///
    /// Every kind: see [`RegistryError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, RegistryError> {
        let mut url = self.api(path)?;
        url.query_pairs_mut().extend_pairs(query);
        self.call(&Call { method: Method::GET, url, body: None, again: Again::Harmless, most: MOST_JSON })
    }

    /// A POST below the API's prefix.
    ///
    /// # Errors
    ///
    /// Every kind: see [`RegistryError`].
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        again: Again,
    ) -> Result<T, RegistryError> {
        self.with_body(Method::POST, path, body, again)
    }

    fn with_body<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        again: Again,
    ) -> Result<T, RegistryError> {
        let url = self.api(path)?;
        let unsayable = |fault| RegistryError::new(RegistryErrorKind::Refused, format!("{path}: no JSON: {fault}"));
        let body = Some((serde_json::to_vec(body).map_err(unsayable)?, "application/json"));
        self.call(&Call { method, url, body, again, most: MOST_JSON })
    }

    fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, RegistryError> {
        let bytes = self.transport.send(call)?;
        serde_json::from_slice(&bytes).map_err(|fault| {
            let (method, mut url) = (&call.method, call.url.clone());
            url.set_query(None);
            let found = match excerpt(&bytes) {
                text if text.is_empty() => "nothing".to_owned(),
                text => self.transport.settings().redacted(&text),
            };
            let message = format!("{method} {url}: expected MLflow's JSON, found {found} ({fault})");
            RegistryError::new(RegistryErrorKind::Answer, message)
        })
    }

    fn api(&self, path: &str) -> Result<Url, RegistryError> {
        self.below(&format!("api/2.0/mlflow/{path}"))
    }

    /// An address below the server's.
    pub(crate) fn below(&self, path: &str) -> Result<Url, RegistryError> {
        self.transport.settings().address.join(path).map_err(|fault| {
            RegistryError::new(RegistryErrorKind::Settings, format!("{path}: no address below the server's: {fault}"))
        })
    }

    // --- experiments and runs

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
        let body = json!({
            "experiment_id": experiment_id, "run_name": run_name, "start_time": start_time, "tags": tags,
        });
        self.post::<RunAnswer>("runs/create", &body, Again::Untouched).map(|answer| answer.run)
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
    /// # Errors
    ///
    /// Every kind.
    pub fn log_inputs(&self, run_id: &str, datasets: &[DatasetInput]) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "datasets": datasets });
        self.post::<Value>("runs/log-inputs", &body, Again::Harmless).map(|_| ())
    }

    /// Says which logged model a run made.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn log_output(&self, run_id: &str, model_id: &str) -> Result<(), RegistryError> {
        let body = json!({ "run_id": run_id, "models": [{ "model_id": model_id, "step": 0 }] });
        self.post::<Value>("runs/outputs", &body, Again::Harmless).map(|_| ())
    }

    // --- logged models

    /// Begins a logged model, which is pending until [`finish_logged_model`](Client::finish_logged_model).
    ///
    /// # Errors
    ///
    /// Every kind; `REGISTRY_NOT_FOUND` from a server before `MLflow` 3.
    pub fn create_logged_model(
        &self,
        experiment_id: &str,
        name: &str,
        model_type: &str,
        source_run_id: &str,
        (params, tags): (&[Pair], &[Pair]),
    ) -> Result<LoggedModel, RegistryError> {
        let body = json!({
            "experiment_id": experiment_id, "name": name, "model_type": model_type,
            "source_run_id": source_run_id, "params": params, "tags": tags,
        });
        self.post::<ModelAnswer>("logged-models", &body, Again::Untouched).map(|answer| answer.model)
    }

    /// A logged model.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` and every other kind.
    pub fn logged_model(&self, model_id: &str) -> Result<LoggedModel, RegistryError> {
        self.get::<ModelAnswer>(&format!("logged-models/{}", escaped(model_id)), &[]).map(|answer| answer.model)
    }

    /// Says what became of a logged model: `LOGGED_MODEL_READY` or `LOGGED_MODEL_UPLOAD_FAILED`.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn finish_logged_model(&self, model_id: &str, status: &str) -> Result<(), RegistryError> {
        let (path, body) =
            (format!("logged-models/{}", escaped(model_id)), json!({ "model_id": model_id, "status": status }));
        self.with_body::<Value>(Method::PATCH, &path, &body, Again::Harmless).map(|_| ())
    }

    // --- registered models

    /// Makes a registered model; one that is there is fine.
    ///
    /// # Errors
    ///
    /// Every kind but `REGISTRY_EXISTS`.
    pub fn create_registered_model(&self, name: &str) -> Result<(), RegistryError> {
        match self.post::<Value>("registered-models/create", &json!({ "name": name }), Again::Harmless) {
            Err(fault) if fault.kind() != RegistryErrorKind::Exists => Err(fault),
            _ => Ok(()),
        }
    }

    /// Makes a version of a registered model of a logged model that is ready.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn create_model_version(
        &self,
        name: &str,
        model_id: &str,
        run_id: &str,
        tags: &[Pair],
    ) -> Result<ModelVersion, RegistryError> {
        let body = json!({
            "name": name, "source": format!("models:/{model_id}"), "run_id": run_id, "model_id": model_id, "tags": tags,
        });
        self.post::<VersionAnswer>("model-versions/create", &body, Again::Untouched).map(|answer| answer.model_version)
    }

    /// A version of a registered model.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` and every other kind.
    pub fn model_version(&self, name: &str, version: &str) -> Result<ModelVersion, RegistryError> {
        let query = [("name", name), ("version", version)];
        self.get::<VersionAnswer>("model-versions/get", &query).map(|answer| answer.model_version)
    }

    /// The version that an alias stands on.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` for an alias or a model that there is not, and every other kind.
    pub fn aliased_version(&self, name: &str, alias: &str) -> Result<ModelVersion, RegistryError> {
        let found = self.get::<VersionAnswer>("registered-models/alias", &[("name", name), ("alias", alias)]);
        found.map(|answer| answer.model_version).map_err(|fault| {
            // The server calls a missing alias an invalid parameter.
            if fault.error_code() == Some("INVALID_PARAMETER_VALUE") {
                let message = format!("models:/{name}@{alias}: expected an alias of this model, found none ({fault})");
                return RegistryError::new(RegistryErrorKind::NotFound, message)
                    .with_error_code(fault.error_code().map(str::to_owned));
            }
            fault
        })
    }

    /// Lets an alias stand on a version, whatever it stood on before.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` for a version that there is not, and every other kind.
    pub fn set_alias(&self, name: &str, alias: &str, version: &str) -> Result<(), RegistryError> {
        let body = json!({ "name": name, "alias": alias, "version": version });
        self.post::<Value>("registered-models/alias", &body, Again::Harmless).map(|_| ())
    }

    /// The folder in which a version's artifacts are: `mlflow-artifacts:/...` or `s3://...`.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` and every other kind.
    pub fn download_uri(&self, name: &str, version: &str) -> Result<String, RegistryError> {
        #[derive(Deserialize)]
        struct Found {
            artifact_uri: String,
        }
        let query = [("name", name), ("version", version)];
        self.get::<Found>("model-versions/get-download-uri", &query).map(|found| found.artifact_uri)
    }
}

#[derive(Deserialize)]
struct RunAnswer {
    run: Run,
}

#[derive(Deserialize)]
struct ModelAnswer {
    model: LoggedModel,
}

#[derive(Deserialize)]
struct VersionAnswer {
    model_version: ModelVersion,
}

/// One part of a path, whatever is in it.
fn escaped(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
