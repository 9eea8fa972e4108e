//! What LightGBM and XGBoost themselves predict, in the browser: their own files are read here as they are natively, and scored by
//! the walk and by what takes its place.

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Calibration, Link, Model, Target};
use curbside::{Bundle, Estimator, Limits};
use curbside_import::{Options, read};
use wasm_bindgen_test::wasm_bindgen_test;

/// A model of tests/golden, and its rows: columns, then what the library gave.
struct Golden {
    name: &'static str,
    model: &'static [u8],
    rows: &'static [u8],
}

macro_rules! golden {
    ($name:literal, $ending:literal) => {
        Golden {
            name: $name,
            model: include_bytes!(concat!("../golden/", $name, ".", $ending)),
            rows: include_bytes!(concat!("../golden/", $name, ".rows")),
        }
    };
}

/// A model of each kind of split, leaf, sum and link: the raw score and the prediction follow as doubles.
const LIGHTGBM: [Golden; 9] = [
    golden!("lightgbm-4.7.0/zero", "txt"),
    golden!("lightgbm-4.7.0/unused", "txt"),
    golden!("lightgbm-4.7.0/sets", "txt"),
    golden!("lightgbm-4.7.0/onehot", "txt"),
    golden!("lightgbm-4.7.0/sqrt", "txt"),
    golden!("lightgbm-4.7.0/binary", "txt"),
    golden!("lightgbm-4.7.0/forest_poisson", "txt"),
    golden!("lightgbm-4.7.0/linear_categorical", "txt"),
    golden!("lightgbm-3.3.5/dart", "txt"),
];

/// The same as floats.
const XGBOOST: [Golden; 7] = [
    golden!("xgboost-3.4.1/squared_text", "json"),
    golden!("xgboost-3.4.1/category", "ubj"),
    golden!("xgboost-3.4.1/dart_text", "json"),
    golden!("xgboost-3.3.0/dart", "ubj"),
    golden!("xgboost-1.7.6/dart", "ubj"),
    golden!("xgboost-3.4.1/poisson", "ubj"),
    golden!("xgboost-3.4.1/logistic", "ubj"),
];

/// The prediction alone, as a double.
const WRAPPED: [Golden; 4] = [
    golden!("skops-0.16.0/poisson", "skops"),
    golden!("skops-0.16.0/xgboost", "skops"),
    golden!("frames/lightgbm_texts", "txt"),
    golden!("frames/xgboost_ids", "ubj"),
];

/// Scores of all rows by each kernel, raw and as predicted; and what else stands in each row.
struct Scored {
    raw: [Vec<f64>; 2],
    predicted: [Vec<f64>; 2],
    rest: Vec<&'static [u8]>,
}

impl Golden {
    fn scored(&self, extra: usize) -> Scored {
        let imported = read(self.model, Options::default(), &Limits::default()).unwrap();
        let columns = imported.feature_names.len();
        let (mut values, mut rest) = (Vec::new(), Vec::new());
        for row in self.rows.chunks_exact(8 * columns + extra) {
            let (features, more) = row.split_at(8 * columns);
            values.extend(features.chunks_exact(8).map(|bytes| f64::from_be_bytes(bytes.try_into().unwrap())));
            rest.push(more);
        }
        assert!(rest.len() >= 500, "{}: only {} rows", self.name, rest.len());
        let mut raw = imported.model.clone();
        if let Model::Extended(extended) = &mut raw {
            extended.link = Link::Identity;
            extended.average = false;
        }
        let scores = |model: &Model| {
            let mut estimator = estimator(columns, model.clone());
            [false, true].map(|prepare| {
                if prepare {
                    estimator.prepare();
                }
                let mut scores = vec![0.0; rest.len()];
                estimator.raw_rows(&values, &mut scores);
                scores
            })
        };
        Scored { raw: scores(&raw), predicted: scores(&imported.model), rest }
    }
}

/// The rows are columns already, so that the features are never computed.
fn estimator(columns: usize, model: Model) -> Estimator {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
    for column in 0..columns {
        features.column(&format!("c{column}"), Expr::Calendar(CalendarPart::Hour)).unwrap();
    }
    let bundle = Bundle {
        card: Card::default(),
        target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model,
        background: None,
        calibration: Calibration::default(),
        golden: Vec::new(),
    };
    Estimator::from_bundle(bundle, &Limits::default()).unwrap()
}

/// Whether two doubles are one; one NaN is as good as another.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn double(bytes: &[u8], at: usize) -> f64 {
    f64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn float(bytes: &[u8], at: usize) -> f32 {
    f32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[wasm_bindgen_test]
fn lightgbms_scores_and_predictions_to_the_bit() {
    for golden in LIGHTGBM {
        let Scored { raw, predicted, rest } = golden.scored(16);
        for (row, rest) in rest.iter().enumerate() {
            for (found, at) in [(&raw[0], 0), (&raw[1], 0), (&predicted[0], 8), (&predicted[1], 8)] {
                assert!(same(found[row], double(rest, at)), "{} row {row}: {}", golden.name, found[row]);
            }
        }
    }
}

#[wasm_bindgen_test]
fn xgboosts_scores_to_the_bit_and_predictions_within_a_place() {
    for golden in XGBOOST {
        let Scored { raw, predicted, rest } = golden.scored(8);
        for (row, rest) in rest.iter().enumerate() {
            for (raw, predicted) in raw.iter().zip(&predicted) {
                assert!(same(raw[row], f64::from(float(rest, 0))), "{} row {row}: {}", golden.name, raw[row]);
                #[expect(clippy::cast_possible_truncation, reason = "predictions of XGBoost are floats")]
                let places = (predicted[row] as f32).to_bits().abs_diff(float(rest, 4).to_bits());
                assert!(places <= 1, "{} row {row}: {}", golden.name, predicted[row]);
            }
        }
    }
}

#[wasm_bindgen_test]
fn wrappers_and_models_of_frames_to_the_bit() {
    for golden in WRAPPED {
        let Scored { predicted, rest, .. } = golden.scored(8);
        for (row, rest) in rest.iter().enumerate() {
            for predicted in &predicted {
                assert!(same(predicted[row], double(rest, 0)), "{} row {row}: {}", golden.name, predicted[row]);
            }
        }
    }
}
