//! `POST /predict`: the reference service's one route, with the answers it lacks.
//!
//! In: `{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}`. Out: `duration` and `model_version`, where
//! its clients look for them, and beside them the interval, what the estimate assumed, what it warns of and, if asked, why it is
//! what it is.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Reply, Request, Tally};
use crate::Warning;
use crate::estimator::{Estimate, Estimator};
use crate::explain::{ExplainError, Explanation};
use crate::trip::{Field, Given, Pickup, Trip, TripError, TripInput};

#[derive(Serialize)]
struct PredictReply<'a> {
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_high: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
    model_version: &'a str,
    model: &'a str,
    ride_id: RideIdOut<'a>,
    #[serde(skip_serializing_if = "Assumed::is_empty")]
    assumed: Assumed,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningOut>,
    /// Absent where nobody asked, null where the model cannot be explained, which a warning then says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "absent, null or told are three things in JSON")]
    explanation: Option<Option<Explanation<'a>>>,
}

/// The ride's id, kept as it came: string or number.
#[derive(Serialize)]
#[serde(untagged)]
enum RideIdOut<'a> {
    Given(&'a RawValue),
    Minted(&'a str),
}

#[derive(Serialize)]
struct Assumed {
    #[serde(skip_serializing_if = "Option::is_none")]
    trip_distance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup_datetime: Option<String>,
}

impl Assumed {
    fn is_empty(&self) -> bool {
        self.trip_distance.is_none() && self.pickup_datetime.is_none()
    }
}

#[derive(Serialize)]
struct WarningOut {
    code: &'static str,
    message: &'static str,
}

/// Answers one ride.
///
/// 200 with the estimate; 400 for a body that is not a JSON object; 415 for a content type that is not JSON's; 422 for a
/// ride that cannot be scored.
pub(super) fn answer(estimator: &Estimator, request: Request<'_>) -> Reply {
    if let Some(reply) = refuse_content_type(request.content_type) {
        return reply;
    }
    let ride = match serde_json::from_slice::<RideBody<'_>>(request.body) {
        Ok(ride) => ride,
        Err(fault) => return refuse_body(&fault),
    };
    match ride.check(request.now) {
        Ok((trip, assumed_now)) => {
            let estimate = estimator.estimate(&trip);
            let explanation = request.explain.then(|| estimator.explain(&trip));
            let mut minted = String::new();
            if ride.ride_id.is_none() {
                minted = mint(request.random);
            }
            let mut reply = Reply::json(200, &reply(estimator, &ride, &estimate, assumed_now, &minted, explanation));
            let unseen = estimate.warnings.contains(Warning::UnseenZonePair);
            reply.tally = Tally { rides: 1, refused: 0, unseen_pairs: u32::from(unseen) };
            reply
        }
        Err(refusal) => Reply { tally: Tally { refused: 1, ..Tally::default() }, ..refusal },
    }
}

/// A version 4 UUID (RFC 9562).
fn mint(random: &mut dyn FnMut(&mut [u8])) -> String {
    let mut bytes = [0; 16];
    random(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    id
}

/// Why a ride's estimate is what it is, as JSON: the `explanation` of a reply. Numbers that are missing are null.
///
/// # Errors
///
/// As [`Estimator::explain`].
pub fn explain(estimator: &Estimator, trip: &Trip) -> Result<String, ExplainError> {
    estimator.explain(trip).map(|explanation| serde_json::to_string(&explanation).unwrap_or_default())
}

fn reply<'a>(
    estimator: &'a Estimator,
    ride: &RideBody<'a>,
    estimate: &Estimate,
    assumed_now: bool,
    minted_id: &'a str,
    explanation: Option<Result<Explanation<'a>, ExplainError>>,
) -> PredictReply<'a> {
    let unexplained = explanation.as_ref().and_then(|explained| explained.as_ref().err());
    let unexplained = unexplained.map(|fault| WarningOut { code: fault.code(), message: fault.message() });
    PredictReply {
        duration: estimate.duration,
        duration_low: estimate.interval.map(|interval| interval.low),
        duration_high: estimate.interval.map(|interval| interval.high),
        coverage: estimator.coverage(),
        model_version: &estimator.card().version,
        model: &estimator.card().name,
        ride_id: ride.ride_id.map_or(RideIdOut::Minted(minted_id), RideIdOut::Given),
        assumed: Assumed {
            // A distance that was given but not believed is assumed too; the warning says why.
            trip_distance: estimate.distance_assumed.then_some(estimate.trip_distance),
            pickup_datetime: assumed_now.then(|| estimate.pickup.to_string()),
        },
        warnings: estimate
            .warnings
            .iter()
            .map(|w| WarningOut { code: w.code(), message: w.message() })
            .chain(unexplained)
            .collect(),
        explanation: explanation.map(Result::ok),
    }
}

fn refuse_content_type(content_type: Option<&str>) -> Option<Reply> {
    let whole = content_type?;
    let media = whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"));
    if json || media.is_empty() || media == "application/x-www-form-urlencoded" {
        return None;
    }
    let message = format!("Content-Type: expected application/json, found {media}");
    Some(Reply::error(415, "CONTENT_TYPE", None, &message))
}

fn refuse_body(fault: &serde_json::Error) -> Reply {
    let message = format!("the body: expected a JSON object such as {EXAMPLE}, found: {fault}");
    Reply::error(400, "MALFORMED_JSON", None, &message)
}

const EXAMPLE: &str = r#"{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}"#;

/// The fields of a ride as they stand in the text, not yet read; fields in the order of `Field::ALL`.
#[derive(Default)]
struct RideBody<'a> {
    fields: [Spellings<'a>; 4],
    ride_id: Option<&'a RawValue>,
}

/// A field's text, under whichever of its names it came; two texts that differ are a conflict.
#[derive(Clone, Copy, Default)]
struct Spellings<'a> {
    text: Option<&'a RawValue>,
    conflict: bool,
}

impl<'a> Spellings<'a> {
    fn set(&mut self, value: &'a RawValue) {
        match self.text {
            Some(known) if known.get() != value.get() => self.conflict = true,
            _ => self.text = Some(value),
        }
    }
}

impl<'de> Deserialize<'de> for RideBody<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = RideBody<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut ride = RideBody::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    let value = map.next_value::<&'de RawValue>()?;
                    match Field::from_spelling(&key) {
                        Some(field) => ride.fields[field as usize].set(value),
                        None if key != "ride_id" => {}
                        None if ride.ride_id.is_some() => return Err(A::Error::duplicate_field("ride_id")),
                        // As everywhere: null is what was not given.
                        None if value.get() == "null" => {}
                        None => ride.ride_id = Some(value),
                    }
                }
                Ok(ride)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl RideBody<'_> {
    fn check(&self, now: Option<Pickup>) -> Result<(Trip, bool), Reply> {
        if let Some(id) = self.ride_id.filter(|id| !is_ride_id(id.get())) {
            let message =
                format!("ride_id: expected a string of at most 128 bytes or an integer, found {}", kind(id.get()));
            return Err(Reply::error(422, "RIDE_ID_TYPE", Some("ride_id"), &message));
        }
        let refuse =
            |error: &TripError| Reply::error(422, error.code(), Some(error.field().name()), &error.to_string());
        if let Some(field) = Field::ALL.into_iter().find(|field| self.fields[*field as usize].conflict) {
            return Err(refuse(&TripError::conflict(field)));
        }
        let mut texts = [const { String::new() }; 4];
        let [pu, to, distance, pickup] = &mut texts;
        let input = TripInput {
            pu_location_id: given(self.fields[Field::PuLocationId as usize].text, pu),
            do_location_id: given(self.fields[Field::DoLocationId as usize].text, to),
            trip_distance: given(self.fields[Field::TripDistance as usize].text, distance),
            pickup_datetime: given(self.fields[Field::PickupDatetime as usize].text, pickup),
        };
        let assumed_now = input.takes_now();
        input.check(now).map(|trip| (trip, assumed_now)).map_err(|error| refuse(&error))
    }
}

/// What a JSON text is, by its first byte: `RawValue` has made sure that it is one whole value.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn given<'a>(value: Option<&RawValue>, text: &'a mut String) -> Given<'a> {
    let Some(value) = value else { return Given::Absent };
    let json = value.get();
    match kind(json) {
        "null" => Given::Null,
        // The one reader of numbers in the module: `str::parse` gives the same doubles and costs 13 KB more of gzip. It
        // refuses nothing of a valid number but 1e400, which is then out of range by name instead of a parser's complaint.
        "a number" => Given::Number(serde_json::from_str(json).unwrap_or_else(|_| beyond_doubles(json))),
        "a string" => match serde_json::from_str::<String>(json) {
            Ok(read) => {
                *text = read;
                Given::Text(text)
            }
            Err(_) => Given::Other("a string that cannot be read"),
        },
        other => Given::Other(other),
    }
}

/// The infinity on the side of a number that is too large for a double.
fn beyond_doubles(json: &str) -> f64 {
    if json.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }
}

fn is_ride_id(json: &str) -> bool {
    match kind(json) {
        "a string" => json.len() <= 130,
        "a number" => json.len() <= 20 && json.bytes().all(|b| b.is_ascii_digit() || b == b'-'),
        _ => false,
    }
}
