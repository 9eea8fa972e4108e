//! Models that XGBoost wrote, on rows that XGBoost predicted: raw scores to the bit, predictions within one place of an f32.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of other formats, which use more of it")]
mod golden;

use curbside::Limits;
use curbside::model::{Background, Link, Model, Rule};
use curbside_import::{Imported, Options, read};

/// The versions that goldens were made with, by tests/golden/xgboost/make.py.
const VERSIONS: [&str; 5] = ["1.7.6", "2.1.4", "3.2.0", "3.3.0", "3.4.1"];

/// The models of each version, and whether the best iteration was asked for.
const MODELS: [(&str, bool); 19] = [
    ("squared_text.json", false),
    ("squared.ubj", false),
    ("absolute.ubj", false),
    ("pseudohuber.ubj", false),
    ("pruned.ubj", false),
    ("parallel.ubj", false),
    ("category_text.json", false),
    ("category.ubj", false),
    ("onehot.ubj", false),
    ("dart.ubj", false),
    ("dart_text.json", false),
    ("poisson.ubj", false),
    ("gamma_text.json", false),
    ("tweedie.ubj", false),
    ("logistic.ubj", false),
    ("share.ubj", false),
    ("logitraw.ubj", false),
    ("squaredlog.ubj", false),
    ("best.ubj", true),
];

/// Models of objectives that are not in every version.
const LATER: [(&str, &str); 6] = [
    ("2.1.4", "quantile.ubj"),
    ("3.2.0", "quantile.ubj"),
    ("3.3.0", "quantile.ubj"),
    ("3.4.1", "quantile.ubj"),
    ("3.3.0", "expectile.ubj"),
    ("3.4.1", "expectile.ubj"),
];

fn file(version: &str, name: &str) -> Vec<u8> {
    std::fs::read(golden::path(&format!("xgboost-{version}/{name}"))).unwrap()
}

fn model(version: &str, name: &str, best_iteration: bool) -> Imported {
    read(&file(version, name), Options { best_iteration }, &Limits::default())
        .unwrap_or_else(|fault| panic!("{version}/{name}: {fault}"))
}

fn link(imported: &Imported) -> Link {
    let Model::Extended(extended) = &imported.model else { panic!("{imported:?}") };
    extended.link
}

/// How many f32 lie between the two, and one; 0 for the same bits.
fn places(a: f32, b: f32) -> u32 {
    if a.is_nan() && b.is_nan() { 0 } else { a.to_bits().abs_diff(b.to_bits()) }
}

/// Rows of a model whose score differs, out of all.
fn differences(version: &str, name: &str, imported: &Imported) -> Vec<String> {
    let rows_name = format!("{}.rows", name.split('.').next().unwrap());
    let bytes = file(version, &rows_name);
    let (matrix, expected) = golden::rows(&bytes, imported.feature_names.len(), 8);
    assert!(expected.len() >= 500, "{name}: only {} rows", expected.len());
    let scores = |model| golden::predicted(&imported.feature_names, model, &matrix);
    let (raw, predicted) = (scores(golden::raw(&imported.model)), scores(imported.model.clone()));
    let transformed = link(imported) != Link::Identity;
    let mut wrong = Vec::new();
    for (row, expected) in expected.iter().enumerate() {
        let number = |at: usize| f32::from_be_bytes(expected[at..at + 4].try_into().unwrap());
        #[expect(clippy::cast_possible_truncation, reason = "they are f32, which the assertion shows")]
        let (found_raw, found) = (raw[row] as f32, predicted[row] as f32);
        assert!(f64::from(found_raw).to_bits() == raw[row].to_bits(), "{name}: {} is no f32", raw[row]);
        if found_raw.to_bits() != number(0).to_bits() || places(found, number(4)) > u32::from(transformed) {
            let expected = (number(0), number(4));
            wrong.push(format!(
                "{version}/{name} row {row} {}: {:?} instead of {expected:?}",
                matrix.row(row),
                (found_raw, found)
            ));
        }
    }
    wrong
}

#[test]
fn every_model_of_every_version_gives_its_librarys_scores() {
    let mut wrong = Vec::new();
    let everywhere = VERSIONS.into_iter().flat_map(|version| MODELS.map(|(name, best)| (version, name, best)));
    for (version, name, best) in everywhere.chain(LATER.map(|(version, name)| (version, name, false))) {
        let imported = model(version, name, best);
        assert_eq!(imported.version.as_deref(), Some(version));
        assert_eq!(imported.feature_names, ["a", "b", "c"]);
        let differences = differences(version, name, &imported);
        if let Some(first) = differences.first() {
            wrong.push(format!("{} rows: {first}", differences.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_goldens_hold_what_they_are_for() {
    for version in VERSIONS {
        let categories = model(version, "category_text.json", false);
        let Model::Extended(extended) = &categories.model else { panic!("{categories:?}") };
        let rules = || extended.trees.splits().map(|split| &split.rule);
        assert!(rules().any(|rule| rule.categories().is_some_and(|set| set.len() > 1)), "sets of several words");
        assert!(rules().any(|rule| matches!(rule, Rule::CategoricalOrMissing { .. })), "missing with the set");
        assert!(rules().any(|rule| matches!(rule, Rule::Categorical { .. })), "missing apart from the set");
        assert!(rules().any(|rule| matches!(rule, Rule::Numeric { .. })), "numbers beside categories");
        assert!(String::from_utf8(file(version, "dart_text.json")).unwrap().contains("weight_drop"));
        let pruned = String::from_utf8_lossy(&file(version, "pruned.ubj")).into_owned();
        let deleted = pruned.split("num_deleted").skip(1).any(|rest| !rest.starts_with("SL\0\0\0\0\0\0\0\x010"));
        assert!(deleted, "{version}: nodes that were deleted");
        assert_ne!(link(&model(version, "poisson.ubj", false)), Link::Identity);
    }
}

/// Where each version writes the weights of DART's trees, and that they are read from there.
#[test]
fn darts_weights_stand_in_three_places() {
    let layouts = [
        ("3.2.0", r#""name":"gbtree"},"name":"dart","weight_drop":["#),
        ("3.3.0", r#"},"name":"gbtree","weight_drop":["#),
        ("3.4.1", r#","weight_drop":["#),
    ];
    for (version, place) in layouts {
        let text = String::from_utf8(file(version, "dart_text.json")).unwrap();
        let (head, rest) = text.split_once(place).unwrap_or_else(|| panic!("{version} writes them elsewhere"));
        let (weights, tail) = rest.split_once(']').unwrap();
        let ones = vec!["1.0"; weights.split(',').count()].join(",");
        let changed = format!("{head}{place}{ones}]{tail}");
        let changed = read(changed.as_bytes(), Options::default(), &Limits::default()).unwrap();
        assert!(differences(version, "dart_text.json", &changed).len() > 400, "{version}: without weights it is wrong");
    }
}

#[test]
fn the_best_iteration_is_cut_at_on_request_alone() {
    for version in VERSIONS {
        let trees = |best| {
            let imported = model(version, "best.ubj", best);
            let Model::Extended(extended) = imported.model else { panic!("an extended ensemble") };
            (extended.trees.trees.len(), imported.notes)
        };
        let ((all, all_notes), (best, notes)) = (trees(false), trees(true));
        assert!(best + 8 <= all, "{version}: {best} of {all}");
        assert!(notes[0].starts_with(&format!("Of {all} iterations the first {best} are used")), "{notes:?}");
        assert!(all_notes[0].starts_with(&format!("All {all} iterations are used")), "{all_notes:?}");
    }
}

#[test]
fn covers_are_the_second_derivatives_of_the_file() {
    for version in VERSIONS {
        for (name, best_iteration) in MODELS {
            let imported = model(version, name, best_iteration);
            let Model::Extended(extended) = &imported.model else { panic!("{version}/{name}") };
            let Some(Background::Covers(covers)) = &imported.background else { panic!("{version}/{name}: no covers") };
            assert_eq!(covers.len(), extended.trees.leaves().count(), "{version}/{name}");
            // A squared error's is 1 a row.
            let whole = covers.iter().all(|cover| cover.fract() == 0.0);
            assert!(whole || !["squared.ubj", "squared_text.json"].contains(&name), "{version}/{name}: {covers:?}");
        }
    }
}
