//! What the golden tests share: an estimator around a model, and rows with the library's own predictions.

use std::path::PathBuf;

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Background, Calibration, Link, Model, Target};
use curbside::{Bundle, Estimator};
use curbside_import::Imported;
use ndarray::{Array1, Array2};

/// A file below tests/golden.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

/// An estimator around the model: the rows are encoded already, so its own features are never computed.
pub(crate) fn estimator(feature_names: &[String], model: Model) -> Estimator {
    explaining(feature_names, model, None)
}

/// The same with what explanations compare with.
pub(crate) fn explaining(feature_names: &[String], model: Model, background: Option<Background>) -> Estimator {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
    for name in feature_names {
        features.column(name, Expr::Calendar(CalendarPart::Hour)).unwrap();
    }
    let bundle = Bundle {
        card: Card::default(),
        target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model,
        background,
        calibration: Calibration::default(),
        golden: Vec::new(),
    };
    // Through bytes, so that what is stored is tested too.
    Estimator::open(&bundle.to_bytes().unwrap()).unwrap()
}

/// What the model says of rows that are encoded already: by the walk, and with the same bits by what takes its place.
pub(crate) fn predicted(feature_names: &[String], model: Model, matrix: &Array2<f64>) -> Array1<f64> {
    let walk = estimator(feature_names, model);
    let mut prepared = walk.clone();
    prepared.prepare();
    let [walked, fast] = [&walk, &prepared].map(|estimator| estimator.raw_matrix(&matrix.view()).unwrap());
    for (row, (walked, fast)) in walked.iter().zip(&fast).enumerate() {
        let kernel = prepared.predictor().kernel();
        assert_eq!(walked.to_bits(), fast.to_bits(), "row {row} {}: {walked}, by {kernel} {fast}", matrix.row(row));
    }
    walked
}

/// Checks that the model gives, to the bit, the doubles that the library wrote behind each of its rows.
pub(crate) fn assert_predicts(name: &str, imported: Imported, bytes: &[u8]) {
    let (matrix, expected) = rows(bytes, imported.feature_names.len(), 8);
    assert!(expected.len() >= 500);
    let found = predicted(&imported.feature_names, imported.model, &matrix);
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        let expected = f64::from_be_bytes(expected.try_into().unwrap());
        assert_eq!(found.to_bits(), expected.to_bits(), "{name} row {row} {}: {found}, {expected}", matrix.row(row));
    }
}

/// The same model without what is done to its sum: its raw score.
pub(crate) fn raw(model: &Model) -> Model {
    let mut model = model.clone();
    if let Model::Extended(extended) = &mut model {
        extended.link = Link::Identity;
        extended.average = false;
    }
    model
}

/// Rows of big-endian doubles: the features, then what else there is of `extra` bytes.
pub(crate) fn rows(bytes: &[u8], columns: usize, extra: usize) -> (Array2<f64>, Vec<&[u8]>) {
    let width = 8 * columns + extra;
    assert_eq!(bytes.len() % width, 0, "rows of {width} bytes");
    let (mut values, mut rests) = (Vec::new(), Vec::new());
    for row in bytes.chunks(width) {
        let (features, rest) = row.split_at(8 * columns);
        values.extend(features.chunks(8).map(|bytes| f64::from_be_bytes(bytes.try_into().unwrap())));
        rests.push(rest);
    }
    (Array2::from_shape_vec((rests.len(), columns), values).unwrap(), rests)
}
