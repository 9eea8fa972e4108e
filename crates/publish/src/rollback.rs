//! Back to an earlier model: a new, higher sequence that names the earlier blob.

use std::time::{Duration, SystemTime};

use object_store::ObjectStore;

use crate::blob;
use crate::error::{PublishError, PublishErrorKind};
use crate::keys::{PublicKey, SigningKey};
use crate::manifest::Manifest;
use crate::publish::{rfc3339, wait_for};
use crate::shelf::{LEASE, MAX_MANIFEST_BYTES, Plan, Shelf, State, read_manifest};

/// Which of the earlier publications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier<'a> {
    /// The last one with another blob than the one that stands.
    Before,
    /// The one of this sequence.
    Sequence(u64),
    /// The last one of this version of the model.
    Version(&'a str),
}

/// What to take back, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Rollback<'a> {
    /// Name of the model in the store.
    pub name: &'a str,
    /// Which manifest, such as `champion`.
    pub alias: &'a str,
    /// The key that signs the new manifest.
    pub key: &'a SigningKey,
    /// Further keys that may have signed the manifest that stands, or the earlier ones.
    pub trusted: &'a [PublicKey],
    /// Where to.
    pub to: Earlier<'a>,
    /// The time, for people.
    pub created_at: SystemTime,
    /// As a [`Publication`](crate::Publication)'s.
    pub lease: Duration,
    /// As a [`Publication`](crate::Publication)'s.
    pub notice: Option<fn(&str)>,
}

impl<'a> Rollback<'a> {
    /// To the one before, trusting no other key.
    pub fn new(name: &'a str, alias: &'a str, key: &'a SigningKey, created_at: SystemTime) -> Rollback<'a> {
        Rollback { name, alias, key, trusted: &[], to: Earlier::Before, created_at, lease: LEASE, notice: None }
    }
}

/// What was, and what is.
#[derive(Clone, Debug, PartialEq)]
pub struct RolledBack {
    /// The manifest that stood.
    pub before: Manifest,
    /// The earlier publication that it went back to.
    pub earlier: Manifest,
    /// The manifest that stands now. Its `mlflow_run`, `mlflow_model` and `mlflow_model_version` are the earlier one's, for whoever moves the
    /// registry's alias too.
    pub manifest: Manifest,
    /// Path of the manifest in the store.
    pub manifest_path: String,
    /// Path of the blob in the store.
    pub blob_path: String,
}

/// Publishes an earlier publication anew, after its blob was fetched and opened.
///
/// Call it from a thread that runs no asynchronous runtime: it brings its own.
///
/// # Errors
///
/// Those of [`publish`](crate::publish); `MANIFEST_MISSING` where nothing stands; `ROLLBACK_TARGET` where there is no such earlier
/// publication; those of a blob that is not what its manifest says (`BLOB_MISSING`, `BLOB_LENGTH`, `BLOB_DIGEST`, ...);
/// `MANIFEST_CONFLICT` too if anything else was published meanwhile: then "the one before" is another one.
pub fn rollback(store: &dyn ObjectStore, rollback: &Rollback<'_>) -> Result<RolledBack, PublishError> {
    let mut shelf = Shelf::new(store, (rollback.name, rollback.alias), rollback.key, rollback.trusted)?;
    shelf.lease = rollback.lease;
    shelf.notice = rollback.notice;
    wait_for(roll_back(&shelf, rollback))
}

async fn roll_back(shelf: &Shelf<'_>, rollback: &Rollback<'_>) -> Result<RolledBack, PublishError> {
    let path = shelf.manifest_path();
    let state = shelf.state().await?;
    let Some(before) = state.manifest().cloned() else {
        let message = format!("{path}: expected a manifest to take back, found none");
        return Err(PublishError::new(PublishErrorKind::ManifestMissing, message));
    };
    let earlier = find(shelf, &state, &before, rollback.to).await?;
    blob::check(shelf.objects, &shelf.blob_path(&earlier), &earlier).await?;
    let replaced = shelf
        .replace(&|now: &State| {
            if now.manifest() != Some(&before) {
                let message = format!("{path}: it changed since the earlier publication was looked for");
                return Err(PublishError::new(PublishErrorKind::ManifestConflict, message));
            }
            Ok(Plan::Write(Manifest {
                sequence: now.next(&path)?,
                created_at: rfc3339(rollback.created_at),
                previous: Some(before.sha256.clone()),
                ..earlier.clone()
            }))
        })
        .await?;
    Ok(RolledBack {
        manifest_path: path.to_string(),
        blob_path: shelf.blob_path(&earlier).to_string(),
        before,
        earlier,
        manifest: replaced.manifest,
    })
}

/// Looks for the earlier publication, the latest entries first; each is verified like a manifest.
async fn find(
    shelf: &Shelf<'_>,
    state: &State,
    standing: &Manifest,
    to: Earlier<'_>,
) -> Result<Manifest, PublishError> {
    let folder = format!("models/{}/{}.history", shelf.name, shelf.alias);
    let refused = |expected: &str, found: &str| {
        let message = format!("{folder}: expected {expected}, found {found}");
        Err(PublishError::new(PublishErrorKind::RollbackTarget, message))
    };
    let mut newest_first = state.history.clone();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    let mut seen = Vec::new();
    for sequence in newest_first.into_iter().filter(|sequence| *sequence != standing.sequence) {
        if matches!(to, Earlier::Sequence(wanted) if wanted != sequence) {
            seen.push(sequence.to_string());
            continue;
        }
        let path = shelf.history_path(sequence);
        let Some(found) = shelf.objects.get(&path, MAX_MANIFEST_BYTES).await? else { continue };
        let (_, found) = read_manifest(&path, &found.bytes, shelf.name, &shelf.trusted)?;
        if found.sequence != sequence {
            let message = format!("{path}: expected sequence {sequence}, found {}", found.sequence);
            return Err(PublishError::new(PublishErrorKind::ManifestMalformed, message));
        }
        let is_wanted = match to {
            Earlier::Before => found.sha256 != standing.sha256,
            Earlier::Sequence(_) => true,
            Earlier::Version(version) => found.version == version && found.sha256 != standing.sha256,
        };
        if is_wanted && found.sha256 == standing.sha256 {
            return refused("another blob than the one that stands", &format!("the same in sequence {sequence}"));
        }
        if is_wanted {
            return Ok(found);
        }
        seen.push(match to {
            Earlier::Version(_) => found.version,
            Earlier::Before | Earlier::Sequence(_) => sequence.to_string(),
        });
    }
    let found = match (seen.is_empty(), to) {
        (true, _) => "nothing earlier".to_owned(),
        (false, Earlier::Before) => format!("the same blob in sequence {}", seen.join(", ")),
        (false, Earlier::Sequence(_) | Earlier::Version(_)) => seen.join(", "),
    };
    match to {
        Earlier::Before => refused("an earlier publication of another blob", &found),
        Earlier::Sequence(wanted) => refused(&format!("an earlier publication of sequence {wanted}"), &found),
        Earlier::Version(wanted) => {
            refused(&format!("an earlier publication of version {wanted:?} with another blob"), &found)
        }
    }
}
