//! A bundle ready to be written, and how: the stored object and its card beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use curbside::{Bundle, Estimator};

use crate::error::{EvaluateError, EvaluateErrorKind};

/// A bundle with its stored object.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedBundle {
    /// Its parts.
    pub bundle: Bundle,
    /// The stored object: the gzip of its bytes.
    pub stored: Vec<u8>,
    /// Length of its bytes before the gzip.
    pub bytes: usize,
}

impl PackedBundle {
    /// Packs a bundle, having opened it as every host does, golden rides and all.
    ///
    /// # Errors
    ///
    /// `EVALUATE_BUNDLE` for parts that do not fit each other, with the part and what is wrong with it.
    pub fn new(bundle: Bundle) -> Result<PackedBundle, EvaluateError> {
        let bytes = bundle.to_bytes().map_err(|fault| EvaluateError::new(EvaluateErrorKind::Bundle, fault))?;
        Estimator::open(&bytes)?;
        let stored = curbside_publish::pack(&bytes);
        Ok(PackedBundle { bundle, stored, bytes: bytes.len() })
    }

    /// The card as JSON text, with a line end at its end.
    ///
    /// # Errors
    ///
    /// `EVALUATE_BUNDLE` for a card with numbers that JSON cannot say.
    pub fn card_json(&self) -> Result<String, EvaluateError> {
        let text = serde_json::to_string_pretty(&self.bundle.card);
        text.map(|text| text + "\n").map_err(|fault| EvaluateError::new(EvaluateErrorKind::Bundle, fault))
    }

    /// Writes the stored object to `out` and the card beside it, with `.card.json` for its extension; gives both paths.
    ///
    /// Each is written beside its place and renamed, so a reader never meets half a file.
    ///
    /// # Errors
    ///
    /// `EVALUATE_WRITE` with the path; nothing that stood there before is lost then.
    pub fn write(&self, out: &Path) -> Result<[PathBuf; 2], EvaluateError> {
        let card = out.with_extension("card.json");
        write_whole(out, &self.stored)?;
        write_whole(&card, self.card_json()?.as_bytes())?;
        Ok([out.to_owned(), card])
    }
}

/// Writes beside the place and renames; what is left of a failure is removed.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), EvaluateError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::File::create(&beside)).and_then(|mut file| {
        let whole = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
        if whole.is_err() {
            // The first failure is the one to tell.
            let _ = fs::remove_file(&beside);
        }
        whole
    });
    written.map_err(|fault| {
        let message = format!(
            "{}: expected to write it, found {fault}: give a path in a folder that can be written",
            path.display()
        );
        EvaluateError::new(EvaluateErrorKind::Write, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_loses_nothing_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A folder stands where the file is to go, and holds something.
        let taken = folder.path().join("taken.curb");
        fs::create_dir_all(taken.join("kept")).unwrap();
        let error = write_whole(&taken, b"new").unwrap_err();
        assert_eq!(error.code(), "EVALUATE_WRITE");
        assert!(error.to_string().contains("taken.curb: expected to write it, found "), "{error}");
        assert!(taken.join("kept").is_dir());
        // Even a file that is called like what is written beside others is replaced whole.
        let part = folder.path().join("a/b.part");
        write_whole(&part, b"old").unwrap();
        write_whole(&part, b"new").unwrap();
        assert_eq!(fs::read(&part).unwrap(), b"new");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
