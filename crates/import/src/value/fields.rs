//! Objects whose keys must all be known: a key that nobody has asked for may change what is predicted.

use std::cell::RefCell;

use super::Value;
use crate::error::ImportError;

/// Most keys of an object: XGBoost writes 17.
const MOST_KEYS: usize = 256;

/// Adds a field to an object that is being read.
pub(super) fn add(fields: &mut Vec<(String, Value)>, key: String, value: Value) -> Result<(), ImportError> {
    if fields.iter().any(|(known, _)| *known == key) {
        return Err(ImportError::at(&key, "each key once in an object", "it twice"));
    }
    if fields.len() == MOST_KEYS {
        return Err(ImportError::at(&key, format!("at most {MOST_KEYS} keys in an object"), "more"));
    }
    fields.push((key, value));
    Ok(())
}

/// An object, and which of its keys were asked for.
pub(crate) struct Fields<'a> {
    path: String,
    entries: &'a [(String, Value)],
    met: RefCell<Vec<bool>>,
}

impl<'a> Fields<'a> {
    /// The fields of a value that must be an object.
    pub(crate) fn of(value: &'a Value, path: &str) -> Result<Fields<'a>, ImportError> {
        match value {
            Value::Object(fields) => {
                Ok(Fields { path: path.to_owned(), entries: fields, met: RefCell::new(vec![false; fields.len()]) })
            }
            other => Err(ImportError::at(if path.is_empty() { "file" } else { path }, "an object", other.shown())),
        }
    }

    /// The path of the object itself, for messages.
    pub(crate) fn place(&self) -> &str {
        if self.path.is_empty() { "file" } else { &self.path }
    }

    /// Its keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }

    /// The path of a key, for messages.
    pub(crate) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn fail(&self, key: &str, expected: impl Into<String>, found: impl AsRef<str>) -> ImportError {
        ImportError::at(&self.path(key), expected, found)
    }

    pub(crate) fn optional(&self, key: &str) -> Option<&'a Value> {
        let index = self.entries.iter().position(|(known, _)| known == key)?;
        self.met.borrow_mut()[index] = true;
        Some(&self.entries[index].1)
    }

    pub(crate) fn required(&self, key: &str) -> Result<&'a Value, ImportError> {
        self.optional(key).ok_or_else(|| self.fail(key, "this key", "none"))
    }

    pub(crate) fn object(&self, key: &str) -> Result<Fields<'a>, ImportError> {
        Fields::of(self.required(key)?, &self.path(key))
    }

    pub(crate) fn text(&self, key: &str) -> Result<&'a str, ImportError> {
        match self.required(key)? {
            Value::Text(text) => Ok(text),
            other => Err(self.fail(key, "a text", other.shown())),
        }
    }

    pub(crate) fn numbers(&self, key: &str) -> Result<&'a [f64], ImportError> {
        match self.required(key)? {
            Value::Numbers(numbers) => Ok(numbers),
            other => Err(self.fail(key, "a list of numbers", other.shown())),
        }
    }

    /// A list of texts; empty where the key is absent.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, ImportError> {
        let wrong = |found: &Value| self.fail(key, "a list of texts", found.shown());
        match self.optional(key) {
            None => Ok(Vec::new()),
            Some(Value::Numbers(numbers)) if numbers.is_empty() => Ok(Vec::new()),
            Some(Value::List(values)) => values
                .iter()
                .map(|value| if let Value::Text(text) = value { Ok(text.clone()) } else { Err(wrong(value)) })
                .collect(),
            Some(other) => Err(wrong(other)),
        }
    }

    /// A list of values that are no numbers.
    pub(crate) fn list(&self, key: &str) -> Result<&'a [Value], ImportError> {
        match self.required(key)? {
            Value::List(values) => Ok(values),
            Value::Numbers(numbers) if numbers.is_empty() => Ok(&[]),
            other => Err(self.fail(key, "a list of objects", other.shown())),
        }
    }

    /// A count that is written as a text, as all of XGBoost's parameters are.
    pub(crate) fn count(&self, key: &str) -> Result<usize, ImportError> {
        let text = self.text(key)?;
        text.parse().map_err(|_| self.fail(key, "a whole number in quotes", text))
    }

    /// Marks keys that say nothing about predictions.
    pub(crate) fn ignore(&self, keys: &[&str]) {
        for key in keys {
            self.optional(key);
        }
    }

    /// Refuses an object with a key that nobody has asked for.
    pub(crate) fn end(self) -> Result<(), ImportError> {
        self.all_met()
    }

    /// The same, while it is still read from.
    pub(crate) fn all_met(&self) -> Result<(), ImportError> {
        let met = self.met.borrow();
        match self.entries.iter().zip(met.iter()).find(|(_, met)| !**met) {
            Some(((key, value), _)) => Err(self.fail(
                key,
                "a file without this key, which this build does not know and which may change what is predicted",
                value.shown(),
            )),
            None => Ok(()),
        }
    }
}
