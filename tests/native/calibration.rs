//! Intervals, corrections and statistics tables: hand-made bundles whose numbers can be checked by reading, and hostile
//! ones that must still give numbers in order.

use crate::serving::Ask;
use crate::support;
use curbside::bundle::{OpenErrorKind, Section};
use curbside::features::{End, Expr, ZoneAttribute};
use curbside::model::{Calibration, Correction, IntervalModel, Linear, Model, Quantiles, Term};
use curbside::{Bundle, Estimate, Estimator, Interval, Limits, Trip};

/// A bundle whose model and scale give these numbers for every ride.
fn constant(number: f64, calibration: Calibration) -> Bundle {
    let mut bundle = support::bundle(Model::Linear(Linear { intercept: number, terms: Vec::new() }));
    bundle.background = None;
    bundle.calibration = calibration;
    bundle.golden.clear();
    bundle
}

fn interval(scale: f64, given: (f64, f64), assumed: (f64, f64)) -> IntervalModel {
    let quantiles = |(low, high)| Quantiles { low, high };
    IntervalModel {
        coverage: 0.9,
        scale: Model::Linear(Linear { intercept: scale, terms: Vec::new() }),
        smallest_scale: 0.5,
        given: quantiles(given),
        assumed: quantiles(assumed),
    }
}

fn calibration(interval: IntervalModel) -> Calibration {
    Calibration { correction: Correction::IDENTITY, interval: Some(interval) }
}

fn open(bundle: &Bundle) -> Estimator {
    Estimator::open(&bundle.to_bytes().unwrap()).unwrap()
}

fn ride(miles: Option<f64>) -> Trip {
    Trip::new(130, 132, miles, support::MORNING).unwrap()
}

fn refusal(bundle: &Bundle) -> String {
    Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err().to_string()
}

#[test]
fn an_interval_is_quantiles_times_scale_around_the_estimate() {
    // The target goes from 1 to 60 minutes.
    let rows = [
        // scale 2: 20 - 1.5 * 2 to 20 + 2 * 2; without a distance 20 - 3 * 2 to 20 + 4 * 2
        (20.0, 2.0, (17.0, 24.0), (14.0, 28.0)),
        // the smallest scale is 0.5
        (20.0, 0.125, (19.25, 21.0), (18.5, 22.0)),
        (20.0, -7.0, (19.25, 21.0), (18.5, 22.0)),
        // the ends stay within the target
        (2.0, 2.0, (1.0, 6.0), (1.0, 10.0)),
        (59.0, 2.0, (56.0, 60.0), (53.0, 60.0)),
        // an estimate out of bounds is moved first: 60 - 3
        (99.0, 2.0, (57.0, 60.0), (54.0, 60.0)),
    ];
    for (number, scale, given, assumed) in rows {
        let estimator = open(&constant(number, calibration(interval(scale, (-1.5, 2.0), (-3.0, 4.0)))));
        for (miles, (low, high)) in [(Some(3.0), given), (None, assumed), (Some(0.0), assumed)] {
            let found = estimator.estimate(&ride(miles)).interval;
            assert_eq!(found, Some(Interval { low, high }), "{number} with scale {scale}, {miles:?} miles");
        }
    }
}

#[test]
fn quantiles_on_one_side_leave_the_estimate_inside() {
    for (quantiles, expected) in [((1.0, 2.0), (20.0, 24.0)), ((-2.0, -1.0), (16.0, 20.0)), ((0.0, 0.0), (20.0, 20.0))]
    {
        let estimator = open(&constant(20.0, calibration(interval(2.0, quantiles, quantiles))));
        let Some(Interval { low, high }) = estimator.estimate(&ride(None)).interval else { panic!("no interval") };
        assert_eq!((low, high), expected, "{quantiles:?}");
    }
}

#[test]
fn a_correction_is_a_line_that_the_bounds_follow() {
    // 2 + 0.5 * 20; 2 + 0.5 * 200 is above 60
    for (number, expected) in [(20.0, 12.0), (200.0, 60.0)] {
        let correction = Correction { intercept: 2.0, slope: 0.5 };
        let estimator = open(&constant(number, Calibration { correction, interval: None }));
        let estimate = estimator.estimate(&ride(Some(3.0)));
        assert_eq!((estimate.duration, estimate.interval), (expected, None));
        let matrix = estimator.encoder().encode_batch([ride(Some(3.0))].iter());
        assert_eq!(estimator.predict_matrix(&matrix.view()).unwrap()[0].to_bits(), f64::to_bits(expected));
        assert_eq!(estimator.raw_matrix(&matrix.view()).unwrap()[0].to_bits(), f64::to_bits(number));
        assert_eq!(estimator.scale_matrix(&matrix.view()).unwrap()[0].to_bits(), 1f64.to_bits());
    }
}

#[test]
fn a_model_without_an_interval_says_none_anywhere() {
    let estimator = open(&constant(20.0, Calibration::default()));
    assert_eq!(estimator.coverage(), None);
    let body = br#"{"PULocationID": 130, "DOLocationID": 132}"#;
    let reply = String::from_utf8(Ask::post("/predict", body).of(&estimator).body).unwrap();
    assert!(reply.contains("\"duration\":20.0,\"model_version\""), "{reply}");
    assert!(!reply.contains("duration_low") && !reply.contains("coverage"), "{reply}");
}

fn assert_in_order(estimator: &Estimator, estimate: &Estimate, what: &str) {
    let target = estimator.target();
    let Some(Interval { low, high }) = estimate.interval else { panic!("no interval: {what}") };
    assert!(
        target.low <= low && low <= estimate.duration && estimate.duration <= high && high <= target.high,
        "{what}: {estimate:?}"
    );
}

#[test]
fn whatever_the_numbers_the_ends_are_in_order() {
    let minute = |coefficient| Term::Numeric { column: 3, coefficient };
    let linear = |terms: &[Term]| Model::Linear(Linear { intercept: 0.0, terms: terms.to_vec() });
    let models = [
        linear(&[]),
        linear(&[minute(f64::MAX)]),
        linear(&[minute(-f64::MAX)]),
        // Infinity less infinity.
        linear(&[minute(f64::MAX), minute(-f64::MAX)]),
        support::ensemble(),
    ];
    let ends = [-f64::MAX, -1.0, -0.0, 0.0, 1.0, f64::MAX];
    let corrections = [(0.0, 1.0), (-f64::MAX, f64::MAX), (f64::MAX, f64::MIN_POSITIVE)];
    let mut tried = 0;
    for model in &models {
        for scale in &models {
            for (intercept, slope) in corrections {
                for (index, low) in ends.into_iter().enumerate() {
                    for high in &ends[index..] {
                        for smallest_scale in [f64::MIN_POSITIVE, f64::MAX] {
                            let quantiles = Quantiles { low, high: *high };
                            let mut bundle = constant(0.0, Calibration::default());
                            bundle.model = model.clone();
                            bundle.calibration = Calibration {
                                correction: Correction { intercept, slope },
                                interval: Some(IntervalModel {
                                    coverage: 0.5,
                                    scale: scale.clone(),
                                    smallest_scale,
                                    given: quantiles,
                                    assumed: quantiles,
                                }),
                            };
                            let estimator = Estimator::from_bundle(bundle, &Limits::default()).unwrap();
                            for miles in [Some(3.0), None] {
                                let what = format!("{:?}", estimator.calibration());
                                assert_in_order(&estimator, &estimator.estimate(&ride(miles)), &what);
                                tried += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(tried, 5 * 5 * 3 * 21 * 2 * 2);
}

#[test]
fn a_detour_stretches_the_assumed_miles_and_nothing_else() {
    // The table of the fixture: 1 at zone 130, 1.25 at zone 132, 1 for zones that are not listed.
    let mut bundle = support::bundle(support::ensemble());
    bundle.features.distance_estimate.detour = None;
    bundle.golden.clear();
    let (with, without) = (open(&support::bundle(support::ensemble())), open(&bundle));
    let miles = |estimator: &Estimator, pu, to, given| {
        estimator.estimate(&Trip::new(pu, to, given, support::MORNING).unwrap()).trip_distance
    };
    let plain = miles(&without, 130, 132, None);
    let stretched = miles(&with, 130, 132, None);
    // Both are rounded to 0.01 mile.
    assert!((stretched - plain * 1.25).abs() < 0.02, "{stretched} for {plain}");
    assert_eq!(miles(&with, 132, 130, None).to_bits(), miles(&without, 132, 130, None).to_bits());
    assert_eq!(miles(&with, 130, 132, Some(3.66)).to_bits(), 3.66f64.to_bits());
    // A zone without a place has its own number, which no detour changes.
    assert_eq!(miles(&with, 264, 132, None).to_bits(), 4f64.to_bits());
}

#[test]
fn no_detour_makes_a_distance_that_is_none() {
    let mut tried = 0;
    for (offset, otherwise) in [(f64::MAX, 0.0), (-f64::MAX, 0.0), (0.0, f64::MAX), (0.0, -1.0), (1e-300, 0.0)] {
        for (intercept, slope) in [(0.0, 0.0), (f64::MAX, f64::MAX), (-f64::MAX, f64::MAX), (1.0, 1.0)] {
            let mut bundle = support::bundle(support::linear());
            bundle.golden.clear();
            for table in &mut bundle.features.tables {
                (table.offset, table.step, table.otherwise) = (offset, 0.0, otherwise);
            }
            // Multiplied by itself, so that infinity and NaN are among the detours.
            let detour = bundle.features.distance_estimate.detour.unwrap();
            let zero = Expr::Difference { a: detour, b: detour };
            let zero = bundle.features.node(zero).unwrap();
            let far = bundle.features.node(Expr::Ratio { a: detour, b: zero, floor: f64::MIN_POSITIVE }).unwrap();
            let nothing = bundle.features.node(Expr::Difference { a: far, b: far }).unwrap();
            for node in [detour, zero, far, nothing] {
                let mut bundle = bundle.clone();
                let estimate = &mut bundle.features.distance_estimate;
                (estimate.intercept, estimate.slope, estimate.detour) = (intercept, slope, Some(node));
                let estimator = open(&bundle);
                for to in [130, 132, 264] {
                    let estimate = estimator.estimate(&Trip::new(130, to, None, support::MORNING).unwrap());
                    assert!((0.1..=50.0).contains(&estimate.trip_distance), "{estimate:?}");
                    assert_in_order(&estimator, &estimate, "detour");
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 5 * 4 * 4 * 3);
}

#[test]
fn a_table_gives_the_model_its_numbers() {
    let bundle = support::bundle(support::ensemble());
    let column = bundle.features.columns.iter().position(|column| column.name == "speed").unwrap();
    let estimator = open(&bundle);
    // 1 + 255 / 8; 1 + 4 / 8; a pair that is not listed
    for ((pu, to), expected) in [((130, 130), 32.875), ((130, 132), 1.5), ((132, 130), 10.0), ((265, 265), 10.0)] {
        let matrix = estimator.encoder().encode_batch([Trip::new(pu, to, None, support::MORNING).unwrap()].iter());
        assert_eq!(matrix[(0, column)].to_bits(), f64::to_bits(expected), "{pu} to {to}");
    }
}

#[test]
fn a_bin_counts_the_edges_that_were_reached() {
    let bundle = support::bundle(support::ensemble());
    let at = |name: &str| bundle.features.columns.iter().position(|column| column.name == name).unwrap();
    let estimator = open(&bundle);
    // The edges are 1, 3.66 and 10; a value on an edge has reached it, and no value is in no bin.
    let rows =
        [(Some(0.5), 0.0), (Some(1.0), 1.0), (Some(3.66), 2.0), (Some(9.99), 2.0), (Some(50.0), 3.0), (None, f64::NAN)];
    for (miles, expected) in rows {
        let row = estimator.encoder().encode_batch([ride(miles)].iter());
        let found = row[(0, at("band"))];
        assert!(found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()), "{miles:?}: {found}");
        let sum = row[(0, at("trip_distance"))] + row[(0, at("crow"))];
        assert_eq!(row[(0, at("sum"))].to_bits(), sum.to_bits());
    }
    for edges in [vec![2.0, 1.0], vec![1.0, 1.0], vec![f64::NAN]] {
        let mut bundle = bundle.clone();
        bundle.features.nodes.push(Expr::Bin { of: 0, edges });
        assert!(refusal(&bundle).contains("expected ascending edges"));
    }
}

#[test]
fn golden_intervals_that_do_not_hold_stop_a_bundle() {
    type Change = fn(&mut Bundle);
    let rows: [(Change, &str); 4] = [
        (|b| b.golden[1].interval_bits.as_mut().unwrap()[0] ^= 1, "ride 1: expected"),
        (|b| b.golden[2].interval_bits.as_mut().unwrap()[1] ^= 1, "ride 2: expected"),
        (|b| b.golden[0].interval_bits = None, "without an interval, found"),
        (|b| b.calibration.interval = None, "without an interval; do not serve it"),
    ];
    for (change, words) in rows {
        let mut bundle = support::bundle(support::ensemble());
        change(&mut bundle);
        let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Golden);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn calibrations_that_cannot_be_applied_are_named() {
    type Change = fn(&mut Calibration);
    let rows: [(&str, Change); 9] = [
        ("slope above 0, found 0 and 0", |c| c.correction = Correction { intercept: 0.0, slope: 0.0 }),
        ("correction: expected a finite", |c| c.correction.intercept = f64::NAN),
        ("coverage: expected above 0 and below 1, found 1", |c| c.interval.as_mut().unwrap().coverage = 1.0),
        ("coverage: expected above 0 and below 1, found NaN", |c| c.interval.as_mut().unwrap().coverage = f64::NAN),
        ("smallest_scale: expected a finite number above 0", |c| c.interval.as_mut().unwrap().smallest_scale = 0.0),
        ("smallest_scale:", |c| c.interval.as_mut().unwrap().smallest_scale = f64::INFINITY),
        ("given: expected finite numbers, low <= high", |c| c.interval.as_mut().unwrap().given.low = 9.0),
        ("assumed: expected finite numbers", |c| c.interval.as_mut().unwrap().assumed.high = f64::INFINITY),
        ("scale: term 0: expected a column below", |c| {
            let terms = vec![Term::Numeric { column: 99, coefficient: 1.0 }];
            c.interval.as_mut().unwrap().scale = Model::Linear(Linear { intercept: 1.0, terms });
        }),
    ];
    for (words, change) in rows {
        let mut bundle = support::bundle(support::ensemble());
        change(&mut bundle.calibration);
        let error = refusal(&bundle);
        assert!(error.starts_with("bundle section calibration: ") && error.contains(words), "{words}: {error}");
    }
}

#[test]
fn tables_and_detours_that_cannot_be_computed_are_named() {
    type Change = fn(&mut Bundle);
    let rows: [(&str, Change); 8] = [
        ("table 0 (\"speed\"): expected a value for each of 2 keys, found 1", |b| {
            b.features.tables[0].values.pop();
        }),
        ("table 1 (\"winding\"): expected finite numbers", |b| b.features.tables[1].otherwise = f64::NAN),
        ("table 1 (\"winding\"): expected finite numbers", |b| b.features.tables[1].step = f64::MAX),
        ("there is no table 1", |b| b.features.tables.truncate(1)),
        ("distance_estimate: there is no expression 9999", |b| b.features.distance_estimate.detour = Some(9999)),
        ("distance_estimate: expected finite", |b| b.features.distance_estimate.slope = f64::NAN),
        ("reads expression 0", |b| b.features.distance_estimate.detour = Some(0)),
        ("that does not depend on the distance", |b| {
            // A ratio of the distance, looked up: two steps from the column that it must not read.
            let of = b.features.columns.iter().find(|column| column.name == "ratio").unwrap().node;
            b.features.distance_estimate.detour = Some(b.features.node(Expr::Lookup { of, table: 0 }).unwrap());
        }),
    ];
    for (words, change) in rows {
        let mut bundle = support::bundle(support::ensemble());
        change(&mut bundle);
        let error = refusal(&bundle);
        assert!(error.starts_with("bundle section features: ") && error.contains(words), "{words}: {error}");
    }
}

#[test]
fn the_number_of_keys_is_limited() {
    let bundle = support::bundle(support::ensemble());
    let limits = Limits { table_keys: 4, ..Limits::default() };
    let error = Estimator::from_bundle(bundle, &limits).unwrap_err();
    assert_eq!(error.section(), Some(Section::Features));
    assert!(error.to_string().contains("expected at most 4 keys of tables, found 5"), "{error}");
}

#[test]
fn keys_ascend_by_construction() {
    // Keys stand as gaps after the table's name: 3 of them, 130, + 2, + 59,868 (251 says that two bytes follow).
    let bytes = support::bundle(support::ensemble()).to_bytes().unwrap();
    let stored = b"\x07winding\x03\x82\x02\xfb\xdc\xe9";
    let at = bytes.windows(stored.len()).position(|window| window == stored).unwrap();
    let mut changed = bytes.clone();
    changed[at + stored.len() - 4] = 0;
    support::reseal(&mut changed);
    let error = Estimator::open(&changed).unwrap_err();
    assert_eq!((error.kind(), error.section()), (OpenErrorKind::Malformed, Some(Section::Features)));
    assert!(error.to_string().contains("a value that does not fit those before it"), "{error}");
    let mut bundle = support::bundle(support::ensemble());
    bundle.features.tables[0].keys.swap(0, 1);
    assert!(bundle.to_bytes().unwrap_err().contains("ascending keys"));
}

#[test]
fn keys_far_apart_cost_no_more_memory_than_keys_close_together() {
    // Were there a place for each key from the first to the last, this would be 512 GiB; the tests may hold 64 MiB.
    let mut bundle = support::bundle(support::ensemble());
    let of = bundle.features.node(Expr::Zone(End::Pickup, ZoneAttribute::Id)).unwrap();
    for _ in 0..64 {
        let keys: Vec<(u32, u8)> = (0..1000).map(|key| (key * 4_294_967, 1)).collect();
        let table = bundle.features.table(support::table("wide", &keys, 0.0)).unwrap();
        bundle.features.node(Expr::Lookup { of, table }).unwrap();
    }
    open(&bundle);
}

#[test]
fn a_bundle_of_format_1_is_refused_as_older() {
    let bytes = std::fs::read("tests/native/format-1.curb.raw").unwrap();
    let error = Estimator::open(&bytes).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Version);
    assert!(error.to_string().contains("expected format version 2 to 3, found 1, which is older"), "{error}");
}
