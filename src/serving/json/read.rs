//! Reading JSON: checked once from end to end, then looked at.

use std::borrow::Cow;

use super::number::nearest;

/// Lists and objects inside one another, beyond which nothing a protocol knows can lie.
const MAX_DEPTH: u32 = 64;

/// Which texts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 8259.
    Strict,
    /// The same, and the `NaN`, `Infinity` and `-Infinity` that Python's writer puts where a number is missing or too large.
    Python,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`, or Python's `NaN`: what is not known.
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
    /// Checks a text from end to end.
    ///
    /// # Errors
    ///
    /// A sentence that says what was expected, what was found, and where.
    pub(crate) fn read(body: &'a [u8], dialect: Dialect) -> Result<Json<'a>, String> {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(fault) => return Err(fault_at(body, fault.valid_up_to(), "UTF-8")),
        };
        let mut check = Check { bytes: body, at: 0, dialect };
        match check.document() {
            Ok(()) => Ok(Json(text.trim_ascii())),
            Err(expected) => Err(fault_at(body, check.at, expected)),
        }
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
            [b'n' | b'N', ..] => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The double nearest to a number.
    pub(crate) fn number(self) -> f64 {
        match self.0.as_bytes() {
            [b'I', ..] => f64::INFINITY,
            [b'-', b'I', ..] => f64::NEG_INFINITY,
            _ => nearest(self.0),
        }
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

    /// Characters of a string; an escape is one, and a pair of surrogates is one.
    pub(crate) fn characters(self) -> usize {
        let bytes = self.0.as_bytes();
        let (mut count, mut at) = (0, 1);
        while at + 1 < bytes.len() {
            let (length, counts) = match bytes[at..] {
                [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..] => (6, false),
                [b'\\', b'u', ..] => (6, true),
                [b'\\', ..] => (2, true),
                [byte, ..] => (1, byte & 0xc0 != 0x80),
                [] => break,
            };
            at += length;
            count += usize::from(counts);
        }
        count
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

fn fault_at(body: &[u8], at: usize, expected: &str) -> String {
    let before = &body[..at.min(body.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let found = match body.get(at) {
        None => "the end".to_owned(),
        Some(byte @ 0x21..0x7f) => format!("`{}`", char::from(*byte)),
        Some(byte) => format!("byte {byte}"),
    };
    format!("expected {expected}, found {found} at line {line}, column {column}")
}

/// A text on its way to be checked: bytes that are UTF-8, and how far they are JSON.
struct Check<'a> {
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
}

/// Or what was expected where it stands now.
type Checked = Result<(), &'static str>;

impl Check<'_> {
    fn document(&mut self) -> Checked {
        // One bit for what is open, from the innermost: 1 for an object.
        let (mut objects, mut depth) = (0_u64, 0);
        loop {
            // A value begins.
            self.space();
            let opens = match self.peek() {
                b'{' => Some(1),
                b'[' => Some(0),
                _ => None,
            };
            if let Some(object) = opens {
                if depth == MAX_DEPTH {
                    return Err("at most 64 lists and objects inside one another");
                }
                (objects, depth) = (objects << 1 | object, depth + 1);
                self.at += 1;
                self.space();
                if self.peek() != closing(objects) {
                    self.key(objects)?;
                    continue;
                }
            } else {
                self.scalar()?;
            }
            // A value has ended, or its last bracket is to come.
            loop {
                self.space();
                if depth == 0 {
                    return if self.at == self.bytes.len() { Ok(()) } else { Err("nothing behind the value") };
                }
                if self.peek() == closing(objects) {
                    (objects, depth) = (objects >> 1, depth - 1);
                    self.at += 1;
                } else if self.peek() == b',' {
                    self.at += 1;
                    self.space();
                    self.key(objects)?;
                    break;
                } else {
                    return Err(if objects & 1 == 1 { "`,` or `}`" } else { "`,` or `]`" });
                }
            }
        }
    }

    /// A key and its colon, if the innermost is an object.
    fn key(&mut self, objects: u64) -> Checked {
        if objects & 1 == 0 {
            return Ok(());
        }
        if self.peek() != b'"' {
            return Err("a key in quotes");
        }
        self.string()?;
        self.space();
        self.take(b':', "`:`")
    }

    fn scalar(&mut self) -> Checked {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let words: &[&str] = match self.dialect {
            Dialect::Strict => &["null", "true", "false"],
            Dialect::Python => &["null", "true", "false", "NaN", "Infinity", "-Infinity"],
        };
        if self.peek() == b'"' {
            return self.string();
        }
        if let Some(word) = words.iter().find(|word| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(());
        }
        self.number()
    }

    fn string(&mut self) -> Checked {
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        b'u' => {
                            for _ in 0..4 {
                                self.at += 1;
                                if !self.peek().is_ascii_hexdigit() {
                                    return Err("four hexadecimal digits");
                                }
                            }
                            self.at += 1;
                        }
                        _ => return Err("an escape that JSON has"),
                    }
                }
                Some(0x20..) => self.at += 1,
                _ => return Err("the string's closing quotes, and control characters as escapes"),
            }
        }
    }

    fn number(&mut self) -> Checked {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits("a value")?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits("a digit")?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits("a digit")?;
        }
        Ok(())
    }

    fn digits(&mut self, expected: &'static str) -> Checked {
        if !self.peek().is_ascii_digit() {
            return Err(expected);
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Checked {
        if self.peek() != byte {
            return Err(expected);
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte; 0, which JSON has nowhere, at the end.
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }
}

/// What closes the innermost.
fn closing(objects: u64) -> u8 {
    if objects & 1 == 1 { b'}' } else { b']' }
}
