//! What to train on what.

use std::path::PathBuf;

use curbside::features::Zones;
use curbside_evaluate::calibrate::COVERAGE;
use curbside_evaluate::file_name;
use curbside_publish::{BundleFile, PublishError};
use curbside_tlc::zones;

use crate::columns;
use crate::error::{TrainError, TrainErrorKind};
use crate::parameters::BoostingParameters;
use crate::statistics::Statistics;

/// The kind of model.
#[derive(Clone, Debug, PartialEq)]
pub enum Algorithm {
    /// LightGBM; of the candidates, folds of whole days choose one and its number of trees.
    Boosting(Vec<BoostingParameters>),
    /// The reference's baseline: one weight a pair of zones and one for the distance, by exact least squares.
    Linear,
}

impl Algorithm {
    /// LightGBM with the candidates that the shipped bundle was chosen from: a single month is best served by the first, many
    /// months by the last (docs/accuracy.md).
    pub fn boosting() -> Algorithm {
        let single = BoostingParameters::default();
        let faster = BoostingParameters { learning_rate: 0.25, ..single };
        Algorithm::Boosting(vec![single, faster, BoostingParameters { statistics: Statistics::PAIRS, ..faster }])
    }

    /// The word for it on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Algorithm::Boosting(_) => "gbdt",
            Algorithm::Linear => "linear",
        }
    }
}

/// Where the zones come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// A folder with `taxi_zones.geojson` and `taxi_zone_lookup.csv`, as TLC publishes them.
    Folder(PathBuf),
    /// The zones of a bundle: months alone are enough to train another one.
    Bundle(PathBuf),
    /// The made-up grid that simulated months are of.
    Grid,
}

impl ZoneSource {
    pub(crate) fn read(&self) -> Result<Zones, TrainError> {
        match self {
            ZoneSource::Folder(folder) => {
                let (shapes, names) = (folder.join("taxi_zones.geojson"), folder.join("taxi_zone_lookup.csv"));
                Ok(columns::zones(&zones::read(&shapes, &names)?))
            }
            ZoneSource::Bundle(path) => {
                let bundle = BundleFile::open(path).and_then(|file| file.estimator());
                let unusable = |fault: PublishError| TrainError::new(TrainErrorKind::Config, format!("zones: {fault}"));
                Ok(bundle.map_err(unusable)?.zones().clone())
            }
            ZoneSource::Grid => Ok(columns::zones(&zones::grid())),
        }
    }
}

/// What to train on what.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Name of the model, such as `ride-duration`.
    pub name: String,
    /// Its version; `None` is the last training month, such as `2021-01`.
    pub version: Option<String>,
    /// Trip files to learn from.
    pub from: Vec<PathBuf>,
    /// Trip files to measure on, once, after everything is chosen; may be empty.
    pub validate: Vec<PathBuf>,
    /// Zones.
    pub zones: ZoneSource,
    /// The kind of model.
    pub algorithm: Algorithm,
    /// The share of rides that intervals promise to hold, above 0 and below 1; the linear baseline has none.
    pub coverage: f64,
    /// Where the bundle is to be written: it stands in the card's command, without its folder's parents.
    pub out: PathBuf,
    /// The `MLflow` run that this belongs to, for the card; `None` where there is none. Nothing else in the bundle depends on it.
    pub mlflow_run: Option<String>,
}

impl TrainConfig {
    /// A boosted model named `ride-duration` of the zones beside the first file.
    pub fn new(from: Vec<PathBuf>, validate: Vec<PathBuf>, out: PathBuf) -> TrainConfig {
        let folder = from.first().and_then(|path| path.parent()).map(PathBuf::from).unwrap_or_default();
        TrainConfig {
            name: "ride-duration".to_owned(),
            version: None,
            from,
            validate,
            zones: ZoneSource::Folder(folder),
            algorithm: Algorithm::boosting(),
            coverage: COVERAGE,
            out,
            mlflow_run: None,
        }
    }

    /// The command that trains this again. Folders of data are not part of it, so that the card does not depend on where
    /// they stand.
    pub(crate) fn command(&self) -> String {
        let files = |option: &str, paths: &[PathBuf]| {
            let names: Vec<String> =
                paths.iter().map(|path| format!("\"$CURBSIDE_DATA/{}\"", file_name(path))).collect();
            if names.is_empty() { String::new() } else { format!(" --{option} {}", names.join(" ")) }
        };
        let version = self.version.as_ref().map_or_else(String::new, |version| format!(" --version {version}"));
        // The default is not said.
        let coverage = if (self.coverage - COVERAGE).abs() < f64::EPSILON {
            String::new()
        } else {
            format!(" --coverage {}", self.coverage)
        };
        let zones = match &self.zones {
            ZoneSource::Folder(_) => String::new(),
            ZoneSource::Bundle(path) => format!(" --zones models/{}", file_name(path)),
            ZoneSource::Grid => " --zones grid".to_owned(),
        };
        format!(
            "cargo curbside train --model {}{}{}{zones}{coverage} --name {}{version} --out models/{}",
            self.algorithm.name(),
            files("from", &self.from),
            files("validate", &self.validate),
            self.name,
            file_name(&self.out),
        )
    }

    /// Refuses what cannot be done before minutes are spent on it.
    ///
    /// # Errors
    ///
    /// `TRAIN_CONFIG` with what was expected and what was found.
    pub fn check(&self) -> Result<(), TrainError> {
        let fail = |message: String| Err(TrainError::new(TrainErrorKind::Config, message));
        if self.from.is_empty() {
            return fail("from: expected at least one trip file to learn from, found none".to_owned());
        }
        if !(self.coverage > 0.0 && self.coverage < 1.0) {
            let found = self.coverage;
            return fail(format!("coverage: expected a share above 0 and below 1, such as 0.8, found {found}"));
        }
        if let Algorithm::Boosting(candidates) = &self.algorithm {
            if candidates.is_empty() {
                return fail("expected at least one candidate, found none".to_owned());
            }
            if let Some(fault) = candidates.iter().find_map(BoostingParameters::fault) {
                return fail(fault);
            }
        }
        Ok(())
    }
}
