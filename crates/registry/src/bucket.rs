//! Artifacts that lie in S3 where the server does not hand them out itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use curbside_publish::{StoreSettings, StoreUrl, open_store, store_error};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::Runtime;

use crate::artifacts::{Entry, joined};
use crate::error::{RegistryError, RegistryErrorKind};
use crate::transport::{runtime, wait};

/// A folder of a model or a run has tens of files; a list that takes longer than this is not of one.
const LONGEST_LIST: Duration = Duration::from_secs(10);

/// A folder in a bucket. Requests are sent again by the store's own rules.
pub(crate) struct Bucket {
    uri: String,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl Bucket {
    pub(crate) fn open(uri: &str, settings: &StoreSettings) -> Result<Bucket, RegistryError> {
        let store = open_store(&StoreUrl::parse(uri)?, settings)?;
        Ok(Bucket { uri: uri.to_owned(), store, runtime: runtime()? })
    }

    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Entry>, RegistryError> {
        let (prefix, below) = (Path::from(folder), !folder.trim_matches('/').is_empty());
        let listed = wait(&self.runtime, async {
            let listing = self.store.list_with_delimiter(below.then_some(&prefix));
            // A list comes in pages, and whoever wants to can go on giving pages for ever.
            let listed = tokio::time::timeout(LONGEST_LIST, listing).await.map_err(|_| {
                let place = joined(&self.uri, folder);
                let message =
                    format!("{place}: expected a list of what is there, found no end of it in {LONGEST_LIST:?}");
                RegistryError::new(RegistryErrorKind::TooLarge, message)
            })?;
            listed.map_err(|fault| self.fault(folder, &fault))
        })?;
        let folder = |path: Path| Entry { path: path.to_string(), is_folder: true, bytes: None };
        let file =
            |file: ObjectMeta| Entry { path: file.location.to_string(), is_folder: false, bytes: Some(file.size) };
        let mut entries: Vec<Entry> = listed.common_prefixes.into_iter().map(folder).collect();
        entries.extend(listed.objects.into_iter().map(file));
        Ok(entries)
    }

    pub(crate) fn get(&self, path: &str, most: usize) -> Result<Vec<u8>, RegistryError> {
        wait(&self.runtime, async {
            let found = self.store.get(&Path::from(path)).await.map_err(|fault| self.fault(path, &fault))?;
            let size = found.meta.size;
            if size > most as u64 {
                let place = joined(&self.uri, path);
                let message = format!("{place}: expected at most {most} bytes, found {size}");
                return Err(RegistryError::new(RegistryErrorKind::TooLarge, message));
            }
            found.bytes().await.map(|bytes| bytes.to_vec()).map_err(|fault| self.fault(path, &fault))
        })
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        let payload = PutPayload::from(bytes.to_vec());
        wait(&self.runtime, async {
            let put = self.store.put(&Path::from(path), payload).await;
            put.map(|_| ()).map_err(|fault| self.fault(path, &fault))
        })
    }

    /// What the store says, in words.
    fn fault(&self, path: &str, fault: &Error) -> RegistryError {
        let place = joined(&self.uri, path);
        if matches!(fault, Error::NotFound { .. }) {
            let message = format!("{place}: expected an artifact, found none");
            return RegistryError::new(RegistryErrorKind::NotFound, message);
        }
        store_error(&place, fault).into()
    }
}
