//! Models that LightGBM wrote, on rows that LightGBM predicted: the bits must be the same.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::path::PathBuf;

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Calibration, MissingRule, Model, Rule, Target};
use curbside::{Bundle, Estimator, Limits};
use curbside_import::lightgbm::{LightGbmModel, read};
use ndarray::Array2;

/// Files in tests/golden/lightgbm, made by the make.py there.
fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/lightgbm");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn model(name: &str) -> LightGbmModel {
    read(&golden(&format!("{name}.txt")), &Limits::default()).unwrap()
}

/// An estimator around the model: the rows below are encoded already, so its own features are never computed.
fn estimator(model: &LightGbmModel) -> Estimator {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
    for name in &model.feature_names {
        features.column(name, Expr::Calendar(CalendarPart::Hour)).unwrap();
    }
    let bundle = Bundle {
        card: Card::default(),
        target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model: Model::Ensemble(model.ensemble.clone()),
        calibration: Calibration::default(),
        golden: Vec::new(),
    };
    // Through bytes, so that what is stored is tested too.
    Estimator::open(&bundle.to_bytes().unwrap()).unwrap()
}

/// Feature rows and the prediction of each.
fn rows(name: &str) -> (Array2<f64>, Vec<f64>) {
    let number = |digits: &str| f64::from_bits(u64::from_str_radix(digits, 16).unwrap());
    let (mut values, mut predictions) = (Vec::new(), Vec::new());
    for line in golden(&format!("{name}.rows")).lines() {
        let mut row: Vec<f64> = line.split(' ').map(number).collect();
        predictions.push(row.pop().unwrap());
        values.extend(row);
    }
    let rows = predictions.len();
    (Array2::from_shape_vec((rows, values.len() / rows), values).unwrap(), predictions)
}

fn assert_same_bits(name: &str) {
    let model = model(name);
    let (matrix, expected) = rows(name);
    assert!(expected.len() >= 500, "{name}: only {} rows", expected.len());
    let found = estimator(&model).predict_matrix(&matrix.view()).unwrap();
    let wrong: Vec<String> = found
        .iter()
        .zip(&expected)
        .enumerate()
        .filter(|(_, (found, expected))| found.to_bits() != expected.to_bits())
        .map(|(row, (found, expected))| format!("row {row} {}: {found} instead of {expected}", matrix.row(row)))
        .collect();
    assert!(wrong.is_empty(), "{name}: {} rows differ\n{}", wrong.len(), wrong.join("\n"));
}

/// The missing rules that a model's numeric splits have.
fn missing_rules(model: &LightGbmModel) -> Vec<MissingRule> {
    let rule = |rule: &Rule| match rule {
        Rule::Numeric { missing, .. } => Some(*missing),
        Rule::Categorical { .. } => None,
    };
    model.ensemble.splits().filter_map(|split| rule(&split.rule)).collect()
}

#[test]
fn no_missing_values() {
    assert!(missing_rules(&model("missing_none")).iter().all(|rule| *rule == MissingRule::None));
    assert_same_bits("missing_none");
}

#[test]
fn zero_is_missing() {
    assert!(missing_rules(&model("missing_zero")).iter().all(|rule| *rule == MissingRule::Zero));
    assert_same_bits("missing_zero");
}

#[test]
fn nan_is_missing() {
    assert!(missing_rules(&model("missing_nan")).contains(&MissingRule::Nan));
    assert_same_bits("missing_nan");
}

#[test]
fn categories() {
    let model = model("categorical");
    let words = model.ensemble.splits().filter_map(|split| match &split.rule {
        Rule::Categorical { bitset } => Some(bitset.len()),
        Rule::Numeric { .. } => None,
    });
    assert!(words.max() >= Some(2), "expected sets of more than one word");
    assert_same_bits("categorical");
}

#[test]
fn a_tree_of_one_leaf() {
    assert_eq!(model("constant").ensemble.splits().count(), 0);
    assert_same_bits("constant");
}

#[test]
fn names_and_objective_are_kept() {
    let model = model("missing_none");
    assert_eq!(model.feature_names, ["Column_0", "Column_1", "Column_2", "Column_3"]);
    assert_eq!(model.objective, "regression");
    assert_eq!(model.ensemble.trees.len(), 20);
}
