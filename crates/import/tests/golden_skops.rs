//! scikit-learn wrappers that skops wrote: what their own `predict` gives, and which are refused.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of other formats, which use more of it")]
mod golden;

use std::io::{Cursor, Read as _, Write as _};

use curbside::Limits;
use curbside::model::Model;
use curbside_import::{Imported, Options, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(golden::path(&format!("skops-0.16.0/{name}"))).unwrap()
}

fn imported(bytes: &[u8]) -> Imported {
    read(bytes, Options::default(), &Limits::default()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn refused(bytes: &[u8]) -> String {
    read(bytes, Options::default(), &Limits::default()).map_or_else(|fault| fault.to_string(), |_| "a model".to_owned())
}

/// A file whose schema is changed behind the first of `after`.
fn changed(name: &str, after: &str, from: &str, to: &str) -> Vec<u8> {
    let bytes = file(name);
    let mut archive = ZipArchive::new(Cursor::new(&bytes[..])).unwrap();
    let mut schema = String::new();
    archive.by_name("schema.json").unwrap().read_to_string(&mut schema).unwrap();
    let (head, tail) = schema.split_at(schema.find(after).unwrap());
    assert!(tail.contains(from), "{name}: {from}");
    zipped(&[("schema.json", format!("{head}{}", tail.replacen(from, to, 1)).as_bytes())])
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn every_wrapper_gives_what_its_own_predict_gives() {
    for name in ["lightgbm", "poisson", "pipeline", "early", "xgboost", "xgboost_forest"] {
        let imported = imported(&file(&format!("{name}.skops")));
        assert_eq!(imported.feature_names, ["hour", "trip_distance", "weekday"], "{name}");
        let bytes = file(&format!("{name}.rows"));
        golden::assert_predicts(name, imported, &bytes);
    }
}

#[test]
fn a_wrapper_stops_at_its_best_iteration() {
    let boosted = imported(&file("xgboost.skops"));
    assert!(boosted.notes[0].starts_with("Of ") && boosted.notes[0].contains("best_iteration is "), "{boosted:?}");
    // LightGBM's wrapper has cut its text already, and would stop there if it had not.
    let all = imported(&file("lightgbm.skops"));
    assert_eq!(all.notes, [""; 0]);
    let cut = imported(&changed("lightgbm.skops", "\"best_iteration\"", "\"content\": \"0\"", "\"content\": \"2\""));
    assert_eq!(cut.notes, ["Of 5 iterations the first 2 are used: best_iteration is 2."]);
    let trees = |model: &Model| match model {
        Model::Ensemble(ensemble) => ensemble.trees.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(trees(&cut.model), trees(&all.model)[..2]);
    let told = read(&file("xgboost.skops"), Options { best_iteration: true }, &Limits::default());
    assert!(told.unwrap_err().to_string().contains("leave --best-iteration out"));
}

#[test]
fn what_more_there_is_to_a_prediction_is_refused_by_name() {
    for (name, words) in [
        ("scaled", "found sklearn.preprocessing._data.StandardScaler in step \"standardscaler\""),
        ("log", "found sklearn.compose._target.TransformedTargetRegressor"),
        ("classes", "found lightgbm.sklearn.LGBMClassifier"),
        ("missing", "content.missing: expected NaN: put NaN where the column has this number"),
        ("raw", "construct the regressor without, found predict_raw_score"),
    ] {
        let found = refused(&file(&format!("{name}.skops")));
        assert!(found.contains(words), "{name}: {found}");
    }
    for (from, to, words) in [
        ("\"protocol\": 2", "\"protocol\": 3", "protocol: expected a schema of skops with protocol 0 to 2"),
        ("\"protocol\": 2", "\"protocols\": 2", "found none"),
        ("\"LGBMRegressor\"", "\"LGBMRanker\"", "found lightgbm.sklearn.LGBMRanker"),
        ("lightgbm.sklearn", "mine.sklearn", "found mine.sklearn.LGBMRegressor"),
        ("\"_handle\"", "\"_handles\"", "_handle: expected this key"),
        ("\\\"tree\\\\n", "\\\"trees\\\\n", "line 1, first line: expected `tree`"),
        ("ObjectNode", "CachedNode", "expected an object or a dictionary of skops, found CachedNode"),
        ("\"_Booster\"", "\"_Boosters\"", "_Booster: expected this key"),
    ] {
        let found = refused(&changed("lightgbm.skops", "{", from, to));
        assert!(found.contains(words), "{to}: {found}");
    }
}

#[test]
fn hostile_zips_are_refused_without_being_inflated() {
    let bomb = vec![b' '; (64 << 20) + 1];
    let deep = [&b"{\"protocol\":2,\"a\":"[..], &vec![b'['; 100_000]].concat();
    let rows: [(Vec<u8>, &str); 6] = [
        (zipped(&[("schema.json", &bomb)]), "schema.json: expected at most 67108864 bytes"),
        (zipped(&[("schema.json", &deep)]), "within each other"),
        (zipped(&[("other.json", b"{}")]), "schema.json: expected this entry"),
        (zipped(&[("schema.json", b"{}")]), "protocol: expected a schema of skops"),
        (b"PK\x03\x04 and nothing else".to_vec(), "file: expected a whole zip file"),
        ([&b"PK\x03\x04"[..], &b"PK\x01\x02".repeat(5000)].concat(), "a zip of at most 4096 entries"),
    ];
    for (bytes, words) in rows {
        let found = refused(&bytes);
        assert!(found.contains(words), "{words}: {found}");
    }
    for name in ["poisson.skops", "xgboost.skops"] {
        let bytes = file(name);
        for position in (0..bytes.len()).step_by(7) {
            assert_ne!(refused(&bytes[..position]), "a model", "{name}: cut at {position}");
            let mut changed = bytes.clone();
            changed[position] ^= 1 << (position % 8);
            refused(&changed);
        }
    }
}
