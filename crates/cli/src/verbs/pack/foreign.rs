//! From the bytes of a foreign model to a bundle, wherever they come from: a file, or a registry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use curbside::bundle::Card;
use curbside::features::{Calendar, FeatureSpec, ZonePairs};
use curbside::model::Target;
use curbside::trip::MAX_LOCATION_ID;
use curbside::{Bundle, Estimator, Limits};
use curbside_evaluate::{PackedBundle, file_name, golden_rides};
use curbside_import::{Imported, Options, bind, read};
use curbside_publish::BundleFile;
use serde::Deserialize;

use super::leaves::Leaves;
use super::place::Place;
use super::predicted::Predicted;
use super::{golden, read_bounded};
use crate::failure::Failure;

/// How to read a foreign model.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Reading {
    /// TOML file of expressions for columns whose names say nothing: `[columns]`, then `name = "expression"`; and of what is
    /// predicted, if not minutes: `[target]`, then `unit = "seconds"`, `transform = "log1p"`
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,
    /// Folder of `taxi_zones.geojson` and `taxi_zone_lookup.csv`, or a bundle that has zones; else the shipped bundle
    #[arg(long, value_name = "BUNDLE|FOLDER")]
    zones: Option<PathBuf>,
    /// Use XGBoost's trees up to its best iteration alone, where `predict` of the library uses all of them
    #[arg(long)]
    best_iteration: bool,
    /// Store leaves as they are, or rounded to 4 bytes each, which changes numbers by as much as is then told
    #[arg(long, value_enum, default_value_t)]
    leaves: Leaves,
}

/// A foreign model and what its bundle's card says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign<'a> {
    /// Where it is, for messages.
    pub(crate) place: &'a str,
    /// The name of its file.
    pub(crate) file: &'a str,
    /// What it holds.
    pub(crate) bytes: &'a [u8],
    /// The name that the bundle gets.
    pub(crate) name: &'a str,
    /// The command that makes the bundle again.
    pub(crate) command: &'a str,
    /// The MLflow run that logged it, where known.
    pub(crate) mlflow_run: Option<&'a str>,
}

/// The file of `--features`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Features {
    columns: BTreeMap<String, String>,
    target: Predicted,
}

impl Reading {
    /// Makes the bundle.
    pub(crate) fn pack(&self, foreign: &Foreign<'_>) -> Result<PackedBundle, Failure> {
        let options = Options { best_iteration: self.best_iteration };
        let mut imported = read(foreign.bytes, options, &Limits::default())
            .map_err(|fault| Failure::new("PACK_MODEL", format!("{}: {fault}", foreign.place)))?;
        let rounded = self.leaves.round(&mut imported.model);
        let given = self.features.as_deref().map_or(Ok(Features::default()), read_features)?;
        let columns: Vec<(String, String)> = given.columns.into_iter().collect();
        let place = Place::find(self.zones.as_deref())?;
        let empty = FeatureSpec::new(Calendar::new_york(), place.distance);
        let features = bind(&imported.feature_names, &columns, empty)
            .map_err(|fault| Failure::new("PACK_COLUMN", fault.to_string()))?;
        let card = rounded.told(card(foreign, &imported));
        let (model, calibration) = given
            .target
            .in_minutes(imported.model)
            .map_err(|fault| Failure::new("PACK_FEATURES", format!("target.transform: {fault}")))?;
        let mut bundle = Bundle {
            card,
            target: Target { name: "duration".to_owned(), unit: "minutes".to_owned(), low: 1.0, high: 60.0 },
            features,
            zones: place.zones,
            pairs: every_pair(),
            model,
            background: imported.background,
            calibration,
            golden: Vec::new(),
        };
        let estimator = Estimator::from_bundle(bundle.clone(), &Limits::default())
            .map_err(|fault| Failure::new("PACK_MODEL", fault.to_string()))?;
        let rides = golden::rides(&bundle.zones);
        bundle.card.warnings.extend(golden::doubt(&rides, &estimator));
        bundle.golden = golden_rides(&rides, &estimator);
        Ok(PackedBundle::new(bundle)?)
    }

    /// These arguments once more, for a card. Folders are not part of it, so that the card does not depend on where files stand.
    pub(crate) fn command(&self) -> [String; 2] {
        let option = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or_else(String::new, |path| format!(" --{name} models/{}", file_name(path)))
        };
        let best = if self.best_iteration { " --best-iteration" } else { "" };
        let leaves = if self.leaves == Leaves::F32 { " --leaves f32" } else { "" };
        let files = format!("{}{}", option("features", &self.features), option("zones", &self.zones));
        [files, format!("{best}{leaves}")]
    }
}

fn read_features(path: &Path) -> Result<Features, Failure> {
    let bytes = read_bounded(path)?;
    let fail = |fault: &str| {
        let expected =
            "expected TOML with a table [columns] of expressions in quotes, and [target] with unit and transform";
        Failure::new("PACK_FEATURES", format!("{}: {expected}, found {}", path.display(), fault.trim_end()))
    };
    let text = std::str::from_utf8(&bytes).map_err(|fault| fail(&fault.to_string()))?;
    toml::from_str(text).map_err(|fault| fail(&fault.to_string()))
}

/// Which pairs a foreign model has met is not known, so that no ride is warned of.
fn every_pair() -> ZonePairs {
    let mut pairs = ZonePairs::default();
    for pickup in 1..=MAX_LOCATION_ID {
        for dropoff in 1..=MAX_LOCATION_ID {
            pairs.insert(pickup, dropoff);
        }
    }
    pairs
}

fn card(foreign: &Foreign<'_>, imported: &Imported) -> Card {
    let Imported { library, version, objective, notes, .. } = imported;
    let sha256 = BundleFile::sha256(foreign.bytes);
    let version = version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let objective = if objective.is_empty() { "its own" } else { objective };
    let model = foreign.file;
    let source = format!("Packed from {model}, sha256 {sha256}, written by {library}{version}, objective {objective}.");
    let unmeasured = "Not measured: the file does not say what the model learnt from or how good it is. `curbside recalibrate` \
                      measures it, and gives it an interval.";
    let pairs = "Which pairs of zones the model has met is not known: no ride is warned of as UNSEEN_ZONE_PAIR.";
    let mut card = Card {
        name: foreign.name.to_owned(),
        version: sha256.chars().take(12).collect(),
        created: "unknown".to_owned(),
        algorithm: format!("{library}{version}, packed"),
        command: foreign.command.to_owned(),
        mlflow_run: foreign.mlflow_run.map(str::to_owned),
        notes: vec![source],
        warnings: vec![unmeasured.to_owned(), pairs.to_owned()],
        ..Card::default()
    };
    card.notes.extend(notes.iter().cloned());
    if imported.background.is_none() {
        let unexplained =
            "Estimates cannot be explained: the file does not say how many rows its leaves had, or they are linear.";
        card.notes.push(unexplained.to_owned());
    }
    card
}
