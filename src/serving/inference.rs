//! The Open Inference Protocol, version 2 (`KServe`'s and NVIDIA Triton's), with Triton's extension of binary tensors.
//!
//! In: one tensor a field of a ride, of shape `[rows]` or `[rows, 1]`; out: `duration`, the ends of its interval where the model has
//! one, and the codes of what a rider should know. A ride that cannot be scored fails the request, as a tensor is one thing.

use super::json::{Dialect, Json, Writer};
use super::ride::{self, Answer, Ride};
use super::tensor::Tensor;
use super::{BINARY, JSON, Refusal, Reply, Request, Tally, brief, expect_zones, list_of, pick, text_of};
use crate::estimator::Estimator;
use crate::warning::Warning;

/// A path under `/v2`.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// `/v2`: what the server is.
    Server,
    /// `/v2/health/live` and `/v2/health/ready`.
    Health,
    /// `/v2/models/M[/versions/V]`: what the model takes and gives; or with `/ready` or `/infer`.
    Model { name: &'a str, version: Option<&'a str>, what: What },
}

/// What of a model.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Metadata,
    Ready,
    Infer,
}

impl<'a> Place<'a> {
    pub(super) fn of(path: &'a str) -> Option<Place<'a>> {
        let rest = path.strip_prefix("/v2")?;
        match rest {
            "" => return Some(Place::Server),
            "/health/live" | "/health/ready" => return Some(Place::Health),
            _ => {}
        }
        let mut parts = rest.strip_prefix("/models/")?.split('/');
        let name = parts.next()?;
        let mut next = parts.next();
        let mut version = None;
        if next == Some("versions") {
            version = Some(parts.next()?);
            next = parts.next();
        }
        let what = match next {
            None => What::Metadata,
            Some("ready") => What::Ready,
            Some("infer") => What::Infer,
            Some(_) => return None,
        };
        if parts.next().is_none() { Some(Place::Model { name, version, what }) } else { None }
    }

    pub(super) fn posts(self) -> bool {
        matches!(self, Place::Model { what: What::Infer, .. })
    }
}

/// Answers a path under `/v2`; refuses with 400 what is no request of the protocol, with 404 another model or version than the
/// one that serves, with 413 too many rows.
pub(super) fn answer(estimator: &Estimator, place: Place<'_>, request: &Request<'_>) -> Result<Reply, Refusal> {
    let mut out = Writer::with_room(512);
    match place {
        Place::Server => {
            let version = env!("CARGO_PKG_VERSION");
            out.raw(
                &[r#"{"name":"curbside","version":""#, version, r#"","extensions":["binary_tensor_data"]}"#].concat(),
            );
        }
        // The specification asks for one of these and its most used client for the other.
        Place::Health => out.raw(r#"{"live":true,"ready":true}"#),
        Place::Model { name, version, what } => {
            let card = estimator.card();
            expect_model("model", &card.name, name)?;
            if let Some(version) = version {
                expect_model("version", &card.version, version)?;
            }
            match what {
                What::Metadata => write_metadata(&mut out, estimator),
                What::Ready => {
                    out.open(b'{');
                    out.pair("name", &card.name);
                    out.key("ready");
                    out.raw("true");
                    out.close(b'}');
                }
                What::Infer => return infer(estimator, request),
            }
        }
    }
    Ok(Reply::ok(JSON, out.finish(), Tally::default()))
}

/// 404, where the path names another than the one that serves.
fn expect_model(what: &str, known: &str, asked: &str) -> Result<(), Refusal> {
    if decoded(asked).is_some_and(|asked| asked == known.as_bytes()) {
        return Ok(());
    }
    let message = [what, ": expected ", known, ", which serves here, found ", brief(asked)].concat();
    Err(Refusal { status: 404, code: "MODEL_NOT_FOUND", field: "", message })
}

/// A part of a path with its percent signs read.
fn decoded(part: &str) -> Option<Vec<u8>> {
    let mut pieces = part.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    Some(bytes)
}

fn write_metadata(out: &mut Writer, estimator: &Estimator) {
    out.open(b'{');
    out.pair("name", &estimator.card().name);
    out.key("versions");
    out.open(b'[');
    out.text(&estimator.card().version);
    out.close(b']');
    out.raw(concat!(
        r#""platform":"curbside","inputs":[{"name":"PULocationID","datatype":"INT64","shape":[-1]},"#,
        r#"{"name":"DOLocationID","datatype":"INT64","shape":[-1]},{"name":"trip_distance","datatype":"FP64","shape":[-1]},"#,
        r#"{"name":"pickup_datetime","datatype":"BYTES","shape":[-1]}]"#
    ));
    out.key("outputs");
    out.open(b'[');
    for output in outputs_of(estimator) {
        out.open(b'{');
        out.pair("name", output.name());
        out.pair("datatype", output.datatype());
        out.key("shape");
        out.raw("[-1]");
        out.close(b'}');
    }
    out.close(b']');
    out.close(b'}');
}

/// What comes out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Duration,
    Low,
    High,
    Warnings,
}

impl Output {
    const ALL: [Output; 4] = [Output::Duration, Output::Low, Output::High, Output::Warnings];

    fn name(self) -> &'static str {
        match self {
            Output::Duration => "duration",
            Output::Low => "duration_low",
            Output::High => "duration_high",
            Output::Warnings => "warnings",
        }
    }

    fn datatype(self) -> &'static str {
        if self == Output::Warnings { "BYTES" } else { "FP64" }
    }

    fn number(self, answer: &Answer) -> f64 {
        let Answer { estimate, .. } = answer;
        match (self, estimate.interval) {
            (Output::Low, Some(interval)) => interval.low,
            (Output::High, Some(interval)) => interval.high,
            _ => estimate.duration,
        }
    }
}

/// A model without intervals has no ends of them.
fn outputs_of(estimator: &Estimator) -> impl Iterator<Item = Output> {
    let has_interval = estimator.coverage().is_some();
    Output::ALL.into_iter().filter(move |output| has_interval || !matches!(output, Output::Low | Output::High))
}

/// The codes of what a rider should know, with commas between them.
fn codes(answer: &Answer) -> String {
    let codes: Vec<&str> = answer.estimate.warnings.iter().map(Warning::code).collect();
    codes.join(",")
}

fn infer(estimator: &Estimator, request: &Request<'_>) -> Result<Reply, Refusal> {
    let (text, mut binary) = match request.inference_header_length {
        None => (request.body, &[][..]),
        Some(length) => split(request.body, length)?,
    };
    // A client whose tensors are JSON writes a missing distance as NaN.
    let text = text_of("the body: ", text, Dialect::Python)?;
    let body = text.value();
    let [id, parameters, inputs, outputs] = pick(body, "the body", ["id", "parameters", "inputs", "outputs"])?;
    // Given back as it came, so it has to be one that any reader reads.
    if let Some(id) = id.filter(|id| id.string().is_none()) {
        return Err(Refusal::form(&["id: expected a string, found ", id.kind().name()]));
    }
    let outputs = requested(estimator, parameters, outputs)?;
    let mut tensors = Vec::new();
    for input in list_of("inputs", inputs)? {
        tensors.push(Tensor::read(input, &mut binary)?);
    }
    if !binary.is_empty() {
        let message =
            "the body: expected nothing behind the last binary tensor; binary_data_size says how long each is";
        return Err(Refusal::form(&[message]));
    }
    expect_zones("inputs", &tensors.iter().map(|tensor| Some(tensor.field)).collect::<Vec<_>>())?;
    let rows = tensors.first().map_or(0, |tensor| tensor.rows);
    let mut rides = vec![Ride::default(); rows];
    for tensor in &tensors {
        if tensor.rows != rows {
            return Err(Refusal::form(&["inputs: expected one number of rows in all shapes"]));
        }
        tensor.fill(&mut rides)?;
    }
    let rides: Vec<_> = rides.into_iter().map(Ok).collect();
    let (answers, tally) = ride::score_all(estimator, &rides, request.now)?;
    Ok(tell(estimator, id, &outputs, &answers, tally))
}

/// The JSON of a body, and the tensors behind it.
fn split<'a>(body: &'a [u8], length: &str) -> Result<(&'a [u8], &'a [u8]), Refusal> {
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length_read = if digits { length.parse::<usize>().ok() } else { None };
    length_read.and_then(|length| body.split_at_checked(length)).ok_or_else(|| {
        let expected = "Inference-Header-Content-Length: expected a number of bytes within the body, found ";
        Refusal::form(&[expected, brief(length)])
    })
}

/// The outputs that are asked for, and whether each is asked for in bytes.
fn requested(
    estimator: &Estimator,
    parameters: Option<Json<'_>>,
    outputs: Option<Json<'_>>,
) -> Result<Vec<(Output, bool)>, Refusal> {
    let all_binary = flag(parameters, "binary_data_output")?.unwrap_or(false);
    let listed = outputs.map_or_else(|| Ok(Vec::new()), |outputs| list_of("outputs", Some(outputs)))?;
    if listed.is_empty() {
        return Ok(outputs_of(estimator).map(|output| (output, all_binary)).collect());
    }
    let mut asked = Vec::with_capacity(4);
    for output in listed {
        let [name, parameters] = pick(output, "an output", ["name", "parameters"])?;
        let name = name.and_then(Json::string).unwrap_or_default();
        let known = outputs_of(estimator).find(|output| output.name() == name);
        let known = known.filter(|known| asked.iter().all(|(other, _)| other != known)).ok_or_else(|| {
            Refusal::form(&[
                "outputs: expected each of duration, duration_low, duration_high and warnings once, as far as the \
                model has them, found ",
                &name,
            ])
        })?;
        asked.push((known, flag(parameters, "binary_data")?.unwrap_or(all_binary)));
    }
    Ok(asked)
}

/// A parameter that is true or false.
fn flag(parameters: Option<Json<'_>>, name: &str) -> Result<Option<bool>, Refusal> {
    let Some(parameters) = parameters else { return Ok(None) };
    let [flag, class, shared] = pick(parameters, "parameters", [name, "classification", "shared_memory_region"])?;
    if class.or(shared).is_some() {
        let message = "parameters: expected neither classification nor shared_memory_region, which are not spoken here";
        return Err(Refusal::form(&[message]));
    }
    match flag.map(Json::text) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Refusal::form(&["parameters: expected ", name, " to be true or false"])),
    }
}

fn tell(
    estimator: &Estimator,
    id: Option<Json<'_>>,
    outputs: &[(Output, bool)],
    answers: &[Answer],
    tally: Tally,
) -> Reply {
    let mut out = Writer::with_room(256 + 24 * answers.len());
    let mut tensors: Vec<u8> = Vec::new();
    out.open(b'{');
    out.pair("model_name", &estimator.card().name);
    out.pair("model_version", &estimator.card().version);
    if let Some(id) = id {
        out.key("id");
        out.value(id);
    }
    out.key("outputs");
    out.open(b'[');
    for (output, binary) in outputs {
        out.open(b'{');
        out.pair("name", output.name());
        out.pair("datatype", output.datatype());
        out.key("shape");
        out.open(b'[');
        out.count(answers.len());
        out.close(b']');
        if *binary {
            let before = tensors.len();
            for answer in answers {
                append(&mut tensors, *output, answer);
            }
            out.key("parameters");
            out.open(b'{');
            out.key("binary_data_size");
            out.count(tensors.len() - before);
            out.close(b'}');
        } else {
            out.key("data");
            out.open(b'[');
            for answer in answers {
                if *output == Output::Warnings { out.text(&codes(answer)) } else { out.number(output.number(answer)) }
            }
            out.close(b']');
        }
        out.close(b'}');
    }
    out.close(b']');
    out.close(b'}');
    let mut body = out.finish();
    if outputs.iter().all(|(_, binary)| !binary) {
        return Reply::ok(JSON, body, tally);
    }
    let headers = vec![("inference-header-content-length", body.len().to_string())];
    body.append(&mut tensors);
    Reply { headers, ..Reply::ok(BINARY, body, tally) }
}

/// Appends a value as a binary tensor has it.
fn append(tensor: &mut Vec<u8>, output: Output, answer: &Answer) {
    if output == Output::Warnings {
        let codes = codes(answer);
        // Four codes at most.
        tensor.extend_from_slice(&u32::try_from(codes.len()).unwrap_or(0).to_le_bytes());
        tensor.extend_from_slice(codes.as_bytes());
    } else {
        tensor.extend_from_slice(&output.number(answer).to_le_bytes());
    }
}
