//! CSV rows, plain or in gzip.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use chrono::NaiveDateTime;
use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use super::cells::{Cell, CellFault, Cells, Fault, id_from_f64};
use super::format::Format;
use super::layout_of;
use crate::columns::Layout;
use crate::error::{TlcError, TlcErrorKind};

/// Ways in which times are written; the first is TLC's.
const TIME_FORMATS: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];

/// The rows of a CSV file.
pub(super) struct CsvRows {
    reader: csv::Reader<Box<dyn Read + Send>>,
    layout: Layout,
    fields: usize,
    batch_rows: usize,
}

impl fmt::Debug for CsvRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRows").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl CsvRows {
    pub(super) fn open(path: &Path, format: Format, batch_rows: usize) -> Result<(Self, Layout), TlcError> {
        let file = BufReader::new(File::open(path).map_err(|error| TlcError::io(path, "open", error))?);
        let bytes: Box<dyn Read + Send> = match format {
            // People compress in parts and concatenate; gzip allows it.
            Format::GzipCsv => Box::new(MultiGzDecoder::new(file)),
            Format::Csv | Format::Parquet => Box::new(file),
        };
        // Rows of another length are faults of rows, so they must get through.
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
        let headers = reader.byte_headers().map_err(|error| read_error(path, error))?;
        let names: Vec<String> = headers.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let layout = layout_of(path, &names)?;
        Ok((Self { reader, layout, fields: names.len(), batch_rows }, layout))
    }

    /// Appends the next rows; false when there are none left.
    pub(super) fn read(&mut self, path: &Path, rows: &mut Vec<Cells>) -> Result<bool, TlcError> {
        let mut record = ByteRecord::new();
        while rows.len() < self.batch_rows {
            if !self.reader.read_byte_record(&mut record).map_err(|error| read_error(path, error))? {
                break;
            }
            rows.push(self.cells(&record));
        }
        Ok(!rows.is_empty())
    }

    fn cells(&self, record: &ByteRecord) -> Cells {
        let [pickup, dropoff, pu_location_id, do_location_id, trip_distance] =
            self.layout.positions.map(|at| record.get(at).unwrap_or_default().trim_ascii());
        Cells {
            whole: self.whole(record),
            pickup: time(pickup),
            dropoff: time(dropoff),
            pu_location_id: id(pu_location_id),
            do_location_id: id(do_location_id),
            trip_distance: number(trip_distance),
        }
    }

    /// A row cut short has lost fields; one with more has commas of its own. Some old months end every row with
    /// empty fields beyond the heading, and those mean nothing.
    fn whole(&self, record: &ByteRecord) -> Cell<()> {
        if record.len() >= self.fields && record.iter().skip(self.fields).all(<[u8]>::is_empty) {
            return Ok(());
        }
        let found = format!("{} fields where the heading has {}", record.len(), self.fields);
        Err(CellFault::new(Fault::WrongFieldCount, &found))
    }
}

fn time(bytes: &[u8]) -> Cell<NaiveDateTime> {
    parsed(bytes, Fault::NotATime, |text| {
        TIME_FORMATS.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    })
}

fn id(bytes: &[u8]) -> Cell<u16> {
    // Programs that meet an empty cell in a column turn the whole of it into doubles: "130.0".
    parsed(bytes, Fault::NotAnId, |text| text.parse().ok().or_else(|| id_from_f64(text.parse().ok()?).ok()))
}

fn number(bytes: &[u8]) -> Cell<f64> {
    parsed(bytes, Fault::NotANumber, |text| text.parse().ok())
}

fn parsed<T>(bytes: &[u8], fault: Fault, parse: impl FnOnce(&str) -> Option<T>) -> Cell<T> {
    if bytes.is_empty() {
        return Err(CellFault::empty());
    }
    let text = String::from_utf8_lossy(bytes);
    parse(&text).ok_or_else(|| CellFault::new(fault, &text))
}

/// Rows are read as bytes and at any length, so what is left to fail is the stream below: the disk or the gzip.
fn read_error(path: &Path, error: csv::Error) -> TlcError {
    let again = "download the file again";
    let whole = "a whole gzip stream of CSV";
    match error.into_kind() {
        ErrorKind::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                TlcError::new(TlcErrorKind::Truncated, path, whole, "a stream that stops early", again)
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                TlcError::new(TlcErrorKind::Corrupt, path, whole, error.to_string(), again)
            }
            _ => TlcError::io(path, "read", error),
        },
        other => TlcError::new(TlcErrorKind::Corrupt, path, "rows of CSV", format!("{other:?}"), again),
    }
}
