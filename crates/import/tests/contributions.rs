//! Contributions that LightGBM and XGBoost computed themselves, for models that they wrote: ours must be the same numbers.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of formats, which use more of it")]
mod golden;

use curbside::Limits;
use curbside::model::{Link, Model};
use curbside_import::{Imported, Options, read};
use ndarray::Array2;

/// Folders of models and of contributions, the ending of models, bytes of a row behind its features, and the names.
const LIGHTGBM: [(&str, &str, &[&str]); 2] = [
    ("lightgbm", "lightgbm-4.7.0", &["missing_none", "missing_zero", "missing_nan", "categorical", "constant"]),
    (
        "lightgbm-4.7.0",
        "lightgbm-4.7.0",
        &["regression_l1", "quantile", "poisson", "binary", "sqrt", "forest", "forest_poisson"],
    ),
];
const XGBOOST: [&str; 5] = ["xgboost-1.7.6", "xgboost-2.1.4", "xgboost-3.2.0", "xgboost-3.3.0", "xgboost-3.4.1"];
const XGBOOST_MODELS: [&str; 6] = ["squared", "category", "dart", "parallel", "poisson", "logistic"];

fn file(path: &str) -> Vec<u8> {
    std::fs::read(golden::path(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn imported(path: &str) -> Imported {
    read(&file(path), Options::default(), &Limits::default()).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// Features of every row of a file of goldens.
fn features(path: &str, columns: usize) -> Array2<f64> {
    let bytes = file(path);
    match path.split('/').next() {
        Some("lightgbm") => {
            let number = |digits: &str| f64::from_bits(u64::from_str_radix(digits, 16).unwrap());
            let text = String::from_utf8(bytes).unwrap();
            let values: Vec<f64> =
                text.lines().flat_map(|line| line.split(' ').take(columns).map(number).collect::<Vec<_>>()).collect();
            Array2::from_shape_vec((values.len() / columns, columns), values).unwrap()
        }
        Some("lightgbm-4.7.0") => golden::rows(&bytes, columns, 16).0,
        _ => golden::rows(&bytes, columns, 8).0,
    }
}

/// How far ours are from the library's, as parts of the largest contribution of the row, at most over all rows; and how far ours
/// are from the model's own number, likewise.
fn differences(model: &str, rows: &str, contributions: &str, width: usize) -> (f64, f64) {
    let Imported { feature_names, model, background, .. } = imported(model);
    let columns = feature_names.len();
    let trees = match &model {
        Model::Extended(extended) if extended.average => extended.trees.trees.len(),
        _ => 1,
    };
    // LightGBM's contributions to a mean are those to the sum.
    #[expect(clippy::cast_precision_loss, reason = "a few trees")]
    let trees = trees as f64;
    let mut plain = model.clone();
    if let Model::Extended(extended) = &mut plain {
        extended.link = Link::Identity;
    }
    let estimator = golden::explaining(&feature_names, plain, background);
    let all = features(rows, columns);
    let bytes = file(contributions);
    let records: Vec<&[u8]> = bytes.chunks(4 + (columns + 1) * width).collect();
    assert!(records.len() >= 250, "{contributions}: only {} rows", records.len());
    let numbers: Vec<usize> =
        records.iter().map(|record| u32::from_be_bytes(record[..4].try_into().unwrap()) as usize).collect();
    let matrix = all.select(ndarray::Axis(0), &numbers);
    let found = estimator.explain_matrix(&matrix.view()).unwrap();
    let raw = estimator.raw_matrix(&matrix.view()).unwrap();
    let (mut most, mut most_of_sum) = (0.0_f64, 0.0_f64);
    for ((record, found), raw) in records.iter().zip(found.rows()).zip(&raw) {
        let number = |bytes: &[u8]| match width {
            8 => f64::from_be_bytes(bytes.try_into().unwrap()) / trees,
            _ => f64::from(f32::from_be_bytes(bytes.try_into().unwrap())),
        };
        let scale = found.iter().fold(1e-3_f64, |scale, part| scale.max(part.abs()));
        for (bytes, found) in record[4..].chunks(width).zip(found) {
            most = most.max((number(bytes) - found).abs() / scale);
        }
        most_of_sum = most_of_sum.max((found.sum() - raw).abs() / scale);
    }
    (most, most_of_sum)
}

#[test]
fn lightgbms_contributions_are_ours() {
    for (folder, of, names) in LIGHTGBM {
        for name in names {
            let path = |ending| format!("{folder}/{name}.{ending}");
            let (most, of_sum) = differences(&path("txt"), &path("rows"), &format!("contributions/{of}/{name}.bin"), 8);
            assert!(most < 1e-12 && of_sum < 1e-13, "{name}: {most:e}, sum {of_sum:e}");
        }
    }
}

#[test]
fn xgboosts_contributions_are_ours_but_for_its_rounding_to_f32() {
    for version in XGBOOST {
        for name in XGBOOST_MODELS {
            let path = |ending| format!("{version}/{name}.{ending}");
            let (most, of_sum) =
                differences(&path("ubj"), &path("rows"), &format!("contributions/{version}/{name}.bin"), 4);
            assert!(most < 2e-6 && of_sum < 2e-6, "{version} {name}: {most:e}, sum {of_sum:e}");
        }
    }
}
