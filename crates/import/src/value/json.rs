//! JSON, as XGBoost writes it: with `NaN` and `Infinity`.

use super::{Budget, DEEPEST, Growing, Value};
use crate::error::ImportError;

/// Reads one value, which must be all there is.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, ImportError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| ImportError::at(&format!("byte {}", fault.valid_up_to()), "UTF-8", "other bytes"))?;
    let mut reader = Reader { text, at: 0, budget: Budget::new() };
    let value = reader.value(0)?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { Err(reader.fail("the end")) }
}

struct Reader<'a> {
    text: &'a str,
    /// Always at the beginning of a character.
    at: usize,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail(&self, expected: &str) -> ImportError {
        let found = if self.rest().is_empty() { "the end" } else { self.rest() };
        ImportError::at(&format!("byte {}", self.at), expected, found)
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes a word where it stands next.
    fn takes(&mut self, word: &str) -> bool {
        let there = self.rest().starts_with(word);
        self.at += if there { word.len() } else { 0 };
        there
    }

    fn value(&mut self, depth: usize) -> Result<Value, ImportError> {
        if depth > DEEPEST {
            return Err(self.fail(&format!("at most {DEEPEST} lists and objects within each other")));
        }
        self.space();
        match self.rest().as_bytes().first() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') if !self.rest().starts_with("-I") => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, ImportError> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Number(1.0)),
            ("false", Value::Number(0.0)),
            ("NaN", Value::Number(f64::NAN)),
            ("Infinity", Value::Number(f64::INFINITY)),
            ("-Infinity", Value::Number(f64::NEG_INFINITY)),
        ];
        words.into_iter().find(|(word, _)| self.takes(word)).map(|(_, value)| value).ok_or_else(|| self.fail("a value"))
    }

    fn number(&mut self) -> Result<Value, ImportError> {
        let end = self.rest().find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        let word = &self.rest()[..end.unwrap_or(self.rest().len())];
        let number = match word.parse::<i64>() {
            // Beyond 2^53 the nearest double: no count is that large, and an `f32` is then rounded twice by at most a bit.
            #[expect(clippy::cast_precision_loss, reason = "no count is that large")]
            Ok(integer) => Some(integer as f64),
            Err(_) => word.parse::<f32>().ok().map(f64::from),
        };
        let number = number.ok_or_else(|| self.fail("a number"))?;
        self.at += word.len();
        Ok(Value::Number(number))
    }

    fn string(&mut self) -> Result<String, ImportError> {
        if !self.takes("\"") {
            return Err(self.fail("a key in quotes"));
        }
        let mut string = String::new();
        loop {
            let plain = self.rest().find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(self.rest().len());
            string.push_str(&self.rest()[..plain]);
            self.at += plain;
            if self.takes("\"") {
                return Ok(string);
            }
            if !self.takes("\\") {
                return Err(self.fail("a closing quote"));
            }
            string.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Result<char, ImportError> {
        let plain = [
            ("\"", '"'),
            ("\\", '\\'),
            ("/", '/'),
            ("n", '\n'),
            ("t", '\t'),
            ("r", '\r'),
            ("b", '\u{8}'),
            ("f", '\u{c}'),
        ];
        if let Some((_, character)) = plain.into_iter().find(|(word, _)| self.takes(word)) {
            return Ok(character);
        }
        let digits = self.rest().strip_prefix('u').and_then(|rest| rest.get(..4));
        // Halves of a surrogate pair are refused with the rest: names of columns are the only texts that could need one.
        let character = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        let character = character.ok_or_else(|| self.fail("an escape for one character"))?;
        self.at += 5;
        Ok(character)
    }

    fn list(&mut self, depth: usize) -> Result<Value, ImportError> {
        self.at += 1;
        let mut list = Growing::default();
        self.space();
        if self.takes("]") {
            return Ok(list.finish());
        }
        loop {
            let value = self.value(depth + 1)?;
            self.budget.value(&value)?;
            if !list.push(value) {
                return Err(self.fail("numbers or other values in a list, not both, up to here"));
            }
            self.space();
            if self.takes("]") {
                return Ok(list.finish());
            }
            if !self.takes(",") {
                return Err(self.fail("`,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ImportError> {
        self.at += 1;
        let mut fields: Vec<(String, Value)> = Vec::new();
        self.space();
        if self.takes("}") {
            return Ok(Value::Object(fields));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            if !self.takes(":") {
                return Err(self.fail("`:`"));
            }
            let value = self.value(depth + 1)?;
            self.budget.field(&key, &value)?;
            super::fields::add(&mut fields, key, value)?;
            self.space();
            if self.takes("}") {
                return Ok(Value::Object(fields));
            }
            if !self.takes(",") {
                return Err(self.fail("`,` or `}`"));
            }
        }
    }
}
