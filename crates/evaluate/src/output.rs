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

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), EvaluateError> {
    let failed = |fault: std::io::Error| {
        EvaluateError::new(EvaluateErrorKind::Write, format!("{}: cannot be written: {fault}", path.display()))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("part");
    let mut file = fs::File::create(&beside).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
