//! Parquet rows. The vintages differ in the width of the ids, the unit of the times and the order of the columns;
//! only the five columns are decoded.

use std::fmt;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::cells::{Cell, CellFault, Cells, Fault, id_from_f64};
use super::{layout_of, wrong_type};
use crate::columns::{Column, Layout};
use crate::error::{TlcError, TlcErrorKind};

/// The rows of a Parquet file.
pub(super) struct ParquetRows {
    reader: ParquetRecordBatchReader,
    /// Where the five columns stand among the projected ones, in the order of [`Column::ALL`].
    positions: [usize; 5],
}

impl fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetRows").field("positions", &self.positions).finish_non_exhaustive()
    }
}

impl ParquetRows {
    pub(super) fn open(path: &Path, batch_rows: usize) -> Result<(Self, Layout), TlcError> {
        let file = File::open(path).map_err(|error| TlcError::io(path, "open", error))?;
        ends_whole(path, &file)?;
        let builder = decoding(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        let schema = builder.schema().clone();
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let layout = layout_of(path, &names)?;
        for (column, &at) in Column::ALL.into_iter().zip(&layout.positions) {
            let field = schema.field(at);
            if !readable(column, field.data_type()) {
                return Err(wrong_type(path, column, field.name(), &described(field.data_type())));
            }
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), layout.positions);
        let builder = builder.with_projection(mask).with_batch_size(batch_rows);
        let reader = decoding(path, || builder.build())?;
        // A projection keeps the file's order: a column's place is how many of the five stand before it.
        let positions = layout.positions.map(|at| layout.positions.iter().filter(|&&other| other < at).count());
        Ok((Self { reader, positions }, layout))
    }

    /// Appends the next rows; false when there are none left.
    pub(super) fn read(&mut self, path: &Path, rows: &mut Vec<Cells>) -> Result<bool, TlcError> {
        let Some(batch) = decoding(path, || self.reader.next().transpose())? else { return Ok(false) };
        let changed = || corrupt(path, &"a batch that does not have the columns that the file announces");
        rows.extend(cells_of(&batch, self.positions).ok_or_else(changed)?);
        Ok(true)
    }
}

/// The rows of a batch; `None` if a column is not of a type that [`readable`] let pass.
fn cells_of(batch: &RecordBatch, positions: [usize; 5]) -> Option<Vec<Cells>> {
    let columns = batch.columns();
    let [pickup, dropoff, pu_location_id, do_location_id, trip_distance] = positions.map(|at| columns.get(at));
    let mut pickup = times(pickup?)?.into_iter();
    let mut dropoff = times(dropoff?)?.into_iter();
    let mut pu_location_id = ids(pu_location_id?)?.into_iter();
    let mut do_location_id = ids(do_location_id?)?.into_iter();
    let mut trip_distance = numbers(trip_distance?)?.into_iter();
    let row = |_| {
        Some(Cells {
            whole: Ok(()),
            pickup: pickup.next()?,
            dropoff: dropoff.next()?,
            pu_location_id: pu_location_id.next()?,
            do_location_id: do_location_id.next()?,
            trip_distance: trip_distance.next()?,
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Whether a column of this type can hold what the column should.
fn readable(column: Column, found: &DataType) -> bool {
    match column {
        // A time with a zone is another thing than a local time: reading it as one could be hours off.
        Column::PickupDatetime | Column::DropoffDatetime => matches!(found, DataType::Timestamp(_, None)),
        Column::PuLocationId | Column::DoLocationId | Column::TripDistance => {
            found.is_integer() || matches!(found, DataType::Float32 | DataType::Float64)
        }
    }
}

/// A type for a message.
fn described(found: &DataType) -> String {
    match found {
        DataType::Timestamp(_, Some(zone)) => format!("timestamps with the time zone {zone}"),
        DataType::Utf8 | DataType::LargeUtf8 => "text".to_owned(),
        DataType::Null => "nothing but nulls".to_owned(),
        other => format!("the type {other}"),
    }
}

fn times(array: &dyn Array) -> Option<Vec<Cell<NaiveDateTime>>> {
    let utc = |time: Option<DateTime<chrono::Utc>>| time.map(|time| time.naive_utc());
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, None) => {
            cells::<TimestampSecondType, _>(array, Fault::NotATime, |v| utc(DateTime::from_timestamp(v, 0)))
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            cells::<TimestampMillisecondType, _>(array, Fault::NotATime, |v| utc(DateTime::from_timestamp_millis(v)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            cells::<TimestampMicrosecondType, _>(array, Fault::NotATime, |v| utc(DateTime::from_timestamp_micros(v)))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            cells::<TimestampNanosecondType, _>(array, Fault::NotATime, |v| {
                utc(Some(DateTime::from_timestamp_nanos(v)))
            })
        }
        _ => None,
    }
}

fn ids(array: &dyn Array) -> Option<Vec<Cell<u16>>> {
    let fault = Fault::NotAnId;
    match array.data_type() {
        DataType::Int8 => cells::<Int8Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::Int16 => cells::<Int16Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::Int32 => cells::<Int32Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::Int64 => cells::<Int64Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::UInt8 => cells::<UInt8Type, _>(array, fault, |v| Some(v.into())),
        DataType::UInt16 => cells::<UInt16Type, _>(array, fault, Some),
        DataType::UInt32 => cells::<UInt32Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::UInt64 => cells::<UInt64Type, _>(array, fault, |v| v.try_into().ok()),
        DataType::Float32 => cells::<Float32Type, _>(array, fault, |v| id_from_f64(v.into()).ok()),
        DataType::Float64 => cells::<Float64Type, _>(array, fault, |v| id_from_f64(v).ok()),
        _ => None,
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a distance in whole miles beyond 2^53 is absurd with or without its last digit"
)]
fn numbers(array: &dyn Array) -> Option<Vec<Cell<f64>>> {
    let fault = Fault::NotANumber;
    match array.data_type() {
        DataType::Float64 => cells::<Float64Type, _>(array, fault, Some),
        DataType::Float32 => cells::<Float32Type, _>(array, fault, |v| Some(v.into())),
        DataType::Int8 => cells::<Int8Type, _>(array, fault, |v| Some(v.into())),
        DataType::Int16 => cells::<Int16Type, _>(array, fault, |v| Some(v.into())),
        DataType::Int32 => cells::<Int32Type, _>(array, fault, |v| Some(v.into())),
        DataType::Int64 => cells::<Int64Type, _>(array, fault, |v| Some(v as f64)),
        DataType::UInt8 => cells::<UInt8Type, _>(array, fault, |v| Some(v.into())),
        DataType::UInt16 => cells::<UInt16Type, _>(array, fault, |v| Some(v.into())),
        DataType::UInt32 => cells::<UInt32Type, _>(array, fault, |v| Some(v.into())),
        DataType::UInt64 => cells::<UInt64Type, _>(array, fault, |v| Some(v as f64)),
        _ => None,
    }
}

/// One cell for each row of a column of primitive type `T`: its value, empty, or the fault.
fn cells<T: ArrowPrimitiveType, V>(
    array: &dyn Array,
    fault: Fault,
    read: impl Fn(T::Native) -> Option<V>,
) -> Option<Vec<Cell<V>>>
where
    T::Native: fmt::Debug,
{
    let cell = |value: Option<T::Native>| {
        let value = value.ok_or_else(CellFault::empty)?;
        read(value).ok_or_else(|| CellFault::new(fault, &format!("{value:?}")))
    };
    Some(array.as_primitive_opt::<T>()?.iter().map(cell).collect())
}

/// A Parquet file ends as it begins; one that does not was cut off, which is worth its own message.
fn ends_whole(path: &Path, mut file: &File) -> Result<(), TlcError> {
    use std::io::{Read, Seek, SeekFrom};
    let mut end = [0; 4];
    let read = file.seek(SeekFrom::End(-4)).and_then(|_| file.read_exact(&mut end));
    read.map_err(|error| TlcError::io(path, "read", error))?;
    if &end == b"PAR1" {
        return Ok(());
    }
    let found = "a file that begins as Parquet and does not end so";
    Err(TlcError::new(TlcErrorKind::Truncated, path, "a whole Parquet file", found, "download the file again"))
}

/// Runs the decoder. On some damaged pages it panics (an assertion inside its bit buffers) where it should return an
/// error, so that is made the error that it is; the reader is not used again after one.
fn decoding<T, E: fmt::Display>(path: &Path, decode: impl FnOnce() -> Result<T, E>) -> Result<T, TlcError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result.map_err(|error| corrupt(path, &error)),
        Err(_) => Err(corrupt(path, &"the decoder gave up on a damaged page")),
    }
}

fn corrupt(path: &Path, error: &dyn fmt::Display) -> TlcError {
    let found = format!("one that does not decode ({error})");
    TlcError::new(TlcErrorKind::Corrupt, path, "a whole Parquet file", found, "download the file again")
}
