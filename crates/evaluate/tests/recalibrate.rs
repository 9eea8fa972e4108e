//! Recalibrating: on simulated months anywhere, on real ones where they are.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads and writes files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use curbside::bundle::{Card, GoldenRide, IntervalMetrics, Month};
use curbside::features::{Calendar, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Calibration, IntervalModel, Linear, Model, Quantiles, Target, Term};
use curbside::{Bundle, Estimator, Limits};
use curbside_evaluate::calibrate::{Recalibration, fit, recalibrate};
use curbside_evaluate::{EvaluateError, EvaluateErrorKind, Months, Rides, Within, golden_rides, measure, read};
use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
use curbside_tlc::{Taxi, data_dir, zones};

/// Two minutes and two a mile: wrong in every city, and more so the farther it goes. Errors are taken to grow by half a minute a
/// mile, from one on.
fn base() -> Bundle {
    let estimate = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 2.5, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), estimate);
    features.column("trip_distance", Expr::TripDistanceOrEstimate).unwrap();
    let line = |intercept, coefficient| {
        Model::Linear(Linear { intercept, terms: vec![Term::Numeric { column: 0, coefficient }] })
    };
    let month = |file: &str, sha256: &str| Month {
        file: file.to_owned(),
        sha256: sha256.to_owned(),
        rows: 1,
        used: 1,
        dropped: Vec::new(),
    };
    Bundle {
        card: Card {
            name: "test".to_owned(),
            version: "2021-01".to_owned(),
            created: "2021-01-31".to_owned(),
            trained_on: vec![month("green_tripdata_2021-01.parquet", "00ff")],
            measured_on: vec![month("green_tripdata_2020-12.parquet", "11ff")],
            notes: vec!["A note.".to_owned()],
            warnings: vec!["Measured on december, which begins early.".to_owned()],
            ..Card::default()
        },
        target: Target { name: "duration".to_owned(), unit: "minutes".to_owned(), low: 1.0, high: 60.0 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model: line(2.0, 2.0),
        background: None,
        calibration: Calibration {
            interval: Some(IntervalModel {
                coverage: 0.8,
                scale: line(1.0, 0.5),
                smallest_scale: 0.25,
                given: Quantiles { low: -1.0, high: 1.0 },
                assumed: Quantiles { low: -1.0, high: 1.0 },
            }),
            ..Calibration::default()
        },
        golden: Vec::new(),
    }
}

fn bytes(bundle: &Bundle, rides: &Rides) -> Vec<u8> {
    let golden: Vec<GoldenRide> = golden_rides(&rides.trips, &estimator(bundle));
    Bundle { golden, ..bundle.clone() }.to_bytes().unwrap()
}

fn estimator(bundle: &Bundle) -> Estimator {
    Estimator::from_bundle(bundle.clone(), &Limits::default()).unwrap()
}

fn simulated(folder: &Path, month: &str, seed: u64) -> PathBuf {
    let config = SimulationConfig { seed, month: month.parse().unwrap(), rides: 6000, taxi: Taxi::Green };
    let path = folder.join(config.file_name());
    write_parquet(&path, &config, simulate(&config, &zones::grid()).unwrap()).unwrap();
    path
}

fn months(paths: &[&PathBuf], within: Within) -> Months {
    let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
    read(&paths, within, &mut |_| ()).unwrap()
}

/// February to May of a made-up city.
struct Year {
    months: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Year {
    fn new() -> Year {
        let folder = tempfile::tempdir().unwrap();
        let names = ["2021-02", "2021-03", "2021-04"];
        let months = names.iter().zip(2..).map(|(month, seed)| simulated(folder.path(), month, seed)).collect();
        Year { months, _folder: folder }
    }

    fn on(&self, month: usize) -> Months {
        months(&[&self.months[month]], Within::NamedMonth)
    }

    fn validate(&self, month: usize) -> Months {
        months(&[&self.months[month]], Within::File)
    }
}

fn how() -> Recalibration {
    Recalibration { command: "cargo curbside recalibrate".to_owned(), ..Recalibration::default() }
}

/// Within some points of what is promised.
fn assert_keeps_its_promise(interval: Option<IntervalMetrics>, points: f64, what: &str) {
    let IntervalMetrics { coverage, covered, rides, .. } = interval.unwrap();
    assert!(100.0 * (covered - coverage).abs() < points, "{what}: {covered:.4} of {rides} rides at {coverage}");
}

#[test]
fn a_wrong_model_is_put_right_and_its_card_says_so() {
    let year = Year::new();
    let rides = year.on(0).into_rides();
    let bytes = bytes(&base(), &rides);
    let made = recalibrate(&bytes, year.on(0), Some(year.validate(1)), &how()).unwrap();
    let card = &made.bundle.card;
    let before = measure(&estimator(&base()), &year.validate(1).into_rides());
    let test = card.test.unwrap();
    assert!(test.rmse < 0.8 * before.all.rmse && test.bias.abs() < 0.3, "{test:?} after {:?}", before.all);
    assert_keeps_its_promise(card.interval, 2.0, "given");
    assert_keeps_its_promise(card.interval_without_distance, 2.0, "without distance");
    let (blind, given) = (card.interval_without_distance.unwrap(), card.interval.unwrap());
    assert!(blind.mean_width > 1.2 * given.mean_width, "who does not know the distance is less sure: {blind:?}");
    // What is not learnt again is what it was.
    let interval = made.bundle.calibration.interval.as_ref().unwrap();
    let old = base().calibration.interval.unwrap();
    assert_eq!((&made.bundle.model, &made.bundle.features), (&base().model, &base().features));
    assert_eq!((&interval.scale, interval.smallest_scale.to_bits()), (&old.scale, old.smallest_scale.to_bits()));
    assert_eq!(made.bundle.golden.len(), Bundle::from_bytes(&bytes, &Limits::default()).unwrap().golden.len());
    // The digest of the base's body is in bytes 16 to 48 of its header, by docs/format.md.
    let mut digest = String::new();
    bytes[16..48].iter().for_each(|byte| write!(digest, "{byte:02x}").unwrap());
    assert_eq!(card.recalibrated_from, Some(format!("2021-01 (sha256 {digest})")));
    assert_eq!((card.version.as_str(), card.created.as_str()), ("2021-01+2021-02", "2021-02-28"));
    assert_eq!((card.calibrated_on.len(), card.calibrated_on[0].used), (1, rides.len() as u64));
    assert_eq!(
        (card.trained_on.clone(), card.command.as_str()),
        (base().card.trained_on, "cargo curbside recalibrate")
    );
    assert!(card.notes[0] == "Of 2021-01: A note." && card.notes[1].starts_with("Recalibrated: "), "{:?}", card.notes);
    assert_eq!(
        card.warnings,
        Vec::<String>::new(),
        "the old figures are gone, and with them what was to be known of them"
    );
}

#[test]
fn an_earlier_recalibration_leaves_no_trace() {
    let year = Year::new();
    let bytes = bytes(&base(), &year.on(0).into_rides());
    let made = |base: &[u8], on, validate| recalibrate(base, year.on(on), validate, &how()).unwrap();
    let once = made(&bytes, 2, None);
    let twice = made(&made(&bytes, 0, Some(year.validate(1))).bundle.to_bytes().unwrap(), 2, None);
    assert_eq!(
        (&twice.bundle.card, twice.bundle.calibration.correction),
        (&once.bundle.card, once.bundle.calibration.correction)
    );
    assert!(twice.stored == once.stored, "the cards are the same, the bytes are not");
    assert_eq!((once.bundle.card.test, once.bundle.card.measured_on.len()), (None, 0));
}

#[test]
fn a_bundle_without_intervals_gets_one() {
    let year = Year::new();
    let base = Bundle { calibration: Calibration::default(), ..base() };
    let bytes = bytes(&base, &year.on(0).into_rides());
    let how = Recalibration { coverage: Some(0.5), version: Some("half".to_owned()), ..how() };
    let made = recalibrate(&bytes, year.on(0), Some(year.validate(1)), &how).unwrap();
    assert_eq!(made.bundle.card.version, "half");
    assert_keeps_its_promise(made.bundle.card.interval, 2.0, "half of the rides");
    // Every ride has the same scale, so every interval that no bound cuts has the same width.
    let interval = made.bundle.calibration.interval.unwrap();
    let width = interval.given.high - interval.given.low;
    let estimator = estimator(&Bundle {
        calibration: Calibration { interval: Some(interval), ..made.bundle.calibration },
        ..made.bundle
    });
    let found = estimator.estimate(&year.on(1).into_rides().trips[0]).interval.unwrap();
    assert!(found.low <= 1.0 || (found.high - found.low - width).abs() < 1e-9, "{found:?} of width {width}");
}

/// 1000 rides whose calibration can be told by hand.
///
/// Half of them of 4 miles and half of 9, so the model says 2 + 2 x 4 = 10 and 20, and expects errors of 1 + 4 / 2 = 3 and 5.5. They
/// took 1 + 1.5 x that, 16 and 31 minutes, and k hundredths of the expected error more, with k = -249.5, -248.5 ... 249.5.
fn by_hand() -> Rides {
    let mut rides = Rides::default();
    let pickup = curbside::trip::parse_pickup("2021-02-03T08:30").unwrap();
    for rank in 0..500 {
        for (miles, minutes, scale) in [(4.0, 16.0, 3.0), (9.0, 31.0, 5.5)] {
            rides.trips.push(curbside::Trip::new(10, 20, Some(miles), pickup).unwrap());
            rides.minutes.push(minutes + scale * (f64::from(rank) - 249.5) / 100.0);
            rides.days.push("2021-02-03".parse().unwrap());
            rides.recorded_miles.push(miles);
        }
    }
    rides
}

#[test]
fn a_calibration_by_hand() {
    let Calibration { correction, interval } = fit(&base(), &by_hand(), 0.8).unwrap();
    assert!((correction.intercept - 1.0).abs() < 1e-9 && (correction.slope - 1.5).abs() < 1e-9, "{correction:?}");
    // Each k is there twice. 1001 x 0.9 = 900.9: the 901st of 1000 scores is the 451st k, -249.5 + 450 = 200.5 hundredths.
    let Quantiles { low, high } = interval.unwrap().given;
    assert!((low + 2.005).abs() < 1e-9 && (high - 2.005).abs() < 1e-9, "{low} to {high}");
}

#[test]
fn what_cannot_be_calibrated_on_is_refused() {
    let year = Year::new();
    let bytes = bytes(&base(), &year.on(0).into_rides());
    let folder = tempfile::tempdir().unwrap();
    let january = simulated(folder.path(), "2021-01", 9);
    let learnt = |trained_on: Vec<Month>| {
        let card = Card { trained_on, ..base().card };
        Bundle { card, golden: Vec::new(), ..base() }.to_bytes().unwrap()
    };
    // The file was renamed after it was learnt from.
    let renamed = learnt(vec![Month { file: "rides.parquet".to_owned(), ..year.on(0).accounts().remove(0) }]);
    let mut cut = bytes.clone();
    cut.truncate(100);
    let at = |coverage| Recalibration { coverage: Some(coverage), ..how() };
    let refused = |base: &[u8], on, validate, how: &Recalibration| recalibrate(base, on, validate, how).unwrap_err();
    let on_january = || months(&[&january], Within::NamedMonth);
    let rows: Vec<(&str, EvaluateError, EvaluateErrorKind, &str)> = vec![
        (
            "a month learnt from",
            refused(&bytes, on_january(), None, &how()),
            EvaluateErrorKind::Leakage,
            "to calibrate on",
        ),
        (
            "its file by another name",
            refused(&renamed, year.on(0), None, &how()),
            EvaluateErrorKind::Leakage,
            "rides.parquet",
        ),
        (
            "measured on a month learnt from",
            refused(&bytes, year.on(0), Some(on_january()), &how()),
            EvaluateErrorKind::Leakage,
            "to measure on",
        ),
        (
            "measured on what it is calibrated on",
            refused(&bytes, year.on(0), Some(year.validate(0)), &how()),
            EvaluateErrorKind::Leakage,
            "the same bytes",
        ),
        ("no bundle", refused(&cut, year.on(0), None, &how()), EvaluateErrorKind::Bundle, "bytes"),
        ("all", refused(&bytes, year.on(0), None, &at(1.0)), EvaluateErrorKind::Config, "above 0 and below 1"),
        ("none", refused(&bytes, year.on(0), None, &at(0.0)), EvaluateErrorKind::Config, "found 0"),
        ("per cent", refused(&bytes, year.on(0), None, &at(80.0)), EvaluateErrorKind::Config, "found 80"),
        ("no number", refused(&bytes, year.on(0), None, &at(f64::NAN)), EvaluateErrorKind::Config, "found NaN"),
    ];
    let mut wrong = Vec::new();
    for (case, error, kind, part) in rows {
        if error.kind() != kind || !error.to_string().contains(part) {
            wrong.push(format!("{case}: expected {kind:?} with {part:?}, found {:?}: {error}", error.kind()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut rides = by_hand();
    rides.trips = rides.without_distance();
    let error = fit(&base(), &rides, 0.8).unwrap_err();
    assert_eq!(error.kind(), EvaluateErrorKind::TooFewRides);
    assert!(
        error.to_string().contains("rides with a distance") && error.to_string().contains("found 0 of 1000"),
        "{error}"
    );
}

#[test]
fn what_looks_back_is_warned_of() {
    let year = Year::new();
    let card = Card {
        trained_on: vec![Month {
            file: "green_tripdata_2021-03.parquet".to_owned(),
            ..base().card.trained_on[0].clone()
        }],
        ..base().card
    };
    let base = Bundle { card, golden: Vec::new(), ..base() }.to_bytes().unwrap();
    // Learnt from March, calibrated on April and measured on February: both look back.
    let on_february = recalibrate(&base, year.on(0), None, &how()).unwrap().bundle.card.warnings;
    assert!(
        on_february.len() == 1 && on_february[0].starts_with("Calibrated on green_tripdata_simulated_2021-02"),
        "{on_february:?}"
    );
    // Calibrated on February and measured on April, which looks ahead of both.
    let ahead = recalibrate(&base, year.on(0), Some(year.validate(2)), &how()).unwrap().bundle.card.warnings;
    assert_eq!(ahead, on_february);
    let measured = recalibrate(&base, year.on(2), Some(year.validate(0)), &how()).unwrap().bundle.card.warnings;
    assert!(
        measured.len() == 1 && measured[0].starts_with("Measured on green_tripdata_simulated_2021-02"),
        "{measured:?}"
    );
}

#[test]
fn on_real_months_the_promise_holds_a_month_later() {
    let Some(data) = data_dir() else {
        eprintln!(
            "SKIPPED on_real_months_the_promise_holds_a_month_later: no real trip files; set CURBSIDE_DATA to the folder that holds them"
        );
        return;
    };
    let file = |month: &str| data.join(format!("green_tripdata_{month}.parquet"));
    let base = Bundle { golden: Vec::new(), ..base() }.to_bytes().unwrap();
    for (on, later) in [("2021-02", "2021-03"), ("2022-01", "2022-02"), ("2023-01", "2023-02")] {
        let (on, validate) = (months(&[&file(on)], Within::NamedMonth), months(&[&file(later)], Within::File));
        let card = recalibrate(&base, on, Some(validate), &how()).unwrap().bundle.card;
        // A line over the distance knows nothing of place or time, so months differ more to it than to a trained model:
        // at most 2.7 points, in February 2022.
        assert_keeps_its_promise(card.interval, 3.0, later);
        assert_keeps_its_promise(card.interval_without_distance, 3.0, later);
    }
}
