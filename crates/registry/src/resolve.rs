//! From an address to the folder that holds the model: what the registry says, and what it has instead of what was asked for.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{RegistryError, RegistryErrorKind};
use crate::pull::{Origin, Puller};
use crate::records::ModelVersion;
use crate::uri::ModelUri;

/// A run that made more models than this is told by the first ones.
const MOST_MODELS: usize = 50;

/// Where a model lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder with an `MLmodel`.
    Folder(String),
    /// Such a folder, or one file.
    Either { folder: String, name: String },
    /// A folder or a file of this machine, named by whoever asks and never by a server.
    Local(PathBuf),
}

/// What an address means now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub(crate) origin: Origin,
    pub(crate) place: Place,
}

impl Resolved {
    /// The registered model's version, where the address named a registered model.
    pub fn version(&self) -> Option<&str> {
        self.origin.version.as_deref()
    }
}

/// A registered model.
#[derive(Debug, Deserialize)]
struct Registered {
    #[serde(default)]
    latest_versions: Vec<Numbered>,
    #[serde(default)]
    aliases: Vec<Alias>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    version: String,
}

#[derive(Debug, Deserialize)]
struct Alias {
    alias: String,
    version: String,
}

impl Puller {
    /// Asks the registry what an address means now; an alias may mean something else a moment later.
    ///
    /// # Errors
    ///
    /// `REGISTRY_NOT_FOUND` for an alias, version, model or run that there is not, with those that there are; `PULL_NOT_READY` for a
    /// model that was never uploaded whole; `PULL_NO_SERVER`; and every kind of a server that fails.
    pub fn resolve(&self, uri: &ModelUri) -> Result<Resolved, RegistryError> {
        let origin = Origin { uri: uri.to_string(), ..Origin::default() };
        match uri {
            ModelUri::Alias { model, alias } => {
                let found = self.server()?.aliased_version(model, alias);
                let version = found.map_err(|fault| self.explain(fault, uri, model))?;
                self.version(origin, &version)
            }
            ModelUri::Version { model, version } => {
                let found = self.server()?.model_version(model, version);
                let version = found.map_err(|fault| self.explain(fault, uri, model))?;
                self.version(origin, &version)
            }
            ModelUri::Latest { model } => {
                let registered = self.registered(model).map_err(|fault| self.explain(fault, uri, model))?;
                let Some(version) = registered.highest() else {
                    let message = format!("{uri}: expected a version, found that the model has none");
                    return Err(RegistryError::new(RegistryErrorKind::NotFound, message));
                };
                let version = self.server()?.model_version(model, version)?;
                self.version(origin, &version)
            }
            ModelUri::Logged { model_id } => self.logged(origin, model_id),
            ModelUri::Run { run_id, path } => self.run(origin, run_id, path),
            ModelUri::Artifact { folder, name } => {
                Ok(Resolved { origin, place: Place::Either { folder: folder.clone(), name: name.clone() } })
            }
            ModelUri::Local(path) => Ok(Resolved { origin, place: Place::Local(path.clone()) }),
        }
    }

    fn version(&self, origin: Origin, version: &ModelVersion) -> Result<Resolved, RegistryError> {
        let ModelVersion { name, version: number, run_id, model_id, status, .. } = version;
        if !matches!(status.as_str(), "READY" | "") {
            let message = format!("{}: expected version {number} to be READY, found {}", origin.uri, plain(status));
            return Err(RegistryError::new(RegistryErrorKind::NotReady, message));
        }
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let origin = Origin {
            model: Some(name.clone()),
            version: Some(number.clone()),
            run_id: some(run_id),
            model_id: some(model_id),
            ..origin
        };
        let uri = self.server()?.download_uri(name, number)?;
        if !uri.starts_with("models:") && !uri.starts_with("runs:") {
            return Ok(Resolved { origin, place: Place::Folder(uri) });
        }
        // A version of a logged model or of a run's model, where the server did not look it up itself.
        let inner = match ModelUri::parse(&uri)? {
            ModelUri::Logged { model_id } => self.logged(Origin::default(), &model_id)?,
            ModelUri::Run { run_id, path } => self.run(Origin::default(), &run_id, &path)?,
            other => {
                let message = format!("{}: expected where it lies, found that it is {other}", origin.uri);
                return Err(RegistryError::new(RegistryErrorKind::Answer, message));
            }
        };
        let origin = Origin {
            run_id: origin.run_id.or(inner.origin.run_id),
            model_id: origin.model_id.or(inner.origin.model_id),
            ..origin
        };
        Ok(Resolved { origin, place: inner.place })
    }

    fn logged(&self, origin: Origin, model_id: &str) -> Result<Resolved, RegistryError> {
        let info = self.server()?.logged_model(model_id)?.info;
        if info.status != "LOGGED_MODEL_READY" {
            let message = format!(
                "models:/{model_id}: expected a model that is LOGGED_MODEL_READY, found {}",
                plain(&info.status)
            );
            return Err(RegistryError::new(RegistryErrorKind::NotReady, message));
        }
        let run_id = Some(info.source_run_id).filter(|run| !run.is_empty());
        let origin = Origin { run_id, model_id: Some(info.model_id), ..origin };
        Ok(Resolved { origin, place: Place::Folder(info.artifact_uri) })
    }

    /// `MLflow` 3 keeps a run's models apart from its artifacts; both are asked for by the same address.
    fn run(&self, origin: Origin, run_id: &str, path: &str) -> Result<Resolved, RegistryError> {
        let server = self.server()?;
        let Found { run } = server.get("runs/get", &[("run_id", run_id)])?;
        let outputs = run.outputs.model_outputs;
        let mut named = None;
        // The last one of a name is the one that was meant.
        for output in outputs.iter().take(MOST_MODELS) {
            let info = server.logged_model(&output.model_id)?.info;
            if info.name == path {
                named = Some(info.model_id);
            }
        }
        if let Some(model_id) = named {
            return self.logged(origin, &model_id);
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let root = run.info.artifact_uri;
        let folder = if folder.is_empty() { root } else { format!("{}/{folder}", root.trim_end_matches('/')) };
        let origin = Origin { run_id: Some(run_id.to_owned()), ..origin };
        Ok(Resolved { origin, place: Place::Either { folder, name: name.to_owned() } })
    }

    fn registered(&self, model: &str) -> Result<Registered, RegistryError> {
        #[derive(Deserialize)]
        struct Answer {
            registered_model: Registered,
        }
        let found: Answer = self.server()?.get("registered-models/get", &[("name", model)])?;
        Ok(found.registered_model)
    }

    /// Says what there is instead of what was asked for. A fault of another kind stays as it is.
    fn explain(&self, fault: RegistryError, uri: &ModelUri, model: &str) -> RegistryError {
        if fault.kind() != RegistryErrorKind::NotFound {
            return fault;
        }
        let found = match self.registered(model) {
            Ok(registered) => format!("model {model:?} has {registered}"),
            Err(none) if none.kind() == RegistryErrorKind::NotFound => match self.models() {
                Ok(names) if names.is_empty() => "found no registered model at all".to_owned(),
                Ok(names) => format!("found no model of that name; there are {}", names.join(", ")),
                Err(_) => "found no model of that name".to_owned(),
            },
            Err(other) => return other,
        };
        RegistryError::new(RegistryErrorKind::NotFound, format!("{uri}: expected what it names; {found}"))
    }

    /// Some names of registered models.
    fn models(&self) -> Result<Vec<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            registered_models: Vec<Named>,
        }
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let found: Answer = self.server()?.get("registered-models/search", &[("max_results", "12")])?;
        Ok(found.registered_models.iter().take(12).map(|model| format!("{:?}", plain(&model.name))).collect())
    }
}

impl Registered {
    /// The highest version, by number. The server names the newest of each stage, and no version is without a stage.
    fn highest(&self) -> Option<&str> {
        let versions = self.latest_versions.iter();
        versions.max_by_key(|found| found.version.parse::<u64>().unwrap_or(0)).map(|found| found.version.as_str())
    }
}

impl std::fmt::Display for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.highest() {
            Some(highest) => write!(f, "versions up to {}", plain(highest))?,
            None => f.write_str("no versions")?,
        }
        let aliases: Vec<String> = self
            .aliases
            .iter()
            .take(12)
            .map(|found| format!("{} -> {}", plain(&found.alias), plain(&found.version)))
            .collect();
        if aliases.is_empty() {
            f.write_str(" and no alias")
        } else {
            write!(f, " and the aliases {}", aliases.join(", "))
        }
    }
}

#[derive(Deserialize)]
struct Found {
    run: RunFound,
}

#[derive(Deserialize)]
struct RunFound {
    info: RunPlace,
    #[serde(default)]
    outputs: Outputs,
}

#[derive(Deserialize)]
struct RunPlace {
    artifact_uri: String,
}

#[derive(Default, Deserialize)]
struct Outputs {
    #[serde(default)]
    model_outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    model_id: String,
}

/// Somebody else's word for a person: one line of what can be read, and not too long.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(120).collect()
}
