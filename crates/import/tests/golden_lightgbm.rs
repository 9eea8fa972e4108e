//! Models that LightGBM wrote, on rows that LightGBM predicted: the bits must be the same.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of other formats, which use more of it")]
mod golden;

use curbside::Limits;
use curbside::model::{Background, MissingRule, Model, Rule};
use curbside_import::Options;
use curbside_import::lightgbm::{LightGbmModel, read};
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
    let found = golden::predicted(&model.feature_names, Model::Ensemble(model.ensemble.clone()), &matrix);
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

/// Models of every version whose texts are read: the options that change what a split or a sum is.
const OPTIONS: [&str; 10] =
    ["zero", "unused", "onehot", "sets", "dart", "goss", "sqrt", "forest_poisson", "linear_categorical", "binary"];

/// Models of the newest: every objective.
const OBJECTIVES: [&str; 12] = [
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "poisson",
    "gamma",
    "tweedie",
    "cross_entropy",
    "quantile_sqrt",
    "forest",
    "linear",
];

/// The versions that goldens were made with, by tests/golden/lightgbm/make.py.
const VERSIONS: [&str; 4] = ["3.3.5", "4.0.0", "4.6.0", "4.7.0"];

/// Whether two doubles are one; one NaN is as good as another.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

#[test]
fn every_option_objective_mean_and_leaf_gives_lightgbms_scores() {
    let mut wrong = Vec::new();
    let options = VERSIONS.into_iter().flat_map(|version| OPTIONS.map(|name| (version, name)));
    for (version, name) in options.chain(OBJECTIVES.map(|name| ("4.7.0", name))) {
        let file = |ending| std::fs::read(golden::path(&format!("lightgbm-{version}/{name}.{ending}"))).unwrap();
        let imported = curbside_import::read(&file("txt"), Options::default(), &Limits::default())
            .unwrap_or_else(|fault| panic!("{version} {name}: {fault}"));
        let bytes = file("rows");
        let (matrix, expected) = golden::rows(&bytes, imported.feature_names.len(), 16);
        assert!(expected.len() >= 500, "{name}: only {} rows", expected.len());
        let scores = |model| golden::predicted(&imported.feature_names, model, &matrix);
        let (raw, predicted) = (scores(golden::raw(&imported.model)), scores(imported.model.clone()));
        for (row, expected) in expected.iter().enumerate() {
            let number = |at: usize| f64::from_be_bytes(expected[at..at + 8].try_into().unwrap());
            if !same(raw[row], number(0)) || !same(predicted[row], number(8)) {
                let (found, expected) = ((raw[row], predicted[row]), (number(0), number(8)));
                wrong
                    .push(format!("{version} {name} row {row} {}: {found:?} instead of {expected:?}", matrix.row(row)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows differ\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn a_plain_sum_stays_one() {
    let plain = golden("missing_nan.txt");
    let imported = curbside_import::read(plain.as_bytes(), Options::default(), &Limits::default()).unwrap();
    assert!(matches!(imported.model, Model::Ensemble(_)));
    assert_eq!((imported.library, imported.version.as_deref()), ("LightGBM", Some("format v4")));
    let refused = curbside_import::read(plain.as_bytes(), Options { best_iteration: true }, &Limits::default());
    assert!(refused.unwrap_err().to_string().contains("leave --best-iteration out"));
}

/// The covers that a file gives, and how many leaves it has.
fn covers(text: &str) -> (Option<Vec<f64>>, usize) {
    let model = read(text, &Limits::default()).unwrap();
    let covers = model.background.map(|background| match background {
        Background::Covers(covers) => covers,
        Background::Means(means) => panic!("means of trees: {means:?}"),
    });
    (covers, model.ensemble.leaves().count())
}

#[test]
fn covers_are_the_counts_of_the_file_where_these_add_up() {
    // LightGBM's internal_count is the sum of the leaves in each of these, else there would be no covers.
    for name in ["missing_none", "missing_zero", "missing_nan", "categorical", "constant"] {
        let (found, leaves) = covers(&golden(&format!("{name}.txt")));
        assert_eq!(found.unwrap().len(), leaves, "{name}");
    }
    let text = golden("missing_none.txt");
    let line = text.lines().find(|line| line.starts_with("leaf_count=")).unwrap();
    let (found, _) = covers(&text);
    let mut first: Vec<f64> = line["leaf_count=".len()..].split(' ').map(|count| count.parse().unwrap()).collect();
    let mut stored = found.unwrap()[..first.len()].to_vec();
    // All 3,000 rows; in the order of the nodes, which is another than the file's.
    assert_eq!(stored.iter().sum::<f64>().to_bits(), 3000.0_f64.to_bits());
    first.sort_by(f64::total_cmp);
    stored.sort_by(f64::total_cmp);
    assert_eq!(stored, first);
    // Without counts, with a leaf that nothing reached, and with counts that do not add up, there is nothing to compare with.
    let (count, rest) = line["leaf_count=".len()..].split_once(' ').unwrap();
    let nothing = format!("leaf_count=0 {rest}");
    let more = format!("leaf_count=1{count} {rest}");
    for (from, to) in [(line, "x=1"), (line, &nothing), (line, &more), ("internal_count=", "internal_counts=")] {
        let changed = text.replacen(from, to, 1);
        assert_eq!(covers(&changed).0, None, "{from:?} as {to:?}");
    }
}
