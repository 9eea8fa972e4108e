//! Reading JSON: checked once from end to end, then looked at.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Lists and objects inside one another, beyond which nothing a protocol knows can lie.
const MAX_DEPTH: usize = 64;

/// Which texts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 8259.
    Strict,
    /// The same, and the `NaN`, `Infinity` and `-Infinity` that Python's writer puts where a number is missing or too large.
    Python,
}

/// A text that was checked from end to end.
#[derive(Debug)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// Checks a body.
    ///
    /// # Errors
    ///
    /// A sentence that says what was found, and where.
    pub(crate) fn read(body: &'a [u8], dialect: Dialect) -> Result<Text<'a>, String> {
        let text = std::str::from_utf8(body).map_err(|fault| fault.to_string())?;
        let text = prepare(text, dialect)?;
        match serde_json::from_str::<&RawValue>(&text) {
            Ok(_) => Ok(Text(text)),
            Err(fault) => Err(fault.to_string()),
        }
    }

    /// Its one value.
    pub(crate) fn value(&self) -> Json<'_> {
        Json(self.0.trim_ascii())
    }
}

/// Refuses what is nested too deeply, and writes Python's words for numbers as JSON has them: what is missing as null, and what
/// is too large as a number that is.
fn prepare(text: &str, dialect: Dialect) -> Result<Cow<'_, str>, String> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut copied) = (0, 0_usize, 0);
    let mut changed = String::new();
    while let Some(byte) = bytes.get(at) {
        let (word, written) = match byte {
            b'"' => {
                at += quoted(&bytes[at..]);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err("more than 64 lists and objects inside one another".to_owned());
                }
                ("", "")
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                ("", "")
            }
            b'N' => ("NaN", "null"),
            // Nothing of a number may stand before it or behind it.
            b'I' if at == 0 || !matches!(bytes[at - 1], b'0'..=b'9' | b'.') => ("Infinity", "1e999 "),
            _ => ("", ""),
        };
        if dialect == Dialect::Python && !word.is_empty() && bytes[at..].starts_with(word.as_bytes()) {
            changed.push_str(text.get(copied..at).unwrap_or_default());
            changed.push_str(written);
            at += word.len();
            copied = at;
        } else {
            at += 1;
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(text));
    }
    changed.push_str(text.get(copied..).unwrap_or_default());
    Ok(Cow::Owned(changed))
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`: what is not known.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Kind {
    /// What a message calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "true or false",
            Kind::Number => "a number",
            Kind::Text => "a string",
            Kind::List => "a list",
            Kind::Object => "an object",
        }
    }
}

/// A value as it stands in a text that was checked, without the space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

/// An object's key as it stands in the text, in its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key<'a>(Json<'a>);

impl<'a> Json<'a> {
    /// A number without anything around it; `None` for what is none.
    pub(crate) fn of_number(text: &'a str) -> Option<Json<'a>> {
        let begins = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let value = serde_json::from_str::<&RawValue>(text).ok().filter(|_| begins)?;
        Some(Json(value.get()))
    }

    /// Its text.
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    /// What it is, which its first byte tells.
    pub(crate) fn kind(self) -> Kind {
        match self.0.as_bytes() {
            [b'"', ..] => Kind::Text,
            [b'{', ..] => Kind::Object,
            [b'[', ..] => Kind::List,
            [b't' | b'f', ..] => Kind::Bool,
            [b'n', ..] => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The double nearest to a number; beyond the largest, an infinity. Not `serde_json`'s reader, which is exact too but for
    /// its tables takes 5 KB of gzip more.
    pub(crate) fn number(self) -> f64 {
        // No body has so many digits that more could be made up for.
        const FAR: i32 = 10_000_000;
        let text = self.0.strip_prefix('-').unwrap_or(self.0);
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let written = exponent.trim_start_matches(['+', '-']).parse().unwrap_or(FAR).min(FAR);
        let exponent = if exponent.starts_with('-') { -written } else { written };
        let magnitude: f64 =
            minimal_lexical::parse_float(whole.as_bytes().iter(), fraction.as_bytes().iter(), exponent);
        if text.len() < self.0.len() { -magnitude } else { magnitude }
    }

    /// A number that is a count: digits and nothing else, below 2^32.
    pub(crate) fn count(self) -> Option<usize> {
        let digits = self.0.bytes().all(|byte| byte.is_ascii_digit());
        if digits { self.0.parse::<u32>().ok().and_then(|count| usize::try_from(count).ok()) } else { None }
    }

    /// A string's content; `None` for what is none, and for half of a surrogate pair, which is no character.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let content = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if content.contains('\\') { unescape(content).map(Cow::Owned) } else { Some(Cow::Borrowed(content)) }
    }

    /// A list's values; of anything else, none.
    pub(crate) fn items(self) -> Items<'a> {
        Items { rest: if self.kind() == Kind::List { self.0.get(1..).unwrap_or_default() } else { "" } }
    }

    /// An object's keys and values; of anything else, none.
    pub(crate) fn entries(self) -> Entries<'a> {
        Entries(Items { rest: if self.kind() == Kind::Object { self.0.get(1..).unwrap_or_default() } else { "" } })
    }
}

impl<'a> Key<'a> {
    /// The name.
    pub(crate) fn name(self) -> Cow<'a, str> {
        self.0.string().unwrap_or_default()
    }
}

/// The values of a list, one after another.
#[derive(Clone, Debug)]
pub(crate) struct Items<'a> {
    /// What stands behind the last value.
    rest: &'a str,
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let bytes = self.rest.as_bytes();
        let start = bytes.iter().position(|byte| !matches!(byte, b',' | b':' | b' ' | b'\t' | b'\r' | b'\n'))?;
        if matches!(bytes[start], b']' | b'}') {
            return None;
        }
        let length = length(&bytes[start..]);
        let value = self.rest.get(start..start + length)?;
        self.rest = self.rest.get(start + length..)?;
        Some(Json(value))
    }
}

/// The keys and values of an object, one after another.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, Json<'a>);

    fn next(&mut self) -> Option<(Key<'a>, Json<'a>)> {
        Some((Key(self.0.next()?), self.0.next()?))
    }
}

/// Bytes of the value that `bytes` begin with.
fn length(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += quoted(&bytes[at..]),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => {
                at += 1;
                // A number or a word goes on until something else.
                if depth == 0
                    && bytes.get(at).is_some_and(|b| !matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'))
                {
                    continue;
                }
            }
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Bytes of the string that `bytes` begin with.
fn quoted(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

fn unescape(content: &str) -> Option<String> {
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let short = match escaped.as_bytes().first()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = |at: usize| u32::from_str_radix(escaped.get(at..at + 4)?, 16).ok();
                let (code, length) = match unit(1)? {
                    high @ 0xd800..0xdc00 if escaped.get(5..7) == Some("\\u") => {
                        let low = unit(7)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        (0x1_0000 + ((high - 0xd800) << 10) + low, 11)
                    }
                    code => (code, 5),
                };
                text.push(char::from_u32(code)?);
                rest = escaped.get(length..)?;
                continue;
            }
            other => char::from(*other),
        };
        text.push(short);
        rest = escaped.get(1..)?;
    }
    text.push_str(rest);
    Some(text)
}
