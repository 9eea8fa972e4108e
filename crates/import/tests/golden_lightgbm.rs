//! Models that LightGBM wrote, on rows that LightGBM predicted: the bits must be the same.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of other formats, which use more of it")]
mod golden;

use curbside::Limits;
use curbside::model::{MissingRule, Model, Rule};
use curbside_import::lightgbm::{LightGbmModel, read};
use golden::estimator;
use ndarray::Array2;

/// Files in tests/golden/lightgbm, made by the make.py there.
fn golden(name: &str) -> String {
    std::fs::read_to_string(golden::path(&format!("lightgbm/{name}"))).unwrap()
}

fn model(name: &str) -> LightGbmModel {
    read(&golden(&format!("{name}.txt")), &Limits::default()).unwrap()
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
    let found = estimator(&model.feature_names, Model::Ensemble(model.ensemble.clone()))
        .predict_matrix(&matrix.view())
        .unwrap();
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
        Rule::Categorical { .. } | Rule::CategoricalOrMissing { .. } => None,
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
    let words = model.ensemble.splits().filter_map(|split| split.rule.categories().map(<[u32]>::len));
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
