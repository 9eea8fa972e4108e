//! The end of a run: the bundle as a logged model, read back, and then as a version of a registered model.

use std::time::SystemTime;

use curbside::bundle::{Card, Month};
use curbside_publish::BundleFile;

use super::datasets::{Use, dataset, digest};
use super::figures::{Figure, MeasuredOn, figures};
use super::{METRICS_AT_ONCE, PAIRS_AT_ONCE, Recorded, RunEnd, TrackedRun, Unrecorded, now, parameters};
use crate::error::{RegistryError, RegistryErrorKind};
use crate::layout::{self, About};
use crate::records::{DatasetInput, LoggedModel, Metric, ModelVersion, Pair};

/// The logged model's name in its run, by which `runs:/ID/model` finds it.
const MODEL: &str = "model";
/// The kind of model, for the server's list.
const MODEL_TYPE: &str = "curbside";
const READY: &str = "LOGGED_MODEL_READY";
const UPLOAD_FAILED: &str = "LOGGED_MODEL_UPLOAD_FAILED";

/// As which version a bundle is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The registered model.
    pub name: String,
    /// The alias that is to stand on the version.
    pub alias: Option<String>,
}

impl Registration {
    /// A registration under names that the server takes, so that nobody trains first and learns that afterwards.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` for a name with `/`, `:` or nothing in it; for an alias that is not of letters, digits, `_` and `-`,
    /// or that reads like a version.
    pub fn new(name: &str, alias: Option<&str>) -> Result<Registration, RegistryError> {
        let fail = |expected: &str, found: &str| {
            Err(RegistryError::new(RegistryErrorKind::Settings, format!("expected {expected}, found {found:?}")))
        };
        if name.trim().is_empty() || name.contains(['/', ':']) || name.chars().any(char::is_control) {
            return fail("a registered model's name, not empty and without '/' and ':'", name);
        }
        if let Some(alias) = alias {
            let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let number = alias.strip_prefix(['v', 'V']).unwrap_or(alias);
            let is_version = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            if alias.is_empty() || !alias.chars().all(fit) || is_version || alias.eq_ignore_ascii_case("latest") {
                return fail("an alias of letters, digits, '_' and '-' that is no version, such as challenger", alias);
            }
        }
        Ok(Registration { name: name.to_owned(), alias: alias.map(str::to_owned) })
    }
}

impl TrackedRun {
    /// Ends the run with a bundle: parameters, figures and months of its card; its files as a logged model, read back; then
    /// the version and its alias, if asked for. `importance` is the plot, an SVG.
    ///
    /// # Errors
    ///
    /// [`Unrecorded`]: the run is then marked `FAILED`, a logged model of which not every file is there is marked as failed, and
    /// no version is made of it.
    pub fn finish(
        mut self,
        bundle: &BundleFile,
        importance: Option<&str>,
        registration: Option<&Registration>,
    ) -> Result<Recorded, Box<Unrecorded>> {
        let mut version = None;
        let recorded = self.record(bundle, importance, registration, &mut version);
        recorded.map_err(|fault| {
            let unmarked = self.end(RunEnd::Failed).err();
            Box::new(Unrecorded { fault, run_id: self.run_id.clone(), unmarked, version })
        })
    }

    fn record(
        &mut self,
        bundle: &BundleFile,
        importance: Option<&str>,
        registration: Option<&Registration>,
        version: &mut Option<ModelVersion>,
    ) -> Result<Recorded, RegistryError> {
        let estimator = bundle.estimator()?;
        let card = estimator.card();
        let sha256 = BundleFile::sha256(&bundle.stored());
        let told = card.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let params = parameters(told.chain([("algorithm", card.algorithm.as_str())]));
        self.say(&params, &tags(card, &sha256))?;
        self.say_inputs(card)?;
        let (figures, timestamp) = (figures(card), now());
        let metrics =
            |model: Option<&str>| figures.iter().map(|figure| metric(figure, card, timestamp, model)).collect();
        self.waiting.extend::<Vec<Metric>>(metrics(None));
        self.tell()?;

        let model = self.log_model(bundle, importance, &params, &tags(card, &sha256))?;
        let model_id = model.info.model_id;
        self.client.log_output(&self.run_id, &model_id)?;
        // Again, linked: the run has each of them once, and now the model has them too.
        self.waiting.extend::<Vec<Metric>>(metrics(Some(&model_id)));
        self.tell()?;
        if let Some(Registration { name, alias }) = registration {
            self.client.create_registered_model(name)?;
            let made = self.client.create_model_version(name, &model_id, &self.run_id, &tags(card, &sha256))?;
            let number = version.insert(made).version.clone();
            if let Some(alias) = alias {
                self.client.set_alias(name, alias, &number)?;
            }
        }
        self.client.end_run(&self.run_id, "FINISHED", now())?;
        Ok(Recorded { run_id: self.run_id.clone(), run_url: self.url(), model_id, version: version.clone() })
    }

    /// Parameters and tags, as many at once as the server takes.
    fn say(&self, params: &[Pair], tags: &[Pair]) -> Result<(), RegistryError> {
        for some in params.chunks(PAIRS_AT_ONCE) {
            self.client.log_batch(&self.run_id, some, &[], &[])?;
        }
        for some in tags.chunks(PAIRS_AT_ONCE) {
            self.client.log_batch(&self.run_id, &[], some, &[])?;
        }
        Ok(())
    }

    fn say_inputs(&self, card: &Card) -> Result<(), RegistryError> {
        let sides = [
            (&card.trained_on, Use::Training),
            (&card.calibrated_on, Use::Calibration),
            (&card.measured_on, Use::Validation),
        ];
        let all =
            sides.into_iter().flat_map(|(months, purpose)| months.iter().map(move |month| dataset(month, purpose)));
        let all: Vec<DatasetInput> = all.collect();
        for some in all.chunks(METRICS_AT_ONCE) {
            self.client.log_inputs(&self.run_id, some)?;
        }
        Ok(())
    }

    /// The bundle's files as a logged model that is ready.
    fn log_model(
        &self,
        bundle: &BundleFile,
        importance: Option<&str>,
        params: &[Pair],
        tags: &[Pair],
    ) -> Result<LoggedModel, RegistryError> {
        let model =
            self.client.create_logged_model(&self.experiment_id, MODEL, MODEL_TYPE, &self.run_id, (params, tags))?;
        let uploaded = self.upload(&model, bundle, importance);
        let status = if uploaded.is_ok() { READY } else { UPLOAD_FAILED };
        let marked = self.client.finish_logged_model(&model.info.model_id, status);
        // A failed upload is the failure to tell, whether or not the server could be told of it.
        uploaded.and(marked)?;
        Ok(model)
    }

    fn upload(&self, model: &LoggedModel, bundle: &BundleFile, importance: Option<&str>) -> Result<(), RegistryError> {
        let (model_id, uri) = (&model.info.model_id, &model.info.artifact_uri);
        let about = About {
            run_id: Some(&self.run_id),
            model_id: Some(model_id),
            artifact_path: Some(uri),
            importance: importance.map(str::as_bytes),
            ..About::new(SystemTime::now())
        };
        let (folder, files) = (self.client.artifacts(uri)?, layout::write(bundle, &about)?);
        for file in &files {
            folder.put(file.path, &file.bytes)?;
        }
        for file in &files {
            let found = folder.get(file.path, file.bytes.len())?;
            if found != file.bytes {
                let (expected, length) = (file.bytes.len(), found.len());
                let message = format!(
                    "{uri}/{}: expected the {expected} bytes that were sent, found {length} others when reading back",
                    file.path
                );
                return Err(RegistryError::new(RegistryErrorKind::Artifact, message));
            }
        }
        Ok(())
    }
}

/// What a run, its model and its version are known by.
fn tags(card: &Card, sha256: &str) -> Vec<Pair> {
    let mut tags = vec![
        Pair::new("curbside.model", card.name.clone()),
        Pair::new("curbside.model.version", card.version.clone()),
        Pair::new("curbside.sha256", sha256),
    ];
    if !card.trained_on.is_empty() {
        let digests: Vec<&str> = card.trained_on.iter().map(|month| month.sha256.as_str()).collect();
        tags.push(Pair::new("curbside.data.sha256", digests.join(" ").chars().take(5000).collect::<String>()));
    }
    if !card.command.is_empty() {
        tags.push(Pair::new("curbside.command", card.command.chars().take(5000).collect::<String>()));
    }
    tags
}

/// A figure as the server keeps it: of a model, if one is given, and of the month it was measured on, if there is one only.
fn metric(figure: &Figure, card: &Card, timestamp: u64, model: Option<&str>) -> Metric {
    let months: &[Month] = match figure.on {
        MeasuredOn::Training => &card.trained_on,
        MeasuredOn::Validation => &card.measured_on,
    };
    let month = if let [month] = months { Some(month) } else { None };
    Metric {
        key: figure.key.clone(),
        value: figure.value,
        timestamp,
        step: 0,
        model_id: model.map(str::to_owned),
        dataset_name: month.map(|month| month.file.clone()),
        dataset_digest: month.map(digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_server_would_refuse_are_refused_before() {
        for (name, alias) in [("ride-duration", None), ("Ride duration", Some("challenger")), ("a.b", Some("a_1"))] {
            assert!(Registration::new(name, alias).is_ok(), "{name} {alias:?}");
        }
        let rows = [
            ("", None),
            (" ", None),
            ("a/b", None),
            ("a:b", None),
            ("a", Some("")),
            ("a", Some("v3")),
            ("a", Some("17")),
            ("a", Some("latest")),
            ("a", Some("a b")),
        ];
        for (name, alias) in rows {
            let refused = Registration::new(name, alias);
            assert!(refused.is_err_and(|fault| fault.to_string().contains("expected")), "{name:?} {alias:?}");
        }
    }
}
