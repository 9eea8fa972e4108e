//! Training as a caller sees it: on simulated months anywhere, on real ones where they are.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads and writes files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

use curbside::trip::parse_pickup;
use curbside::{Estimator, Trip};
use curbside_evaluate::EvaluateErrorKind;
use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
use curbside_tlc::{Taxi, TlcErrorKind, data_dir, zones};
use curbside_train::{
    Algorithm, BoostingParameters, PackedBundle, Progress, TrainConfig, TrainErrorKind, ZoneSource, importance_svg,
    train,
};

fn simulated(folder: &Path, month: &str, seed: u64, rides: u32) -> PathBuf {
    let config = SimulationConfig { seed, month: month.parse().unwrap(), rides, taxi: Taxi::Green };
    let path = folder.join(config.file_name());
    write_parquet(&path, &config, simulate(&config, &zones::grid()).unwrap()).unwrap();
    path
}

/// A small boosted model of a simulated month, measured on the next.
fn config(folder: &Path) -> TrainConfig {
    let from = simulated(folder, "2021-01", 1, 6000);
    let validate = simulated(folder, "2021-02", 2, 3000);
    let small = BoostingParameters { num_iterations: 40, ..BoostingParameters::default() };
    let candidates = vec![BoostingParameters { learning_rate: 0.01, ..small }, small];
    TrainConfig {
        zones: ZoneSource::Grid,
        algorithm: Algorithm::Boosting(candidates),
        ..TrainConfig::new(vec![from], vec![validate], PathBuf::from("anywhere/simulated.curb"))
    }
}

fn run(config: &TrainConfig) -> PackedBundle {
    train(config, &mut |_| ()).unwrap()
}

fn estimator(trained: &PackedBundle) -> Estimator {
    Estimator::open(&trained.bundle.to_bytes().unwrap()).unwrap()
}

#[test]
fn a_simulated_city_is_learnt_and_the_card_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let mut news = Vec::new();
    let trained = train(&config, &mut |progress| news.push(progress.clone())).unwrap();
    let card = &trained.bundle.card;
    assert_eq!((card.name.as_str(), card.version.as_str()), ("ride-duration", "2021-01"));
    assert_eq!(card.created, "2021-01-31");
    assert_eq!(
        card.command,
        "cargo curbside train --model gbdt --from \"$CURBSIDE_DATA/green_tripdata_simulated_2021-01.parquet\" \
         --validate \"$CURBSIDE_DATA/green_tripdata_simulated_2021-02.parquet\" --zones grid --name ride-duration \
         --out models/simulated.curb"
    );
    let month = &card.trained_on[0];
    assert_eq!(month.used + month.dropped.iter().map(|dropped| dropped.rows).sum::<u64>(), month.rows);
    // The candidate that learns forty times too slowly is not the one chosen.
    assert!(card.parameters.contains(&("learning_rate".into(), "0.14".into())), "{:?}", card.parameters);
    // Better than the mean of the durations, on days and on a month not learnt from.
    let (folds, test) = (card.folds.unwrap(), card.test.unwrap());
    assert!(folds.rmse < 6.0 && test.rmse < 6.0, "{folds:?} {test:?}");
    assert_eq!(card.boroughs.iter().map(|borough| borough.metrics.rides).sum::<u64>(), test.rides);
    let said = |wanted: fn(&Progress) -> bool| news.iter().filter(|progress| wanted(progress)).count();
    assert_eq!(said(|progress| matches!(progress, Progress::Candidate { .. })), 2);
    assert_eq!(said(|progress| matches!(progress, Progress::Month(_))), 2);
    assert!(!trained.bundle.golden.is_empty() && trained.bundle.pairs.len() > 100);
}

#[test]
fn what_a_record_wants_is_told_for_every_tree_and_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let (mut folds, mut candidates, mut gains) = (Vec::new(), Vec::new(), Vec::new());
    let trained = train(&config, &mut |progress| match progress {
        Progress::FoldGrown { candidate, fold, rmse } => folds.push((*candidate, *fold, rmse.clone())),
        Progress::Candidate { candidate, trees, rmse, by_trees, .. } => {
            candidates.push((*candidate, *trees, *rmse, by_trees.clone()));
        }
        Progress::Gains(told) => gains.clone_from(told),
        _ => (),
    })
    .unwrap();
    // Each fold is grown with each candidate, to the last tree.
    assert_eq!(folds.len(), 2 * 5);
    assert!(folds.iter().all(|(.., rmse)| rmse.len() == 40 && rmse.iter().all(|rmse| *rmse > 0.0)));
    for (candidate, trees, rmse, by_trees) in &candidates {
        let fewest = by_trees.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((by_trees[trees - 1] - rmse).abs() < 1e-12 && (fewest - rmse).abs() < 1e-12, "candidate {candidate}");
        // The whole lies between the best and the worst fold.
        let last: Vec<f64> = folds.iter().filter(|fold| fold.0 == *candidate).map(|fold| fold.2[39]).collect();
        let (low, high) =
            (last.iter().copied().fold(f64::INFINITY, f64::min), last.iter().copied().fold(0.0, f64::max));
        assert!(low < by_trees[39] && by_trees[39] < high, "{low} {} {high}", by_trees[39]);
    }
    // The columns that the trees read, the most useful first, and of a city the distance is it.
    assert!(gains.windows(2).all(|pair| pair[0].gain >= pair[1].gain), "{gains:?}");
    assert!(gains[0].column.contains("distance"), "{gains:?}");
    assert!(importance_svg("simulated", &gains).unwrap().contains(&gains[0].column));

    // A run's id changes the card and nothing else.
    let tracked = run(&TrainConfig { mlflow_run: Some("0123456789abcdef".to_owned()), ..config });
    assert_eq!(tracked.bundle.card.mlflow_run.as_deref(), Some("0123456789abcdef"));
    let mut without = tracked.bundle;
    without.card.mlflow_run = None;
    assert!(without == trained.bundle);
}

#[test]
fn the_same_files_give_the_same_bytes_from_any_folder() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = run(&config(here.path()));
    assert_eq!(run(&config(there.path())).stored, first.stored);
    let [bundle, card] = first.write(&here.path().join("models/simulated.curb")).unwrap();
    assert_eq!(fs::read(bundle).unwrap(), first.stored);
    assert_eq!(card.file_name().unwrap(), "simulated.card.json");
    let card: serde_json::Value = serde_json::from_slice(&fs::read(card).unwrap()).unwrap();
    assert_eq!(card["test"]["rides"], first.bundle.card.test.unwrap().rides);
}

#[test]
fn months_in_any_order_give_the_same_bytes_and_the_card_says_what_looks_back() {
    let folder = tempfile::tempdir().unwrap();
    let in_order = TrainConfig { algorithm: Algorithm::Linear, ..config(folder.path()) };
    let months = vec![in_order.from[0].clone(), simulated(folder.path(), "2021-03", 3, 3000)];
    let in_order = TrainConfig { from: months.clone(), ..in_order };
    let swapped = TrainConfig { from: months.into_iter().rev().collect(), ..in_order.clone() };
    let (first, again) = (run(&in_order), run(&swapped));
    assert!(first.stored == again.stored && again.card_json().unwrap() == first.card_json().unwrap());
    // Learnt from January and March, measured on the February between them.
    let warnings = &first.bundle.card.warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("begins before the last month learnt from"), "{warnings:?}");
}

#[test]
fn months_alone_are_enough_with_the_zones_of_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let linear = TrainConfig { algorithm: Algorithm::Linear, ..config(folder.path()) };
    let first = run(&linear);
    let [known, _] = first.write(&folder.path().join("known.curb")).unwrap();
    let again = run(&TrainConfig { zones: ZoneSource::Bundle(known), ..linear });
    let (first, again) = (first.bundle, again.bundle);
    assert_eq!((&again.zones, &again.model), (&first.zones, &first.model));
    assert!(again.card.command.contains(" --zones models/known.curb "), "{}", again.card.command);
}

#[test]
fn distances_that_are_not_known_are_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let estimator = estimator(&run(&config(folder.path())));
    let estimate = |miles, at: &str| estimator.estimate(&Trip::new(20, 120, miles, parse_pickup(at).unwrap()).unwrap());
    let absent = estimate(None, "2021-02-03T08:30");
    assert!(absent.distance_assumed);
    // 0 and more than 50 miles were not measured; the assumed number sent back is the same ride.
    for miles in [0.0, 50.5, absent.trip_distance] {
        assert_eq!(estimate(Some(miles), "2021-02-03T08:30").duration.to_bits(), absent.duration.to_bits(), "{miles}");
    }
    // Seconds are no feature.
    assert_eq!(estimate(None, "2021-02-03T08:30:59").duration.to_bits(), absent.duration.to_bits());
}

#[test]
fn what_cannot_be_trained_is_refused_before_minutes_are_spent() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path());
    let both = TrainConfig { validate: good.from.clone(), ..good.clone() };
    let none = TrainConfig { from: Vec::new(), ..good.clone() };
    let absent = TrainConfig { from: vec![folder.path().join("absent_2021-01.parquet")], ..good.clone() };
    let leaves = BoostingParameters { num_leaves: 1, ..BoostingParameters::default() };
    let leaves = TrainConfig { algorithm: Algorithm::Boosting(vec![leaves]), ..good.clone() };
    let zones = TrainConfig { zones: ZoneSource::Folder(folder.path().to_owned()), ..good.clone() };
    let bundle = TrainConfig { zones: ZoneSource::Bundle(good.from[0].clone()), ..good };
    let rows = [
        (both, TrainErrorKind::Evaluate(EvaluateErrorKind::Leakage), "the same bytes in both"),
        (none, TrainErrorKind::Config, "at least one trip file"),
        (absent, TrainErrorKind::Evaluate(EvaluateErrorKind::Data(TlcErrorKind::Io)), "absent_2021-01.parquet"),
        (leaves, TrainErrorKind::Config, "num_leaves: expected 2 to 4,096"),
        (zones, TrainErrorKind::Data, "taxi_zone"),
        (bundle, TrainErrorKind::Config, "zones: "),
    ];
    for (config, kind, message) in rows {
        let error = train(&config, &mut |_| ()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
}

/// The folder of real months, or a loud word that the test is skipped.
fn real_data(test: &str) -> Option<PathBuf> {
    let folder = data_dir();
    if folder.is_none() {
        eprintln!("SKIPPED {test}: no real trip files; set CURBSIDE_DATA to the folder that holds them");
    }
    folder
}

#[test]
fn the_baseline_solved_exactly_errs_by_7_4808_minutes() {
    let Some(data) = real_data("the_baseline_solved_exactly_errs_by_7_4808_minutes") else { return };
    let month = |month: &str| vec![data.join(format!("green_tripdata_{month}.parquet"))];
    let config = TrainConfig {
        algorithm: Algorithm::Linear,
        ..TrainConfig::new(month("2021-01"), month("2021-02"), PathBuf::from("linear.curb"))
    };
    let trained = run(&config);
    let note = trained.bundle.card.notes.iter().find(|note| note.starts_with("As the reference measures")).unwrap();
    assert!(note.contains("RMSE 7.4808, MAE 4.9838"), "{note}");
    // Clipped to 1 to 60 minutes, as it serves, it errs by as much.
    assert!((trained.bundle.card.test.unwrap().rmse - 7.4811).abs() < 5e-4);
}

#[test]
fn one_real_month_errs_and_covers_as_the_document_says() {
    let Some(data) = real_data("one_real_month_errs_and_covers_as_the_document_says") else { return };
    let month = |month: &str| vec![data.join(format!("green_tripdata_{month}.parquet"))];
    let trained = run(&TrainConfig {
        algorithm: Algorithm::Boosting(vec![BoostingParameters::default()]),
        ..TrainConfig::new(month("2021-01"), month("2021-02"), PathBuf::from("january.curb"))
    });
    let card = &trained.bundle.card;
    let (test, blind) = (card.test.unwrap(), card.test_without_distance.unwrap());
    // Below 5.08 something would have leaked: nothing that is known about these rides goes there.
    assert!((5.08..5.16).contains(&test.rmse) && test.mae < 3.36, "{test:?}");
    assert!(blind.rmse < 6.07 && blind.mae < 4.09, "{blind:?}");
    let interval = card.interval.unwrap();
    assert!(interval.covered > 0.76 && interval.mean_width < 9.6, "{interval:?}");
    // 1.4 bytes a leaf of it are the covers that explanations need.
    assert!(trained.stored.len() < 78_000, "{} bytes", trained.stored.len());
}

#[test]
#[ignore = "takes minutes even where LightGBM is built with optimisation: run it when the shipped bundle changes"]
fn the_shipped_bundle_is_trained_again_to_the_byte() {
    let Some(data) = real_data("the_shipped_bundle_is_trained_again_to_the_byte") else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/green-tripdata-duration.curb");
    let stored = fs::read(&path).unwrap();
    let bytes = curbside_publish::unpack(&stored, 1 << 24).unwrap();
    let card = Estimator::open(&bytes).unwrap().card().clone();
    let files = |months: &[curbside::bundle::Month]| months.iter().map(|month| data.join(&month.file)).collect();
    let trained = run(&TrainConfig::new(files(&card.trained_on), files(&card.measured_on), path));
    assert_eq!(trained.bundle.card, card);
    assert!(trained.stored == stored, "the card is the same, the bytes are not");
}
