//! What is published, and whether a reader could use it: every alias, its manifest, its blob, its history, and who is under way.

use std::time::SystemTime;

use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use serde::Serialize;

use crate::blob;
use crate::error::{PublishError, PublishErrorKind};
use crate::keys::PublicKey;
use crate::manifest::{Envelope, Manifest};
use crate::publish::wait_for;
use crate::shelf::{
    ClaimText, LEASE, MAX_MANIFEST_BYTES, Objects, PATIENCE, blob_path, check_alias, check_name, claims_folder,
    history_folder, manifest_path, read_manifest, sequence_of,
};

/// Where every model's objects are.
const MODELS: &str = "models";

/// What to look at.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// One model; `None` for all.
    pub name: Option<&'a str>,
    /// One alias; `None` for all.
    pub alias: Option<&'a str>,
    /// Keys by which manifests are verified.
    pub trusted: &'a [PublicKey],
    /// What time it is here, to say how old a claim is. Nothing else rests on it.
    pub now: SystemTime,
}

/// One alias.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AliasStatus {
    /// Name of the model.
    pub name: String,
    /// The alias.
    pub alias: String,
    /// Path of the manifest.
    pub manifest_path: String,
    /// Whether a reader that trusts these keys can use it.
    pub ok: bool,
    /// What is wrong, and what to do.
    pub problems: Vec<Problem>,
    /// Id of the key that signed, as the envelope says.
    pub keyid: Option<String>,
    /// Whether the signature is that of a trusted key.
    pub verified: bool,
    /// The manifest, where it is verified.
    pub manifest: Option<Manifest>,
    /// Its blob.
    pub blob: Option<BlobStatus>,
    /// Publications before the one that stands, the latest first.
    pub history: Vec<HistoryStatus>,
    /// Publishers that are under way or were killed.
    pub claims: Vec<ClaimStatus>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, as a [`PublishError`]'s.
    pub code: &'static str,
    /// What was expected, what was found, what to do.
    pub message: String,
}

/// The blob that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlobStatus {
    /// Path of the blob.
    pub path: String,
    /// Whether it is there, of the manifest's length and digest, and opens.
    pub whole: bool,
    /// How many golden rides gave the same bits.
    pub golden_rides: usize,
}

/// An earlier publication.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryStatus {
    /// Its sequence, by its path.
    pub sequence: u64,
    /// Id of the key that signed, as the envelope says.
    pub keyid: Option<String>,
    /// The manifest, where it is verified.
    pub manifest: Option<Manifest>,
    /// Whether an object of the manifest's length is where its blob should be. Going back fetches and opens it.
    pub blob_there: bool,
    /// Why it is not verified.
    pub problem: Option<Problem>,
}

/// A publisher's claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimStatus {
    /// Path of the claim.
    pub path: String,
    /// Which sequence it was going to use.
    pub sequence: Option<u64>,
    /// Of which version, where the claim can be read.
    pub version: Option<String>,
    /// Seconds since it was written, by this machine's clock and the store's.
    pub age_seconds: i64,
    /// Whether it is older than its lease: its publisher was killed, and the next one tidies it away.
    pub abandoned: bool,
}

impl From<&PublishError> for Problem {
    fn from(error: &PublishError) -> Problem {
        Problem { code: error.code(), message: error.to_string() }
    }
}

/// Looks at every alias that fits, in the order of their names. That something is wrong with one is no error: it is in the answer.
///
/// Call it from a thread that runs no asynchronous runtime: it brings its own.
///
/// # Errors
///
/// `PUBLISH_NAME`, `MANIFEST_MISSING` where nothing fits, and the store's.
pub fn status(store: &dyn ObjectStore, query: &Query<'_>) -> Result<Vec<AliasStatus>, PublishError> {
    query.name.map_or(Ok(()), |name| check_name("the model's name", name))?;
    query.alias.map_or(Ok(()), check_alias)?;
    wait_for(look(Objects::new(store, PATIENCE), query))
}

/// Names of the models in a store, in their order.
///
/// Call it from a thread that runs no asynchronous runtime: it brings its own.
///
/// # Errors
///
/// The store's.
pub fn models(store: &dyn ObjectStore) -> Result<Vec<String>, PublishError> {
    wait_for(async { Ok(Objects::new(store, PATIENCE).names(&Path::from(MODELS)).await?.1) })
}

async fn look(objects: Objects<'_>, query: &Query<'_>) -> Result<Vec<AliasStatus>, PublishError> {
    let names = match query.name {
        Some(name) => vec![name.to_owned()],
        None => objects.names(&Path::from(MODELS)).await?.1,
    };
    let mut found = Vec::new();
    for name in names {
        let (files, folders) = objects.names(&Path::from(format!("{MODELS}/{name}"))).await?;
        let of_files = files.iter().filter_map(|file| file.strip_suffix(".json"));
        let of_folders = folders
            .iter()
            .filter_map(|folder| folder.strip_suffix(".history").or_else(|| folder.strip_suffix(".claims")));
        let blobs = objects.list(&Path::from(format!("{MODELS}/{name}/blobs"))).await?;
        let mut aliases: Vec<&str> = of_files.chain(of_folders).filter(|alias| check_alias(alias).is_ok()).collect();
        aliases.sort_unstable();
        aliases.dedup();
        for alias in aliases.into_iter().filter(|alias| query.alias.is_none_or(|wanted| wanted == *alias)) {
            let status = Look { objects, name: &name, alias, query, blobs: &blobs }.status().await?;
            // A folder's empty remains are not an alias.
            if status.keyid.is_some() || !status.history.is_empty() || !status.claims.is_empty() {
                found.push(status);
            }
        }
    }
    if found.is_empty() {
        let (name, alias) = (query.name.unwrap_or("<name>"), query.alias.unwrap_or("<alias>"));
        let message = format!("{MODELS}/{name}/{alias}.json: expected a manifest, found none");
        return Err(PublishError::new(PublishErrorKind::ManifestMissing, message));
    }
    Ok(found)
}

/// One alias that is looked at, and what its model has.
#[derive(Clone, Copy)]
struct Look<'a> {
    objects: Objects<'a>,
    name: &'a str,
    alias: &'a str,
    query: &'a Query<'a>,
    /// All of the model's, whichever alias names them.
    blobs: &'a [ObjectMeta],
}

impl Look<'_> {
    async fn status(self) -> Result<AliasStatus, PublishError> {
        let Look { objects, name, alias, query, .. } = self;
        let path = manifest_path(name, alias);
        let mut problems = Vec::new();
        let (keyid, read) = match objects.get(&path, MAX_MANIFEST_BYTES).await {
            Ok(Some(found)) => {
                let keyid =
                    Envelope::from_json(&found.bytes).map_or_else(|_| "unknown".to_owned(), |envelope| envelope.keyid);
                (Some(keyid), read_manifest(&path, &found.bytes, name, query.trusted))
            }
            Ok(None) => {
                let message = format!("{path}: expected a manifest, found none");
                (None, Err(PublishError::new(PublishErrorKind::ManifestMissing, message)))
            }
            // Longer than any manifest: there, and not to be believed.
            Err(fault) if fault.kind() == PublishErrorKind::ManifestMalformed => {
                (Some("unknown".to_owned()), Err(fault))
            }
            Err(fault) => return Err(fault),
        };
        let manifest = read.map(|(_, manifest)| manifest).inspect_err(|fault| problems.push(Problem::from(fault))).ok();
        let mut history = self.history().await?;
        if let Some(standing) = &manifest {
            let highest = history.first().map_or(0, |entry| entry.sequence);
            if highest > standing.sequence {
                let found = standing.sequence;
                let message = format!("{path}: expected sequence {highest}, which the history has, found {found}");
                problems.push(Problem::from(&PublishError::new(PublishErrorKind::ManifestSequence, message)));
            }
            history.retain(|entry| entry.sequence != standing.sequence);
        }
        let blob = match &manifest {
            None => None,
            Some(manifest) => {
                let path = blob_path(name, manifest);
                let checked = blob::check(objects, &path, manifest).await;
                let checked = checked.inspect_err(|fault| problems.push(Problem::from(fault)));
                let golden_rides = checked.as_ref().copied().unwrap_or(0);
                Some(BlobStatus { path: path.to_string(), whole: checked.is_ok(), golden_rides })
            }
        };
        Ok(AliasStatus {
            name: name.to_owned(),
            alias: alias.to_owned(),
            manifest_path: path.to_string(),
            ok: problems.is_empty(),
            problems,
            keyid,
            verified: manifest.is_some(),
            manifest,
            blob,
            history,
            claims: self.claims().await?,
        })
    }

    /// Earlier publications, the latest first.
    async fn history(self) -> Result<Vec<HistoryStatus>, PublishError> {
        let Look { objects, name, alias, query, blobs } = self;
        let mut entries = Vec::new();
        for listed in objects.list(&history_folder(name, alias)).await?.into_iter().rev() {
            let Some(sequence) = sequence_of(&listed.location) else { continue };
            let Some(found) = objects.get(&listed.location, MAX_MANIFEST_BYTES).await? else { continue };
            let keyid = Envelope::from_json(&found.bytes).ok().map(|envelope| envelope.keyid);
            let read = read_manifest(&listed.location, &found.bytes, name, query.trusted).map(|(_, manifest)| manifest);
            let blob_there = read.as_ref().is_ok_and(|manifest| {
                let path = blob_path(name, manifest);
                blobs.iter().any(|blob| blob.location == path && blob.size == manifest.bytes)
            });
            let problem = read.as_ref().err().map(Problem::from);
            entries.push(HistoryStatus { sequence, keyid, manifest: read.ok(), blob_there, problem });
        }
        Ok(entries)
    }

    async fn claims(self) -> Result<Vec<ClaimStatus>, PublishError> {
        let Look { objects, name, alias, query, .. } = self;
        let now = query.now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut claims = Vec::new();
        for listed in objects.list(&claims_folder(name, alias)).await? {
            // Taken away between list and look: not under way any more.
            let Some(found) = objects.get(&listed.location, MAX_MANIFEST_BYTES).await? else { continue };
            let text: Option<ClaimText> = serde_json::from_slice(&found.bytes).ok();
            let lease = text.as_ref().map_or(LEASE, ClaimText::lease);
            let age_seconds = now.saturating_sub(listed.last_modified.timestamp());
            claims.push(ClaimStatus {
                path: listed.location.to_string(),
                sequence: sequence_of(&listed.location),
                version: text.map(|text| text.version),
                age_seconds,
                abandoned: u64::try_from(age_seconds).is_ok_and(|age| age > lease.as_secs()),
            });
        }
        Ok(claims)
    }
}
