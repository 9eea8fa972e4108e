//! XGBoost files that are damaged, foreign, or mean something that is not understood: each is refused by name.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use curbside::Limits;
use curbside::model::TreeShape;
use curbside_import::{Options, read};

fn golden(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/xgboost-3.2.0");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn refused(bytes: &[u8], options: Options, limits: &Limits) -> String {
    read(bytes, options, limits).map_or_else(|error| error.to_string(), |_| "a model".to_owned())
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let good = String::from_utf8(golden("category_text.json")).unwrap();
    assert!(read(good.as_bytes(), Options::default(), &Limits::default()).is_ok());
    let dart = String::from_utf8(golden("dart_text.json")).unwrap();
    let rows = [
        (&good, "\"version\":[3,2,0]", "\"version\":[1,6,2]", "version: expected 1.7 to 3"),
        (&good, "\"version\":[3,2,0]", "\"version\":[4,0,0]", "version: expected 1.7 to 3"),
        (&good, "\"version\":[3,2,0]", "\"version\":[3,2,0],\"Config\":{}", "Config: expected a file without this key"),
        (
            &good,
            "\"num_class\":\"0\"",
            "\"num_class\":\"3\"",
            "learner.learner_model_param.num_class: expected one output",
        ),
        (&good, "\"num_target\":\"1\"", "\"num_target\":\"2\"", "num_target: expected one output"),
        (
            &good,
            "\"num_feature\":\"3\",\"num_target\"",
            "\"num_feature\":\"2\",\"num_target\"",
            "feature_names: expected 2",
        ),
        (
            &good,
            "reg:squarederror",
            "rank:ndcg",
            "learner.objective.name: expected an objective that predicts one number: reg:squarederror",
        ),
        (&good, "reg:squarederror", "multi:softprob", "learner.objective.name"),
        (&good, "reg:squarederror", "binary:hinge", "learner.objective.name"),
        (&good, "reg:squarederror", "survival:cox", "learner.objective.name"),
        (&good, "\"base_score\":\"[", "\"base_score\":\"[1E0,", "base_score: expected one number"),
        (&good, "\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "gradient_booster.name: expected gbtree or dart"),
        (&good, "\"enc\":[]", "\"enc\":[{}]", "cats.enc: expected 3, one for each column"),
        (&good, "\"tree_info\":[0", "\"tree_info\":[1", "tree_info: expected zeros"),
        (&good, "\"num_trees\":\"6\"", "\"num_trees\":\"5\"", "num_trees: expected 6"),
        (&good, "\"iteration_indptr\":[0,1", "\"iteration_indptr\":[0,2", "iteration_indptr: expected 6 trees"),
        (
            &good,
            "\"split_type\":",
            "\"leaf_vector\":[1],\"split_type\":",
            "trees[0].leaf_vector: expected a file without",
        ),
        (&good, "\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", "trees[0].tree_param.size_leaf_vector"),
        (&good, "\"num_deleted\":\"0\"", "\"num_deleted\":\"1\"", "trees[0].left_children: expected 1 nodes"),
        (&good, "\"num_nodes\":\"1", "\"num_nodes\":\"9", "num_nodes says"),
        (&good, "\"left_children\":[1", "\"left_children\":[0", "left_children: expected nodes that exist, each once"),
        (&good, "\"left_children\":[1", "\"left_children\":[99", "left_children: expected nodes that exist, each once"),
        (
            &good,
            "\"left_children\":[1",
            "\"left_children\":[1.5",
            "left_children: expected nodes that exist, each once",
        ),
        (&good, "\"default_left\":[1", "\"default_left\":[2", "default_left: expected 0 or 1"),
        (&good, "\"split_indices\":[2", "\"split_indices\":[3", "split_indices: expected features below 3"),
        (&good, "\"categories\":[", "\"categories\":[-1,", "categories: expected whole numbers"),
        (&good, "\"categories\":[", "\"categories\":[9999999,", "categories: expected whole numbers"),
        (&good, "\"categories_segments\":[0", "\"categories_segments\":[9999", "categories_segments: expected a part"),
        (&good, "\"categories_nodes\":[0", "\"categories_nodes\":[77", "categories_nodes: expected each node once"),
        (&dart, "\"weight_drop\":[", "\"weight_drop\":[1.0,", "weight_drop: expected 6, one for each tree"),
        (&dart, "\"weight_drop\"", "\"weight_dropped\"", "gradient_booster.weight_drop: expected this key"),
        (&dart, "\"model\":{", "\"model\":{\"weight_drop\":[1],", "weight_drop: expected weights in one place"),
    ];
    let mut wrong = Vec::new();
    for (row, (text, from, to, words)) in rows.iter().enumerate() {
        assert!(text.contains(from), "row {row}: {from} is not in the file");
        let found = refused(text.replacen(from, to, 1).as_bytes(), Options::default(), &Limits::default());
        if !found.contains(words) {
            wrong.push(format!("row {row}: expected {words}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_model_of_any_format_is_told_from_its_content() {
    let rows: [(&[u8], &str); 5] = [
        (b"", "one of LightGBM text, XGBoost JSON, XGBoost UBJSON"),
        (b"PAR1", "one of LightGBM text"),
        (b"\x80\x04\x95", "found a pickle, which only the Python that wrote it"),
        (b"{}", "version: expected this key"),
        (b"{L\0\0\0\0\0\0\0\x07learner", "1 more bytes"),
    ];
    for (bytes, words) in rows {
        let found = refused(bytes, Options::default(), &Limits::default());
        assert!(found.contains(words), "{bytes:?}: {found}");
    }
    let best = refused(&golden("squared.ubj"), Options { best_iteration: true }, &Limits::default());
    assert!(best.contains("best_iteration: expected one below 6") && best.ends_with("found none"), "{best}");
}

#[test]
fn limits_bound_the_reading() {
    let bytes = golden("squared.ubj");
    let limits = |trees, nodes, depth, columns| {
        let shape = TreeShape { trees, nodes, depth };
        Limits { shape, columns, ..Limits::default() }
    };
    let nodes = 6 * 15;
    assert_eq!(refused(&bytes, Options::default(), &limits(6, nodes, 3, 3)), "a model");
    for (limits, words) in [
        (limits(5, nodes, 3, 3), "at most 5 trees"),
        (limits(6, 40, 3, 3), "nodes"),
        (limits(6, nodes, 2, 3), "root to leaf"),
        (limits(6, nodes, 3, 2), "at most 2 columns"),
    ] {
        let found = refused(&bytes, Options::default(), &limits);
        assert!(found.contains(words), "{words}: {found}");
    }
    // Sets as long as their largest category: a small file may not ask for more than a bundle holds.
    let small = Limits { bytes: 8, ..Limits::default() };
    let found = refused(&golden("category.ubj"), Options::default(), &small);
    assert!(found.contains("sets that fit into a bundle"), "{found}");
}

#[test]
fn no_cut_or_change_makes_it_panic() {
    let limits = Limits::default();
    for name in ["category.ubj", "gamma_text.json", "dart.ubj"] {
        let bytes = golden(name);
        let mut refusals = 0;
        for position in (0..bytes.len()).step_by(3) {
            assert!(read(&bytes[..position], Options::default(), &limits).is_err(), "{name}: cut at {position}");
            let replacements = [0, 0xff, b'[', b'9', bytes[position] ^ 1];
            let replacement = replacements[position % replacements.len()];
            let mut changed = bytes.clone();
            changed[position] = replacement;
            // Whatever is still read has been validated.
            refusals += usize::from(read(&changed, Options::default(), &limits).is_err());
        }
        assert!(refusals > bytes.len() / 60, "{name}: {refusals} refusals");
    }
}
