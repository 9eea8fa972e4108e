//! Publishing: blob, read back, then the manifest that names it.
//!
//! ```text
//! models/<name>/blobs/<sha256>.curb   immutable, the stored object
//! models/<name>/<alias>.json          the signed manifest
//! ```
//!
//! A reader sees the old manifest or the new one, and the blob of either is there whole. A publisher that is stopped half
//! way leaves at most a blob that nothing names; publishing again finds it. Two publishers at a time are told of each
//! other as far as that can be seen; a store's conditional writes are not leaned on, because not every store has them.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use curbside::{Estimator, Limits};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::error::{PublishError, PublishErrorKind};
use crate::file::BundleFile;
use crate::keys::{PublicKey, SigningKey};
use crate::manifest::{Envelope, MAX_SEQUENCE, Manifest, SCHEMA};
use crate::place::store_error;
use crate::sha256_hex;

/// A manifest is under a kilobyte; more is none.
const MAX_MANIFEST_BYTES: usize = 64 << 10;

/// What to publish as, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// Name of the model in the store; `None` for the name in the bundle's card.
    pub name: Option<&'a str>,
    /// Which manifest, such as `champion`.
    pub alias: &'a str,
    /// The key that signs.
    pub key: &'a SigningKey,
    /// Further keys that may have signed the manifest that is there, as after a rotation.
    pub trusted: &'a [PublicKey],
    /// The time, for people.
    pub created_at: SystemTime,
    /// The model's version in `MLflow`'s registry, where there is one.
    pub mlflow_model_version: Option<&'a str>,
}

impl<'a> Publication<'a> {
    /// Under the card's name, trusting no other key.
    pub fn new(alias: &'a str, key: &'a SigningKey, created_at: SystemTime) -> Publication<'a> {
        Publication { name: None, alias, key, trusted: &[], created_at, mlflow_model_version: None }
    }
}

/// What is in the store now.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The manifest, as signed.
    pub manifest: Manifest,
    /// Path of the manifest in the store.
    pub manifest_path: String,
    /// Path of the blob in the store.
    pub blob_path: String,
    /// Whether it stood there already, blob and all, signed by this very key: nothing was written.
    pub unchanged: bool,
}

/// Publishes a bundle under an alias: opens it, writes its blob, reads that back, and then writes the signed manifest with
/// the next sequence number. Publishing what is published already changes nothing.
///
/// Call it from a thread that runs no asynchronous runtime: it brings its own.
///
/// # Errors
///
/// The [`OpenError`](curbside::OpenError)'s code for a bundle that cannot be opened; `PUBLISH_NAME`; `STORE_FAILED` and
/// `STORE_READ_BACK`; `MANIFEST_MALFORMED`, `MANIFEST_SCHEMA`, `MANIFEST_KEY` and `MANIFEST_SIGNATURE` for a manifest that is
/// there and cannot be believed; `MANIFEST_CONFLICT`; `SEQUENCE_EXHAUSTED`. After each of them the manifest that was there still stands.
pub fn publish(
    store: &dyn ObjectStore,
    bundle: &BundleFile,
    publication: &Publication<'_>,
) -> Result<Published, PublishError> {
    let estimator = bundle.estimator()?;
    let shelf = Shelf::new(store, &estimator, publication)?;
    let stored = bundle.stored();
    let limit = Limits::default().bytes;
    if stored.len() > limit {
        let message = format!("the stored object: expected at most {limit} bytes, found {}", stored.len());
        return Err(PublishError::new(PublishErrorKind::TooLarge, message));
    }
    if tokio::runtime::Handle::try_current().is_ok() {
        let message = "expected a thread without an asynchronous runtime, found one inside a runtime";
        return Err(PublishError::new(PublishErrorKind::Store, message));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|fault| PublishError::new(PublishErrorKind::Store, format!("no runtime: {fault}")))?;
    runtime.block_on(shelf.publish(&stored, &estimator, publication))
}

/// One alias of one model in a store.
struct Shelf<'a> {
    store: &'a dyn ObjectStore,
    name: &'a str,
    manifest_path: Path,
    trusted: Vec<PublicKey>,
}

impl<'a> Shelf<'a> {
    fn new(
        store: &'a dyn ObjectStore,
        estimator: &'a Estimator,
        publication: &Publication<'a>,
    ) -> Result<Shelf<'a>, PublishError> {
        let name = publication.name.unwrap_or(&estimator.card().name);
        check_name("the model's name", name)?;
        check_name("the alias", publication.alias)?;
        let mut trusted = vec![publication.key.public()];
        trusted.extend(publication.trusted);
        let manifest_path = Path::from(format!("models/{name}/{}.json", publication.alias));
        Ok(Shelf { store, name, manifest_path, trusted })
    }

    async fn publish(
        &self,
        stored: &[u8],
        estimator: &Estimator,
        publication: &Publication<'_>,
    ) -> Result<Published, PublishError> {
        let before = self.get(&self.manifest_path, MAX_MANIFEST_BYTES).await?;
        let last = before.as_deref().map(|text| self.read_manifest(text)).transpose()?;
        let mut manifest = self.next_manifest(stored, estimator, publication, last.as_ref().map(|(_, last)| last))?;
        let blob_path = Path::from(format!("models/{}/{}", self.name, manifest.url));
        let published = |manifest, unchanged| Published {
            manifest,
            manifest_path: self.manifest_path.to_string(),
            blob_path: blob_path.to_string(),
            unchanged,
        };
        // A blob that is there whole is not written again: it is immutable, and readers may be on it.
        let blob_there = self.get(&blob_path, stored.len()).await.is_ok_and(|found| found.as_deref() == Some(stored));
        if let Some((keyid, last)) = last {
            let same = Manifest {
                sequence: last.sequence,
                created_at: last.created_at.clone(),
                previous: last.previous.clone(),
                ..manifest.clone()
            };
            if same == last && blob_there && keyid == publication.key.public().keyid() {
                return Ok(published(last, true));
            }
            if last.sha256 == manifest.sha256 {
                manifest.previous = last.previous;
            }
        }
        if !blob_there {
            self.put(&blob_path, stored).await?;
            self.compare(&blob_path, stored, PublishErrorKind::ReadBack).await?;
        }
        if self.get(&self.manifest_path, MAX_MANIFEST_BYTES).await? != before {
            let message = format!("{}: it changed while its blob was written", self.manifest_path);
            return Err(PublishError::new(PublishErrorKind::ManifestConflict, message));
        }
        let envelope = Envelope::seal(&manifest, publication.key)?.to_json()?;
        self.put(&self.manifest_path, &envelope).await?;
        self.compare(&self.manifest_path, &envelope, PublishErrorKind::ManifestConflict).await?;
        Ok(published(manifest, false))
    }

    /// The manifest that is there, and the id of the key that signed it.
    fn read_manifest(&self, text: &[u8]) -> Result<(String, Manifest), PublishError> {
        let read = || {
            let envelope = Envelope::from_json(text)?;
            let manifest = envelope.open(&self.trusted)?;
            if manifest.name != self.name {
                let message = format!("the manifest's name: expected {:?}, found {:?}", self.name, manifest.name);
                return Err(PublishError::new(PublishErrorKind::ManifestMalformed, message));
            }
            Ok((envelope.keyid, manifest))
        };
        read().map_err(|fault: PublishError| fault.at(&self.manifest_path))
    }

    fn next_manifest(
        &self,
        stored: &[u8],
        estimator: &Estimator,
        publication: &Publication<'_>,
        last: Option<&Manifest>,
    ) -> Result<Manifest, PublishError> {
        let sequence = last.map_or(1, |last| last.sequence + 1);
        if sequence > MAX_SEQUENCE {
            let message = format!("{}: expected a sequence below {MAX_SEQUENCE}", self.manifest_path);
            return Err(PublishError::new(PublishErrorKind::SequenceExhausted, message));
        }
        let sha256 = sha256_hex(stored);
        let card = estimator.card();
        Ok(Manifest {
            schema: SCHEMA,
            name: self.name.to_owned(),
            version: card.version.clone(),
            sequence,
            bytes: u64::try_from(stored.len()).unwrap_or(u64::MAX),
            url: Manifest::blob_url(&sha256),
            sha256,
            created_at: rfc3339(publication.created_at),
            mlflow_run: card.mlflow_run.clone(),
            mlflow_model_version: publication.mlflow_model_version.map(str::to_owned),
            metrics: card.test,
            previous: last.map(|last| last.sha256.clone()),
        })
    }

    /// An object of at most `limit` bytes; `None` where there is none.
    async fn get(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, PublishError> {
        let found = match self.store.get(path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(fault) => return Err(failed(path, &fault)),
        };
        if usize::try_from(found.meta.size).map_or(true, |size| size > limit) {
            let message = format!("{path}: expected at most {limit} bytes, found {}", found.meta.size);
            return Err(PublishError::new(PublishErrorKind::ManifestMalformed, message));
        }
        let bytes = found.bytes().await.map_err(|fault| failed(path, &fault))?;
        Ok(Some(bytes.to_vec()))
    }

    async fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        self.store.put(path, PutPayload::from(bytes.to_vec())).await.map(drop).map_err(|fault| failed(path, &fault))
    }

    /// Reads an object back: what a store says it has written is not yet what it has.
    async fn compare(&self, path: &Path, expected: &[u8], kind: PublishErrorKind) -> Result<(), PublishError> {
        let found = self.get(path, expected.len()).await;
        if found.as_ref().is_ok_and(|found| found.as_deref() == Some(expected)) {
            return Ok(());
        }
        let found = match found {
            Ok(Some(bytes)) => format!("{} other bytes", bytes.len()),
            Ok(None) => "nothing".to_owned(),
            Err(fault) => fault.to_string(),
        };
        let message = format!("{path}: expected the {} bytes that were written, found {found}", expected.len());
        Err(PublishError::new(kind, message))
    }
}

fn failed(path: &Path, fault: &object_store::Error) -> PublishError {
    store_error(path.as_ref(), fault)
}

/// Names become parts of paths and of URLs, so only what needs no escaping in either is let through.
fn check_name(what: &str, name: &str) -> Result<(), PublishError> {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if begins && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(PublishError::new(PublishErrorKind::Name, format!("{what}: expected a plain name, found {name:?}")))
}

/// UTC to the second. A time before 1970 or after the calendar ends is shown as 1970, since it is for people only.
fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let moment = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.unwrap_or(DateTime::UNIX_EPOCH).to_rfc3339_opts(SecondsFormat::Secs, true)
}
