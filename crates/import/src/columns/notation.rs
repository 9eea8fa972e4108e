//! Expressions over a ride as text: `word` or `function(expression, number, [numbers])`, as `docs/command-line.md` lists them.
//!
//! The notation is closed: it says what [`Expr`] says and nothing else, but for lookups, whose tables are learnt and not
//! written by hand.

use std::str::FromStr;

use curbside::features::{CalendarPart, End, Expr, FeatureSpec, NodeId, ZoneAttribute};

/// All words, for messages.
pub(super) const WORDS: &str = "trip_distance, trip_distance_or_estimate, great_circle, bearing, minute_of_day, hour, weekday, \
     weekend, holiday, minute_of_week, pickup.X and dropoff.X with X id, latitude, longitude, area, borough or airport, \
     clip(x, low, high), round(x, step), missing(x), equal(x, y), sum(x, y), difference(x, y), ratio(x, y, floor), \
     cross(x, y, size), category(x, [values]), bin(x, [edges])";

/// Expressions within each other.
const DEEPEST: usize = 32;

/// Reads an expression and adds it, and what it reads, to the spec.
pub(super) fn read(text: &str, spec: &mut FeatureSpec) -> Result<NodeId, String> {
    let mut reader = Reader { text, at: 0, spec };
    let node = reader.expression(0)?;
    reader.space();
    if reader.at == text.len() { Ok(node) } else { Err(reader.fail("the end of the expression")) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    spec: &'a mut FeatureSpec,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fail(&self, expected: &str) -> String {
        let found = if self.rest().is_empty() { "nothing" } else { self.rest() };
        format!("{:?}, byte {}: expected {expected}, found {found}", self.text, self.at)
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, mark: char) -> bool {
        self.space();
        let there = self.rest().starts_with(mark);
        self.at += if there { mark.len_utf8() } else { 0 };
        there
    }

    fn must(&mut self, mark: char) -> Result<(), String> {
        if self.takes(mark) { Ok(()) } else { Err(self.fail(&format!("`{mark}`"))) }
    }

    /// The characters up to one that neither words nor numbers have.
    fn word(&mut self) -> &str {
        self.space();
        let start = self.at;
        let end = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || "_.+-".contains(c)));
        self.at += end.unwrap_or(self.rest().len());
        &self.text[start..self.at]
    }

    fn expression(&mut self, depth: usize) -> Result<NodeId, String> {
        if depth > DEEPEST {
            return Err(self.fail(&format!("at most {DEEPEST} expressions within each other")));
        }
        self.space();
        let start = self.at;
        let word = self.word().to_owned();
        let expr = if self.takes('(') {
            let function = self.function(&word, depth + 1)?;
            if function.is_some() {
                self.must(')')?;
            }
            function
        } else {
            leaf(&word)
        };
        let Some(expr) = expr else {
            self.at = start;
            return Err(self.fail(&format!("one of {WORDS}")));
        };
        self.spec.node(expr).map_err(|fault| fault.to_string())
    }

    /// The arguments of a function; `None` for one that is not known.
    fn function(&mut self, name: &str, depth: usize) -> Result<Option<Expr>, String> {
        let pair = |reader: &mut Self| {
            let a = reader.expression(depth)?;
            reader.must(',')?;
            Ok::<_, String>((a, reader.expression(depth)?))
        };
        Ok(Some(match name {
            "missing" => Expr::IsMissing { of: self.expression(depth)? },
            "clip" => {
                let of = self.expression(depth)?;
                Expr::Clip { of, low: self.next_number()?, high: self.next_number()? }
            }
            "round" => Expr::Round { of: self.expression(depth)?, step: self.next_number()? },
            "equal" => pair(self).map(|(a, b)| Expr::Equal { a, b })?,
            "sum" => pair(self).map(|(a, b)| Expr::Sum { a, b })?,
            "difference" => pair(self).map(|(a, b)| Expr::Difference { a, b })?,
            "ratio" => {
                let (a, b) = pair(self)?;
                Expr::Ratio { a, b, floor: self.next_number()? }
            }
            "cross" => {
                let (a, b) = pair(self)?;
                self.must(',')?;
                Expr::Cross { a, b, size: self.number("a whole number")? }
            }
            "category" => {
                let of = self.expression(depth)?;
                Expr::Category { of, vocabulary: self.next_list("a whole number")? }
            }
            "bin" => Expr::Bin { of: self.expression(depth)?, edges: self.next_list("a number")? },
            _ => return Ok(None),
        }))
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        self.space();
        let start = self.at;
        self.word().parse().map_err(|_| {
            self.at = start;
            self.fail(what)
        })
    }

    fn next_number(&mut self) -> Result<f64, String> {
        self.must(',')?;
        self.number("a number")
    }

    fn next_list<T: FromStr>(&mut self, what: &str) -> Result<Vec<T>, String> {
        self.must(',')?;
        self.must('[')?;
        let mut list = Vec::new();
        while !self.takes(']') {
            if !list.is_empty() {
                self.must(',')?;
            }
            list.push(self.number(what)?);
        }
        Ok(list)
    }
}

fn leaf(word: &str) -> Option<Expr> {
    let calendar = |part| Some(Expr::Calendar(part));
    match word {
        "trip_distance" => Some(Expr::TripDistance),
        "trip_distance_or_estimate" => Some(Expr::TripDistanceOrEstimate),
        "great_circle" => Some(Expr::GreatCircle),
        "bearing" => Some(Expr::Bearing),
        "minute_of_day" => calendar(CalendarPart::MinuteOfDay),
        "hour" => calendar(CalendarPart::Hour),
        "weekday" => calendar(CalendarPart::Weekday),
        "weekend" => calendar(CalendarPart::Weekend),
        "holiday" => calendar(CalendarPart::Holiday),
        "minute_of_week" => calendar(CalendarPart::MinuteOfWeek),
        _ => {
            let (end, attribute) = word.split_once('.')?;
            let end = match end {
                "pickup" => End::Pickup,
                "dropoff" => End::Dropoff,
                _ => return None,
            };
            let attribute = match attribute {
                "id" => ZoneAttribute::Id,
                "latitude" => ZoneAttribute::Latitude,
                "longitude" => ZoneAttribute::Longitude,
                "area" => ZoneAttribute::Area,
                "borough" => ZoneAttribute::Borough,
                "airport" => ZoneAttribute::Airport,
                _ => return None,
            };
            Some(Expr::Zone(end, attribute))
        }
    }
}
