//! Logged models and registered ones: the files of a model, the versions of a name, and the aliases on them.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::records::{LoggedModel, ModelVersion, Pair};
use crate::transport::Again;

impl Client {
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
        let search = json!({
            "experiment_ids": [experiment_id], "filter": format!("source_run_id = '{source_run_id}'"), "max_results": 50,
        });
        self.make_once(
            || self.post::<ModelAnswer>("logged-models", &body, Again::Untouched).map(|answer| answer.model),
            || {
                let found = self.post::<ModelsAnswer>("logged-models/search", &search, Again::Harmless)?;
                Ok(found.models.into_iter().find(|model| model.info.name == name))
            },
        )
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
        // A logged model is of one run, so among the run's versions there is one of it at most.
        let (filter, source) = (format!("run_id = '{run_id}'"), format!("models:/{model_id}"));
        self.make_once(
            || {
                let made = self.post::<VersionAnswer>("model-versions/create", &body, Again::Untouched);
                made.map(|answer| answer.model_version)
            },
            || {
                let query = [("filter", filter.as_str()), ("max_results", "200")];
                let found = self.get::<VersionsAnswer>("model-versions/search", &query)?.model_versions;
                Ok(found.into_iter().find(|version| version.name == name && version.source == source))
            },
        )
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
struct ModelAnswer {
    model: LoggedModel,
}

#[derive(Deserialize)]
struct ModelsAnswer {
    #[serde(default)]
    models: Vec<LoggedModel>,
}

#[derive(Deserialize)]
struct VersionsAnswer {
    #[serde(default)]
    model_versions: Vec<ModelVersion>,
}

#[derive(Deserialize)]
struct VersionAnswer {
    model_version: ModelVersion,
}

/// One part of a path, whatever is in it.
fn escaped(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
