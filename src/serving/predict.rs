//! `POST /predict`: the reference service's one route, with the answers it lacks.
//!
//! In: `{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}`, or a list of such rides. Out: `duration` and
//! `model_version`, where its clients look for them, and beside them the interval, what the estimate assumed, what it warns of
//! and, if asked, why it is what it is. A list is answered by a list, in which a ride that cannot be scored is an error and
//! spoils no other.

use super::json::{Dialect, Kind, Text, Writer};
use super::refusal::Speech;
use super::ride::{self, Answer, EXAMPLE, Ride};
use super::{JSON, MAX_ROWS, Refusal, Reply, Request, Tally, expect_json, some_of, to_json};
use crate::estimator::Estimator;
use crate::explain::ExplainError;
use crate::trip::Trip;

/// Rides that are explained at once: an explanation takes a millisecond, and a thousand would keep all others waiting.
const MAX_EXPLAINED: usize = 16;

/// Answers one ride, or a list of them.
///
/// 200 with the estimate; refuses with 400 a body that is no JSON object or list, with 413 too long a list, with 415 a content
/// type that is not JSON's, with 422 a ride that cannot be scored.
pub(super) fn answer(estimator: &Estimator, request: &mut Request<'_>) -> Result<Reply, Refusal> {
    expect_json(request.content_type)?;
    let expected = |found: &str| {
        let message = ["the body: expected a JSON object such as ", EXAMPLE, ", or a list of them: ", found].concat();
        Refusal::malformed(message)
    };
    let text = Text::read(request.body, Dialect::Strict).map_err(|fault| expected(&fault))?;
    let body = text.value();
    let mut teller =
        Teller { estimator, explain: request.explain, random: request.random, out: Writer::with_room(512) };
    let mut tally = Tally::default();
    match body.kind() {
        Kind::Object => {
            let ride = Ride::of(body)?;
            let answer = ride.score(estimator, request.now)?;
            tally.add(Some(&answer));
            teller.tell(&ride, &answer);
        }
        Kind::List => {
            let most = if teller.explain { MAX_EXPLAINED } else { MAX_ROWS };
            let rides: Vec<_> = some_of("the body", Some(body), most)?.into_iter().map(Ride::of).collect();
            teller.out.open(b'[');
            for (ride, answer) in rides.iter().zip(ride::score(estimator, &rides, request.now)) {
                tally.add(answer.as_ref().ok());
                match (ride, answer) {
                    (Ok(ride), Ok(answer)) => teller.tell(ride, &answer),
                    (_, Err(refusal)) => refusal.write(&mut teller.out, Speech::Ours),
                    (Err(refusal), _) => refusal.write(&mut teller.out, Speech::Ours),
                }
            }
            teller.out.close(b']');
        }
        other => return Err(expected(&["found ", other.name()].concat())),
    }
    Ok(Reply::ok(JSON, teller.out.finish(), tally))
}

/// Why a ride's estimate is what it is, as JSON: the `explanation` of a reply. Numbers that are missing are null.
///
/// # Errors
///
/// As [`Estimator::explain`].
pub fn explain(estimator: &Estimator, trip: &Trip) -> Result<String, ExplainError> {
    estimator.explain(trip).map(|explanation| to_json(&explanation))
}

/// Writes answers.
struct Teller<'a> {
    estimator: &'a Estimator,
    explain: bool,
    random: &'a mut dyn FnMut(&mut [u8]),
    out: Writer,
}

impl Teller<'_> {
    fn tell(&mut self, ride: &Ride<'_>, answer: &Answer) {
        let card = self.estimator.card();
        self.out.open(b'{');
        self.out.key("duration");
        self.out.number(answer.estimate.duration);
        ride::write_interval(&mut self.out, self.estimator, &answer.estimate);
        self.out.pair("model_version", &card.version);
        self.out.pair("model", &card.name);
        self.out.key("ride_id");
        match ride.id {
            // Kept as it came: string or number.
            Some(id) => self.out.value(id),
            None => self.mint(),
        }
        let explanation = self.explain.then(|| explain(self.estimator, &answer.trip));
        let unexplained = explanation.as_ref().and_then(|explained| explained.as_ref().err());
        ride::write_notes(&mut self.out, answer, unexplained.map(|fault| (fault.code(), fault.message())));
        // Absent where nobody asked, null where the model cannot be explained, which a warning then says.
        if let Some(explained) = explanation {
            self.out.key("explanation");
            self.out.raw(explained.as_deref().unwrap_or("null"));
        }
        self.out.close(b'}');
    }

    /// Writes a version 4 UUID (RFC 9562).
    fn mint(&mut self) {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes);
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
        self.out.text(&id);
    }
}
