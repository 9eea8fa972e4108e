//! What goes wrong between this machine and a registry: for the person who trains, pulls or promotes.

use std::fmt;
use std::time::Duration;

use curbside_publish::PublishError;

/// The kind of thing that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryErrorKind {
    /// An address or a setting of the environment cannot be used.
    Settings,
    /// Nobody answers: no connection, a broken one, or silence until the time was up.
    Unreachable,
    /// The server wants other credentials, or does not allow this.
    Denied,
    /// There is no such experiment, run, model, version, alias or artifact.
    NotFound,
    /// It is there already.
    Exists,
    /// The server says that the request is wrong.
    Refused,
    /// The server failed, and went on failing.
    Failed,
    /// The answer is not what `MLflow` says: a page, half a text, another shape.
    Answer,
    /// An answer or an artifact is larger than allowed.
    TooLarge,
    /// An artifact came back with other bytes than were sent, or lies where this build cannot reach it.
    Artifact,
    /// What was asked for is no address of a model.
    Uri,
    /// It can be asked of a tracking server alone, and none is known.
    NoServer,
    /// A model's files are not where its registry says.
    Missing,
    /// A model that was never uploaded whole.
    NotReady,
    /// A model's folder that says nothing of a model that is read here.
    Model,
    /// Other bytes than those that were logged.
    Digest,
    /// The bundle is published, and the registry's alias could not follow.
    AliasBehind,
    /// A bundle cannot be opened, or a store failed: see [`RegistryError::publish_error`].
    Publish,
}

/// What may be done about a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Asking again gives the same answer.
    Final,
    /// The server has not begun with it: anything may be sent again.
    Untouched,
    /// The server may have done it: only what may be done twice may be sent again.
    Unknown,
}

/// A failure, where, and what to do about it. Holds no credentials, neither in its text nor in its `Debug` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryError {
    kind: RegistryErrorKind,
    message: String,
    error_code: Option<String>,
    fate: Fate,
    pause: Option<Duration>,
    publish_error: Option<Box<PublishError>>,
}

impl RegistryError {
    pub(crate) fn new(kind: RegistryErrorKind, message: impl Into<String>) -> RegistryError {
        let (fate, message) = (Fate::Final, message.into());
        RegistryError { kind, message, error_code: None, fate, pause: None, publish_error: None }
    }

    pub(crate) fn with_fate(self, fate: Fate) -> RegistryError {
        RegistryError { fate, ..self }
    }

    /// After how long the server wants to be asked again.
    pub(crate) fn with_pause(self, pause: Option<Duration>) -> RegistryError {
        RegistryError { pause, ..self }
    }

    pub(crate) fn with_error_code(self, error_code: Option<String>) -> RegistryError {
        RegistryError { error_code, ..self }
    }

    pub(crate) fn fate(&self) -> Fate {
        self.fate
    }

    pub(crate) fn pause(&self) -> Option<Duration> {
        self.pause
    }

    /// The kind of problem.
    pub fn kind(&self) -> RegistryErrorKind {
        self.kind
    }

    /// `MLflow`'s own code for it, such as `RESOURCE_DOES_NOT_EXIST`, where the server gave one.
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// What was wrong with the bundle or the store, if that is the problem.
    pub fn publish_error(&self) -> Option<&PublishError> {
        self.publish_error.as_deref()
    }

    /// The stable code of this error; that of the [`PublishError`] if there is one.
    pub fn code(&self) -> &'static str {
        match self.kind {
            RegistryErrorKind::Settings => "REGISTRY_SETTINGS",
            RegistryErrorKind::Unreachable => "REGISTRY_UNREACHABLE",
            RegistryErrorKind::Denied => "REGISTRY_DENIED",
            RegistryErrorKind::NotFound => "REGISTRY_NOT_FOUND",
            RegistryErrorKind::Exists => "REGISTRY_EXISTS",
            RegistryErrorKind::Refused => "REGISTRY_REFUSED",
            RegistryErrorKind::Failed => "REGISTRY_FAILED",
            RegistryErrorKind::Answer => "REGISTRY_ANSWER",
            RegistryErrorKind::TooLarge => "REGISTRY_TOO_LARGE",
            RegistryErrorKind::Artifact => "REGISTRY_ARTIFACT",
            RegistryErrorKind::Uri => "PULL_URI",
            RegistryErrorKind::NoServer => "PULL_NO_SERVER",
            RegistryErrorKind::Missing => "PULL_MISSING",
            RegistryErrorKind::NotReady => "PULL_NOT_READY",
            RegistryErrorKind::Model => "PULL_MODEL",
            RegistryErrorKind::Digest => "PULL_DIGEST",
            RegistryErrorKind::AliasBehind => "PROMOTE_ALIAS",
            RegistryErrorKind::Publish => self.publish_error.as_ref().map_or("STORE_FAILED", |fault| fault.code()),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            RegistryErrorKind::Settings => "set it right, or unset MLFLOW_TRACKING_URI to work without a registry",
            RegistryErrorKind::Unreachable => {
                "see that the server runs and MLFLOW_TRACKING_URI names it, or unset MLFLOW_TRACKING_URI to work without it"
            }
            RegistryErrorKind::Denied => {
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of someone who may; a \
                 server that does not know the name it is called by wants it in its --allowed-hosts"
            }
            RegistryErrorKind::NotFound => "look in the registry what there is under which name",
            RegistryErrorKind::Exists => "choose another name, or use what is there",
            RegistryErrorKind::Refused => "see what the server says about it",
            RegistryErrorKind::Failed => "look into the server's log, then try again",
            RegistryErrorKind::Answer => {
                "see that MLFLOW_TRACKING_URI is the address of an MLflow server and not of a page"
            }
            RegistryErrorKind::TooLarge => "see what lies there: no model that Curbside reads is that large",
            RegistryErrorKind::Artifact => "look at the server's artifact store, then try again",
            RegistryErrorKind::Uri => "give one of these",
            RegistryErrorKind::NoServer => "set MLFLOW_TRACKING_URI",
            RegistryErrorKind::Missing => {
                "look whether the upload was finished, or give the path of a folder with an MLmodel"
            }
            RegistryErrorKind::NotReady => "log the model again, or take another version",
            RegistryErrorKind::Model => {
                "log it as a bundle, with a flavour of LightGBM or XGBoost, or as skops (serialization_format=\"skops\")"
            }
            RegistryErrorKind::Digest => "log the bundle again, and find out what changed it",
            RegistryErrorKind::AliasBehind => {
                "run `curbside promote` with that version and that alias, which finishes it"
            }
            RegistryErrorKind::Publish => "look at the store: is it there, full, or read-only?",
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A `PublishError` ends with its remedy already.
        if self.publish_error.is_some() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}; {}", self.message, self.remedy())
        }
    }
}

impl std::error::Error for RegistryError {}

impl From<PublishError> for RegistryError {
    fn from(fault: PublishError) -> RegistryError {
        let message = fault.to_string();
        RegistryError {
            publish_error: Some(Box::new(fault)),
            ..RegistryError::new(RegistryErrorKind::Publish, message)
        }
    }
}
