//! A bundle in a file: packed as it is stored, or bare as the format describes it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use curbside::{Estimator, Limits};

use crate::error::{PublishError, PublishErrorKind};
use crate::packing::{is_packed, pack, unpack};
use crate::sha256_hex;

/// A bundle's two forms. Whether they hold a bundle is for [`estimator`](BundleFile::estimator) to say.
#[derive(Clone, Debug)]
pub struct BundleFile {
    place: String,
    stored: Vec<u8>,
    bytes: Vec<u8>,
}

impl BundleFile {
    /// Reads a file of either form within the default [`Limits`].
    ///
    /// A packed file is the stored object as it is; a bare one is packed here.
    ///
    /// # Errors
    ///
    /// `FILE_READ`, `BLOB_TOO_LARGE`, `BLOB_GZIP`, each with the path.
    pub fn open(path: &Path) -> Result<BundleFile, PublishError> {
        let limit = Limits::default().bytes;
        let read = read_bounded(path, limit)?;
        BundleFile::from_bytes(path.display().to_string(), read)
    }

    /// The same from memory; `place` is how messages call it.
    ///
    /// # Errors
    ///
    /// `BLOB_TOO_LARGE`, `BLOB_GZIP`.
    pub fn from_bytes(place: String, read: Vec<u8>) -> Result<BundleFile, PublishError> {
        let bytes = unpack(&read, Limits::default().bytes).map_err(|fault| fault.at(&place))?;
        let stored = if is_packed(&read) { read } else { Vec::new() };
        Ok(BundleFile { place, stored, bytes })
    }

    /// The bundle, as [`Estimator::open`] takes it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the file was a stored object already.
    pub fn is_packed(&self) -> bool {
        !self.stored.is_empty()
    }

    /// The stored object: the file itself if it is packed, else packed now, which takes seconds for a large one.
    pub fn stored(&self) -> std::borrow::Cow<'_, [u8]> {
        if self.is_packed() { (&self.stored).into() } else { pack(&self.bytes).into() }
    }

    /// SHA-256 of a stored object in hexadecimal, as manifests and blob paths have it.
    pub fn sha256(stored: &[u8]) -> String {
        sha256_hex(stored)
    }

    /// Opens the bundle: everything in it is checked, digest and golden rides included.
    ///
    /// # Errors
    ///
    /// The [`OpenError`](curbside::OpenError)'s code, with the path.
    pub fn estimator(&self) -> Result<Estimator, PublishError> {
        Estimator::open(&self.bytes).map_err(|fault| PublishError::from_open(&self.place, fault))
    }
}

/// Reads at most `limit` bytes; a file that is longer is refused without reading it.
fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, PublishError> {
    let failed = |fault: std::io::Error| PublishError::file(PublishErrorKind::FileRead, path, &fault);
    let file = File::open(path).map_err(failed)?;
    let bound = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut read = Vec::new();
    file.take(bound.saturating_add(1)).read_to_end(&mut read).map_err(failed)?;
    if read.len() > limit {
        let message = format!("{}: expected at most {limit} bytes, found more", path.display());
        return Err(PublishError::new(PublishErrorKind::TooLarge, message));
    }
    Ok(read)
}
