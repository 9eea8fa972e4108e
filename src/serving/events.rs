//! Rides of a stream: the reference's events, and the function form in which a stream's records are handed to it.
//!
//! An event is `{"ride": {...}, "ride_id": 256}`; what comes out of it names model and version and carries the ride's id as it
//! came. A record that is bad must not fail its batch, so each event is answered or refused for itself.

use super::base64::decode;
use super::json::{Dialect, Json, Kind, Text, Writer};
use super::ride::{self, Answer, Read, Ride};
use super::{JSON, MAX_ROWS, Refusal, Reply, Request, Tally, expect_json, pick, some_of, text_of};
use crate::estimator::Estimator;
use crate::trip::Pickup;

/// The model's name in a stream, which the reference's consumers look for whatever the model.
const MODEL: &str = "ride_duration_prediction_model";

/// An event of a stream, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The ride's id as JSON, as it came; `None` if it came without.
    pub ride_id: Option<String>,
    /// What the stream's consumers are told, as a JSON object: `{"model", "version", "prediction": {"ride_duration", "ride_id",
    /// ...}}`. Or why nothing is.
    pub outcome: Result<String, Refusal>,
}

/// Scores one event or a list of them, at most [`MAX_ROWS`], in their order. `now` is the time of pickup where a ride has none.
///
/// # Errors
///
/// A [`Refusal`] of all, if the body is neither an object nor a list, or the list too long. What is wrong with one event is that
/// event's.
pub fn events(estimator: &Estimator, body: &[u8], now: Option<Pickup>) -> Result<Vec<Event>, Refusal> {
    let text = Text::read(body, Dialect::Strict).map_err(Refusal::malformed)?;
    let body = text.value();
    let list: Vec<Json<'_>> = match body.kind() {
        Kind::Object => vec![body],
        Kind::List => some_of("the body", Some(body), MAX_ROWS)?,
        other => {
            let message = ["expected an event or a list of them, found ", other.name()].concat();
            return Err(Refusal::malformed(message));
        }
    };
    let rides: Vec<_> = list.into_iter().map(ride_of).collect();
    let told = ride::score(estimator, &rides, now).into_iter().zip(&rides).map(|(outcome, ride)| {
        let ride_id = ride.as_ref().ok().and_then(|ride| ride.id);
        let outcome = outcome.map(|answer| {
            let mut out = Writer::new();
            tell(&mut out, estimator, ride_id, &answer);
            String::from_utf8(out.finish()).unwrap_or_default()
        });
        Event { ride_id: ride_id.map(|id| id.text().to_owned()), outcome }
    });
    Ok(told.collect())
}

/// Answers the function form: `{"Records": [{"kinesis": {"data": "<base64>", "sequenceNumber": "..."}}]}`.
///
/// 200 with `{"predictions": [...], "batchItemFailures": [{"itemIdentifier"}], "errors": [{"record", "error": {"code", "field",
/// "message"}}]}`; refuses with 400 what has no records, with 413 too many of them, with 415 a type that is not JSON's. A bad
/// record is named by its `sequenceNumber`; one without is named by an empty text, by which the caller knows that it has to take
/// the whole batch as failed.
pub(super) fn answer(estimator: &Estimator, request: &Request<'_>) -> Result<Reply, Refusal> {
    expect_json(request.content_type)?;
    let text = text_of("the body: ", request.body, Dialect::Strict)?;
    let [records] = pick(text.value(), "the body", ["Records"])?;
    let records = some_of("Records", records, MAX_ROWS)?;
    let data: Vec<Result<Vec<u8>, Refusal>> = records.iter().map(|record| data_of(*record)).collect();
    let texts =
        data.iter().map(|data| text_of("kinesis.data: ", data.as_ref().map_err(Clone::clone)?, Dialect::Strict));
    let texts: Vec<_> = texts.collect();
    let rides: Vec<_> = texts.iter().map(|text| ride_of(text.as_ref().map_err(Clone::clone)?.value())).collect();
    let mut tally = Tally::default();
    let [mut out, mut failures, mut errors] = [const { Writer::new() }; 3];
    for list in [&mut out, &mut failures, &mut errors] {
        list.open(b'[');
    }
    for (index, outcome) in ride::score(estimator, &rides, request.now).into_iter().enumerate() {
        tally.add(outcome.as_ref().ok());
        match outcome {
            Ok(answer) => tell(&mut out, estimator, rides[index].as_ref().ok().and_then(|ride| ride.id), &answer),
            Err(refusal) => {
                failures.open(b'{');
                failures.key("itemIdentifier");
                failures.raw(sequence_number(records[index]).map_or("\"\"", Json::text));
                failures.close(b'}');
                errors.open(b'{');
                errors.key("record");
                errors.count(index);
                errors.key("error");
                refusal.write_detail(&mut errors);
                errors.close(b'}');
            }
        }
    }
    let mut whole = Writer::new();
    whole.open(b'{');
    for (name, mut list) in [("predictions", out), ("batchItemFailures", failures), ("errors", errors)] {
        list.close(b']');
        whole.key(name);
        whole.append(list);
    }
    whole.close(b'}');
    Ok(Reply::ok(JSON, whole.finish(), tally))
}

/// A record's data: the bytes of an event.
fn data_of(record: Json<'_>) -> Result<Vec<u8>, Refusal> {
    let [kinesis] = pick(record, "the record", ["kinesis"])?;
    let kinesis = kinesis.ok_or_else(|| Refusal::form(&["the record: expected kinesis, found nothing"]))?;
    let [data] = pick(kinesis, "kinesis", ["data"])?;
    let data = data.and_then(Json::string).and_then(|text| decode(&text));
    data.ok_or_else(|| Refusal::form(&["kinesis.data: expected base64 in a string"]))
}

/// The text by which the stream knows a record.
fn sequence_number(record: Json<'_>) -> Option<Json<'_>> {
    let [kinesis] = pick(record, "", ["kinesis"]).ok()?;
    let [number] = pick(kinesis?, "", ["sequenceNumber"]).ok()?;
    number.filter(|number| number.string().is_some())
}

/// The ride of an event, with the event's id.
fn ride_of(event: Json<'_>) -> Read<'_> {
    let [ride, ride_id] = pick(event, "the event", ["ride", "ride_id"])?;
    let ride = ride.ok_or_else(|| Refusal::form(&["the event: expected ride, an object, found nothing"]))?;
    let mut ride = Ride::of(ride)?;
    ride.id = ride_id.filter(|id| id.kind() != Kind::Null);
    if ride.id.is_none() {
        let message =
            "ride_id: expected a string or an integer beside the ride, found none; nobody could match the answer";
        return Err(Refusal::ride("RIDE_ID_MISSING", "ride_id", message.to_owned()));
    }
    Ok(ride)
}

/// Writes what a stream's consumers are told.
fn tell(out: &mut Writer, estimator: &Estimator, ride_id: Option<Json<'_>>, answer: &Answer) {
    out.open(b'{');
    out.pair("model", MODEL);
    out.pair("version", &estimator.card().version);
    out.key("prediction");
    out.open(b'{');
    out.key("ride_duration");
    out.number(answer.estimate.duration);
    out.key("ride_id");
    out.raw(ride_id.map_or("null", Json::text));
    ride::write_interval(out, estimator, &answer.estimate);
    ride::write_notes(out, answer, None);
    out.close(b'}');
    out.close(b'}');
}
