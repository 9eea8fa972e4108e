//! The reader on tiny files of every vintage and with every fault, written here. Each table of cases reports all of
//! its failures.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test of files writes files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt16Array,
};
use curbside_tlc::{
    Column, Fault, Month, MonthName, ReadOptions, Ride, RideReader, Taxi, TlcError, TlcErrorKind, read_month,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

/// 2021-02-03 08:30:00 and ten minutes later, in seconds since 1970 of local time.
const PICKUPS: [i64; 3] = [1_612_341_000, 1_612_341_060, 1_230_768_205];
const DROPOFFS: [i64; 3] = [1_612_341_600, 1_612_341_059, 1_230_768_805];

/// The three rides that the files below hold: an ordinary one, one that ends before it begins, one of 2009.
fn rides() -> Vec<Ride> {
    let ride = |row, pickup: &str, dropoff: &str, pu_location_id, do_location_id, trip_distance| Ride {
        row,
        pickup: pickup.parse().unwrap(),
        dropoff: dropoff.parse().unwrap(),
        pu_location_id,
        do_location_id,
        trip_distance,
    };
    vec![
        ride(0, "2021-02-03T08:30:00", "2021-02-03T08:40:00", 130, 205, 3.66),
        ride(1, "2021-02-03T08:31:00", "2021-02-03T08:30:59", 264, 265, 0.0),
        ride(2, "2009-01-01T00:03:25", "2009-01-01T00:13:25", 1, 132, 244_152.5),
    ]
}

fn read(path: &Path) -> Result<Month, TlcError> {
    read_month(path, &ReadOptions::default())
}

fn array<A: arrow_array::Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}

fn micros(seconds: [i64; 3]) -> ArrayRef {
    array(TimestampMicrosecondArray::from(seconds.map(|s| s * 1_000_000).to_vec()))
}

fn int64(values: [i64; 3]) -> ArrayRef {
    array(Int64Array::from(values.to_vec()))
}

fn miles() -> ArrayRef {
    array(Float64Array::from(vec![3.66, 0.0, 244_152.5]))
}

fn green(
    pickup: ArrayRef,
    dropoff: ArrayRef,
    pu: ArrayRef,
    r#do: ArrayRef,
    miles: ArrayRef,
) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("VendorID", int64([1, 2, 2])),
        ("lpep_pickup_datetime", pickup),
        ("lpep_dropoff_datetime", dropoff),
        ("store_and_fwd_flag", array(StringArray::from(vec![Some("N"), None, None]))),
        ("PULocationID", pu),
        ("DOLocationID", r#do),
        ("trip_distance", miles),
        ("ehail_fee", array(NullArray::new(3))),
    ]
}

fn ordinary() -> Vec<(&'static str, ArrayRef)> {
    green(micros(PICKUPS), micros(DROPOFFS), int64([130, 264, 1]), int64([205, 265, 132]), miles())
}

/// [`ordinary`] with one column replaced.
fn with<A: arrow_array::Array + 'static>(name: &str, column: A) -> Vec<(&'static str, ArrayRef)> {
    let mut columns = ordinary();
    columns.iter_mut().find(|(other, _)| *other == name).unwrap().1 = array(column);
    columns
}

fn write_parquet(path: &Path, codec: Codec, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let properties = WriterProperties::builder().set_compression(codec).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn every_parquet_vintage_reads_alike() {
    let folder = TempDir::new().unwrap();
    let gzip = Codec::GZIP(GzipLevel::default());
    let zstd = Codec::ZSTD(ZstdLevel::default());
    let doubles = |values: [f64; 3]| array(Float64Array::from(values.to_vec()));
    let narrow = |values: [i32; 3]| array(Int32Array::from(values.to_vec()));
    let seconds = |s: [i64; 3]| array(TimestampSecondArray::from(s.to_vec()));
    let millis = |s: [i64; 3]| array(TimestampMillisecondArray::from(s.map(|s| s * 1000).to_vec()));
    let nanos = |s: [i64; 3]| array(TimestampNanosecondArray::from(s.map(|s| s * 1_000_000_000).to_vec()));
    let mut yellow = ordinary();
    yellow[1].0 = "tpep_pickup_datetime";
    yellow[2].0 = "tpep_dropoff_datetime";
    yellow[3].1 = array(LargeStringArray::from(vec!["N", "N", "Y"]));
    yellow.swap(0, 6);
    yellow.swap(1, 5);
    let mut renamed = ordinary();
    let names = ["pickup_datetime", "dropoff_datetime", "flag", "pickup_location_id", "dropoff_location_id"];
    for (column, name) in renamed[1..].iter_mut().zip(names) {
        column.0 = name;
    }
    let cases = [
        ("2021, gzip", gzip, Some(Taxi::Green), ordinary()),
        ("2023, zstd, int32", zstd, Some(Taxi::Green), {
            let ids = (narrow([130, 264, 1]), narrow([205, 265, 132]));
            green(micros(PICKUPS), micros(DROPOFFS), ids.0, ids.1, miles())
        }),
        ("nanoseconds, doubles", Codec::SNAPPY, Some(Taxi::Green), {
            let ids = (doubles([130.0, 264.0, 1.0]), doubles([205.0, 265.0, 132.0]));
            green(nanos(PICKUPS), nanos(DROPOFFS), ids.0, ids.1, miles())
        }),
        ("milliseconds, uint16", Codec::SNAPPY, Some(Taxi::Green), {
            let ids = [vec![130, 264, 1], vec![205, 265, 132]].map(|ids| array(UInt16Array::from(ids)));
            green(millis(PICKUPS), millis(DROPOFFS), ids[0].clone(), ids[1].clone(), miles())
        }),
        ("seconds", Codec::UNCOMPRESSED, Some(Taxi::Green), {
            green(seconds(PICKUPS), seconds(DROPOFFS), int64([130, 264, 1]), int64([205, 265, 132]), miles())
        }),
        ("yellow, columns in another order", Codec::SNAPPY, Some(Taxi::Yellow), yellow),
        ("renamed", Codec::SNAPPY, None, renamed),
    ];
    let mut wrong = Vec::new();
    for (name, codec, taxi, columns) in cases {
        let path = folder.path().join("trips_2021-02.parquet");
        write_parquet(&path, codec, columns);
        match read(&path) {
            Ok(month) if month.rides == rides() && month.taxi == taxi && month.report.rejected.is_empty() => {
                assert_eq!(month.month, MonthName::new(2021, 2), "{name}");
                assert_eq!(month.bytes, std::fs::metadata(&path).unwrap().len(), "{name}");
            }
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn distances_of_any_number_type_are_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trips.parquet");
    let cases: [(ArrayRef, [f64; 3]); 3] = [
        (array(Float32Array::from(vec![0.5, f32::INFINITY, -1.0])), [0.5, f64::INFINITY, -1.0]),
        (int64([1, 0, i64::MAX]), [1.0, 0.0, 9_223_372_036_854_775_807.0]),
        (array(UInt16Array::from(vec![1, 2, 65535])), [1.0, 2.0, 65535.0]),
    ];
    for (column, expected) in cases {
        write_parquet(&path, Codec::SNAPPY, with("trip_distance", column));
        let found: Vec<f64> = read(&path).unwrap().rides.iter().map(|ride| ride.trip_distance).collect();
        assert_eq!(found, expected);
    }
}

/// (column, fault, rows, first row) of a report.
type Counts = Vec<(Option<Column>, Fault, u64, u64)>;

fn counts(month: &Month) -> Counts {
    month.report.rejected.iter().map(|count| (count.column, count.fault, count.rows, count.first_row)).collect()
}

#[test]
fn parquet_rows_that_are_no_rides_are_counted_by_reason() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trips.parquet");
    let nulls = |values: [Option<i64>; 3]| array(Int64Array::from(values.to_vec()));
    let cases: [(Vec<(&str, ArrayRef)>, Counts); 5] = [
        (with("PULocationID", nulls([None, Some(1), None])), vec![(Some(Column::PuLocationId), Fault::Empty, 2, 0)]),
        (
            with("DOLocationID", nulls([Some(-1), Some(65536), Some(65535)])),
            vec![(Some(Column::DoLocationId), Fault::NotAnId, 2, 0)],
        ),
        (
            with("PULocationID", array(Float64Array::from(vec![Some(1.0), Some(130.5), Some(f64::NAN)]))),
            vec![(Some(Column::PuLocationId), Fault::NotAnId, 2, 1)],
        ),
        (
            with("trip_distance", array(Float64Array::from(vec![Some(f64::NAN), None, Some(1.0)]))),
            vec![(Some(Column::TripDistance), Fault::Empty, 1, 1)],
        ),
        (
            with("lpep_pickup_datetime", array(TimestampMicrosecondArray::from(vec![None, Some(i64::MAX), Some(0)]))),
            vec![
                (Some(Column::PickupDatetime), Fault::Empty, 1, 0),
                (Some(Column::PickupDatetime), Fault::NotATime, 1, 1),
            ],
        ),
    ];
    for (columns, expected) in cases {
        write_parquet(&path, Codec::SNAPPY, columns);
        let month = read(&path).unwrap();
        assert_eq!(counts(&month), expected);
        let rejected: u64 = expected.iter().map(|count| count.2).sum();
        assert_eq!((month.report.rows, month.report.rides), (3, 3 - rejected));
    }
}

const GREEN: &str = "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,PULocationID,DOLocationID,trip_distance\n";
const GREEN_ROWS: &str = "2,2021-02-03 08:30:00,2021-02-03 08:40:00,130,205,3.66\n\
    ,2021-02-03 08:31:00,2021-02-03 08:30:59,264,265,0\n\
    ,2009-01-01 00:03:25,2009-01-01 00:13:25,1,132,244152.5\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_csv_vintage_reads_alike() {
    let folder = TempDir::new().unwrap();
    let plain = format!("{GREEN}{GREEN_ROWS}");
    let yellow = plain.replace("lpep", "tpep");
    let renamed = plain
        .replace("lpep_", "")
        .replace("PULocationID", "pickup_location_id")
        .replace("DOLocationID", "dropoff_location_id");
    let two_members = [gzip(GREEN), gzip(GREEN_ROWS)].concat();
    let cases: [(&str, Vec<u8>, Option<Taxi>); 9] = [
        ("plain.csv", plain.clone().into(), Some(Taxi::Green)),
        ("gzip.csv.gz", gzip(&plain), Some(Taxi::Green)),
        ("gzip named as plain.csv", gzip(&plain), Some(Taxi::Green)),
        ("gzip of two members.csv.gz", two_members, Some(Taxi::Green)),
        ("yellow.csv", yellow.into(), Some(Taxi::Yellow)),
        ("renamed.csv", renamed.into(), None),
        ("crlf.csv", plain.replace('\n', "\r\n").into(), Some(Taxi::Green)),
        (
            "byte order mark, quotes, blanks.csv",
            {
                plain
                    .replace("VendorID", "\u{feff}VendorID")
                    .replace(",130,", ",\"130\",")
                    .replace(",205,", ", 205 ,")
                    .into()
            },
            Some(Taxi::Green),
        ),
        (
            "ids as doubles, empty fields beyond the heading, T.csv",
            { plain.replace(",130,", ",130.0,").replace("3.66\n", "3.66,,\n").replace("03 08:31", "03T08:31").into() },
            Some(Taxi::Green),
        ),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, taxi) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        match read(&path) {
            Ok(month) if month.rides == rides() && month.taxi == taxi && month.report.rejected.is_empty() => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn csv_rows_that_are_no_rides_are_counted_by_reason() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trips.csv");
    let bad = "2,2021-02-30 08:30:00,2021-02-03 08:40:00,130,205,3.66\n\
        2,2021-02-03 08:30:00,,130,205,3.66\n\
        2,2021-02-03 08:30:00,2021-02-03 08:40:00,-1,205,3.66\n\
        2,2021-02-03 08:30:00,2021-02-03 08:40:00,130,205.5,3.66\n\
        2,2021-02-03 08:30:00,2021-02-03 08:40:00,130,Queens,3.66\n\
        2,2021-02-03 08:30:00,2021-02-03 08:40:00,130,205,three\n\
        2,2021-02-03 08:30:00,2021-02-03 08:40:00,130,205,3.66,9\n\
        2,2021-02-03 08:30:00,2021-02-03 08:4";
    std::fs::write(&path, format!("{GREEN}{GREEN_ROWS}{bad}")).unwrap();
    let month = read(&path).unwrap();
    assert_eq!(month.rides, rides());
    let expected: Counts = vec![
        (Some(Column::PickupDatetime), Fault::NotATime, 1, 3),
        (Some(Column::DropoffDatetime), Fault::Empty, 1, 4),
        (Some(Column::PuLocationId), Fault::NotAnId, 1, 5),
        (Some(Column::DoLocationId), Fault::NotAnId, 2, 6),
        (Some(Column::TripDistance), Fault::NotANumber, 1, 8),
        (None, Fault::WrongFieldCount, 2, 9),
    ];
    assert_eq!(counts(&month), expected);
    assert_eq!(month.report.rows, 11);
    let table = month.report.to_string();
    assert!(table.contains("DOLocationID not a zone id (first in row 6)"), "{table}");

    let options = ReadOptions { batch_rows: 4, month: MonthName::new(2020, 1) };
    let reader = RideReader::open(&path, &options).unwrap();
    assert_eq!(reader.month(), MonthName::new(2020, 1));
    let rejected: Vec<String> = reader.flat_map(|batch| batch.unwrap().rejected).map(|row| row.to_string()).collect();
    assert_eq!(rejected[0], "row 3: pickup_datetime not a time: \"2021-02-30 08:30:00\"");
    assert_eq!(rejected[1], "row 4: dropoff_datetime empty");
    assert_eq!(rejected[7], "row 10: wrong number of fields: \"3 fields where the heading has 6\"");
}

#[test]
fn files_that_are_no_trip_files_say_why() {
    use TlcErrorKind as Kind;
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let written = |name: &str, bytes: &[u8]| {
        std::fs::write(at(name), bytes).unwrap();
        at(name)
    };
    let parquet = |name: &str, columns: Vec<(&str, ArrayRef)>| {
        write_parquet(&at(name), Codec::SNAPPY, columns);
        at(name)
    };
    let whole = std::fs::read(parquet("whole.parquet", ordinary())).unwrap();
    let zipped = gzip(&format!("{GREEN}{}", GREEN_ROWS.repeat(5000)));
    let mut scrambled = zipped.clone();
    for byte in &mut scrambled[200..260] {
        *byte ^= 0x55;
    }
    let without = |name: &str| ordinary().into_iter().filter(|column| column.0 != name).collect::<Vec<_>>();
    let zoned = TimestampMicrosecondArray::from(PICKUPS.to_vec()).with_timezone("UTC");
    let nowhere = array(Int64Array::from(vec![None; 3]));
    let two_pickups = [ordinary(), vec![("pickup_datetime", micros(PICKUPS))]].concat();
    let html = b"<!DOCTYPE html><html><head>, not found";
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:12,34\n";
    let cases: Vec<(PathBuf, Kind, &[&str])> = vec![
        (at("absent.parquet"), Kind::Io, &["absent.parquet", "check the path"]),
        (folder.path().to_owned(), Kind::Io, &["directory"]),
        (written("empty.parquet", b""), Kind::NoRows, &["an empty file", "download"]),
        (written("short.parquet", b"PAR1"), Kind::Corrupt, &["does not decode"]),
        (written("page.parquet", html), Kind::UnknownFormat, &["HTML", "download"]),
        (written("pointer.csv", lfs), Kind::UnknownFormat, &["Git LFS pointer", "git lfs pull"]),
        (written("packed.zip", b"PK\x03\x04,,,"), Kind::UnknownFormat, &["zip", "unpack"]),
        (written("words.parquet", b"PULocationID,DOLocationID\n1,2\n"), Kind::UnknownFormat, &["text that begins"]),
        (written("binary.csv", b"\xff\xfe\x00,\x01"), Kind::UnknownFormat, &["[ff, fe, 00, 2c, 01]"]),
        (written("cut.parquet", &whole[..whole.len() - 9]), Kind::Truncated, &["does not end so", "download"]),
        (written("cut.csv.gz", &zipped[..zipped.len() / 2]), Kind::Truncated, &["stops early", "download"]),
        (written("cut before the heading.csv.gz", &zipped[..12]), Kind::Truncated, &["stops early"]),
        (written("scrambled.csv.gz", &scrambled), Kind::Corrupt, &["gzip", "download"]),
        (written("heading.csv", GREEN.as_bytes()), Kind::NoRows, &["only the column names"]),
        (
            written("others.csv", b"a,b\n1,2\n"),
            Kind::MissingColumn,
            &["lpep_pickup_datetime, tpep_pickup_datetime", "a, b"],
        ),
        (
            parquet("no distance.parquet", without("trip_distance")),
            Kind::MissingColumn,
            &["trip_distance, trip_miles", "VendorID, lpep_pickup_datetime"],
        ),
        (
            parquet("two pickups.parquet", two_pickups),
            Kind::AmbiguousColumn,
            &["lpep_pickup_datetime and pickup_datetime", "remove or rename"],
        ),
        (
            parquet("text ids.parquet", with("PULocationID", array(StringArray::from(vec!["1", "2", "3"])))),
            Kind::WrongType,
            &["PULocationID", "whole numbers", "text"],
        ),
        (
            parquet("zoned.parquet", with("lpep_pickup_datetime", array(zoned))),
            Kind::WrongType,
            &["lpep_pickup_datetime", "time zone UTC"],
        ),
        (
            parquet("int times.parquet", with("lpep_dropoff_datetime", int64(DROPOFFS))),
            Kind::WrongType,
            &["lpep_dropoff_datetime", "Int64"],
        ),
        (
            parquet("null column.parquet", with("trip_distance", array(NullArray::new(3)))),
            Kind::WrongType,
            &["trip_distance", "nulls"],
        ),
        (
            parquet("nowhere.parquet", with("DOLocationID", nowhere)),
            Kind::NoRides,
            &["3 rows, all rejected", "DOLocationID empty (first in row 0)"],
        ),
    ];
    let mut wrong = Vec::new();
    for (path, kind, words) in cases {
        match read(&path) {
            Err(error) if error.kind() == kind && error.file() == path => {
                let text = error.to_string();
                if !words.iter().all(|word| text.contains(word)) {
                    wrong.push(text);
                }
            }
            other => wrong.push(format!("{}: {kind:?} expected, {other:?}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads all batches, or fails; the digest does not matter here.
fn drain(path: &Path) -> Result<usize, TlcError> {
    let options = ReadOptions { batch_rows: 2, month: None };
    RideReader::open(path, &options)?.map(|batch| batch.map(|batch| batch.rides.len())).sum()
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trips.parquet");
    let codecs = [
        (Codec::UNCOMPRESSED, 1),
        (Codec::SNAPPY, 3),
        (Codec::ZSTD(ZstdLevel::default()), 3),
        (Codec::GZIP(GzipLevel::default()), 3),
    ];
    for (codec, step) in codecs {
        let columns = ordinary().into_iter().filter(|(name, _)| name.contains("pep") || name.contains('I'));
        write_parquet(&path, codec, columns.chain([("trip_distance", miles())]).collect());
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(drain(&path).unwrap(), 3);
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        // Some changes are in bytes that nobody reads, or give other rides: only a panic is wrong.
        for at in (0..whole.len()).step_by(step) {
            for change in [0x01, 0xff, 0x00] {
                file.seek(SeekFrom::Start(at as u64)).unwrap();
                file.write_all(&[whole[at] ^ change]).unwrap();
                let rides = drain(&path).unwrap_or(0);
                assert!(change != 0 || rides == 3, "byte {at} restored, and not readable");
            }
        }
        for length in (0..whole.len() as u64).rev() {
            file.set_len(length).unwrap();
            assert!(drain(&path).is_err(), "{codec:?} cut to {length} bytes was read");
        }
    }
}
