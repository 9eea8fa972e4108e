//! Tensors of the Open Inference Protocol: one column of values each, as JSON or as bytes.

use super::json::{Json, Kind};
use super::ride::{Cell, Ride};
use super::{MAX_ROWS, Refusal, brief, list_of, pick};
use crate::num;
use crate::trip::Field;

/// What a tensor is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    /// Whole numbers of so many bytes, with a sign or without.
    Whole { bytes: usize, signed: bool },
    /// Floating-point numbers of so many bytes.
    Float { bytes: usize },
    /// Strings.
    Bytes,
}

impl Type {
    fn of(name: &str) -> Option<Type> {
        if let Some(bits) = name.strip_prefix("UINT").or_else(|| name.strip_prefix("INT")) {
            let bytes = match bits {
                "8" => 1,
                "16" => 2,
                "32" => 4,
                "64" => 8,
                _ => return None,
            };
            return Some(Type::Whole { bytes, signed: name.starts_with('I') });
        }
        match name {
            "FP32" => Some(Type::Float { bytes: 4 }),
            "FP64" => Some(Type::Float { bytes: 8 }),
            "BYTES" => Some(Type::Bytes),
            _ => None,
        }
    }

    /// Whether a number is one of its own.
    fn holds(self, x: f64) -> bool {
        match self {
            Type::Whole { bytes, signed } => {
                // Two to the number of bits, by halves where half of them are below 0.
                let end = (0..bytes * 8 - usize::from(signed)).fold(1.0, |end, _| end * 2.0);
                num::integral(x).is_some() && x < end && x >= if signed { -end } else { 0.0 }
            }
            Type::Float { .. } | Type::Bytes => true,
        }
    }
}

/// A tensor of a request: its field, and how its values lie.
pub(super) struct Tensor<'a> {
    pub(super) field: Field,
    name: &'a str,
    kind: Type,
    values: Values<'a>,
    pub(super) rows: usize,
}

enum Values<'a> {
    Json(Json<'a>),
    Binary(&'a [u8]),
}

impl<'a> Tensor<'a> {
    /// Reads `{"name", "shape", "datatype", "data"}`, or takes its bytes from the front of `binary` where `parameters` has
    /// `binary_data_size`.
    pub(super) fn read(input: Json<'a>, binary: &mut &'a [u8]) -> Result<Tensor<'a>, Refusal> {
        let [name, shape, datatype, data, parameters] =
            pick(input, "an input", ["name", "shape", "datatype", "data", "parameters"])?;
        let named = name.and_then(Json::string);
        let name = named.ok_or_else(|| Refusal::form(&["an input: expected a name, a string"]))?;
        let field = Field::from_spelling(&name).ok_or_else(|| {
            Refusal::form(&[
                "inputs: expected PULocationID, DOLocationID, trip_distance and pickup_datetime, found ",
                &name,
            ])
        })?;
        let name = field.name();
        let fault = |parts: &[&str]| Refusal::form(&[&["input ", name, ": "], parts].concat());
        let datatype = datatype.and_then(Json::string);
        let kind = datatype.as_deref().and_then(Type::of).ok_or_else(|| {
            let found = datatype.as_deref().unwrap_or("none");
            fault(&["expected a datatype of INT8 to INT64, UINT8 to UINT64, FP32, FP64 or BYTES, found ", brief(found)])
        })?;
        let rows = rows(shape).ok_or_else(|| {
            fault(&["expected a shape of [rows] or [rows, 1], found ", brief(shape.map_or("none", Json::text))])
        })?;
        if rows > MAX_ROWS {
            return Err(Refusal::too_many(MAX_ROWS));
        }
        let mut size = None;
        if let Some(parameters) = parameters {
            [size] = pick(parameters, "parameters", ["binary_data_size"])?;
        }
        let values = match (data, size) {
            (Some(data), None) => Values::Json(data),
            (None, Some(size)) => {
                let (own, rest) = size.count().and_then(|size| binary.split_at_checked(size)).ok_or_else(|| {
                    fault(&["expected a binary_data_size within the body, found ", brief(size.text())])
                })?;
                *binary = rest;
                Values::Binary(own)
            }
            _ => return Err(fault(&["expected either data or parameters.binary_data_size"])),
        };
        Ok(Tensor { field, name, kind, values, rows })
    }

    /// Sets its field in each ride, of which there are as many as it has rows.
    pub(super) fn fill(&self, rides: &mut [Ride<'a>]) -> Result<(), Refusal> {
        let filled = match self.values {
            Values::Json(data) => self.fill_from_json(rides, data)?,
            Values::Binary(bytes) => self.fill_from_bytes(rides, bytes),
        };
        let fault = |parts: &[&str]| Refusal::form(&[&["input ", self.name, ": "], parts].concat());
        filled.ok_or_else(|| fault(&["expected as many values as its shape says, ", &self.rows.to_string()]))
    }

    /// `None` where the number of values is not that of the rides.
    fn fill_from_json(&self, rides: &mut [Ride<'a>], data: Json<'a>) -> Result<Option<()>, Refusal> {
        let mut values = Vec::with_capacity(rides.len());
        for value in list_of("data", Some(data))? {
            // Flat, or nested as a shape of two dimensions is.
            if value.kind() == Kind::List {
                values.extend(value.items().take(rides.len() + 1));
            } else {
                values.push(value);
            }
            if values.len() > rides.len() {
                return Ok(None);
            }
        }
        if values.len() != rides.len() {
            return Ok(None);
        }
        for (row, (ride, value)) in rides.iter_mut().zip(values).enumerate() {
            let fits = match (value.kind(), self.kind) {
                (Kind::Null, _) | (Kind::Text, Type::Bytes) => true,
                (Kind::Number, Type::Whole { .. } | Type::Float { .. }) => self.kind.holds(value.number()),
                _ => false,
            };
            if !fits {
                let parts = [
                    "row ",
                    &row.to_string(),
                    ": ",
                    self.name,
                    ": expected a value of its datatype, found ",
                    brief(value.text()),
                ];
                return Err(Refusal::form(&parts));
            }
            ride.set(self.field, Cell::Json(value));
        }
        Ok(Some(()))
    }

    /// `None` where the bytes are not those of so many values. Numbers are little-endian; a string is its length in four bytes
    /// and its UTF-8.
    fn fill_from_bytes(&self, rides: &mut [Ride<'a>], mut bytes: &'a [u8]) -> Option<()> {
        for ride in rides {
            let cell = match self.kind {
                Type::Bytes => {
                    let (length, rest) = bytes.split_first_chunk::<4>()?;
                    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
                    bytes = rest;
                    Cell::Text(std::str::from_utf8(text).ok()?)
                }
                Type::Whole { bytes: width, .. } | Type::Float { bytes: width } => {
                    let (number, rest) = bytes.split_at_checked(width)?;
                    bytes = rest;
                    Cell::Number(self.kind.number(number)?)
                }
            };
            ride.set(self.field, cell);
        }
        bytes.is_empty().then_some(())
    }
}

impl Type {
    /// A number of little-endian bytes, as many as the type has.
    fn number(self, bytes: &[u8]) -> Option<f64> {
        match self {
            Type::Float { bytes: 4 } => bytes.try_into().ok().map(|bytes| f64::from(f32::from_le_bytes(bytes))),
            Type::Float { .. } => bytes.try_into().ok().map(f64::from_le_bytes),
            Type::Whole { signed, .. } => {
                let negative = signed && bytes.last().is_some_and(|last| *last >= 0x80);
                let mut wide = [if negative { 0xff } else { 0 }; 8];
                wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
                // A number beyond 2^53 is no zone and no distance, however it is rounded.
                Some(if signed {
                    num::i64_to_f64(i64::from_le_bytes(wide))
                } else {
                    num::nearest_f64(u64::from_le_bytes(wide))
                })
            }
            Type::Bytes => None,
        }
    }
}

/// Rows of a shape: `[rows]` or `[rows, 1]`.
fn rows(shape: Option<Json<'_>>) -> Option<usize> {
    let mut dimensions = shape?.items().map(Json::count);
    match (dimensions.next(), dimensions.next(), dimensions.next()) {
        (Some(rows), None | Some(Some(1)), None) => rows,
        _ => None,
    }
}
