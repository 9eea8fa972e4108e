//! What is wrong with a foreign model, and where.

use std::fmt;

/// A foreign model that cannot be read, or that would not predict here what it predicts at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    line: Option<usize>,
    key: String,
    expected: String,
    found: String,
}

impl ImportError {
    /// In a format of lines; the first is 1.
    pub(crate) fn new(line: usize, key: &str, expected: impl Into<String>, found: impl AsRef<str>) -> ImportError {
        ImportError { line: Some(line), ..ImportError::at(key, expected, found) }
    }

    /// In a format of nested keys, such as `learner.objective.name`, or at a byte of it.
    pub(crate) fn at(key: &str, expected: impl Into<String>, found: impl AsRef<str>) -> ImportError {
        ImportError { line: None, key: key.to_owned(), expected: expected.into(), found: shortened(found.as_ref()) }
    }

    /// Line of the file, the first being 1, one past the last where something is absent at the end; `None` for a format
    /// that has no lines.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The key at fault, such as `threshold` or `learner.objective.name`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A value short enough for a message: a row of thresholds can be megabytes.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 100;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        write!(f, "{}: expected {}, found {}", self.key, self.expected, self.found)
    }
}

impl std::error::Error for ImportError {}
