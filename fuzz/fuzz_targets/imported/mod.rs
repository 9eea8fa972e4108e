//! What every importer is fuzzed for: bytes are an error, or a model that packs, opens and gives one answer by every kernel.

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Calibration, Target};
use curbside::{Bundle, Estimator, Limits};
use curbside_import::{Options, read};

/// Values that columns are asked with in turn.
const ODD: [f64; 12] =
    [f64::NAN, 0.0, -0.0, 1.0, -1.5, 1e-35, f64::INFINITY, f64::NEG_INFINITY, 1e300, 2_097_119.0, 16_777_216.0, 33.5];

/// Reads the bytes, and scores with whatever was read.
pub fn score(bytes: &[u8], best_iteration: bool) {
    // Small enough for thousands of runs a second; the sizes are not what is fuzzed.
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let Ok(imported) = read(bytes, Options { best_iteration }, &limits) else { return };
    let columns = imported.feature_names.len();
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
    for column in 0..columns {
        // Their own names may be empty or twice, which binding refuses.
        if features.column(&format!("c{column}"), Expr::Calendar(CalendarPart::Hour)).is_err() {
            return;
        }
    }
    let bundle = Bundle {
        card: Card::default(),
        target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model: imported.model,
        background: imported.background,
        calibration: Calibration::default(),
        golden: Vec::new(),
    };
    let Ok(bytes) = bundle.to_bytes() else { return };
    let estimator = Estimator::open(&bytes).expect("what was read and packed opens");
    let mut prepared = estimator.clone();
    prepared.prepare();
    let rows: Vec<f64> = (0..ODD.len() * columns).map(|at| ODD[(at / columns + at % columns) % ODD.len()]).collect();
    let (mut walked, mut looked_up) = (vec![0.0; ODD.len()], vec![0.0; ODD.len()]);
    estimator.raw_rows(&rows, &mut walked);
    prepared.raw_rows(&rows, &mut looked_up);
    for (walked, looked_up) in walked.iter().zip(&looked_up) {
        assert!(walked.to_bits() == looked_up.to_bits() || walked.is_nan() && looked_up.is_nan());
    }
}
