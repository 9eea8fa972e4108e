//! The simulated city: the same for ever, written and read back, wrong as often as the real one, and learnable.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test of files writes files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::collections::HashMap;

use chrono::Timelike as _;
use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
use curbside_tlc::{DropReason, Filter, MonthName, ReadOptions, Ride, Taxi, TlcErrorKind, read_month, zones};
use tempfile::TempDir;

fn config(rides: u32) -> SimulationConfig {
    SimulationConfig { seed: 7, month: MonthName::new(2021, 2).unwrap(), rides, taxi: Taxi::Green }
}

fn rides(config: &SimulationConfig) -> Vec<Ride> {
    simulate(config, &zones::grid()).unwrap().collect()
}

#[test]
fn a_written_month_is_read_back_as_it_was() {
    let folder = TempDir::new().unwrap();
    for taxi in [Taxi::Green, Taxi::Yellow] {
        let config = SimulationConfig { taxi, ..config(20_000) };
        let path = folder.path().join(config.file_name());
        let simulated = rides(&config);
        write_parquet(&path, &config, simulated.iter().copied()).unwrap();
        let month = read_month(&path, &ReadOptions::default()).unwrap();
        assert_eq!(month.rides, simulated);
        assert_eq!((month.month, month.taxi), (Some(config.month), Some(taxi)));
        assert!(month.report.rejected.is_empty(), "{}", month.report);
        // Again over the first: replaced whole, the same bytes, nothing left beside.
        write_parquet(&path, &config, simulated).unwrap();
        assert_eq!(read_month(&path, &ReadOptions::default()).unwrap().sha256, month.sha256);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_month_that_cannot_be_written_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let taken = folder.path().join("taken.parquet");
    std::fs::create_dir(&taken).unwrap();
    let error = write_parquet(&taken, &config(10), rides(&config(10))).unwrap_err();
    assert_eq!(error.kind(), TlcErrorKind::Io);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let below = file.join("month.parquet");
    let error = write_parquet(&below, &config(10), rides(&config(10))).unwrap_err();
    assert_eq!(error.kind(), TlcErrorKind::Io);
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

#[test]
fn a_month_is_written_into_a_folder_that_is_made_for_it() {
    let folder = TempDir::new().unwrap();
    let month = folder.path().join("new/green/month.parquet");
    write_parquet(&month, &config(10), rides(&config(10))).unwrap();
    assert!(month.is_file());
}

#[test]
fn seeds_choose_rides_and_nothing_else_does() {
    assert_eq!(rides(&config(500)), rides(&config(500)));
    assert_ne!(rides(&config(500)), rides(&SimulationConfig { seed: 8, ..config(500) }));
    assert_eq!(rides(&config(0)), []);
    let nowhere = simulate(&config(1), &zones::grid()[263..]).map(Iterator::count).unwrap_err();
    assert!(nowhere.to_string().contains("found 2 zones and no centre"), "{nowhere}");
}

/// The bits of every ride, in one number, so that a platform or a dependency that draws differently is noticed.
#[test]
fn the_rides_of_a_seed_are_these_for_ever() {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |number: u64| digest = (digest ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    for ride in rides(&config(5000)) {
        add(ride.pickup.and_utc().timestamp().cast_unsigned());
        add(ride.dropoff.and_utc().timestamp().cast_unsigned());
        add(u64::from(ride.pu_location_id) << 16 | u64::from(ride.do_location_id));
        add(ride.trip_distance.to_bits());
    }
    assert_eq!(format!("{digest:016x}"), "9fbc81fb5c07cb4d");
}

#[test]
fn records_go_wrong_as_often_as_real_ones() {
    let config = config(200_000);
    let rides = rides(&config);
    let (kept, report) = Filter::training(config.month).apply(rides.iter().copied());
    let count = |wrong: fn(&Ride) -> bool| rides.iter().filter(|ride| wrong(ride)).count();
    let mean = kept.iter().map(Ride::duration_minutes).sum::<f64>() / f64::from(u32::try_from(kept.len()).unwrap());
    // (what, found, least, most of 200,000): the bounds enclose the published green months of 2020 to 2024.
    let in_report = |reason| usize::try_from(report.dropped_for(reason)).unwrap();
    let cases = [
        ("under a minute", in_report(DropReason::TooShort), 3200, 6600),
        ("nothing", count(|ride| ride.duration().is_zero()), 100, 480),
        ("over an hour", in_report(DropReason::TooLong), 1800, 6400),
        ("over a thousand minutes", count(|ride| ride.duration_minutes() > 1000.0), 190, 640),
        ("backwards", in_report(DropReason::NegativeDuration), 1, 12),
        ("outside the month", in_report(DropReason::OutsideMonth), 1, 80),
        ("no distance", count(|ride| ride.trip_distance == 0.0), 5000, 11_400),
        ("absurd distance", count(|ride| ride.trip_distance > 100.0), 10, 240),
        ("nowhere", count(|ride| ride.pu_location_id.max(ride.do_location_id) > 263), 800, 2800),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(_, found, least, most)| !(least..=most).contains(&found)).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{report}");
    assert!((13.0..19.0).contains(&mean), "mean {mean}\n{report}");
}

/// What a model can learn: the mean by distance and hour leaves much less error than the mean.
#[test]
fn durations_follow_distance_and_hour() {
    let training = Filter::training(None).apply(rides(&config(60_000))).0;
    let measured = Filter::training(None).apply(rides(&SimulationConfig { seed: 8, ..config(60_000) })).0;
    #[allow(clippy::cast_possible_truncation, reason = "half miles up to 40 are few")]
    let cell = |ride: &Ride| ((ride.trip_distance.min(40.0) * 2.0) as i32, ride.pickup.hour() / 3);
    let mut cells: HashMap<(i32, u32), (f64, f64)> = HashMap::new();
    for ride in &training {
        let (sum, count) = cells.entry(cell(ride)).or_default();
        (*sum, *count) = (*sum + ride.duration_minutes(), *count + 1.0);
    }
    let (sum, count) = cells.values().fold((0.0, 0.0), |all, cell| (all.0 + cell.0, all.1 + cell.1));
    let mean = sum / count;
    let rmse = |estimate: &dyn Fn(&Ride) -> f64| {
        let squares = measured.iter().map(|ride| (ride.duration_minutes() - estimate(ride)).powi(2));
        (squares.sum::<f64>() / f64::from(u32::try_from(measured.len()).unwrap())).sqrt()
    };
    let by_mean = rmse(&|_| mean);
    let by_cell = rmse(&|ride| cells.get(&cell(ride)).map_or(mean, |(sum, count)| sum / count));
    assert!(by_cell < 0.65 * by_mean && by_cell > 3.0, "by mean {by_mean}, by cell {by_cell}");
}
