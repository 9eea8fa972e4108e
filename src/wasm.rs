//! The face that JavaScript sees. The npm package `curbside` in `pkg/` is built on it and is what people use.
//!
//! Numbers cross as numbers: an estimate is one call with scalars, and its parts come back in a buffer inside the wasm
//! memory that [`Scorer::results`] points to. Only what is asked for rarely (cards, zones, errors) becomes objects.

mod errors;
mod object;

use js_sys::{Array, Float64Array, Uint8Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::bundle::{HEADER_BYTES, Header, Limits};
use crate::serving::{BINARY, Reply, Request, explain, respond};
use crate::trip::{Field, Given, Pickup, TripInput};
use crate::{Estimate, Estimator, Trip, TripError};
use errors::{open_error, trip_error};

/// `given` bit: the distance argument counts; else the rider gave none.
const GIVEN_DISTANCE: u32 = 1;
/// `given` bit: the pickup argument is minutes since 1970 on the wall; else it is milliseconds of UTC.
const GIVEN_WALL_MINUTES: u32 = 2;

/// Numbers that an estimate leaves in the result buffer: duration, miles scored, 1 where those were assumed, warning
/// bits, minutes since 1970 on the wall, the interval's lower and upper end (NaN where the model has none).
const RESULTS: usize = 7;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The digest that a bundle's header names for its body, which begins at byte 48: for WebCrypto to compare.
///
/// # Errors
///
/// A JavaScript `Error` with `code`, for bytes that do not begin as a bundle does.
#[wasm_bindgen(js_name = bodyDigest)]
pub fn body_digest(bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
    Header::from_bytes(bytes, &Limits::default()).map(|header| header.digest.to_vec()).map_err(|e| open_error(&e))
}

/// Where a bundle's body begins.
#[wasm_bindgen(js_name = bodyOffset)]
pub fn body_offset() -> usize {
    HEADER_BYTES
}

/// The code and message of every warning bit, from bit 0 up.
///
/// # Errors
///
/// Only if the JavaScript engine refuses to build a plain object.
#[wasm_bindgen(js_name = warningTexts)]
pub fn warning_texts() -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Text {
        bit: u32,
        code: &'static str,
        message: &'static str,
    }
    let texts = crate::Warning::ALL.map(|w| Text { bit: w as u32, code: w.code(), message: w.message() });
    to_object(&texts.as_slice())
}

/// Reads a time of pickup written as text: `[pickup, given]` as `estimate` takes them.
///
/// # Errors
///
/// A JavaScript `Error` with `code` and `field`.
#[wasm_bindgen(js_name = parsePickup)]
pub fn parse_pickup(text: &str) -> Result<Vec<f64>, JsValue> {
    Ok(match crate::trip::parse_pickup(text).map_err(|e| trip_error(&e))? {
        Pickup::Local(minutes) => vec![crate::num::i64_to_f64(minutes), f64::from(GIVEN_WALL_MINUTES)],
        Pickup::Utc(minutes) => vec![crate::num::i64_to_f64(minutes) * 60_000.0, 0.0],
    })
}

/// Feature rows that cross at once: few enough for the processor's nearest caches, and enough that crossing costs nothing.
const MATRIX_ROWS: usize = 256;

/// An opened bundle.
#[wasm_bindgen]
pub struct Scorer {
    estimator: Estimator,
    results: Box<[f64; RESULTS]>,
    /// Feature rows, and behind them their numbers; empty until they are asked for.
    matrix: Vec<f64>,
}

#[wasm_bindgen]
impl Scorer {
    /// Opens a bundle, checks everything in it and runs its golden rides.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` with `code`, `section` and `offset`.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Scorer, JsValue> {
        let estimator = Estimator::open(bytes).map_err(|e| open_error(&e))?;
        Ok(Scorer { estimator, results: Box::new([0.0; RESULTS]), matrix: Vec::new() })
    }

    /// Builds tables, by which an estimate takes a fraction of the time and has the same bits: for when the host is idle.
    /// Called again, it does nothing. Returns whether something faster than the walk serves.
    pub fn prepare(&mut self) -> bool {
        self.estimator.prepare()
    }

    /// Address of the result buffer in the wasm memory: 7 doubles.
    pub fn results(&self) -> *const f64 {
        self.results.as_ptr()
    }

    /// Estimates a ride given in numbers; its parts are then in the result buffer.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` with `code` and `field`.
    pub fn estimate(&mut self, pu: f64, to: f64, distance: f64, pickup: f64, given: u32) -> Result<f64, JsValue> {
        let trip = numbers(pu, to, distance, pickup, given).map_err(|e| trip_error(&e))?;
        Ok(self.keep(&self.estimator.estimate(&trip)))
    }

    /// Names of the columns that the model takes, in their order.
    ///
    /// # Errors
    ///
    /// Only if the JavaScript engine refuses to build a plain list.
    pub fn columns(&self) -> Result<JsValue, JsValue> {
        let columns = &self.estimator.encoder().spec().columns;
        to_object(&columns.iter().map(|column| &column.name).collect::<Vec<_>>())
    }

    /// Address of the matrix in the wasm memory: [`matrixRows`](Scorer::matrix_rows) rows of one double a column, and behind
    /// them one double a row for what the model says of it. It stays where it is.
    pub fn matrix(&mut self) -> *const f64 {
        self.matrix.resize(MATRIX_ROWS * (self.estimator.encoder().columns() + 1), 0.0);
        self.matrix.as_ptr()
    }

    /// Rows that the matrix has room for.
    #[wasm_bindgen(js_name = matrixRows)]
    pub fn matrix_rows() -> usize {
        MATRIX_ROWS
    }

    /// Scores so many rows of the matrix, at most those it has room for: the model's own numbers, before correction and
    /// bounds. Returns the first.
    #[wasm_bindgen(js_name = scoreMatrix)]
    pub fn score_matrix(&mut self, rows: usize) -> f64 {
        let columns = self.estimator.encoder().columns();
        let room = self.matrix.len() / (columns + 1);
        let (matrix, numbers) = self.matrix.split_at_mut(room * columns);
        self.estimator.raw_rows(matrix, &mut numbers[..rows.min(room)]);
        numbers.first().copied().unwrap_or(f64::NAN)
    }

    /// Estimates a ride given as a JavaScript object of any shape; `now` is the host's clock in milliseconds, for a ride
    /// without a time.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` with `code` and `field`.
    #[wasm_bindgen(js_name = estimateObject)]
    pub fn estimate_object(&mut self, ride: &JsValue, now: f64) -> Result<f64, JsValue> {
        let trip = object::read(ride, now)?;
        Ok(self.keep(&self.estimator.estimate(&trip)))
    }

    /// Estimates many rides given in columns of one length, each row's numbers and `given` bits as for `estimate`.
    /// Returns `[durations, warnings, errors, lows, highs]`: a ride that cannot be scored has NaN, and an error
    /// `{row, code, field, message}`. The ends of the intervals are `null` where the model has none.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error`, for columns of different lengths.
    #[wasm_bindgen(js_name = estimateBatch)]
    pub fn estimate_batch(
        &self,
        pu: &[f64],
        to: &[f64],
        distance: &[f64],
        pickup: &[f64],
        given: &[u8],
    ) -> Result<Array, JsValue> {
        let rows = pu.len();
        if [to.len(), distance.len(), pickup.len(), given.len()].iter().any(|length| *length != rows) {
            return Err(errors::columns_error(&[rows, to.len(), distance.len(), pickup.len(), given.len()]));
        }
        let mut durations = vec![f64::NAN; rows];
        let ends = if self.estimator.coverage().is_some() { rows } else { 0 };
        let (mut lows, mut highs) = (vec![f64::NAN; ends], vec![f64::NAN; ends]);
        let mut warnings = vec![0; rows];
        let errors = Array::new();
        let (mut trips, mut places) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            match numbers(pu[row], to[row], distance[row], pickup[row], u32::from(given[row])) {
                Ok(trip) => {
                    trips.push(trip);
                    places.push(row);
                }
                Err(error) => {
                    errors.push(&errors::row_error(row, &error)?);
                }
            }
        }
        self.estimator.estimate_batch(&trips, |index, estimate| {
            let row = places[index];
            durations[row] = estimate.duration;
            warnings[row] = estimate.warnings.bits();
            if let Some(interval) = estimate.interval {
                lows[row] = interval.low;
                highs[row] = interval.high;
            }
        });
        let (durations, warnings) = (Float64Array::from(&durations[..]), Uint32Array::from(&warnings[..]));
        let end = |values: &[f64]| match self.estimator.coverage() {
            Some(_) => JsValue::from(Float64Array::from(values)),
            None => JsValue::NULL,
        };
        Ok(Array::of5(&durations, &warnings, &errors, &end(&lows), &end(&highs)))
    }

    /// Answers a request of any protocol: returns `[status, content type, body, headers, code, rides scored, rides refused,
    /// rides between zones that training did not join]`. The body is a text, or bytes where it is none; the headers are names
    /// and values in turn, `undefined` where there are none, as the code is where nothing was refused.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error`, if the host has no random source to mint a ride's id from.
    #[allow(
        clippy::too_many_arguments,
        reason = "numbers and texts cross as they are; an object would cost more than the ride"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "the generator can pass an optional text by value only")]
    pub fn serve(
        &self,
        method: &str,
        path: &str,
        explain: bool,
        content_type: Option<String>,
        inference_header_length: Option<String>,
        body: &[u8],
        now: f64,
    ) -> Result<Array, JsValue> {
        let mut fault = None;
        let reply = respond(
            &self.estimator,
            &mut Request {
                method,
                path,
                explain,
                content_type: content_type.as_deref(),
                inference_header_length: inference_header_length.as_deref(),
                body,
                now: Pickup::from_unix_millis(now).ok(),
                random: &mut |bytes| fault = getrandom::fill(bytes).err().or(fault),
            },
        );
        if let Some(fault) = fault {
            return Err(js_sys::Error::new(&fault.to_string()).into());
        }
        let text = (reply.content_type != BINARY).then(|| std::str::from_utf8(&reply.body).ok()).flatten();
        let body = text.map_or_else(|| Uint8Array::from(&reply.body[..]).into(), JsValue::from_str);
        let parts = Array::of4(&reply.status.into(), &reply.content_type.into(), &body, &headers(&reply));
        parts.push(&reply.code.map_or(JsValue::UNDEFINED, JsValue::from_str));
        for count in [reply.tally.rides, reply.tally.refused, reply.tally.unseen_pairs] {
            parts.push(&count.into());
        }
        Ok(parts)
    }

    /// Explains the estimate of a ride given as for `estimateObject`: an [`Explanation`](crate::explain::Explanation) as an object.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` with `code`, and for a ride at fault `field`.
    #[wasm_bindgen(js_name = explainObject)]
    pub fn explain_object(&self, ride: &JsValue, now: f64) -> Result<JsValue, JsValue> {
        let trip = object::read(ride, now)?;
        // By way of text, because the reply's writer is there already and a second one for objects costs 2 KB of gzip.
        let text = explain(&self.estimator, &trip).map_err(errors::explain_error)?;
        js_sys::JSON::parse(&text)
    }

    /// Whether estimates can be explained.
    pub fn explains(&self) -> bool {
        self.estimator.explains().is_ok()
    }

    /// The model's card as an object.
    ///
    /// # Errors
    ///
    /// Only if the JavaScript engine refuses to build a plain object.
    pub fn card(&self) -> Result<JsValue, JsValue> {
        to_object(self.estimator.card())
    }

    /// The zones, as objects `{id, name, borough, airport, latitude, longitude}`.
    ///
    /// # Errors
    ///
    /// Only if the JavaScript engine refuses to build a plain object.
    pub fn zones(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct ZoneOut<'a> {
            id: u16,
            name: &'a str,
            borough: &'a str,
            airport: bool,
            latitude: Option<f32>,
            longitude: Option<f32>,
        }
        let zones = self.estimator.zones();
        let out: Vec<ZoneOut<'_>> = zones
            .zones
            .iter()
            .map(|zone| ZoneOut {
                id: zone.id,
                name: &zone.name,
                borough: zones.borough(zone),
                airport: zone.airport,
                latitude: zone.centre.map(|centre| centre.latitude),
                longitude: zone.centre.map(|centre| centre.longitude),
            })
            .collect();
        to_object(&out)
    }

    /// What the number means, as an object `{name, unit, low, high}`.
    ///
    /// # Errors
    ///
    /// Only if the JavaScript engine refuses to build a plain object.
    pub fn target(&self) -> Result<JsValue, JsValue> {
        to_object(self.estimator.target())
    }

    /// The nominal share of rides whose truth lies in their interval; `undefined` for a model without intervals.
    pub fn coverage(&self) -> Option<f64> {
        self.estimator.coverage()
    }

    fn keep(&mut self, estimate: &Estimate) -> f64 {
        *self.results = [
            estimate.duration,
            estimate.trip_distance,
            f64::from(u8::from(estimate.distance_assumed)),
            f64::from(estimate.warnings.bits()),
            crate::num::i64_to_f64(estimate.pickup.minutes()),
            estimate.interval.map_or(f64::NAN, |interval| interval.low),
            estimate.interval.map_or(f64::NAN, |interval| interval.high),
        ];
        estimate.duration
    }
}

fn numbers(pu: f64, to: f64, distance: f64, pickup: f64, given: u32) -> Result<Trip, TripError> {
    let pickup = if given & GIVEN_WALL_MINUTES != 0 {
        Pickup::from_local_minutes(crate::num::truncate_to_i64(crate::num::floor(pickup)))
    } else {
        Pickup::from_unix_millis(pickup)
    };
    let input = TripInput {
        pu_location_id: Given::Number(pu),
        do_location_id: Given::Number(to),
        trip_distance: if given & GIVEN_DISTANCE != 0 { Given::Number(distance) } else { Given::Absent },
        pickup_datetime: Given::Absent,
    };
    match pickup {
        Ok(pickup) => input.check(Some(pickup)),
        // The fields are judged in their order, as everywhere; without a time the check cannot succeed.
        Err(fault) => {
            input.check(None).map_err(|error| if error.field() == Field::PickupDatetime { fault } else { error })
        }
    }
}

fn headers(reply: &Reply) -> JsValue {
    if reply.headers.is_empty() {
        return JsValue::UNDEFINED;
    }
    reply.headers.iter().flat_map(|(name, value)| [*name, value]).map(JsValue::from_str).collect::<Array>().into()
}

/// Plain objects and `null`, as `JSON.parse` would give them.
fn to_object<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}
