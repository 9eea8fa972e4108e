//! Opening a place.

use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::{StoreSettings, StoreUrl};
use crate::error::{PublishError, PublishErrorKind};

/// Opens a folder as an object store; makes it if it is not there. What is written is on the disk before it is named.
///
/// # Errors
///
/// `FILE_WRITE`, `STORE_FAILED`.
pub fn open_folder(folder: &Path) -> Result<LocalFileSystem, PublishError> {
    std::fs::create_dir_all(folder).map_err(|fault| PublishError::file(PublishErrorKind::FileWrite, folder, &fault))?;
    let store = LocalFileSystem::new_with_prefix(folder)
        .map_err(|fault| PublishError::new(PublishErrorKind::Store, format!("{}: {fault}", folder.display())))?;
    Ok(store.with_fsync(true))
}

/// Opens any place. Nothing is sent to a bucket yet: whether it is there, and whether the keys are good, shows the first object.
///
/// Requests to a bucket are made again for a few seconds where that can help, and then fail. Use the store on a Tokio runtime
/// with time and I/O enabled.
///
/// # Errors
///
/// Those of [`open_folder`]; `STORE_CREDENTIALS` without keys, `STORE_URL` for an endpoint that cannot be used or for a bucket in
/// a build without the feature `s3`.
pub fn open_store(place: &StoreUrl, settings: &StoreSettings) -> Result<Arc<dyn ObjectStore>, PublishError> {
    match place {
        StoreUrl::Folder(folder) => Ok(Arc::new(open_folder(folder)?)),
        StoreUrl::S3 { bucket, prefix } | StoreUrl::R2 { bucket, prefix } => bucket_of(place, bucket, prefix, settings),
    }
}

#[cfg(feature = "s3")]
fn bucket_of(
    place: &StoreUrl,
    bucket: &str,
    prefix: &str,
    settings: &StoreSettings,
) -> Result<Arc<dyn ObjectStore>, PublishError> {
    let store = super::s3::open(place, bucket, settings)?;
    if prefix.is_empty() {
        return Ok(Arc::new(store));
    }
    Ok(Arc::new(object_store::prefix::PrefixStore::new(store, prefix)))
}

#[cfg(not(feature = "s3"))]
fn bucket_of(place: &StoreUrl, _: &str, _: &str, _: &StoreSettings) -> Result<Arc<dyn ObjectStore>, PublishError> {
    let message = format!("{place}: expected a folder, since this build has no S3; found a bucket");
    Err(PublishError::new(PublishErrorKind::StoreUrl, message))
}
