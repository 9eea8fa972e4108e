//! Single objects of a store, each waited for with patience that has an end.

use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};

use crate::error::{PublishError, PublishErrorKind};
use crate::place::{is_outcome_unknown, is_refused_condition, knows_no_conditions, store_error};

/// The slowest that a blob may travel and still be waited for.
const SLOWEST_BYTES_PER_SECOND: usize = 64 << 10;

/// A store, and how long one of its answers is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Objects<'a> {
    store: &'a dyn ObjectStore,
    patience: Duration,
}

/// An object as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) bytes: Vec<u8>,
    /// By which a conditional write knows this very state.
    version: UpdateVersion,
}

/// What became of a write that may only replace a certain state.
pub(crate) enum Written {
    Yes,
    /// The store says that the state is another one by now.
    Refused,
    /// It cannot be known: the store may still do it.
    Unknown(PublishError),
}

impl<'a> Objects<'a> {
    /// A store whose every answer is waited for this long, and longer in proportion where a blob travels.
    pub(crate) fn new(store: &'a dyn ObjectStore, patience: Duration) -> Objects<'a> {
        Objects { store, patience }
    }

    /// The same store with another patience.
    pub(crate) fn with_patience(self, patience: Duration) -> Objects<'a> {
        Objects { patience, ..self }
    }

    /// An object of at most `limit` bytes; `None` where there is none.
    pub(crate) async fn get(&self, path: &Path, limit: usize) -> Result<Option<Found>, PublishError> {
        let read = async {
            let found = match self.store.get(path).await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { source, path: missing }) => {
                    let fault = object_store::Error::NotFound { source, path: missing };
                    let told = store_error(path.as_ref(), &fault);
                    // A bucket that is not there is no absent object.
                    return if told.kind() == PublishErrorKind::StoreBucket { Err(told) } else { Ok(None) };
                }
                Err(fault) => return Err(store_error(path.as_ref(), &fault)),
            };
            if usize::try_from(found.meta.size).map_or(true, |size| size > limit) {
                let message = format!("{path}: expected at most {limit} bytes, found {}", found.meta.size);
                return Err(PublishError::new(PublishErrorKind::ManifestMalformed, message));
            }
            let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
            let bytes = found.bytes().await.map_err(|fault| store_error(path.as_ref(), &fault))?;
            Ok(Some(Found { bytes: bytes.to_vec(), version }))
        };
        self.within(path, limit, read).await
    }

    pub(crate) async fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        let write = async {
            let written = self.store.put(path, PutPayload::from(bytes.to_vec())).await;
            written.map(drop).map_err(|fault| store_error(path.as_ref(), &fault))
        };
        self.within(path, bytes.len(), write).await
    }

    /// Writes an object in place of `before` (`None`: in place of nothing), by the store's own condition where it has one.
    pub(crate) async fn replace(
        &self,
        path: &Path,
        before: Option<&Found>,
        bytes: &[u8],
    ) -> Result<Written, PublishError> {
        let mode = match before {
            None => PutMode::Create,
            Some(found) if found.version.e_tag.is_some() => PutMode::Update(found.version.clone()),
            Some(_) => PutMode::Overwrite,
        };
        let write = async {
            let mut written = self.store.put_opts(path, PutPayload::from(bytes.to_vec()), mode.into()).await;
            if written.as_ref().is_err_and(knows_no_conditions) {
                written = self.store.put(path, PutPayload::from(bytes.to_vec())).await;
            }
            match written {
                Ok(_) => Ok(Written::Yes),
                Err(fault) if is_refused_condition(&fault) => Ok(Written::Refused),
                Err(fault) if is_outcome_unknown(&fault) => Ok(Written::Unknown(store_error(path.as_ref(), &fault))),
                Err(fault) => Err(store_error(path.as_ref(), &fault)),
            }
        };
        match tokio::time::timeout(self.patience, write).await {
            Ok(written) => written,
            Err(_) => Ok(Written::Unknown(Self::too_slow(path, self.patience))),
        }
    }

    /// Everything below a folder, in the order of the paths.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<ObjectMeta>, PublishError> {
        let list = async {
            let listed: Result<Vec<ObjectMeta>, _> = self.store.list(Some(folder)).try_collect().await;
            listed.map_err(|fault| store_error(folder.as_ref(), &fault))
        };
        let mut found = self.within(folder, 0, list).await?;
        found.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    /// Names of objects and of folders directly below a folder.
    pub(crate) async fn names(&self, folder: &Path) -> Result<(Vec<String>, Vec<String>), PublishError> {
        let list = async {
            let listed = self.store.list_with_delimiter(Some(folder)).await;
            listed.map_err(|fault| store_error(folder.as_ref(), &fault))
        };
        let listed = self.within(folder, 0, list).await?;
        let own_name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let objects = listed.objects.iter().map(|object| own_name(&object.location)).collect();
        Ok((objects, listed.common_prefixes.iter().map(own_name).collect()))
    }

    /// Removes an object; one that is not there is as good as removed.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), PublishError> {
        let delete = async {
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(fault) => Err(store_error(path.as_ref(), &fault)),
            }
        };
        self.within(path, 0, delete).await
    }

    async fn within<T>(
        &self,
        path: &Path,
        bytes: usize,
        work: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        let travel = u64::try_from(bytes / SLOWEST_BYTES_PER_SECOND).unwrap_or(u64::MAX);
        let patience = self.patience.saturating_add(Duration::from_secs(travel));
        tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(Self::too_slow(path, patience)))
    }

    fn too_slow(path: &Path, patience: Duration) -> PublishError {
        let message =
            format!("{path}: expected an answer of the store within {} s, found none", patience.as_secs_f32());
        PublishError::new(PublishErrorKind::StoreUnreachable, message)
    }
}
