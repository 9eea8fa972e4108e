//! What is said of a bundle that was made: where it is, and how good.

use std::fmt;
use std::path::Path;

use curbside::bundle::Card;
use curbside_evaluate::PackedBundle;
use curbside_publish::BundleFile;
use serde::Serialize;

use super::calibrated::Calibrated;
use super::figures::figures;
use crate::failure::Failure;

/// What was made.
#[derive(Serialize)]
pub(crate) struct Written {
    file: String,
    card_file: String,
    sha256: String,
    stored_bytes: usize,
    bytes: usize,
    calibration: Calibrated,
    card: Card,
}

impl Written {
    /// Writes a bundle and its card.
    pub(crate) fn to(out: &Path, made: PackedBundle) -> Result<Written, Failure> {
        let [file, card_file] = made.write(out)?;
        let show = |path: &Path| path.display().to_string();
        Ok(Written {
            file: show(&file),
            card_file: show(&card_file),
            sha256: BundleFile::sha256(&made.stored),
            stored_bytes: made.stored.len(),
            bytes: made.bytes,
            calibration: Calibrated::new(&made.bundle.calibration),
            card: made.bundle.card,
        })
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written { file, card_file, sha256, stored_bytes, bytes, calibration, card } = self;
        writeln!(f, "{} {}: {}", card.name, card.version, card.algorithm)?;
        write!(f, "{calibration}")?;
        figures(f, card)?;
        for (_, bound) in card.parameters.iter().filter(|(name, _)| name == "leaves_error_bound") {
            writeln!(f, "  leaves rounded to f32: the model's numbers change by at most {bound}")?;
        }
        for note in &card.notes {
            writeln!(f, "  note: {note}")?;
        }
        for warning in &card.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        writeln!(f, "  {file}: {stored_bytes} bytes stored, {bytes} inflated, sha256 {sha256}")?;
        writeln!(f, "  {card_file}: the card")
    }
}
