//! A run in `MLflow`: begun before training, told meanwhile, and ended with the bundle as a logged model, or without.
//!
//! It is apart from the calls because it decides their order: a model version is made last, of a logged model whose files
//! were read back, so that nobody ever finds half of one.
//!
//! - [`TrackedRun`]: the run. [`Begin`]: what it is begun with; [`lineage()`] says where the code stands.
//! - [`Registration`]: as which version the bundle is registered. [`Recorded`]: what stands in the registry then.
//! - [`Unrecorded`]: what stands there otherwise.
//! - [`dataset`], [`figures()`]: months and a card's figures as `MLflow` keeps them.

mod datasets;
mod figures;
mod lineage;
mod logged;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

pub use datasets::{Use, dataset};
pub use figures::{Figure, MeasuredOn, figures};
pub use lineage::lineage;
pub use logged::Registration;

use crate::client::Client;
use crate::error::RegistryError;
use crate::records::{Metric, ModelVersion, Pair};

/// The server takes at most so many measured numbers at once.
const METRICS_AT_ONCE: usize = 1000;
/// And at most so many parameters, and so many tags.
const PAIRS_AT_ONCE: usize = 100;
/// The longest value of a parameter, in characters.
const LONGEST_VALUE: usize = 6000;

/// What a run is begun with.
#[derive(Clone, Debug)]
pub struct Begin<'a> {
    /// Name of the experiment, which is made where there is none.
    pub experiment: &'a str,
    /// Name of the run; else the server makes one up.
    pub run_name: Option<&'a str>,
    /// The run below which it stands, which must be there.
    pub parent_run: Option<&'a str>,
    /// Where the code stands, who runs it and what else is to be known from the beginning.
    pub tags: Vec<Pair>,
}

/// A run that has begun and not ended.
#[derive(Debug)]
pub struct TrackedRun {
    client: Client,
    experiment_id: String,
    run_id: String,
    /// What the server has not been told yet.
    waiting: Vec<Metric>,
    /// Whether numbers are sent as they come. After a failure they wait for the end.
    live: bool,
}

/// What stands in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The run, which is `FINISHED`.
    pub run_id: String,
    /// Where people see it.
    pub run_url: String,
    /// The logged model, which is `READY`.
    pub model_id: String,
    /// The version that was made of it, where one was asked for.
    pub version: Option<ModelVersion>,
}

/// What stands in the registry after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrecorded {
    /// What went wrong.
    pub fault: RegistryError,
    /// The run.
    pub run_id: String,
    /// Why the run could not be marked `FAILED`, where it could not.
    pub unmarked: Option<RegistryError>,
    /// The version, where the failure came after it was made: it is whole.
    pub version: Option<ModelVersion>,
}

impl Unrecorded {
    /// What stands in the registry, without what went wrong.
    pub fn standing(&self) -> String {
        let run = &self.run_id;
        let run = match &self.unmarked {
            None => format!("Run {run} is marked FAILED"),
            Some(fault) => format!("Run {run} could not be marked FAILED ({fault})"),
        };
        match &self.version {
            None => format!("{run}, and no model version was made"),
            Some(version) => format!("{run}; version {} of {} was made and is whole", version.version, version.name),
        }
    }
}

impl fmt::Display for Unrecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.fault, self.standing())
    }
}

impl std::error::Error for Unrecorded {}

impl TrackedRun {
    /// Begins a run.
    ///
    /// # Errors
    ///
    /// Every kind of [`RegistryError`]; `REGISTRY_NOT_FOUND` for a parent that there is not.
    pub fn begin(client: Client, begin: &Begin<'_>) -> Result<TrackedRun, RegistryError> {
        let mut tags = begin.tags.clone();
        if let Some(parent) = begin.parent_run {
            tags.push(Pair::new("mlflow.parentRunId", client.run(parent)?.info.run_id));
        }
        let experiment_id = client.experiment(begin.experiment)?;
        let run = client.create_run(&experiment_id, begin.run_name, now(), &tags)?;
        let run_id = run.info.run_id;
        Ok(TrackedRun { client, experiment_id, run_id, waiting: Vec::new(), live: true })
    }

    /// Its id.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Where people see it.
    pub fn url(&self) -> String {
        format!("{}/#/experiments/{}/runs/{}", self.client.address(), self.experiment_id, self.run_id)
    }

    /// Tells a number at steps 1, 2, 3 ..., now if the server listens, else at the end.
    pub fn curve(&mut self, key: &str, values: &[f64]) {
        let timestamp = now();
        let metric = |(step, value): (u64, &f64)| Metric {
            key: name(key),
            value: *value,
            timestamp,
            step,
            model_id: None,
            dataset_name: None,
            dataset_digest: None,
        };
        self.waiting.extend((1..).zip(values).filter(|(_, value)| value.is_finite()).map(metric));
        // Training goes on without a server: what could not be told is told at the end.
        self.live = self.live && self.tell().is_ok();
    }

    /// Ends the run without a result.
    ///
    /// # Errors
    ///
    /// Every kind of [`RegistryError`].
    pub fn end(&self, status: RunEnd) -> Result<(), RegistryError> {
        self.client.end_run(&self.run_id, status.name(), now())
    }

    /// Says of a run, from wherever its id is known, that somebody stopped it.
    ///
    /// # Errors
    ///
    /// Every kind of [`RegistryError`].
    pub fn kill(client: &Client, run_id: &str) -> Result<(), RegistryError> {
        client.end_run(run_id, RunEnd::Killed.name(), now())
    }

    /// Tells what waits.
    fn tell(&mut self) -> Result<(), RegistryError> {
        while !self.waiting.is_empty() {
            let some = self.waiting.len().min(METRICS_AT_ONCE);
            self.client.log_batch(&self.run_id, &[], &[], &self.waiting[..some])?;
            self.waiting.drain(..some);
        }
        Ok(())
    }
}

/// How a run ends that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Something went wrong.
    Failed,
    /// Somebody stopped it.
    Killed,
}

impl RunEnd {
    /// `MLflow`'s word for it.
    pub fn name(self) -> &'static str {
        match self {
            RunEnd::Failed => "FAILED",
            RunEnd::Killed => "KILLED",
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A name as the server takes it for metrics and parameters: of letters, digits and `_-. :/`, at most 250 of them.
pub(crate) fn name(text: &str) -> String {
    let fit = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | ':' | '/');
    text.chars().map(|c| if fit(c) { c } else { '_' }).take(250).collect()
}

/// Parameters as the server takes them: each name once, no value too long.
pub(crate) fn parameters<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Pair> {
    let mut kept: Vec<Pair> = Vec::new();
    for (key, value) in pairs {
        let pair = Pair::new(name(key), value.chars().take(LONGEST_VALUE).collect::<String>());
        if !kept.iter().any(|known| known.key == pair.key) {
            kept.push(pair);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_made_fit_for_the_server() {
        let long = "x".repeat(7000);
        let found = parameters([("a<b>", "1"), ("long", &long), ("a_b_", "2")]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].key.as_str(), found[0].value.as_str()), ("a_b_", "1"));
        assert_eq!(found[1].value.len(), 6000);
    }

    #[test]
    fn a_failure_says_what_stands_where() {
        use crate::error::RegistryErrorKind;
        let fault = RegistryError::new(RegistryErrorKind::Failed, "PUT http://mlflow: expected success, found 500");
        let unmarked = RegistryError::new(RegistryErrorKind::Unreachable, "no connection");
        let version = ModelVersion {
            name: "green".into(),
            version: "3".into(),
            source: String::new(),
            run_id: String::new(),
            model_id: String::new(),
            status: String::new(),
            tags: Vec::new(),
            aliases: Vec::new(),
        };
        let told = Unrecorded { fault, run_id: "abc".into(), unmarked: None, version: None };
        let text = told.to_string();
        assert!(
            text.contains("found 500") && text.contains("Run abc is marked FAILED, and no model version"),
            "{text}"
        );
        let text = Unrecorded { unmarked: Some(unmarked), version: Some(version), ..told }.to_string();
        assert!(text.contains("could not be marked FAILED (no connection"), "{text}");
        assert!(text.ends_with("version 3 of green was made and is whole"), "{text}");
    }
}
