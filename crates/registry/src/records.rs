//! What the tracking server keeps, as it says it in JSON.

use serde::{Deserialize, Serialize};

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
    /// What it made.
    #[serde(default)]
    pub outputs: RunOutputs,
}

/// What a run made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RunOutputs {
    /// Logged models.
    #[serde(default)]
    pub model_outputs: Vec<ModelOutput>,
}

/// A logged model that a run made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ModelOutput {
    /// Its id.
    pub model_id: String,
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
