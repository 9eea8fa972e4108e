//! Whether the blob that a manifest names is there, whole, and opens: what every reader checks, checked before it is relied on.

use curbside::{Bundle, Limits};
use object_store::path::Path;

use crate::error::{PublishError, PublishErrorKind};
use crate::file::BundleFile;
use crate::manifest::Manifest;
use crate::sha256_hex;
use crate::shelf::Objects;

/// Fetches the blob of a verified manifest and checks length, digest, and everything that opening a bundle checks, golden rides
/// included; gives their number.
///
/// # Errors
///
/// `BLOB_MISSING`, `BLOB_LENGTH`, `BLOB_DIGEST`, `BLOB_GZIP`, `BLOB_TOO_LARGE`, the [`OpenError`](curbside::OpenError)'s codes, and the
/// store's.
pub(crate) async fn check(objects: Objects<'_>, path: &Path, manifest: &Manifest) -> Result<usize, PublishError> {
    let limit = Limits::default().bytes;
    let found = match objects.get(path, limit).await {
        Ok(found) => found,
        // The object is longer than any blob may be.
        Err(fault) if fault.kind() == PublishErrorKind::ManifestMalformed => {
            return Err(fault.with_kind(PublishErrorKind::BlobLength));
        }
        Err(fault) => return Err(fault),
    };
    let Some(found) = found else {
        let message = format!("{path}: expected a blob of {} bytes, found nothing", manifest.bytes);
        return Err(PublishError::new(PublishErrorKind::BlobMissing, message));
    };
    if u64::try_from(found.bytes.len()).ok() != Some(manifest.bytes) {
        let message = format!("{path}: expected {} bytes, found {}", manifest.bytes, found.bytes.len());
        return Err(PublishError::new(PublishErrorKind::BlobLength, message));
    }
    let sha256 = sha256_hex(&found.bytes);
    if sha256 != manifest.sha256 {
        let message = format!("{path}: expected sha256 {}, found {sha256}", manifest.sha256);
        return Err(PublishError::new(PublishErrorKind::BlobDigest, message));
    }
    let bundle = BundleFile::from_bytes(path.to_string(), found.bytes)?;
    bundle.estimator()?;
    // It has just opened, so reading it once more for the number of rides cannot fail.
    Ok(Bundle::from_bytes(bundle.bytes(), &Limits::default()).map_or(0, |bundle| bundle.golden.len()))
}
