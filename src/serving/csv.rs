//! Comma-separated values as data frames are written (RFC 4180): a header, and one line a ride.

use super::Refusal;
use super::json::Json;
use super::ride::Cell;

/// Reads at most so many lines, of which the first is the header, into cells; a line of nothing is none.
///
/// # Errors
///
/// A [`Refusal`] of more lines, or one that names the line, for quotes that are not closed or not at a value's ends.
pub(super) fn read(text: &str, most: usize) -> Result<Vec<Vec<&str>>, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bytes = text.as_bytes();
    let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        let quoted = bytes[at] == b'"';
        if quoted {
            // A quote in quotes is written twice.
            loop {
                at += 1;
                match (bytes.get(at), bytes.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => at += 1,
                    (Some(b'"'), _) => break,
                    (Some(_), _) => {}
                    (None, _) => return Err(fault(lines.len(), "expected closing quotes, found the end")),
                }
            }
            at += 1;
        } else {
            while bytes.get(at).is_some_and(|byte| !matches!(byte, b',' | b'\n' | b'\r')) {
                at += 1;
            }
        }
        let edge = usize::from(quoted);
        line.push(text.get(start + edge..at - edge).unwrap_or_default());
        match bytes.get(at) {
            Some(b',') => {
                at += 1;
                if at == bytes.len() {
                    line.push("");
                }
                continue;
            }
            None => {}
            // Of a carriage return and a line feed, the second is a line of nothing.
            Some(b'\n' | b'\r') => at += 1,
            Some(_) => return Err(fault(lines.len(), "expected a comma behind closing quotes")),
        }
        let line = std::mem::take(&mut line);
        if line != [""] {
            lines.push(line);
        }
        if lines.len() > most {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most { Err(Refusal::too_many(most - 1)) } else { Ok(lines) }
}

fn fault(line: usize, message: &str) -> Refusal {
    Refusal::form(&["text/csv, line ", &(line + 1).to_string(), ": ", message])
}

/// A value: a number where it reads as one, missing where it is written as pandas writes what is missing, else a text.
pub(super) fn cell(value: &str) -> Cell<'_> {
    let value = value.trim();
    if matches!(value, "" | "NaN" | "nan" | "NA" | "NaT" | "null" | "None" | "<NA>") {
        return Cell::Number(f64::NAN);
    }
    Json::of_number(value).map_or(Cell::Text(value), Cell::Json)
}
