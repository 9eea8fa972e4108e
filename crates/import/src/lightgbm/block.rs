//! Lines and blocks of `key=value`, with their line numbers.

use std::str::FromStr;

use crate::error::ImportError;

/// Most keys of a block: LightGBM itself writes 13 in a header and reads at most 22 of a tree.
const MOST_KEYS: usize = 64;

/// The lines of a file, counted.
pub(super) struct Lines<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
}

/// One line, or the end.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: Option<&'a str>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Lines<'a> {
        Lines { lines: text.lines(), number: 0 }
    }

    pub(super) fn next_line(&mut self) -> Line<'a> {
        self.number += 1;
        Line { number: self.number, text: self.lines.next() }
    }

    /// The line read last.
    pub(super) fn number(&self) -> usize {
        self.number
    }
}

/// One `key=value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) line: usize,
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

/// Lines of `key=value` up to an empty one.
#[derive(Debug)]
pub(super) struct Block<'a> {
    start: usize,
    entries: Vec<Entry<'a>>,
}

impl<'a> Block<'a> {
    /// Reads on to the next empty line or the end.
    pub(super) fn read(lines: &mut Lines<'a>, start: usize) -> Result<Block<'a>, ImportError> {
        let mut block = Block { start, entries: Vec::new() };
        loop {
            let line = lines.next_line();
            let Some(text) = line.text.filter(|text| !text.is_empty()) else { return Ok(block) };
            // `average_output` stands alone.
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            let entry = Entry { line: line.number, key, value };
            if block.optional(key).is_some() {
                return Err(ImportError::new(line.number, key, "each key once in a block", "it twice"));
            }
            if block.entries.len() == MOST_KEYS {
                return Err(ImportError::new(line.number, key, format!("at most {MOST_KEYS} keys in a block"), "more"));
            }
            block.entries.push(entry);
        }
    }

    pub(super) fn optional(&self, key: &str) -> Option<Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    pub(super) fn required(&self, key: &str) -> Result<Entry<'a>, ImportError> {
        self.optional(key).ok_or_else(|| {
            ImportError::new(self.start, key, "this key in the block that begins here", "a block without it")
        })
    }

    /// A number.
    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T, ImportError> {
        let entry = self.required(key)?;
        entry.value.trim().parse().map_err(|_| ImportError::new(entry.line, key, "a number", entry.value))
    }

    /// Exactly `count` numbers with spaces between.
    pub(super) fn numbers<T: FromStr>(&self, key: &str, count: usize) -> Result<Vec<T>, ImportError> {
        let entry = self.required(key)?;
        // The vector grows with the text read, not with the count promised.
        let mut values = Vec::new();
        for word in entry.value.split_whitespace() {
            values.push(
                word.parse().map_err(|_| ImportError::new(entry.line, key, "numbers with spaces between", word))?,
            );
        }
        if values.len() == count {
            Ok(values)
        } else {
            let found = format!("{} of them", values.len());
            Err(ImportError::new(entry.line, key, format!("{count} numbers"), found))
        }
    }
}
