//! One alias of one model in a store: where its objects are, what stands there, and how that is replaced.
//!
//! ```text
//! models/<name>/blobs/<sha256>.curb               immutable, the stored object
//! models/<name>/<alias>.json                      the signed manifest
//! models/<name>/<alias>.history/<sequence>.json   signed manifests as they were published, 16 digits
//! models/<name>/<alias>.claims/<sequence>-<id>    publishers that are under way (`claim.rs`)
//! ```

mod claim;
#[cfg(test)]
mod interleaved;
mod objects;
mod replace;

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::try_join3;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

pub(crate) use claim::{Chance, ClaimText, sequence_of};
pub(crate) use objects::{Found, Objects};
pub(crate) use replace::Plan;

use crate::error::{PublishError, PublishErrorKind};
use crate::keys::{PublicKey, SigningKey};
use crate::manifest::{Envelope, MAX_SEQUENCE, Manifest};

/// A manifest is under a kilobyte; more is none.
pub(crate) const MAX_MANIFEST_BYTES: usize = 64 << 10;

/// How long the store is waited for, for anything but a blob's bytes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// One alias of one model in a store, for who may sign.
pub(crate) struct Shelf<'a> {
    pub(crate) objects: Objects<'a>,
    pub(crate) name: &'a str,
    pub(crate) alias: &'a str,
    pub(crate) key: &'a SigningKey,
    /// Our own key and those that may have signed what is there.
    pub(crate) trusted: Vec<PublicKey>,
    /// How long others must honour our claim.
    pub(crate) lease: Duration,
    /// Told what is waited for.
    pub(crate) notice: Option<fn(&str)>,
    pub(crate) chance: RefCell<Chance>,
}

/// What stands under an alias.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The manifest's envelope as it is stored.
    pub(crate) envelope: Option<Found>,
    /// What is in it, verified, and the id of the key that signed it.
    pub(crate) manifest: Option<(String, Manifest)>,
    /// Sequences of the history, ascending.
    pub(crate) history: Vec<u64>,
    /// The highest sequence that was ever used or claimed, as far as can be seen; 0 for none.
    pub(crate) highest: u64,
}

impl<'a> Shelf<'a> {
    /// A shelf by its names.
    ///
    /// # Errors
    ///
    /// `PUBLISH_NAME`, `KEY_RANDOM`.
    pub(crate) fn new(
        store: &'a dyn ObjectStore,
        (name, alias): (&'a str, &'a str),
        key: &'a SigningKey,
        further: &[PublicKey],
    ) -> Result<Shelf<'a>, PublishError> {
        check_name("the model's name", name)?;
        check_alias(alias)?;
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)
            .map_err(|fault| PublishError::new(PublishErrorKind::Random, format!("a claim's name: {fault}")))?;
        let mut trusted = vec![key.public()];
        trusted.extend(further);
        let chance = RefCell::new(Chance::new(u64::from_le_bytes(seed)));
        let objects = Objects::new(store, PATIENCE);
        Ok(Shelf { objects, name, alias, key, trusted, lease: LEASE, notice: None, chance })
    }

    pub(crate) fn manifest_path(&self) -> Path {
        manifest_path(self.name, self.alias)
    }

    pub(crate) fn history_path(&self, sequence: u64) -> Path {
        history_folder(self.name, self.alias).join(format!("{sequence:016}.json"))
    }

    pub(crate) fn blob_path(&self, manifest: &Manifest) -> Path {
        blob_path(self.name, manifest)
    }

    /// What stands there now.
    pub(crate) async fn state(&self) -> Result<State, PublishError> {
        let path = self.manifest_path();
        // At once, for the sake of slow stores: what matters happens under a claim, where nobody else writes.
        let looks = (self.objects.get(&path, MAX_MANIFEST_BYTES), self.history(), self.claims());
        let (envelope, history, claims) = try_join3(looks.0, looks.1, looks.2).await?;
        let manifest = match &envelope {
            Some(found) => Some(read_manifest(&path, &found.bytes, self.name, &self.trusted)?),
            None => None,
        };
        let (history, claims) = (sequences(&history), sequences(&claims));
        let standing = manifest.as_ref().map(|(_, manifest)| manifest.sequence);
        let highest = history.iter().chain(&claims).copied().chain(standing).max().unwrap_or(0);
        Ok(State { envelope, manifest, history, highest })
    }

    pub(crate) async fn history(&self) -> Result<Vec<ObjectMeta>, PublishError> {
        self.objects.list(&history_folder(self.name, self.alias)).await
    }

    pub(crate) async fn claims(&self) -> Result<Vec<ObjectMeta>, PublishError> {
        self.objects.list(&claims_folder(self.name, self.alias)).await
    }
}

impl State {
    /// The next sequence.
    ///
    /// # Errors
    ///
    /// `SEQUENCE_EXHAUSTED`.
    pub(crate) fn next(&self, path: &Path) -> Result<u64, PublishError> {
        if self.highest < MAX_SEQUENCE {
            return Ok(self.highest + 1);
        }
        let message = format!("{path}: expected a sequence below {MAX_SEQUENCE}, found {}", self.highest);
        Err(PublishError::new(PublishErrorKind::SequenceExhausted, message))
    }

    /// The manifest that stands.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref().map(|(_, manifest)| manifest)
    }
}

/// How long a publisher's claim is honoured, where it says nothing else: far longer than any step of it takes, and short enough
/// to be waited for after it was killed.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn manifest_path(name: &str, alias: &str) -> Path {
    Path::from(format!("models/{name}/{alias}.json"))
}

pub(crate) fn history_folder(name: &str, alias: &str) -> Path {
    Path::from(format!("models/{name}/{alias}.history"))
}

pub(crate) fn claims_folder(name: &str, alias: &str) -> Path {
    Path::from(format!("models/{name}/{alias}.claims"))
}

/// Where the blob of a verified manifest is: by its digest, and not by an address that it may name.
pub(crate) fn blob_path(name: &str, manifest: &Manifest) -> Path {
    Path::from(format!("models/{name}/{}", Manifest::blob_url(&manifest.sha256)))
}

/// Verifies and reads an envelope that should be of this model; also says who signed it.
pub(crate) fn read_manifest(
    path: &Path,
    text: &[u8],
    name: &str,
    trusted: &[PublicKey],
) -> Result<(String, Manifest), PublishError> {
    let read = || {
        let envelope = Envelope::from_json(text)?;
        let manifest = envelope.open(trusted)?;
        if manifest.name != name {
            let message = format!("the manifest's name: expected {name:?}, found {:?}", manifest.name);
            return Err(PublishError::new(PublishErrorKind::ManifestMalformed, message));
        }
        Ok((envelope.keyid, manifest))
    };
    read().map_err(|fault: PublishError| fault.at(path))
}

fn sequences(objects: &[ObjectMeta]) -> Vec<u64> {
    objects.iter().filter_map(|object| sequence_of(&object.location)).filter(|found| *found <= MAX_SEQUENCE).collect()
}

/// Names become parts of paths and of URLs, so only what needs no escaping in either is let through.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), PublishError> {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if begins && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(PublishError::new(PublishErrorKind::Name, format!("{what}: expected a plain name, found {name:?}")))
}

/// An alias is a file's name before `.json`: one with a dot could be taken for another's history, and no reader asks for it.
pub(crate) fn check_alias(alias: &str) -> Result<(), PublishError> {
    check_name("the alias", alias)?;
    if alias.contains('.') {
        let message = format!("the alias: expected a plain name without a dot, found {alias:?}");
        return Err(PublishError::new(PublishErrorKind::Name, message));
    }
    Ok(())
}
