//! The web protocols as pure functions: a [`Request`] in, a [`Reply`] out.
//!
//! No socket and no JavaScript is known here, so a native test drives every protocol; the Worker only carries bytes. What
//! has to do with the transport alone (how long a body may be, who may ask) is the carrier's.
//!
//! - [`respond`] answers any method and path; [`Request`] is what it is asked, [`Reply`] what to send back.
//! - [`Tally`]: what a reply was about, for the carrier's metrics. [`Refusal`]: what is refused, and why.
//! - [`events()`]: rides of a stream, without a request around them.
//! - [`explain`]: an explanation as JSON; [`to_json`]: anything else of ours.
//!
//! | path | protocol | in |
//! |---|---|---|
//! | `/predict` | the reference service's | `predict` |
//! | `/ping`, `/version`, `/invocations` | `MLflow`'s scoring protocol | `mlflow`, `csv` |
//! | `/v2`, `/v2/...` | the Open Inference Protocol, version 2 | `inference`, `tensor` |
//! | `/2015-03-31/functions/function/invocations` | the reference's stream function | `events`, `base64` |

mod base64;
mod csv;
mod events;
mod inference;
mod json;
mod mlflow;
mod predict;
mod refusal;
mod ride;
mod tensor;

use crate::estimator::Estimator;
use crate::trip::{Field, Pickup};
pub use events::{Event, events};
use inference::Place;
pub use predict::explain;
pub use refusal::Refusal;
use refusal::Speech;

/// Rides that are answered at once, by every protocol.
pub const MAX_ROWS: usize = 1000;

/// A request as its carrier has it.
pub struct Request<'a> {
    /// `GET`, `HEAD` (answered as `GET`) or `POST`; anything else is refused where the path is known.
    pub method: &'a str,
    /// The path as the request line has it, without the query.
    pub path: &'a str,
    /// Whether replies of `/predict` are to say why an estimate is what it is.
    pub explain: bool,
    /// `Content-Type`, if any.
    pub content_type: Option<&'a str>,
    /// `Inference-Header-Content-Length`, if any, as its text.
    pub inference_header_length: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// The carrier's clock: the time of pickup where the caller gives none.
    pub now: Option<Pickup>,
    /// Fills bytes with random ones: a ride that came without an id gets one made of them.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`: [`JSON`], [`PLAIN`] or [`BINARY`].
    pub content_type: &'static str,
    /// The body: UTF-8, unless the type is [`BINARY`].
    pub body: Vec<u8>,
    /// More headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The stable code of what was refused; `None` if nothing was, or only some of many rides.
    pub code: Option<&'static str>,
    /// What the reply was about.
    pub tally: Tally,
}

/// What a reply was about, in rides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rides that were scored.
    pub rides: u32,
    /// Rides that could not be.
    pub refused: u32,
    /// Scored rides between zones that no ride of the training joined.
    pub unseen_pairs: u32,
}

/// The type of most replies.
pub const JSON: &str = "application/json";
/// The type of a reply that is a word.
pub const PLAIN: &str = "text/plain; charset=utf-8";
/// The type of a reply that is no text.
pub const BINARY: &str = "application/octet-stream";

impl Reply {
    /// 200.
    fn ok(content_type: &'static str, body: Vec<u8>, tally: Tally) -> Reply {
        Reply { status: 200, content_type, body, headers: Vec::new(), code: None, tally }
    }
}

/// What answers at a path.
#[derive(Clone, Copy)]
enum Route<'a> {
    Predict,
    Ping,
    Version,
    Invocations,
    Function,
    Inference(Place<'a>),
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Route<'a>> {
        Some(match path {
            "/predict" => Route::Predict,
            "/ping" => Route::Ping,
            "/version" => Route::Version,
            "/invocations" => Route::Invocations,
            "/2015-03-31/functions/function/invocations" => Route::Function,
            _ => Route::Inference(Place::of(path)?),
        })
    }

    fn speech(self) -> Speech {
        match self {
            Route::Predict | Route::Function => Speech::Ours,
            Route::Ping | Route::Version | Route::Invocations => Speech::Mlflow,
            Route::Inference(_) => Speech::Inference,
        }
    }

    /// Whether it is given a body.
    fn posts(self) -> bool {
        match self {
            Route::Predict | Route::Function | Route::Invocations => true,
            Route::Ping | Route::Version => false,
            Route::Inference(place) => place.posts(),
        }
    }
}

/// Answers a request.
///
/// The statuses are 200; 400 for what is not the protocol's, and in `MLflow`'s and the inference protocol for a ride at fault;
/// 404 for a path or model that is not here; 405, with the header `allow`; 413 for more than [`MAX_ROWS`] rides; 415 for a type
/// that is not read; 422 for a ride of `/predict` at fault. Errors have the protocol's form.
///
/// # Panics
///
/// Never, for any request.
pub fn respond(estimator: &Estimator, request: &mut Request<'_>) -> Reply {
    let Some(route) = Route::of(request.path) else {
        let message = ["nothing is at ", brief(request.path), "; see /openapi.json for what there is"].concat();
        let speech = if request.path.starts_with("/v2/") { Speech::Inference } else { Speech::Ours };
        return Refusal { status: 404, code: "NOT_FOUND", field: "", message }.reply(speech);
    };
    let is_post = request.method == "POST";
    if is_post != route.posts() || !(is_post || matches!(request.method, "GET" | "HEAD")) {
        let allow = if route.posts() { "POST" } else { "GET, HEAD" };
        let message = ["expected ", allow, ", found ", brief(request.method)].concat();
        let refusal = Refusal { status: 405, code: "METHOD_NOT_ALLOWED", field: "", message };
        return Reply { headers: vec![("allow", allow.to_owned())], ..refusal.reply(route.speech()) };
    }
    let answer = match route {
        Route::Predict => predict::answer(estimator, request),
        // What MLflow's own server says.
        Route::Ping => Ok(Reply::ok(PLAIN, b"\n".to_vec(), Tally::default())),
        Route::Version => Ok(Reply::ok(PLAIN, env!("CARGO_PKG_VERSION").into(), Tally::default())),
        Route::Invocations => mlflow::answer(estimator, request),
        Route::Function => events::answer(estimator, request),
        Route::Inference(place) => inference::answer(estimator, place, request),
    };
    answer.unwrap_or_else(|refusal| {
        let refused = u32::from(!refusal.field.is_empty());
        Reply { tally: Tally { refused, ..Tally::default() }, ..refusal.reply(route.speech()) }
    })
}

/// Refuses a content type that is not JSON's: none at all and curl's default form type are accepted when the body is JSON.
fn expect_json(content_type: Option<&str>) -> Result<(), Refusal> {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = media == JSON || (media.starts_with("application/") && media.ends_with("+json"));
    if json || media.is_empty() || media == "application/x-www-form-urlencoded" {
        return Ok(());
    }
    Err(unsupported(&["Content-Type: expected application/json, found ", brief(&media)]))
}

/// Something of ours as JSON: a card, the zones. Numbers that are missing are null.
pub fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    // Strings, numbers and lists of them: nothing here can fail to serialize.
    serde_json::to_string(value).unwrap_or_default()
}

/// As much of a text as a message shows of what a client sent.
fn brief(text: &str) -> &str {
    text.get(..text.floor_char_boundary(60)).unwrap_or(text)
}

/// 415.
fn unsupported(message: &[&str]) -> Refusal {
    Refusal { status: 415, code: "CONTENT_TYPE", field: "", message: message.concat() }
}

/// A text of JSON; `what` says which, where it is none.
fn text_of<'a>(what: &str, body: &'a [u8], dialect: json::Dialect) -> Result<json::Text<'a>, Refusal> {
    json::Text::read(body, dialect).map_err(|fault| Refusal::malformed([what, &fault].concat()))
}

/// The values of some keys of an object; other keys are not looked at.
fn pick<'a, const N: usize>(
    object: json::Json<'a>,
    what: &str,
    names: [&str; N],
) -> Result<[Option<json::Json<'a>>; N], Refusal> {
    let mut found = [None; N];
    if object.kind() != json::Kind::Object {
        return Err(Refusal::form(&[what, ": expected an object, found ", object.kind().name()]));
    }
    for (key, value) in object.entries() {
        let name = key.name();
        if let Some(place) = names.iter().position(|known| *known == name) {
            if found[place].is_some() {
                return Err(Refusal::form(&[what, ": expected one ", names[place], ", found two"]));
            }
            found[place] = Some(value);
        }
    }
    Ok(found)
}

/// The values of a list.
fn list_of<'a>(what: &str, value: Option<json::Json<'a>>) -> Result<Vec<json::Json<'a>>, Refusal> {
    match value {
        Some(list) if list.kind() == json::Kind::List => Ok(list.items().collect()),
        other => {
            let found = other.map_or("nothing", |other| other.kind().name());
            Err(Refusal::form(&[what, ": expected a list, found ", found]))
        }
    }
}

/// The values of a list that has one a ride, of which there may be so many.
fn some_of<'a>(what: &str, value: Option<json::Json<'a>>, most: usize) -> Result<Vec<json::Json<'a>>, Refusal> {
    // Counted before anything is kept of them.
    if value.is_some_and(|list| list.items().nth(most).is_some()) {
        return Err(Refusal::too_many(most));
    }
    list_of(what, value)
}

/// Refuses columns without both zones, which no ride can be without, however many there are.
fn expect_zones(what: &str, fields: &[Option<Field>]) -> Result<(), Refusal> {
    match [Field::PuLocationId, Field::DoLocationId].into_iter().find(|zone| !fields.contains(&Some(*zone))) {
        Some(zone) => Err(Refusal::form(&[what, ": expected PULocationID and DOLocationID, found no ", zone.name()])),
        None => Ok(()),
    }
}
