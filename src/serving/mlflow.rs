//! `MLflow`'s scoring protocol: `POST /invocations`, as its own servers answer it.
//!
//! In: a data frame by rows or columns, tensors, or comma-separated values; out: `{"predictions": [...]}`. One ride that cannot be
//! scored fails the request, with its row and field in the message, as a data frame is one thing to those who send it.

use super::json::{Dialect, Json, Kind, Writer};
use super::ride::{self, Cell, Read, Ride};
use super::{
    JSON, MAX_ROWS, Refusal, Reply, Request, brief, csv, expect_zones, list_of, pick, some_of, text_of, unsupported,
};
use crate::estimator::Estimator;
use crate::trip::Field;

/// The four forms, of which a body has one.
const FORMS: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];
const EXPECTED: &str =
    "the body: expected exactly one of dataframe_split, dataframe_records, instances and inputs, found ";

/// Answers `POST /invocations`.
///
/// 200 with the durations, and beside them what a rider should know of each; refuses with 400 whatever is wrong with the body or a
/// ride in it, with 413 too many rides, with 415 another type than `application/json` and `text/csv`, or parameters of it but
/// `charset=utf-8`.
pub(super) fn answer(estimator: &Estimator, request: &Request<'_>) -> Result<Reply, Refusal> {
    let text;
    let rides = if is_csv(request.content_type)? {
        let lines = std::str::from_utf8(request.body);
        rides_of_lines(lines.map_err(|_| Refusal::form(&["text/csv: expected UTF-8"]))?)?
    } else {
        // Python's clients write a missing distance as NaN.
        text = text_of("the body: ", request.body, Dialect::Python)?;
        rides_of(text.value())?
    };
    let (answers, tally) = ride::score_all(estimator, &rides, request.now)?;
    let mut out = Writer::with_room(64 * answers.len());
    out.open(b'{');
    out.key("predictions");
    out.open(b'[');
    for answer in &answers {
        out.number(answer.estimate.duration);
    }
    out.close(b']');
    // Beside them what a rider should know; clients of the protocol look at nothing else.
    out.key("details");
    out.open(b'[');
    for answer in &answers {
        out.open(b'{');
        ride::write_interval(&mut out, estimator, &answer.estimate);
        ride::write_notes(&mut out, answer, None);
        out.close(b'}');
    }
    out.close(b']');
    out.pair("model", &estimator.card().name);
    out.pair("model_version", &estimator.card().version);
    out.close(b'}');
    Ok(Reply::ok(JSON, out.finish(), tally))
}

/// Whether it is comma-separated values and not JSON, which is what no type at all is taken for.
fn is_csv(content_type: Option<&str>) -> Result<bool, Refusal> {
    let lower = content_type.unwrap_or_default().to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let csv = media == "text/csv";
    if !csv && !matches!(media, "" | JSON) {
        return Err(unsupported(&["Content-Type: expected application/json or text/csv, found ", brief(media)]));
    }
    match parts.find(|part| !matches!(*part, "" | "charset=utf-8" | "charset=\"utf-8\"")) {
        Some(part) => Err(unsupported(&["Content-Type: expected no parameter but charset=utf-8, found ", brief(part)])),
        None => Ok(csv),
    }
}

fn rides_of(body: Json<'_>) -> Result<Vec<Read<'_>>, Refusal> {
    let [split, records, instances, inputs, params] =
        pick(body, "the body", ["dataframe_split", "dataframe_records", "instances", "inputs", "params"])?;
    if let Some(params) = params.filter(|params| !matches!(params.kind(), Kind::Object | Kind::Null)) {
        return Err(Refusal::form(&["params: expected an object, found ", params.kind().name()]));
    }
    let mut given =
        [split, records, instances, inputs].into_iter().zip(FORMS).filter_map(|(value, name)| Some((value?, name)));
    match (given.next(), given.next()) {
        (Some((split, "dataframe_split")), None) => frame(split),
        (Some((columns, "inputs")), None) if columns.kind() == Kind::Object => tensors(columns),
        (Some((records, name @ "dataframe_records")), None) => objects(name, records),
        (Some((rows, name)), None) if rows.items().all(|row| row.kind() == Kind::Object) => objects(name, rows),
        (Some((rows, name)), None) => lists(name, rows, &[]),
        (None, _) => Err(Refusal::form(&[EXPECTED, "none"])),
        (Some((_, one)), Some((_, other))) => Err(Refusal::form(&[EXPECTED, one, " and ", other])),
    }
}

/// `{"columns": [...], "index": [...], "data": [[...], ...]}`, as pandas splits a frame.
fn frame(split: Json<'_>) -> Result<Vec<Read<'_>>, Refusal> {
    let [columns, index, data] = pick(split, "dataframe_split", ["columns", "index", "data"])?;
    let mut names = Vec::new();
    if columns.is_some() {
        for column in list_of("dataframe_split.columns", columns)? {
            let name = column.string();
            names.push(name.ok_or_else(|| {
                Refusal::form(&["dataframe_split.columns: expected strings, found ", column.kind().name()])
            })?);
        }
    }
    let fields: Vec<_> = names.iter().map(|name| Field::from_spelling(name)).collect();
    if columns.is_some() {
        expect_zones("dataframe_split.columns", &fields)?;
    }
    let data = data.ok_or_else(|| Refusal::form(&["dataframe_split.data: expected a list of rows, found nothing"]))?;
    let rides = lists("dataframe_split.data", data, &fields)?;
    if index.is_some() && list_of("dataframe_split.index", index)?.len() != rides.len() {
        return Err(Refusal::form(&["dataframe_split.index: expected one value a row"]));
    }
    Ok(rides)
}

/// Rows that are objects.
fn objects<'a>(what: &str, rows: Json<'a>) -> Result<Vec<Read<'a>>, Refusal> {
    Ok(some_of(what, Some(rows), MAX_ROWS)?.into_iter().map(Ride::of).collect())
}

/// Rows that are lists: in the order of `fields`, of which some are none of ours, or if there are none in that of [`Field::ALL`].
fn lists<'a>(what: &str, rows: Json<'a>, fields: &[Option<Field>]) -> Result<Vec<Read<'a>>, Refusal> {
    let rows = some_of(what, Some(rows), MAX_ROWS)?;
    let mut rides = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let found = row.items().count();
        let fits = if fields.is_empty() { (2..=4).contains(&found) } else { found == fields.len() };
        if row.kind() != Kind::List || !fits {
            let expected = if fields.is_empty() { "2 to 4".to_owned() } else { fields.len().to_string() };
            let index = index.to_string();
            return Err(Refusal::form(&[what, ", row ", &index, ": expected a list of ", &expected, " values"]));
        }
        let mut ride = Ride::default();
        for (place, value) in row.items().enumerate() {
            if let Some(field) =
                fields.get(place).copied().unwrap_or_else(|| fields.is_empty().then_some(Field::ALL[place]))
            {
                ride.set(field, Cell::Json(value));
            }
        }
        rides.push(Ok(ride));
    }
    Ok(rides)
}

/// `{"PULocationID": [...], ...}`: a list a field, each value alone or in a list of its own; a value without a list is one row.
fn tensors(columns: Json<'_>) -> Result<Vec<Read<'_>>, Refusal> {
    let fields: Vec<_> = columns.entries().map(|(key, _)| Field::from_spelling(&key.name())).collect();
    expect_zones("inputs", &fields)?;
    let mut rides: Option<Vec<Ride<'_>>> = None;
    for (field, (_, column)) in fields.into_iter().zip(columns.entries()) {
        let Some(field) = field else { continue };
        let values =
            if column.kind() == Kind::List { some_of("inputs", Some(column), MAX_ROWS)? } else { vec![column] };
        let rides = rides.get_or_insert_with(|| vec![Ride::default(); values.len()]);
        if rides.len() != values.len() {
            let [expected, found] = [rides.len(), values.len()].map(|rows| rows.to_string());
            return Err(Refusal::form(&["inputs.", field.name(), ": expected ", &expected, " values, found ", &found]));
        }
        for (ride, value) in rides.iter_mut().zip(values) {
            let mut inner = value.items();
            let value = match (inner.next(), inner.next()) {
                (Some(only), None) => only,
                _ => value,
            };
            ride.set(field, Cell::Json(value));
        }
    }
    let rides =
        rides.ok_or_else(|| Refusal::form(&["inputs: expected PULocationID and DOLocationID, found neither"]))?;
    Ok(rides.into_iter().map(Ok).collect())
}

fn rides_of_lines(text: &str) -> Result<Vec<Read<'_>>, Refusal> {
    let lines = csv::read(text, MAX_ROWS + 1)?;
    let (header, lines) =
        lines.split_first().ok_or_else(|| Refusal::form(&["text/csv: expected a header, found nothing"]))?;
    let fields: Vec<_> = header.iter().map(|name| Field::from_spelling(name.trim())).collect();
    expect_zones("text/csv, the header", &fields)?;
    let mut rides = Vec::with_capacity(lines.len());
    for (row, line) in lines.iter().enumerate() {
        if line.len() != fields.len() {
            let [row, expected, found] = [row, fields.len(), line.len()].map(|n| n.to_string());
            return Err(Refusal::form(&["text/csv, row ", &row, ": expected ", &expected, " values, found ", &found]));
        }
        let mut ride = Ride::default();
        for (field, value) in fields.iter().zip(line) {
            if let Some(field) = field {
                ride.set(*field, csv::cell(value));
            }
        }
        rides.push(Ok(ride));
    }
    Ok(rides)
}
