//! What comes out of training, and how it is written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use curbside::Bundle;

use crate::error::{TrainError, TrainErrorKind};

/// A trained bundle, checked by opening it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedBundle {
    /// Its parts.
    pub bundle: Bundle,
    /// The stored object: the gzip of its bytes.
    pub stored: Vec<u8>,
    /// Length of its bytes before the gzip.
    pub bytes: usize,
}

impl TrainedBundle {
    /// Packs a bundle whose parts fit each other.
    pub(crate) fn new(bundle: Bundle) -> Result<TrainedBundle, TrainError> {
        let bytes = bundle.to_bytes().map_err(|fault| TrainError::new(TrainErrorKind::Bundle, fault))?;
        let stored = curbside_publish::pack(&bytes);
        Ok(TrainedBundle { bundle, stored, bytes: bytes.len() })
    }

    /// The card as JSON text, with a line end at its end.
    ///
    /// # Errors
    ///
    /// `TRAIN_BUNDLE` for a card with numbers that JSON cannot say.
    pub fn card_json(&self) -> Result<String, TrainError> {
        let text = serde_json::to_string_pretty(&self.bundle.card);
        text.map(|text| text + "\n").map_err(|fault| TrainError::new(TrainErrorKind::Bundle, fault))
    }

    /// Writes the stored object to `out` and the card beside it, with `.card.json` for its extension; gives both paths.
    ///
    /// Each is written beside its place and renamed, so a reader never meets half a file.
    ///
    /// # Errors
    ///
    /// `TRAIN_WRITE` with the path; nothing that stood there before is lost then.
    pub fn write(&self, out: &Path) -> Result<[PathBuf; 2], TrainError> {
        let card = out.with_extension("card.json");
        write_whole(out, &self.stored)?;
        write_whole(&card, self.card_json()?.as_bytes())?;
        Ok([out.to_owned(), card])
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let failed = |fault: std::io::Error| {
        TrainError::new(TrainErrorKind::Write, format!("{}: cannot be written: {fault}", path.display()))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("part");
    let mut file = fs::File::create(&beside).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
