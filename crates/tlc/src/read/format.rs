//! What a file is, told from its first bytes: names lie, and downloads that failed leave pages of HTML.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::shortened;
use crate::error::{TlcError, TlcErrorKind};

/// The formats in which trip files come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Parquet,
    Csv,
    GzipCsv,
}

/// Looks at the first bytes.
pub(super) fn of(path: &Path) -> Result<Format, TlcError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(512).read_to_end(&mut start))
        .map_err(|error| TlcError::io(path, "open", error))?;
    let unknown = |found: &str, remedy: &str| {
        TlcError::new(TlcErrorKind::UnknownFormat, path, "a trip file (Parquet, CSV, or CSV in gzip)", found, remedy)
    };
    let again = "download the file again";
    let text = std::str::from_utf8(&start).or_else(|error| match error.error_len() {
        // The 512 bytes may end inside a character; that is no fault of the text.
        None => std::str::from_utf8(&start[..error.valid_up_to()]),
        Some(_) => Err(error),
    });
    match text {
        _ if start.is_empty() => Err(TlcError::new(TlcErrorKind::NoRows, path, "a trip file", "an empty file", again)),
        _ if start.starts_with(b"PAR1") => Ok(Format::Parquet),
        _ if start.starts_with(&[0x1f, 0x8b]) => Ok(Format::GzipCsv),
        _ if start.starts_with(b"PK\x03\x04") => Err(unknown("a zip archive", "unpack it first")),
        Ok(text) if text.trim_start().starts_with('<') => {
            Err(unknown("a page of HTML or XML, as a failed download leaves it", again))
        }
        Ok(text) if text.starts_with("version https://git-lfs") => {
            Err(unknown("a Git LFS pointer", "fetch the file itself with `git lfs pull`"))
        }
        // A file named .parquet is never meant as text, whatever commas are in it.
        Ok(text) if text.contains(',') && !text.contains('\0') && !named_parquet(path) => Ok(Format::Csv),
        Ok(text) => Err(unknown(&format!("text that begins {:?}", shortened(text)), again)),
        Err(_) => Err(unknown(&format!("bytes that begin {:02x?}", &start[..start.len().min(8)]), again)),
    }
}

fn named_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}
