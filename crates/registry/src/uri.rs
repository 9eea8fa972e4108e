//! What a model is asked for by: `models:/...`, `runs:/...`, a bucket, the proxy, or a folder.
//!
//! It is apart because nothing is sent here: an address is understood or refused before anybody is asked.

use std::fmt;
use std::path::PathBuf;

use crate::error::{RegistryError, RegistryErrorKind};

/// Where a model is.
///
/// ```
/// use curbside_registry::ModelUri;
///
/// let alias = ModelUri::parse("models:/ride-duration@champion").unwrap();
/// assert_eq!(alias, ModelUri::Alias { model: "ride-duration".into(), alias: "champion".into() });
/// assert_eq!(ModelUri::parse("models:/ride-duration/Production").unwrap_err().code(), "PULL_URI");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    /// `models:/NAME@ALIAS`
    Alias {
        /// The registered model.
        model: String,
        /// The alias.
        alias: String,
    },
    /// `models:/NAME/3`
    Version {
        /// The registered model.
        model: String,
        /// Its version, a number.
        version: String,
    },
    /// `models:/NAME/latest`: the highest version number, whatever stands on it, as Python's client has it.
    Latest {
        /// The registered model.
        model: String,
    },
    /// `models:/m-...`, a logged model of `MLflow` 3.
    Logged {
        /// Its id.
        model_id: String,
    },
    /// `runs:/RUN/PATH`: a logged model of the run by its name, or a path among the run's artifacts.
    Run {
        /// The run.
        run_id: String,
        /// Name of a logged model, or a path; parts with `/` between them.
        path: String,
    },
    /// `s3://BUCKET/PATH` or `mlflow-artifacts:/PATH`: a model's folder, or one file.
    Artifact {
        /// The address of what the path's last part is in.
        folder: String,
        /// The path's last part.
        name: String,
    },
    /// A folder or a file of this machine.
    Local(PathBuf),
}

/// The forms, for messages.
const FORMS: &str = "models:/NAME@ALIAS, models:/NAME/VERSION, models:/NAME/latest, models:/m-ID, runs:/RUN/PATH, \
                     s3://BUCKET/PATH, mlflow-artifacts:/PATH or a folder";

impl ModelUri {
    /// Understands an address.
    ///
    /// # Errors
    ///
    /// `PULL_URI` with the forms there are, or what is wrong with a part.
    pub fn parse(text: &str) -> Result<ModelUri, RegistryError> {
        let refused = |found: &str| {
            let message = format!("expected {FORMS}, found {found}");
            Err(RegistryError::new(RegistryErrorKind::Uri, message))
        };
        let Some((scheme, rest)) = text.split_once(":/") else {
            if text.is_empty() {
                return refused("nothing");
            }
            return Ok(ModelUri::Local(text.into()));
        };
        if !["models", "runs", "s3", "mlflow-artifacts"].contains(&scheme) {
            return refused(&format!("the scheme {scheme:?}"));
        }
        if text.contains(['\n', '\r', '\0', '?', '#']) {
            return refused(&format!("{text:?}, which has letters that no address here has"));
        }
        let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        if scheme == "s3" && rest.contains('@') {
            // Not repeated: a password may stand there.
            return refused("a bucket or a path with an @ in it");
        }
        let path = if scheme == "s3" { parts.get(1..).unwrap_or_default() } else { &parts[..] };
        if path.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains('\\')) {
            return refused(&format!("{text:?}, whose path has a part that is empty or leads elsewhere"));
        }
        match (scheme, &parts[..]) {
            ("models", parts) => ModelUri::registered(text, parts),
            ("runs", [run, path @ ..]) if !path.is_empty() => {
                Ok(ModelUri::Run { run_id: (*run).to_owned(), path: path.join("/") })
            }
            ("runs", _) => refused(&format!("{text:?}, without the name or path of a model in the run")),
            // An empty part, the bucket, and at least one more.
            ("s3", ["", _, _, ..]) => Ok(ModelUri::artifact(text)),
            ("s3", _) => refused(&format!("{text:?}, without a path below a bucket")),
            _ => Ok(ModelUri::artifact(text)),
        }
    }

    fn registered(text: &str, parts: &[&str]) -> Result<ModelUri, RegistryError> {
        let refused = |found: String| {
            let message = format!("expected {FORMS}, found {text:?}, {found}");
            Err(RegistryError::new(RegistryErrorKind::Uri, message))
        };
        match parts {
            [model] if model.starts_with("m-") && !model.contains('@') => {
                Ok(ModelUri::Logged { model_id: (*model).to_owned() })
            }
            [model] => match model.rsplit_once('@') {
                Some((model, alias)) if !model.is_empty() && !alias.is_empty() => {
                    Ok(ModelUri::Alias { model: model.to_owned(), alias: alias.to_owned() })
                }
                Some(_) => refused("without a name or without an alias".to_owned()),
                None => refused("which says neither an alias nor a version".to_owned()),
            },
            [model, "latest"] => Ok(ModelUri::Latest { model: (*model).to_owned() }),
            [model, version] if version.parse::<u32>().is_ok_and(|number| number > 0) => {
                Ok(ModelUri::Version { model: (*model).to_owned(), version: (*version).to_owned() })
            }
            [_, stage] => refused(format!("where {stage:?} is no version: stages are deprecated, use an alias")),
            _ => refused("which has more parts than a model and its version".to_owned()),
        }
    }

    fn artifact(text: &str) -> ModelUri {
        let (folder, name) = text.trim_end_matches('/').rsplit_once('/').unwrap_or((text, ""));
        // Of `mlflow-artifacts:/name` the slash is a part of the scheme's.
        let folder = if folder.ends_with(':') { format!("{folder}/") } else { folder.to_owned() };
        ModelUri::Artifact { folder, name: name.to_owned() }
    }

    /// Whether a tracking server has to be asked.
    pub fn needs_server(&self) -> bool {
        match self {
            ModelUri::Local(_) => false,
            ModelUri::Artifact { folder, .. } => !folder.starts_with("s3:"),
            _ => true,
        }
    }
}

impl fmt::Display for ModelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelUri::Alias { model, alias } => write!(f, "models:/{model}@{alias}"),
            ModelUri::Version { model, version } => write!(f, "models:/{model}/{version}"),
            ModelUri::Latest { model } => write!(f, "models:/{model}/latest"),
            ModelUri::Logged { model_id } => write!(f, "models:/{model_id}"),
            ModelUri::Run { run_id, path } => write!(f, "runs:/{run_id}/{path}"),
            ModelUri::Artifact { folder, name } => write!(f, "{}/{name}", folder.trim_end_matches('/')),
            ModelUri::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood_and_printed_as_it_was() {
        let artifact = |folder: &str, name: &str| ModelUri::Artifact { folder: folder.into(), name: name.into() };
        let (model, run_id) = ("ride duration".to_owned(), "ab12".to_owned());
        let rows = [
            ("models:/ride duration@a@b", ModelUri::Alias { model: "ride duration@a".into(), alias: "b".into() }),
            ("models:/ride duration/12", ModelUri::Version { model: model.clone(), version: "12".into() }),
            ("models:/ride duration/latest", ModelUri::Latest { model }),
            ("models:/m-0123", ModelUri::Logged { model_id: "m-0123".into() }),
            ("models:/m-mine@x", ModelUri::Alias { model: "m-mine".into(), alias: "x".into() }),
            ("runs:/ab12/a/b", ModelUri::Run { run_id, path: "a/b".into() }),
            ("s3://bucket/1/models", artifact("s3://bucket/1", "models")),
            ("s3://bucket/model.curb", artifact("s3://bucket", "model.curb")),
            ("mlflow-artifacts:/1/m", artifact("mlflow-artifacts:/1", "m")),
            ("mlflow-artifacts:/m", artifact("mlflow-artifacts:/", "m")),
            ("models/a", ModelUri::Local("models/a".into())),
        ];
        for (text, expected) in rows {
            let found = ModelUri::parse(text).unwrap();
            assert_eq!((&found, found.to_string().as_str()), (&expected, text));
        }
    }

    #[test]
    fn what_leads_elsewhere_or_nowhere_is_refused_in_words() {
        let rows = [
            ("", "found nothing"),
            ("models:/", "empty"),
            ("models:/name", "neither an alias nor a version"),
            ("models:/name@", "without an alias"),
            ("models:/name/Production", "stages are deprecated"),
            ("models:/name/0", "no version"),
            ("models:/name/3/4", "more parts"),
            ("runs:/ab12", "without the name or path"),
            ("runs:/ab12/../cd34/model", "leads elsewhere"),
            ("runs:/ab12//etc/passwd", "leads elsewhere"),
            ("runs:/ab12/a\\b", "leads elsewhere"),
            ("runs:/ab12/a?x=1", "letters that no address here has"),
            ("s3://bucket", "without a path"),
            ("s3://bucket/a/../b", "leads elsewhere"),
            ("s3://id:secret@bucket/../a", "with an @ in it"),
            ("https://elsewhere/model", "the scheme \"https\""),
            ("dbfs:/model", "the scheme \"dbfs\""),
        ];
        for (text, words) in rows {
            let fault = ModelUri::parse(text).unwrap_err();
            assert_eq!(fault.code(), "PULL_URI", "{text}");
            let told = fault.to_string();
            assert!(told.contains(words) && !told.contains("id:secret"), "{text}: {told}");
        }
    }
}
