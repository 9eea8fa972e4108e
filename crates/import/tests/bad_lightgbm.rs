//! LightGBM files that are damaged, foreign, or mean something that is not understood: each is refused by name.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::path::PathBuf;

use curbside::Limits;
use curbside::model::TreeShape;
use curbside_import::Options;
use curbside_import::lightgbm::read;

fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/lightgbm");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The text with the first line that begins with `key=` replaced.
fn with(text: &str, key: &str, value: &str) -> String {
    let start = text.find(&format!("\n{key}=")).unwrap() + 1;
    let end = start + text[start..].find('\n').unwrap();
    format!("{}{key}={value}{}", &text[..start], &text[end..])
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let good = golden("categorical.txt");
    assert!(read(&good, &Limits::default()).is_ok());
    let rows = [
        ("", "first line"),
        ("{\"learner\": {}}", "first line"),
        (&with(&good, "version", "v2"), "version"),
        (&with(&good, "num_class", "3"), "num_class"),
        (&with(&good, "num_tree_per_iteration", "2"), "num_tree_per_iteration"),
        (&with(&good, "objective", "poisson"), "objective"),
        (&with(&good, "objective", "regression sqrt"), "objective"),
        (&with(&good, "objective", "binary sigmoid:1"), "objective"),
        (&with(&good, "objective", "regression\naverage_output"), "average_output"),
        (&with(&good, "objective", "regression\nnum_class=1"), "num_class"),
        (&with(&good, "max_feature_idx", "7"), "max_feature_idx"),
        (&with(&good, "max_feature_idx", "18446744073709551615"), "max_feature_idx"),
        (&with(&good, "tree_sizes", "1 2 3"), "tree_sizes"),
        (&with(&good, "Tree", "5"), "Tree"),
        (&with(&good, "num_leaves", "99999999999"), "leaf_value"),
        (&with(&good, "num_leaves", "-1"), "num_leaves"),
        (&with(&good, "num_leaves", "0"), "leaf_value"),
        (&with(&good, "num_cat", "18446744073709551615"), "num_cat"),
        (&with(&good, "num_cat", "2"), "cat_boundaries"),
        (&with(&good, "cat_threshold", "1"), "cat_threshold"),
        (&with(&good, "is_linear", "1"), "leaf_const"),
        (&with(&good, "is_linear", "2"), "is_linear"),
        (&with(&good, "split_feature", "1 2"), "split_feature"),
        (&with(&good, "split_feature", "70000 0 0 0 0 0 0 0 0 0 0 0 0 0"), "split_feature"),
        (&with(&good, "split_feature", "4 0 0 0 0 0 0 0 0 0 0 0 0 0"), "split_feature"),
        (&with(&good, "threshold", "x 0 0 0 0 0 0 0 0 0 0 0 0 0"), "threshold"),
        (&with(&good, "decision_type", "0 0 0 0 0 0 0 0 0 0 0 0 0 12"), "decision_type"),
        (&with(&good, "left_child", "0 1 2 3 4 5 6 7 8 9 10 11 12 13"), "left_child/right_child"),
        (&with(&good, "left_child", "99 1 2 3 4 5 6 7 8 9 10 11 12 13"), "left_child/right_child"),
        (&with(&good, "left_child", "-99 1 2 3 4 5 6 7 8 9 10 11 12 13"), "left_child/right_child"),
        (&with(&good, "leaf_value", "nan 0 0 0 0 0 0 0 0 0 0 0 0 0 0"), "trees"),
        (&good.replace("end of trees", "end"), "Tree"),
        (&good[..good.find("end of trees").unwrap()], "end of trees"),
        (&good.replacen("threshold=", "thresholds=", 1), "threshold"),
    ];
    let wrong: Vec<String> = rows
        .iter()
        .enumerate()
        .filter_map(|(row, (text, key))| match read(text, &Limits::default()) {
            Err(error) if error.key() == *key => None,
            Err(error) => Some(format!("row {row}: expected {key}, found {error}")),
            Ok(_) => Some(format!("row {row}: expected an error about {key}, found a model")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_understood_of_any_kind_of_prediction_is_refused_by_name() {
    let good = golden("../lightgbm-4.7.0/linear.txt");
    let any = |text: &str| curbside_import::read(text.as_bytes(), Options::default(), &Limits::default());
    assert!(any(&good).is_ok());
    // Not what training needs.
    assert_eq!(read(&good, &Limits::default()).unwrap_err().key(), "is_linear");
    assert_eq!(read(&golden("../lightgbm-4.7.0/forest.txt"), &Limits::default()).unwrap_err().key(), "average_output");
    // The first tree's leaves are linear too, without terms: `with` changes the first of the keys that it finds.
    let rows = [
        (with(&good, "objective", "multiclass num_class:3"), "objective"),
        (with(&good, "objective", "poisson sqrt"), "objective"),
        (with(&good, "objective", "huber sqrt"), "objective"),
        (with(&good, "objective", "cross_entropy_lambda"), "objective"),
        (with(&good, "objective", "binary"), "objective"),
        (with(&good, "objective", "binary sigmoid:0"), "objective"),
        (with(&good, "objective", "binary sigmoid:inf"), "objective"),
        (with(&good, "leaf_const", "1 2"), "leaf_const"),
        (with(&good, "leaf_const", "1 2 3 4 5 6 nan"), "trees"),
        (with(&good, "num_features", "18446744073709551615 1 0 0 0 0 0"), "leaf_features"),
        (with(&good, "num_features", "1 0 0 0 0 0 0"), "leaf_features"),
        (with(&with(&good, "num_features", "1 0 0 0 0 0 0"), "leaf_features", "1"), "leaf_coeff"),
        (
            with(&with(&with(&good, "num_features", "1 0 0 0 0 0 0"), "leaf_features", "3"), "leaf_coeff", "1"),
            "leaf_features",
        ),
        (
            with(&with(&with(&good, "num_features", "1 0 0 0 0 0 0"), "leaf_features", "2"), "leaf_coeff", "inf"),
            "trees",
        ),
    ];
    assert!(any(&format!("{good}\npandas_categorical:null\n")).is_ok());
    let framed = any(&format!("{good}\npandas_categorical:[[4, 7, 130], [1], [2]]\n")).unwrap_err();
    assert_eq!(framed.key(), "feature_infos");
    for (row, (text, key)) in rows.iter().enumerate() {
        let found = any(text).map_or_else(|error| error.to_string(), |_| "a model".to_owned());
        assert!(found.contains(&format!(", {key}: expected")), "row {row}: expected {key}, found {found}");
    }
}

#[test]
fn messages_name_line_key_and_both_values() {
    let text = with(&golden("missing_none.txt"), "objective", "poisson");
    let line = text.lines().position(|line| line == "objective=poisson").unwrap() + 1;
    let error = read(&text, &Limits::default()).unwrap_err();
    assert_eq!(error.line(), Some(line));
    let message = error.to_string();
    assert!(message.starts_with(&format!("line {line}, objective: expected an objective")), "{message}");
    assert!(message.ends_with("found poisson"), "{message}");
}

#[test]
fn limits_bound_the_reading() {
    let text = golden("missing_none.txt");
    let limits = |trees, nodes, depth, columns| {
        let shape = TreeShape { trees, nodes, depth };
        Limits { shape, columns, ..Limits::default() }
    };
    // 20 trees of 15 leaves and 14 splits: 580 nodes.
    assert!(read(&text, &limits(20, 580, 14, 4)).is_ok());
    for (limits, what) in [
        (limits(19, 580, 14, 4), "trees"),
        (limits(20, 579, 14, 4), "nodes"),
        (limits(20, 580, 2, 4), "root to leaf"),
        (limits(20, 580, 14, 3), "columns"),
    ] {
        let message = read(&text, &limits).unwrap_err().to_string();
        assert!(message.contains(what), "{what}: {message}");
    }
}

#[test]
fn no_cut_or_change_makes_it_panic() {
    let text = golden("categorical.txt");
    // A whole model of one tree, so that every byte can be tried in a blink.
    let end = text.find("\nTree=1").unwrap();
    let sizes = text.find("tree_sizes=").unwrap();
    let first = &text[sizes..][text[sizes..].find('\n').unwrap()..];
    let one = format!("{}tree_sizes=1{}\nend of trees\n", &text[..sizes], &first[..end - (text.len() - first.len())]);
    let limits = Limits::default();
    assert_eq!(read(&one, &limits).unwrap().ensemble.trees.len(), 1);
    let mut refused = 0;
    for cut in 0..one.len() {
        refused += usize::from(read(&one[..cut], &limits).is_err());
        for replacement in ["-", "9", "\n", "=", " "] {
            let changed = format!("{}{replacement}{}", &one[..cut], &one[cut + 1..]);
            // Whatever is still read has been validated.
            refused += usize::from(read(&changed, &limits).is_err());
        }
    }
    assert!(refused > one.len() / 2, "{refused} refusals");
}
