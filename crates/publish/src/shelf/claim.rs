//! Claims: how publishers see each other in a store that has no locks.
//!
//! A publisher writes an object of its own below `<alias>.claims/`, then lists that folder. Everyone writes first and lists then, so
//! of two publishers at least one sees the other's claim: in whatever order the four steps happen, the later of the two lists follows
//! both writes. Only who sees no living claim besides its own goes on, therefore at most one does.
//!
//! A dead publisher's claim stays. It lapses once it is older than the lease that it names. Its age is told without anybody's
//! clock: by the store's own times of the two claims, or because it has been watched for as long as that.

use std::collections::BTreeMap;
use std::time::Duration;

use object_store::ObjectMeta;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::manifest::Manifest;

/// No claim is waited for longer than this, whatever lease it names.
const LONGEST_LEASE: Duration = Duration::from_mins(10);

/// The coarsest times that a store's lists have, doubled.
const COARSENESS: Duration = Duration::from_secs(2);

/// What a claim says: for people, and for how long it is to be honoured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimText {
    /// The sequence that its publisher is about to use.
    pub(crate) sequence: u64,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) keyid: String,
    pub(crate) created_at: String,
    pub(crate) lease_seconds: u64,
}

impl ClaimText {
    pub(crate) fn new(manifest: &Manifest, keyid: String, lease: Duration) -> ClaimText {
        ClaimText {
            sequence: manifest.sequence,
            version: manifest.version.clone(),
            sha256: manifest.sha256.clone(),
            keyid,
            created_at: manifest.created_at.clone(),
            lease_seconds: lease.as_secs().max(1),
        }
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds).min(LONGEST_LEASE)
    }

    /// Who it is, for a person.
    pub(crate) fn who(&self) -> String {
        let digest = self.sha256.get(..12).unwrap_or(&self.sha256);
        let ClaimText { version, keyid, created_at, sequence, .. } = self;
        format!("version {version:?} (blob {digest}, key {keyid}, sequence {sequence}), begun {created_at}")
    }
}

/// The sequence in a claim's or a history entry's name, which begins with 16 digits.
pub(crate) fn sequence_of(path: &Path) -> Option<u64> {
    let name = path.filename()?;
    let digits = name.get(..16).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}

/// Our own claim.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) path: Path,
    /// Taken before the claim was sent, so that it is never thought younger than others think.
    pub(crate) begun: Instant,
    pub(crate) lease: Duration,
    pub(crate) sequence: u64,
}

impl Claim {
    /// Whether so little of the lease has passed that the manifest may be written: what remains is for the write itself.
    pub(crate) fn is_fresh(&self) -> bool {
        self.begun.elapsed() < self.lease * 2 / 5
    }

    /// How long the write of the manifest is waited for: less than what remains of the lease.
    pub(crate) fn write_patience(&self) -> Duration {
        self.lease / 3
    }

    /// Whether so much of the lease has passed that others may have gone ahead.
    pub(crate) fn is_overdue(&self) -> bool {
        self.begun.elapsed() > self.lease * 4 / 5
    }
}

/// Other publishers' claims, as long as we have watched them.
#[derive(Debug, Default)]
pub(crate) struct Watched(BTreeMap<Path, Seen>);

#[derive(Debug)]
struct Seen {
    since: Instant,
    /// `None` where it cannot be read: then it is honoured for our own lease.
    text: Option<ClaimText>,
}

impl Watched {
    /// Whether the claim has been seen before; what it says need not be read again then.
    pub(crate) fn knows(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn add(&mut self, path: Path, text: Option<ClaimText>) {
        self.0.entry(path).or_insert(Seen { since: Instant::now(), text });
    }

    /// How long the claim is honoured.
    pub(crate) fn lease(&self, path: &Path, our_lease: Duration) -> Duration {
        self.0.get(path).and_then(|seen| seen.text.as_ref()).map_or(our_lease, ClaimText::lease)
    }

    /// Who made the claim, for a person.
    pub(crate) fn who(&self, path: &Path) -> String {
        let text = self.0.get(path).and_then(|seen| seen.text.as_ref());
        text.map_or_else(|| format!("somebody whose claim {path} cannot be read"), ClaimText::who)
    }

    /// Whether `other` must still be honoured by who wrote `ours`.
    pub(crate) fn is_living(&self, other: &ObjectMeta, ours: &ObjectMeta, our_lease: Duration) -> bool {
        let lease = self.lease(&other.location, our_lease);
        let watched = self.0.get(&other.location).map_or(Duration::ZERO, |seen| seen.since.elapsed());
        // Negative where the other is younger, or where the store's clock was set back: no age then.
        let age = (ours.last_modified - other.last_modified).to_std().unwrap_or(Duration::ZERO);
        watched <= lease + COARSENESS && age <= lease + COARSENESS
    }
}

/// A random source for claims' names and waits: not secret, but never the same for two publishers.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From eight bytes of the system's random source.
    pub(crate) fn new(seed: u64) -> Chance {
        // Zero is the one state that xorshift never leaves.
        Chance(seed | 1)
    }

    /// Xorshift, 64 bits (Marsaglia 2003).
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Anything below `bound`, which is not 0.
    #[cfg(test)]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % bound
    }

    /// 16 hexadecimal digits.
    pub(crate) fn name(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    /// Anything from half of `around` to one and a half of it.
    pub(crate) fn about(&mut self, around: Duration) -> Duration {
        around / 2 + around * u32::try_from(self.next() % 1024).unwrap_or(0) / 1024
    }
}
