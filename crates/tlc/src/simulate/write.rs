//! Simulated rides as a Parquet file with TLC's own columns and types (those of the months before 2023).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, NullArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::SimulationConfig;
use super::bills::{Bill, Metered};
use super::chance::Chance;
use crate::columns::Taxi;
use crate::error::{TlcError, TlcErrorKind};
use crate::ride::Ride;

/// Rows a batch; all rows of a batch are one write.
const BATCH_ROWS: usize = 8192;

/// Writes rides as TLC would: all of its columns, in its order, with its types. The file is written beside and
/// renamed, so that a reader never sees half of it; its folder is made if it is not there. The same rides give the same
/// bytes.
///
/// # Errors
/// [`TlcError`] when the file cannot be written; nothing is left behind then.
pub fn write_parquet(
    path: &Path,
    config: &SimulationConfig,
    rides: impl IntoIterator<Item = Ride>,
) -> Result<(), TlcError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| TlcError::io(folder, "create", error))?;
    }
    let beside = beside(path);
    let written = write_to(&beside, config, rides)
        .and_then(|()| fs::rename(&beside, path).map_err(|error| TlcError::io(path, "write", error)));
    if written.is_err() {
        // It may never have been created, and the first error is the one to report.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn write_to(path: &Path, config: &SimulationConfig, rides: impl IntoIterator<Item = Ride>) -> Result<(), TlcError> {
    let file = File::create(path).map_err(|error| TlcError::io(path, "create", error))?;
    let failed = |error| write_failed(path, error);
    // Its own stream: the same rides, whatever is said about their fares.
    let mut chance = Chance::new(config.seed, 1);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let schema = batch(config.taxi, &[], &mut chance).map_err(failed)?.schema();
    let mut writer = ArrowWriter::try_new(&file, schema, Some(properties)).map_err(failed)?;
    let mut rides = rides.into_iter();
    loop {
        let rows: Vec<Ride> = rides.by_ref().take(BATCH_ROWS).collect();
        if rows.is_empty() {
            break;
        }
        let rows = batch(config.taxi, &rows, &mut chance).map_err(failed)?;
        writer.write(&rows).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    file.sync_all().map_err(|error| TlcError::io(path, "write", error))
}

fn write_failed(path: &Path, error: ParquetError) -> TlcError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => TlcError::io(path, "write", *source),
            Err(other) => TlcError::io(path, "write", io::Error::other(other)),
        },
        other => {
            let remedy = "report it: simulated rides always have a Parquet form";
            TlcError::new(TlcErrorKind::Corrupt, path, "to encode rides", other.to_string(), remedy)
        }
    }
}

/// One batch with TLC's columns, in its order for the kind of taxi.
fn batch(taxi: Taxi, rides: &[Ride], chance: &mut Chance) -> Result<RecordBatch, ParquetError> {
    let bills: Vec<Bill> = rides.iter().map(|ride| Bill::of(ride, chance)).collect();
    let doubles =
        |of: fn(&Bill) -> f64| -> ArrayRef { Arc::new(bills.iter().map(|f| Some(of(f))).collect::<Float64Array>()) };
    let metered = |of: fn(&Metered) -> f64| -> ArrayRef {
        Arc::new(bills.iter().map(|f| f.metered.as_ref().map(of)).collect::<Float64Array>())
    };
    let times = |of: fn(&Ride) -> i64| -> ArrayRef {
        Arc::new(rides.iter().map(|ride| Some(of(ride))).collect::<TimestampMicrosecondArray>())
    };
    let ids = |of: fn(&Ride) -> u16| -> ArrayRef {
        Arc::new(rides.iter().map(|ride| Some(i64::from(of(ride)))).collect::<Int64Array>())
    };
    let vendor: ArrayRef = Arc::new(bills.iter().map(|bill| Some(bill.vendor)).collect::<Int64Array>());
    let flag: ArrayRef = Arc::new(bills.iter().map(|bill| bill.metered.map(|_| "N")).collect::<StringArray>());
    let miles: ArrayRef = Arc::new(rides.iter().map(|ride| Some(ride.trip_distance)).collect::<Float64Array>());
    let pickup = times(|ride| ride.pickup.and_utc().timestamp_micros());
    let dropoff = times(|ride| ride.dropoff.and_utc().timestamp_micros());
    let (pu, r#do) = (ids(|ride| ride.pu_location_id), ids(|ride| ride.do_location_id));
    let (rate_code, passengers) = (metered(|_| 1.0), metered(|m| m.passengers));
    let (payment, congestion) = (metered(|m| m.payment_type), metered(|m| m.congestion_surcharge));
    let amounts: [(&str, ArrayRef); 5] = [
        ("fare_amount", doubles(|f| f.fare_amount)),
        ("extra", doubles(|f| f.extra)),
        ("mta_tax", doubles(|f| f.mta_tax)),
        ("tip_amount", doubles(|f| f.tip_amount)),
        ("tolls_amount", doubles(|f| f.tolls_amount)),
    ];
    let totals: [(&str, ArrayRef); 2] = [
        ("improvement_surcharge", doubles(|f| f.improvement_surcharge)),
        ("total_amount", doubles(|f| f.total_amount)),
    ];
    let columns: Vec<(&str, ArrayRef)> = match taxi {
        Taxi::Green => [
            vec![("VendorID", vendor), ("lpep_pickup_datetime", pickup), ("lpep_dropoff_datetime", dropoff)],
            vec![("store_and_fwd_flag", flag), ("RatecodeID", rate_code), ("PULocationID", pu), ("DOLocationID", r#do)],
            vec![("passenger_count", passengers), ("trip_distance", miles)],
            amounts.to_vec(),
            vec![("ehail_fee", Arc::new(NullArray::new(rides.len())))],
            totals.to_vec(),
            vec![("payment_type", payment), ("trip_type", metered(|_| 1.0)), ("congestion_surcharge", congestion)],
        ]
        .concat(),
        Taxi::Yellow => [
            vec![("VendorID", vendor), ("tpep_pickup_datetime", pickup), ("tpep_dropoff_datetime", dropoff)],
            vec![("passenger_count", passengers), ("trip_distance", miles), ("RatecodeID", rate_code)],
            vec![("store_and_fwd_flag", flag), ("PULocationID", pu), ("DOLocationID", r#do)],
            vec![("payment_type", Arc::new(bills.iter().map(|_| Some(1)).collect::<Int64Array>()))],
            amounts.to_vec(),
            totals.to_vec(),
            vec![("congestion_surcharge", congestion), ("airport_fee", metered(|_| 0.0))],
        ]
        .concat(),
    };
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(ParquetError::from)
}
