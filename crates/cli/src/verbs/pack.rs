//! `curbside pack`: a model that another library trained in, a bundle out.

mod golden;
mod leaves;
mod place;
mod predicted;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use curbside::bundle::Card;
use curbside::features::{Calendar, FeatureSpec, ZonePairs};
use curbside::model::Target;
use curbside::trip::MAX_LOCATION_ID;
use curbside::{Bundle, Estimator, Limits};
use curbside_evaluate::{PackedBundle, file_name, golden_rides};
use curbside_import::{Imported, LARGEST_FILE, MLMODEL, Options, bind, data_of, read};
use curbside_publish::BundleFile;
use serde::Deserialize;

use super::written::Written;
use crate::failure::Failure;
use crate::output::Output;
use leaves::Leaves;
use place::Place;
use predicted::Predicted;

/// What to make a bundle of.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Model file, told by its content: LightGBM text, XGBoost JSON or UBJSON, skops of their scikit-learn wrappers; or an MLflow
    /// model folder
    model: PathBuf,
    /// TOML file of expressions for columns whose names say nothing: `[columns]`, then `name = "expression"`; and of what is
    /// predicted, if not minutes: `[target]`, then `unit = "seconds"`, `transform = "log1p"`
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,
    /// Folder of `taxi_zones.geojson` and `taxi_zone_lookup.csv`, or a bundle that has zones; else the shipped bundle
    #[arg(long, value_name = "BUNDLE|FOLDER")]
    zones: Option<PathBuf>,
    /// Name of the model
    #[arg(long, default_value = "ride-duration")]
    name: String,
    /// Use XGBoost's trees up to its best iteration alone, where `predict` of the library uses all of them
    #[arg(long)]
    best_iteration: bool,
    /// Store leaves as they are, or rounded to 4 bytes each, which changes numbers by as much as is then told
    #[arg(long, value_enum, default_value_t)]
    leaves: Leaves,
    /// Bundle to write; its card is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The file of `--features`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Features {
    columns: BTreeMap<String, String>,
    target: Predicted,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let path = model_file(&arguments.model)?;
    let bytes = read_bounded(&path)?;
    let options = Options { best_iteration: arguments.best_iteration };
    let mut imported = read(&bytes, options, &Limits::default())
        .map_err(|fault| Failure::new("PACK_MODEL", format!("{}: {fault}", path.display())))?;
    let rounded = arguments.leaves.round(&mut imported.model);
    let given = arguments.features.as_deref().map_or(Ok(Features::default()), read_features)?;
    let columns: Vec<(String, String)> = given.columns.into_iter().collect();
    let place = Place::find(arguments.zones.as_deref())?;
    let empty = FeatureSpec::new(Calendar::new_york(), place.distance);
    let features = bind(&imported.feature_names, &columns, empty)
        .map_err(|fault| Failure::new("PACK_COLUMN", fault.to_string()))?;
    let card = rounded.told(card(arguments, &imported, &BundleFile::sha256(&bytes)));
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
    output.answer(&Written::to(&arguments.out, PackedBundle::new(bundle)?)?)
}

/// The model's file: the argument itself, or the one that the `MLmodel` of a folder names.
fn model_file(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join(MLMODEL);
    if !file.exists() {
        let message = format!(
            "{}: expected the folder of a model, with a file {MLMODEL}, found none: give the folder within that has it, such as \
             artifacts of MLflow 3's models/m-ID or artifacts/model of a run of MLflow 2",
            path.display()
        );
        return Err(Failure::new("FILE_READ", message));
    }
    let text = String::from_utf8_lossy(&read_bounded(&file)?).into_owned();
    let name = data_of(&text).map_err(|fault| Failure::new("PACK_MODEL", format!("{}: {fault}", file.display())))?;
    Ok(path.join(name))
}

/// Reads a file, but not more of it than any model has.
fn read_bounded(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than is accepted, so that what is too large is told as such. `usize` to `u64` loses nothing.
    let most = LARGEST_FILE as u64 + 1;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(|fault| {
        let message = format!("{}: expected a file that can be read, found {fault}: give another", path.display());
        Failure::new("FILE_READ", message)
    })?;
    Ok(bytes)
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

fn card(arguments: &Arguments, imported: &Imported, sha256: &str) -> Card {
    let Imported { library, version, objective, notes, .. } = imported;
    let version = version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let objective = if objective.is_empty() { "its own" } else { objective };
    let model = file_name(&arguments.model);
    let source = format!("Packed from {model}, sha256 {sha256}, written by {library}{version}, objective {objective}.");
    let unmeasured = "Not measured: the file does not say what the model learnt from or how good it is. `curbside recalibrate` \
                      measures it, and gives it an interval.";
    let pairs = "Which pairs of zones the model has met is not known: no ride is warned of as UNSEEN_ZONE_PAIR.";
    let mut card = Card {
        name: arguments.name.clone(),
        version: sha256.chars().take(12).collect(),
        created: "unknown".to_owned(),
        algorithm: format!("{library}{version}, packed"),
        command: arguments.command(&model),
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

impl Arguments {
    /// The command that makes this again. Folders are not part of it, so that the card does not depend on where files stand.
    fn command(&self, model: &str) -> String {
        let option = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or_else(String::new, |path| format!(" --{name} models/{}", file_name(path)))
        };
        let best = if self.best_iteration { " --best-iteration" } else { "" };
        let leaves = if self.leaves == Leaves::F32 { " --leaves f32" } else { "" };
        format!(
            "cargo curbside pack models/{model}{}{} --name {}{best}{leaves} --out models/{}",
            option("features", &self.features),
            option("zones", &self.zones),
            self.name,
            file_name(&self.out)
        )
    }
}
