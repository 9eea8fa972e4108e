//! Publishing: blob, read back, then the manifest that names it.
//!
//! A reader sees the old manifest or the new one, and the blob of either is there whole. A publisher that is stopped half
//! way leaves at most a blob that nothing names and a claim that lapses; publishing again goes on from there. How the manifest is
//! replaced when others publish too is said in `shelf/replace.rs`.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use curbside::Limits;
use curbside::bundle::Card;
use object_store::ObjectStore;

use crate::error::{PublishError, PublishErrorKind};
use crate::file::BundleFile;
use crate::keys::{PublicKey, SigningKey};
use crate::manifest::{Manifest, SCHEMA};
use crate::sha256_hex;
use crate::shelf::{LEASE, Objects, Plan, Shelf, State};

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
    /// The `MLflow` run, if not the one in the card.
    pub mlflow_run: Option<&'a str>,
    /// The model's name in `MLflow`'s registry, where there is one.
    pub mlflow_model: Option<&'a str>,
    /// Its version there.
    pub mlflow_model_version: Option<&'a str>,
    /// How long other publishers wait for this one should it die half way; 1 s at least. Each step of it must take less than a third.
    pub lease: Duration,
    /// Told, in words, what is waited for: another publisher.
    pub notice: Option<fn(&str)>,
}

impl<'a> Publication<'a> {
    /// Under the card's name, trusting no other key.
    pub fn new(alias: &'a str, key: &'a SigningKey, created_at: SystemTime) -> Publication<'a> {
        Publication {
            name: None,
            alias,
            key,
            trusted: &[],
            created_at,
            mlflow_run: None,
            mlflow_model: None,
            mlflow_model_version: None,
            lease: LEASE,
            notice: None,
        }
    }
}

/// What is in the store now.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The manifest, as signed.
    pub manifest: Manifest,
    /// The manifest that it replaced; `None` where none stood, or where nothing was written.
    pub before: Option<Manifest>,
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
/// If another publisher is under way it is waited for, and its publication is in the history then; for as long as its lease and
/// some seconds at most.
///
/// Call it from a thread that runs no asynchronous runtime: it brings its own.
///
/// # Errors
///
/// The [`OpenError`](curbside::OpenError)'s code for a bundle that cannot be opened; `PUBLISH_NAME`; the store's
/// (`STORE_FAILED`, `STORE_UNREACHABLE`, `STORE_DENIED`, `STORE_BUCKET`, `STORE_READ_BACK`); `MANIFEST_MALFORMED`, `MANIFEST_SCHEMA`,
/// `MANIFEST_KEY` and `MANIFEST_SIGNATURE` for a manifest that is there and cannot be believed; `SEQUENCE_EXHAUSTED`. After
/// each of them the manifest that was there still stands, unless the store failed so that nobody can say. `MANIFEST_CONFLICT` says
/// who else publishes, and what stands.
pub fn publish(
    store: &dyn ObjectStore,
    bundle: &BundleFile,
    publication: &Publication<'_>,
) -> Result<Published, PublishError> {
    let estimator = bundle.estimator()?;
    let card = estimator.card();
    let mut shelf = Shelf::new(
        store,
        (publication.name.unwrap_or(&card.name), publication.alias),
        publication.key,
        publication.trusted,
    )?;
    shelf.lease = publication.lease;
    shelf.notice = publication.notice;
    let stored = bundle.stored();
    let limit = Limits::default().bytes;
    if stored.len() > limit {
        let message = format!("the stored object: expected at most {limit} bytes, found {}", stored.len());
        return Err(PublishError::new(PublishErrorKind::TooLarge, message));
    }
    wait_for(publish_stored(&shelf, &stored, card, publication))
}

/// The same on a runtime that is there, once the bundle has been opened.
pub(crate) async fn publish_stored(
    shelf: &Shelf<'_>,
    stored: &[u8],
    card: &Card,
    publication: &Publication<'_>,
) -> Result<Published, PublishError> {
    let sha256 = sha256_hex(stored);
    let wanted = Manifest {
        schema: SCHEMA,
        name: shelf.name.to_owned(),
        version: card.version.clone(),
        sequence: 1,
        bytes: u64::try_from(stored.len()).unwrap_or(u64::MAX),
        url: Manifest::blob_url(&sha256),
        sha256,
        created_at: rfc3339(publication.created_at),
        mlflow_run: publication.mlflow_run.map(str::to_owned).or_else(|| card.mlflow_run.clone()),
        mlflow_model: publication.mlflow_model.map(str::to_owned),
        mlflow_model_version: publication.mlflow_model_version.map(str::to_owned),
        metrics: card.test,
        previous: None,
    };
    // Looked at before the blob is written, so that nothing is written beside a manifest that cannot be believed.
    plan(shelf, &wanted, false, &shelf.state().await?)?;
    let was_there = write_blob(shelf.objects, &shelf.blob_path(&wanted), stored).await?;
    let replaced = shelf.replace(&|state: &State| plan(shelf, &wanted, was_there, state)).await?;
    Ok(Published {
        manifest_path: shelf.manifest_path().to_string(),
        blob_path: shelf.blob_path(&replaced.manifest).to_string(),
        manifest: replaced.manifest,
        before: replaced.before,
        unchanged: replaced.unchanged,
    })
}

/// What to do about what stands: nothing if it is the same, signed by the same key, over a blob that was there whole.
fn plan(shelf: &Shelf<'_>, wanted: &Manifest, blob_was_there: bool, state: &State) -> Result<Plan, PublishError> {
    let mut manifest = Manifest { sequence: state.next(&shelf.manifest_path())?, ..wanted.clone() };
    if let Some((keyid, last)) = &state.manifest {
        let same = Manifest {
            sequence: last.sequence,
            created_at: last.created_at.clone(),
            previous: last.previous.clone(),
            ..wanted.clone()
        };
        if same == *last && blob_was_there && *keyid == shelf.key.public().keyid() {
            return Ok(Plan::Unchanged(same));
        }
        manifest.previous =
            if last.sha256 == manifest.sha256 { last.previous.clone() } else { Some(last.sha256.clone()) };
    }
    Ok(Plan::Write(manifest))
}

/// Writes a blob and reads it back; says whether it was there whole, and then leaves it alone: it is immutable, and readers may be on it.
async fn write_blob(
    objects: Objects<'_>,
    path: &object_store::path::Path,
    stored: &[u8],
) -> Result<bool, PublishError> {
    let is_whole = |found: Option<crate::shelf::Found>| found.is_some_and(|found| found.bytes == stored);
    match objects.get(path, stored.len()).await {
        Ok(found) if is_whole(found.clone()) => return Ok(true),
        // Absent, damaged, or longer than it should be.
        Ok(_) => {}
        Err(fault) if fault.kind() == PublishErrorKind::ManifestMalformed => {}
        Err(fault) => return Err(fault),
    }
    objects.put(path, stored).await?;
    // What a store says it has written is not yet what it has.
    let found = match objects.get(path, stored.len()).await {
        Ok(Some(found)) if found.bytes == stored => return Ok(false),
        Ok(Some(found)) => format!("{} other bytes", found.bytes.len()),
        Ok(None) => "nothing".to_owned(),
        Err(fault) if fault.kind() == PublishErrorKind::ManifestMalformed => "more bytes".to_owned(),
        Err(fault) => return Err(fault),
    };
    let message = format!("{path}: expected the {} bytes that were written, found {found}", stored.len());
    Err(PublishError::new(PublishErrorKind::ReadBack, message))
}

/// Does asynchronous work on a thread that has no runtime.
pub(crate) fn wait_for<T>(work: impl Future<Output = Result<T, PublishError>>) -> Result<T, PublishError> {
    if tokio::runtime::Handle::try_current().is_ok() {
        let message = "expected a thread without an asynchronous runtime, found one inside a runtime";
        return Err(PublishError::new(PublishErrorKind::Store, message));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|fault| PublishError::new(PublishErrorKind::Store, format!("no runtime: {fault}")))?;
    runtime.block_on(work)
}

/// UTC to the second. A time before 1970 or after the calendar ends is shown as 1970, since it is for people only.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let moment = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.unwrap_or(DateTime::UNIX_EPOCH).to_rfc3339_opts(SecondsFormat::Secs, true)
}
