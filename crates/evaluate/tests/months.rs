//! What is refused of trip files, alone and together.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads and writes files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use curbside_evaluate::{EvaluateError, EvaluateErrorKind, Months, Within, kept_apart, read};
use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
use curbside_tlc::{Ride, Taxi, TlcErrorKind, data_dir, zones};

/// A folder of made-up months.
struct Shelf(tempfile::TempDir);

impl Shelf {
    fn new() -> Shelf {
        Shelf(tempfile::tempdir().unwrap())
    }

    /// Writes rides as Parquet, or as CSV for a name that ends so.
    fn put(&self, name: &str, rides: &[Ride]) -> PathBuf {
        let path = self.0.path().join(name);
        if path.extension().is_some_and(|extension| extension == "csv") {
            let mut text =
                "lpep_pickup_datetime,lpep_dropoff_datetime,PULocationID,DOLocationID,trip_distance\n".to_owned();
            for ride in rides {
                let Ride { pickup, dropoff, pu_location_id, do_location_id, trip_distance, .. } = ride;
                writeln!(text, "{pickup},{dropoff},{pu_location_id},{do_location_id},{trip_distance}").unwrap();
            }
            fs::write(&path, text).unwrap();
        } else {
            write_parquet(&path, &config("2021-01", 0, 0), rides.iter().copied()).unwrap();
        }
        path
    }
}

fn config(month: &str, seed: u64, rides: u32) -> SimulationConfig {
    SimulationConfig { seed, month: month.parse().unwrap(), rides, taxi: Taxi::Green }
}

fn month(month: &str, seed: u64) -> Vec<Ride> {
    simulate(&config(month, seed, 3000), &zones::grid()).unwrap().collect()
}

fn learn(paths: &[&PathBuf]) -> Result<Months, EvaluateError> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
    read(&paths, Within::NamedMonth, &mut |_| ())
}

/// What it is, what came of it, of what kind the refusal must be, what must be in its message.
type Row<'a> = (&'a str, Result<(), EvaluateError>, EvaluateErrorKind, &'a [&'a str]);

/// Says which rows are not refused as expected, all of them.
fn assert_refused(rows: Vec<Row<'_>>) {
    let mut wrong = Vec::new();
    for (case, found, kind, parts) in rows {
        let Err(error) = found else {
            wrong.push(format!("{case}: not refused"));
            continue;
        };
        let message = error.to_string();
        let told = ["expected ", ", found ", ": "].iter().chain(parts).all(|part| message.contains(part));
        if error.kind() != kind || !told {
            wrong.push(format!("{case}: expected {kind:?} with {parts:?}, found {:?}: {message}", error.kind()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_month_is_refused_by_its_name() {
    let shelf = Shelf::new();
    let rides = month("2021-01", 1);
    let from_one_zone: Vec<Ride> = rides.iter().map(|ride| Ride { pu_location_id: 130, ..*ride }).collect();
    let to_one_zone: Vec<Ride> = rides.iter().map(|ride| Ride { do_location_id: 74, ..*ride }).collect();
    let twice: Vec<Ride> = rides.iter().chain(&rides[..100]).copied().collect();
    let few = shelf.put("few_2021-01.parquet", &rides[..900]);
    let misnamed = shelf.put("green_2021-02.parquet", &rides);
    let (from_one, to_one) = (shelf.put("from_2021-01.csv", &from_one_zone), shelf.put("to_2021-01.csv", &to_one_zone));
    let twice = shelf.put("twice_2021-01.parquet", &twice);
    let absent = shelf.0.path().join("absent_2021-01.parquet");
    let read = |path: &PathBuf| learn(&[path]).map(|_| ());
    assert_refused(vec![
        ("none", learn(&[]).map(|_| ()), EvaluateErrorKind::NoFiles, &["trip file"]),
        (
            "too small",
            read(&few),
            EvaluateErrorKind::TooFewRides,
            &["few_2021-01.parquet", "at least 1000", "in 900 rows"],
        ),
        (
            "another month than its name says",
            read(&misnamed),
            EvaluateErrorKind::TooFewRides,
            &["green_2021-02.parquet", "pickup outside the month"],
        ),
        (
            "one pickup zone",
            read(&from_one),
            EvaluateErrorKind::OneZone,
            &["from_2021-01.csv", "PULocationID 130 in all"],
        ),
        ("one drop-off zone", read(&to_one), EvaluateErrorKind::OneZone, &["to_2021-01.csv", "DOLocationID 74 in all"]),
        ("rides twice", read(&twice), EvaluateErrorKind::Duplicate, &["twice_2021-01.parquet", "in the same file"]),
        ("absent", read(&absent), EvaluateErrorKind::Data(TlcErrorKind::Io), &["absent_2021-01.parquet"]),
    ]);
}

#[test]
fn the_same_rides_are_known_under_any_name_and_in_any_format() {
    let shelf = Shelf::new();
    let rides = month("2021-01", 1);
    let mut backwards = rides.clone();
    backwards.reverse();
    let january = shelf.put("a_2021-01.parquet", &rides);
    let copy = shelf.put("b_2021-01.parquet", &rides);
    let text = shelf.put("c_2021-01.csv", &backwards);
    let part = shelf.put("d_2021-01.csv", &rides[..1200]);
    let kind = EvaluateErrorKind::Duplicate;
    let both = |other: &PathBuf| learn(&[&january, other]).map(|_| ());
    assert_refused(vec![
        ("itself", both(&january), kind, &["a_2021-01.parquet and ", "the same bytes in both"]),
        ("a copy", both(&copy), kind, &["b_2021-01.parquet", "the same bytes in both"]),
        (
            "another format, order and name",
            both(&text),
            kind,
            &["c_2021-01.csv", "rides of the smaller one's", "in both"],
        ),
        ("a part", both(&part), kind, &["d_2021-01.csv", "in both"]),
    ]);
    // Another taxi's month is another file of the same days: both may be learnt from.
    assert!(learn(&[&january, &shelf.put("e_2021-01.csv", &month("2021-01", 2))]).is_ok());
}

#[test]
fn months_in_any_order_are_the_same_months() {
    let shelf = Shelf::new();
    // Names that sort the other way round than the rides; a stray from 2009, which puts no month first.
    let mut rides = month("2021-02", 2);
    let stray = "2009-01-01T00:30:00".parse().unwrap();
    rides.push(Ride { pickup: stray, dropoff: stray + chrono::TimeDelta::minutes(10), ..rides[0] });
    let january = shelf.put("z_2021-01.parquet", &month("2021-01", 1));
    let february = shelf.put("a_2021-02.parquet", &rides);
    let paths = [february.clone(), january.clone()];
    for within in [Within::NamedMonth, Within::File] {
        let (ordered, swapped) = (
            read(&[january.clone(), february.clone()], within, &mut |_| ()).unwrap(),
            read(&paths, within, &mut |_| ()).unwrap(),
        );
        assert_eq!(ordered.note(), None);
        assert!(swapped.note().unwrap().ends_with(": z_2021-01.parquet, a_2021-02.parquet"), "{:?}", swapped.note());
        assert_eq!((swapped.paths(), swapped.accounts()), (ordered.paths(), ordered.accounts()));
        assert_eq!(swapped.files()[1].months(), ["2021-02".parse().unwrap()]);
        let (ordered, swapped) = (ordered.into_rides(), swapped.into_rides());
        assert_eq!((ordered.trips, ordered.minutes), (swapped.trips, swapped.minutes));
    }
}

#[test]
fn what_was_learnt_from_is_not_measured_on() {
    let shelf = Shelf::new();
    let rides = month("2021-01", 1);
    let january = shelf.put("january_2021-01.parquet", &rides);
    let renamed = shelf.put("renamed_2021-02.csv", &rides);
    let others = shelf.put("others_2021-01.parquet", &month("2021-01", 7));
    let february = shelf.put("february_2021-02.parquet", &month("2021-02", 2));
    // A file without a month in its name is taken whole: its first half is January's, its second half February's.
    let mixed: Vec<Ride> = month("2021-02", 3).into_iter().take(1500).chain(rides[..1500].iter().copied()).collect();
    let mixed = shelf.put("mixed.parquet", &mixed);
    let apart = |from: &PathBuf, on: &PathBuf| {
        let measured = read(std::slice::from_ref(on), Within::File, &mut |_| ()).unwrap();
        kept_apart(&learn(&[from]).unwrap(), &measured)
    };
    let refused = |from, on| apart(from, on).map(|_| ());
    let kind = EvaluateErrorKind::Leakage;
    assert_refused(vec![
        ("the file itself", refused(&january, &january), kind, &["january_2021-01.parquet", "the same bytes in both"]),
        (
            "its rides under another name",
            refused(&january, &renamed),
            kind,
            &["renamed_2021-02.csv", "in both", "january"],
        ),
        (
            "other rides of its days",
            refused(&january, &others),
            kind,
            &["others_2021-01.parquet", "of 2021-01", "january"],
        ),
        ("a mixture to learn from", refused(&mixed, &february), kind, &["february_2021-02", "of 2021-02", "mixed"]),
        ("a mixture to measure on", refused(&february, &mixed), kind, &["mixed", "of 2021-01, 2021-02", "february"]),
    ]);
    assert_eq!(apart(&january, &february).unwrap(), Vec::<String>::new());
    let warnings = apart(&february, &january).unwrap();
    assert!(
        warnings.len() == 1 && warnings[0].starts_with("Measured on january_2021-01.parquet, which begins before"),
        "{warnings:?}"
    );
}

/// The real green months in the order of their names, or a loud word that the test is skipped.
fn real_months(test: &str) -> Option<Vec<PathBuf>> {
    let Some(folder) = data_dir() else {
        eprintln!("SKIPPED {test}: no real trip files; set CURBSIDE_DATA to the folder that holds them");
        return None;
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut green: Vec<PathBuf> =
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("green_tripdata_20")).collect();
    green.sort();
    Some(green)
}

#[test]
fn no_two_real_months_are_taken_for_one() {
    let Some(files) = real_months("no_two_real_months_are_taken_for_one") else { return };
    let months = read(&files, Within::File, &mut |_| ()).unwrap();
    assert_eq!((months.paths(), months.note()), (files, None), "in the order of their names");
    for (index, first) in months.files().iter().enumerate() {
        // 112 rides of April 2020's 34,294 are there again, 0.33 %: the most.
        assert!(first.repeated_rides() * 250 < first.rides.len(), "{}", first.path.display());
        assert_eq!(first.months().len(), 1, "{}", first.path.display());
        for second in &months.files()[index + 1..] {
            assert_eq!(first.shared_rides(second), 0, "{} and {}", first.path.display(), second.path.display());
        }
    }
}
