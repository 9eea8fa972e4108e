//! Nested keys and values, as JSON and UBJSON have them.
//!
//! It is apart from the formats built on it because XGBoost writes one tree of values in either notation. No general JSON
//! reader is used: XGBoost writes `NaN`, and its numbers are `f32`, which must be rounded once and not twice.
//!
//! - [`Value`]: what stands there; [`index`]: a number as a place. [`json`], [`ubjson`]: the two notations.
//! - [`Fields`]: an object whose keys are all to be known, with the path to it for messages.

mod fields;
mod json;
mod ubjson;

use crate::error::ImportError;

pub(crate) use fields::Fields;
pub(crate) use json::read as json;
pub(crate) use ubjson::read as ubjson;

/// Objects and lists within each other: XGBoost writes 7, skops two for each of Python's.
const DEEPEST: usize = 64;

/// What the values of a file may take in memory, in bytes as counted by [`Budget`]: the largest model that a bundle holds takes 100 MB
/// for 64 MB of text, while a text of nothing but empty lists would take twenty times its own.
const MOST_MEMORY: usize = 128 << 20;

/// Memory that is left for values, counted roughly: what a vector holds ahead of need is not.
struct Budget {
    left: usize,
}

impl Budget {
    fn new() -> Budget {
        Budget { left: MOST_MEMORY }
    }

    /// Takes what a value needs where it stands in a list or an object, and what a list or an object needs by itself.
    fn take(&mut self, bytes: usize) -> Result<(), ImportError> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            let expected = format!("values that take at most {MOST_MEMORY} bytes of memory");
            ImportError::at("file", expected, "more: is it a model?")
        })?;
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), ImportError> {
        self.take(match value {
            Value::Number(_) => 8,
            Value::Null => 32,
            Value::Text(text) => 64 + text.len(),
            Value::Numbers(_) | Value::List(_) => 96,
            Value::Object(_) => 256,
        })
    }

    fn field(&mut self, key: &str, value: &Value) -> Result<(), ImportError> {
        self.take(64 + key.len())?;
        self.value(value)
    }
}

/// A whole number from 0.
pub(crate) fn index(number: f64) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and below 2^53")]
    ((0.0..9e15).contains(&number) && number.fract() == 0.0).then_some(number as usize)
}

/// A value. Whatever is not an object, a list or a text is a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    /// An integer below 2^53, or an `f32`; true is 1, false is 0.
    Number(f64),
    Text(String),
    /// Numbers alone: almost all of a file. An empty list is one.
    Numbers(Vec<f64>),
    /// Anything else.
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// What it is, for a message.
    pub(crate) fn shown(&self) -> String {
        match self {
            Value::Null => "null".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => format!("{text:?}"),
            Value::Numbers(numbers) => format!("a list of {} numbers", numbers.len()),
            Value::List(values) => format!("a list of {} values", values.len()),
            Value::Object(fields) => format!("an object of {} keys", fields.len()),
        }
    }
}

/// A list that is being read: of numbers as long as there is nothing else in it.
#[derive(Default)]
struct Growing {
    numbers: Vec<f64>,
    others: Vec<Value>,
}

impl Growing {
    /// Adds a value; false where numbers and others would mix.
    fn push(&mut self, value: Value) -> bool {
        match value {
            Value::Number(number) if self.others.is_empty() => self.numbers.push(number),
            Value::Number(_) => return false,
            _ if !self.numbers.is_empty() => return false,
            other => self.others.push(other),
        }
        true
    }

    fn finish(self) -> Value {
        if self.others.is_empty() { Value::Numbers(self.numbers) } else { Value::List(self.others) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: &[(&str, Value)]) -> Value {
        Value::Object(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn one_value_in_two_notations() {
        let expected = object(&[
            ("a", Value::Numbers(vec![1.0, -2.0, f64::from(0.1_f32)])),
            ("b", Value::List(vec![Value::Text("x".to_owned()), Value::Null])),
            ("c", object(&[])),
            ("d", Value::Number(1.0)),
        ]);
        let text = br#" {"a": [1, -2, 1.0E-1], "b": ["\u0078", null], "c": {}, "d": true} "#;
        assert_eq!(json(text).unwrap(), expected);
        let mut bytes = b"{L\0\0\0\0\0\0\0\x01a[#i\x03i\x01i\xfed".to_vec();
        bytes.extend(0.1_f32.to_be_bytes());
        bytes.extend(b"U\x01b[SU\x01xZ]U\x01c{}i\x01dT}");
        assert_eq!(ubjson(&bytes).unwrap(), expected);
        let typed = b"{i\x01a[$l#L\0\0\0\0\0\0\0\x02\0\0\0\x05\xff\xff\xff\xff}";
        assert_eq!(ubjson(typed).unwrap(), object(&[("a", Value::Numbers(vec![5.0, -1.0]))]));
    }

    #[test]
    fn numbers_are_rounded_once() {
        // Just above the middle of two f32: a double in between would be the middle, which rounds the other way, to even.
        let found = json(b"[1.00000005960464477540, NaN, -Infinity]").unwrap();
        let Value::Numbers(numbers) = found else { panic!("{found:?}") };
        assert_eq!(numbers[0].to_bits(), f64::from(1.0_f32.next_up()).to_bits());
        assert!(numbers[1].is_nan() && numbers[2] == f64::NEG_INFINITY);
    }

    #[test]
    fn what_would_take_much_more_memory_than_it_has_bytes_is_refused() {
        let lists = |count: usize| format!("[{}[]]", "[],".repeat(count - 1));
        assert!(json(lists(1 << 20).as_bytes()).is_ok());
        assert!(json(lists(2 << 20).as_bytes()).unwrap_err().to_string().contains("bytes of memory"));
        let nulls = |count: usize| [&b"{i\x01a["[..], &vec![b'Z'; count], b"]}"].concat();
        assert!(ubjson(&nulls(1 << 20)).is_ok());
        assert!(ubjson(&nulls(5 << 20)).unwrap_err().to_string().contains("bytes of memory"));
    }

    #[test]
    fn what_is_neither_is_refused_where_it_stands() {
        let deep = "[".repeat(100);
        let rows: [(&[u8], &str); 14] = [
            (b"", "byte 0"),
            (b"{\"a\" 1}", "byte 5"),
            (b"{\"a\":1,\"a\":2}", "a: expected each key once"),
            (b"[1,]", "byte 3"),
            (b"[1,\"a\"]", "numbers or other values"),
            (b"[1] 2", "byte 4"),
            (b"\"\\ud800\"", "an escape"),
            (b"\"a", "byte 2"),
            (b"[1e]", "a number"),
            (b"{\"a\":\"\xff\"}", "UTF-8"),
            (deep.as_bytes(), "within each other"),
            (b"{\"a\":truth}", "byte 5"),
            (b"{1:2}", "byte 1"),
            (b"\"\n\"", "byte 1"),
        ];
        for (text, words) in rows {
            let error = json(text).unwrap_err().to_string();
            assert!(error.contains(words), "{}: {error}", String::from_utf8_lossy(text));
        }
        let huge = b"{i\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff";
        let rows: [(&[u8], &str); 7] = [
            (b"", "byte 0"),
            (huge, "more bytes"),
            (b"{i\x01a[#i\xff", "a length"),
            (b"{i\x01aSi\x05ab", "more bytes"),
            (b"{i\x01ax}", "a marker"),
            (&[b'['; 100], "within each other"),
            (b"{i\x01aZi\x01aZ}", "each key once"),
        ];
        for (bytes, words) in rows {
            let error = ubjson(bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{bytes:?}: {error}");
        }
    }
}
