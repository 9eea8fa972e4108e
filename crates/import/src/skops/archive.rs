//! A zip file whose entries are read whole, within bounds.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use crate::error::ImportError;
use crate::formats::LARGEST_FILE;

/// Most entries: skops writes one for each array and buffer of an object.
const MOST_ENTRIES: usize = 1 << 12;

/// What each entry's row in the zip's directory begins with.
const DIRECTORY_ROW: &[u8] = b"PK\x01\x02";

/// An opened zip file.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Archive<'a>, ImportError> {
        // Counted before anything is made of them: a directory of nothing but rows would take many times the file's bytes.
        let rows = bytes.windows(DIRECTORY_ROW.len()).filter(|window| *window == DIRECTORY_ROW).count();
        if rows > MOST_ENTRIES {
            return Err(ImportError::at("file", format!("a zip of at most {MOST_ENTRIES} entries"), rows.to_string()));
        }
        let zip = ZipArchive::new(Cursor::new(bytes));
        zip.map(|zip| Archive { zip }).map_err(|fault| ImportError::at("file", "a whole zip file", fault.to_string()))
    }

    /// The bytes of an entry, which may not be more than any model has, whatever the directory says of it.
    pub(super) fn entry(&mut self, name: &str) -> Result<Vec<u8>, ImportError> {
        let fail = |expected: String, found: String| Err(ImportError::at(name, expected, found));
        let entry = match self.zip.by_name(name) {
            Ok(entry) => entry,
            Err(fault) => return fail("this entry in the zip, stored or deflated".to_owned(), fault.to_string()),
        };
        let mut bytes = Vec::new();
        // One byte more than is accepted, so that what is too large is told as such. `usize` to `u64` loses nothing.
        let read = entry.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes);
        match read {
            Ok(_) if bytes.len() <= LARGEST_FILE => Ok(bytes),
            Ok(_) => fail(format!("at most {LARGEST_FILE} bytes"), "more".to_owned()),
            Err(fault) => fail("an entry that can be inflated".to_owned(), fault.to_string()),
        }
    }
}
