//! A store between whose operations a schedule chooses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use tokio::time::Instant;

/// The store that the publishers share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) store: InMemory,
    written: Mutex<BTreeMap<Path, DateTime<Utc>>>,
    began: Instant,
    heeds_conditions: bool,
}

impl World {
    pub(super) fn new(heeds_conditions: bool) -> World {
        World { store: InMemory::new(), written: Mutex::default(), began: Instant::now(), heeds_conditions }
    }

    /// What time the store thinks it is: whole seconds.
    fn now(&self) -> DateTime<Utc> {
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap();
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_600_000_000 + seconds)
    }

    fn dated(&self, mut meta: ObjectMeta) -> ObjectMeta {
        if let Some(written) = self.written.lock().unwrap().get(&meta.location) {
            meta.last_modified = *written;
        }
        meta
    }

    /// What a reader would find.
    pub(super) async fn read(&self, path: &Path) -> Option<Vec<u8>> {
        Some(self.store.get(path).await.ok()?.bytes().await.unwrap().to_vec())
    }
}

/// One publisher's way to the store.
#[derive(Debug, Clone)]
pub(super) struct Gated {
    pub(super) world: Arc<World>,
    pub(super) gate: Gate,
}

/// Gives way to the schedule.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(pub(super) Arc<AtomicBool>);

impl Gate {
    async fn pass(&self) {
        self.0.store(true, Ordering::Relaxed);
        let mut is_first = true;
        std::future::poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

impl fmt::Display for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gated memory")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Gated {
    async fn put_opts(&self, path: &Path, payload: PutPayload, mut options: PutOptions) -> StoreResult<PutResult> {
        self.gate.pass().await;
        if !self.world.heeds_conditions {
            options.mode = PutMode::Overwrite;
        }
        let done = self.world.store.put_opts(path, payload, options).await;
        if done.is_ok() {
            let now = self.world.now();
            self.world.written.lock().unwrap().insert(path.clone(), now);
        }
        self.gate.pass().await;
        done
    }

    async fn put_multipart_opts(&self, path: &Path, o: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        self.world.store.put_multipart_opts(path, o).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> StoreResult<GetResult> {
        self.gate.pass().await;
        let done = self.world.store.get_opts(path, options).await;
        self.gate.pass().await;
        done.map(|mut found| {
            found.meta = self.world.dated(found.meta);
            found
        })
    }

    fn delete_stream(&self, paths: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        let this = self.clone();
        paths
            .then(move |path| {
                let this = this.clone();
                async move {
                    this.gate.pass().await;
                    let path = path?;
                    let done = this.world.store.delete(&path).await;
                    this.gate.pass().await;
                    done.map(|()| path)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        let listed = async move {
            this.gate.pass().await;
            let found: Vec<_> = this.world.store.list(prefix.as_ref()).collect().await;
            let world = this.world.clone();
            let found: Vec<_> = found.into_iter().map(|meta| meta.map(|meta| world.dated(meta))).collect();
            this.gate.pass().await;
            futures_util::stream::iter(found)
        };
        futures_util::stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.world.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.world.store.copy_opts(from, to, options).await
    }
}
