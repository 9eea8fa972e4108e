//! Replacing a manifest, so that nothing is lost when two publishers come at once, or one is killed, on a store that takes every
//! write, whatever its conditions.
//!
//! 1. Read what stands, plan the manifest, write a claim, list the claims. Whoever is not alone gives way, except for the
//!    oldest, who waits for the others to leave; so one gets through (`claim.rs`).
//! 2. Read again what stands. If it is not what the plan was made from, begin anew.
//! 3. Keep the envelope that stands in the history, unless it is there.
//! 4. If two fifths of the lease have passed, begin anew. Else write the manifest, by the store's own condition where it has one,
//!    waiting a third of the lease at most: it is done before anybody may think us dead. If nobody can say whether it was done,
//!    the claim stays, so that nobody publishes while it may still be.
//! 5. Read it back, and keep our own envelope in the history.
//! 6. If we were stopped for so long that our claim may have lapsed (by our clock, by its absence, or by a higher sequence in the
//!    history), claim again and look: the highest sequence is put back if a lower one stands, and its publisher is told the truth.
//! 7. Take the claim away, and with it the claims of the dead.
//!
//! Steps 2 to 5 run in one publisher at a time. Killed after any step, what stands is the manifest before or ours, and the blobs of both
//! are there; the next publisher finds either in step 1 and keeps it in step 3. Sequences never come twice: each is
//! higher than all in manifest, history and claims, and a publisher that may still write has a claim.

use std::time::Duration;

use futures_util::future::try_join;
use object_store::ObjectMeta;
use object_store::path::Path;
use tokio::time::Instant;

use super::claim::{Claim, ClaimText, Watched};
use super::objects::Written;
use super::{MAX_MANIFEST_BYTES, Shelf, State, claims_folder, read_manifest, sequences};
use crate::error::{PublishError, PublishErrorKind};
use crate::manifest::{Envelope, Manifest};

/// How long a publisher that finds others tries again, besides one lease.
const TRYING: Duration = Duration::from_secs(15);
/// Around which the waits between two attempts lie.
const PAUSE: Duration = Duration::from_millis(400);
/// The same for the oldest of several, who need not go.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// What is to be done about what stands.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Nothing: this is what stands.
    Unchanged(Manifest),
    /// Put this in its place.
    Write(Manifest),
}

/// What was done.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// What stands now.
    pub(crate) manifest: Manifest,
    /// What stood before; `None` where nothing did, or where nothing was done.
    pub(crate) before: Option<Manifest>,
    pub(crate) unchanged: bool,
}

/// How an attempt ended.
enum Attempt {
    Done(Box<Replaced>),
    /// Somebody else is under way.
    Busy(Path),
    /// Something else stands than was planned from.
    Again,
    /// Too much of the lease has passed.
    Late,
    /// The manifest may yet be written: the claim must stay.
    Unknown(PublishError),
}

impl Shelf<'_> {
    /// Puts a manifest in place of what stands. `plan` is asked anew whenever something else stands.
    pub(crate) async fn replace(
        &self,
        plan: &dyn Fn(&State) -> Result<Plan, PublishError>,
    ) -> Result<Replaced, PublishError> {
        let mut watched = Watched::default();
        let began = Instant::now();
        let mut is_told = false;
        loop {
            let state = self.state().await?;
            let manifest = match plan(&state)? {
                Plan::Unchanged(manifest) => return Ok(Replaced { manifest, before: None, unchanged: true }),
                Plan::Write(manifest) => manifest,
            };
            let claim = self.claim(&manifest).await?;
            let attempt = self.attempt(&claim, &state, &manifest, &mut watched).await;
            if let Ok(Attempt::Unknown(fault)) = attempt {
                return Err(fault);
            }
            // One that cannot be taken away lapses: no reason to fail.
            let _ = self.objects.delete(&claim.path).await;
            match attempt? {
                Attempt::Done(replaced) => return Ok(*replaced),
                Attempt::Unknown(fault) => return Err(fault),
                Attempt::Busy(other) => self.wait(&watched, &other, began, &mut is_told).await?,
                Attempt::Again | Attempt::Late if began.elapsed() < self.lease + TRYING => self.pause(PAUSE).await,
                Attempt::Again => {
                    return Err(self.conflict("it changed again and again while this publisher came to it"));
                }
                Attempt::Late => {
                    let lease = self.lease.as_secs();
                    return Err(self.conflict(&format!(
                        "the store is too slow for a lease of {lease} s: give a longer one (--lease)"
                    )));
                }
            }
        }
    }

    /// Waits a while for somebody else, but not for ever.
    async fn wait(
        &self,
        watched: &Watched,
        other: &Path,
        began: Instant,
        is_told: &mut bool,
    ) -> Result<(), PublishError> {
        let who = watched.who(other);
        if began.elapsed() > watched.lease(other, self.lease) + TRYING {
            return Err(self.conflict(&format!("another publisher is under way: {who}")));
        }
        if let Some(notice) = self.notice.filter(|_| !*is_told) {
            *is_told = true;
            notice(&format!("waiting for another publisher: {who}"));
        }
        self.pause(PAUSE).await;
        Ok(())
    }

    async fn pause(&self, around: Duration) {
        let pause = self.chance.borrow_mut().about(around);
        tokio::time::sleep(pause).await;
    }

    /// Writes our claim.
    async fn claim(&self, manifest: &Manifest) -> Result<Claim, PublishError> {
        let name = format!("{:016}-{}.json", manifest.sequence, self.chance.borrow_mut().name());
        let path = claims_folder(self.name, self.alias).join(name);
        let text = ClaimText::new(manifest, self.key.public().keyid(), self.lease);
        let text = serde_json::to_vec(&text)
            .map_err(|fault| PublishError::new(PublishErrorKind::ManifestMalformed, format!("{path}: {fault}")))?;
        let claim = Claim { path, begun: Instant::now(), lease: self.lease, sequence: manifest.sequence };
        self.objects.put(&claim.path, &text).await?;
        Ok(claim)
    }

    async fn attempt(
        &self,
        claim: &Claim,
        planned_from: &State,
        manifest: &Manifest,
        watched: &mut Watched,
    ) -> Result<Attempt, PublishError> {
        let dead = match self.others(claim, watched).await? {
            Others::Living(other) => return Ok(Attempt::Busy(other)),
            Others::Lapsed => return Ok(Attempt::Late),
            Others::Dead(dead) => dead,
        };
        let state = self.state().await?;
        let bytes = |state: &State| state.envelope.as_ref().map(|found| found.bytes.clone());
        let used = state.history.iter().copied().chain(sequences(&dead)).max().unwrap_or(0);
        if bytes(&state) != bytes(planned_from) || used >= claim.sequence {
            return Ok(Attempt::Again);
        }
        if let (Some(found), Some(before)) = (&state.envelope, state.manifest())
            && !state.history.contains(&before.sequence)
        {
            self.objects.put(&self.history_path(before.sequence), &found.bytes).await?;
        }
        if !claim.is_fresh() {
            return Ok(Attempt::Late);
        }
        let envelope = Envelope::seal(manifest, self.key)?.to_json()?;
        if let Some(unknown) = self.write(claim, &state, &envelope).await? {
            return Ok(Attempt::Unknown(unknown));
        }
        // The manifest stands. An entry that cannot be written now is written by who replaces it.
        let _ = self.objects.put(&self.history_path(manifest.sequence), &envelope).await;
        if self.may_have_lapsed(claim).await? {
            // Of no use any more, and in the way of the next.
            let _ = self.objects.delete(&claim.path).await;
            self.settle(manifest, &envelope, watched).await?;
        }
        for other in &dead {
            // Another publisher will, if this one cannot.
            let _ = self.objects.delete(&other.location).await;
        }
        Ok(Attempt::Done(Box::new(Replaced {
            manifest: manifest.clone(),
            before: state.manifest.map(|(_, before)| before),
            unchanged: false,
        })))
    }

    /// Writes the manifest and reads it back. `Some`: nobody can say yet whether it is or will be written.
    async fn write(&self, claim: &Claim, state: &State, envelope: &[u8]) -> Result<Option<PublishError>, PublishError> {
        let path = self.manifest_path();
        let hurried = self.objects.with_patience(claim.write_patience());
        let written = hurried.replace(&path, state.envelope.as_ref(), envelope).await?;
        let found = match (self.objects.get(&path, MAX_MANIFEST_BYTES).await, written) {
            (Ok(found), Written::Yes | Written::Refused) => found,
            (Ok(found), Written::Unknown(fault)) => {
                // There already: then it is known after all.
                if found.as_ref().is_none_or(|found| found.bytes != envelope) {
                    return Ok(Some(fault));
                }
                found
            }
            (Err(_), Written::Unknown(fault)) => return Ok(Some(fault)),
            (Err(fault), Written::Yes | Written::Refused) => return Err(fault),
        };
        match found {
            Some(found) if found.bytes == envelope => Ok(None),
            Some(found) => Err(self.conflict(&format!("it is {} now", self.described(&path, &found.bytes)))),
            None => Err(self.conflict("it is gone")),
        }
    }

    /// Whether others may have taken us for dead while the manifest was written.
    async fn may_have_lapsed(&self, claim: &Claim) -> Result<bool, PublishError> {
        let (claims, history) = try_join(self.claims(), self.history()).await?;
        let is_there = claims.iter().any(|found| found.location == claim.path);
        let is_outdone = sequences(&history).iter().any(|found| *found > claim.sequence);
        Ok(claim.is_overdue() || !is_there || is_outdone)
    }

    /// After we may have written over a later publication: finds out under a new claim, and lets the highest sequence stand.
    async fn settle(&self, manifest: &Manifest, envelope: &[u8], watched: &mut Watched) -> Result<(), PublishError> {
        let began = Instant::now();
        let path = self.manifest_path();
        loop {
            let claim = self.claim(manifest).await?;
            let others = self.others(&claim, watched).await;
            let settled = match others {
                Ok(Others::Dead(_)) => self.put_back(&claim, &path).await,
                Ok(Others::Living(_) | Others::Lapsed) => Ok(None),
                Err(fault) => Err(fault),
            };
            if settled.is_ok() {
                // As above.
                let _ = self.objects.delete(&claim.path).await;
            }
            match settled? {
                Some(standing) if standing == envelope => return Ok(()),
                Some(standing) => {
                    let told = format!(
                        "this publisher was stopped for too long, and {} stands now",
                        self.described(&path, &standing)
                    );
                    return Err(self.conflict(&told));
                }
                None if began.elapsed() > self.lease + TRYING => {
                    return Err(self.conflict("this publisher was stopped for too long, and others are under way"));
                }
                None => self.pause(PAUSE).await,
            }
        }
    }

    /// Lets the highest sequence of the history stand, if a lower one does; gives what stands then. `None`: try again.
    async fn put_back(&self, claim: &Claim, path: &Path) -> Result<Option<Vec<u8>>, PublishError> {
        let Some(standing) = self.objects.get(path, MAX_MANIFEST_BYTES).await? else {
            return Err(self.conflict("it is gone"));
        };
        let sequence =
            |text: &[u8]| read_manifest(path, text, self.name, &self.trusted).map(|(_, found)| found.sequence);
        let highest = sequences(&self.history().await?).into_iter().max().unwrap_or(0);
        if sequence(&standing.bytes)? >= highest {
            return Ok(Some(standing.bytes));
        }
        let Some(kept) = self.objects.get(&self.history_path(highest), MAX_MANIFEST_BYTES).await? else {
            return Ok(None);
        };
        // Signed by who published it: what stands again is what was signed, and by nobody else.
        sequence(&kept.bytes)?;
        if !claim.is_fresh() {
            return Ok(None);
        }
        match self.write(claim, &State { envelope: Some(standing), ..State::default() }, &kept.bytes).await? {
            None => Ok(Some(kept.bytes)),
            Some(unknown) => Err(unknown),
        }
    }

    /// Lists the claims until we are alone among the living, or have to go.
    async fn others(&self, claim: &Claim, watched: &mut Watched) -> Result<Others, PublishError> {
        loop {
            let listed = self.claims().await?;
            let ours = match listed.iter().find(|found| found.location == claim.path) {
                Some(ours) => ours,
                // Somebody took us for dead and tidied up.
                None if !claim.is_fresh() => return Ok(Others::Lapsed),
                None => {
                    let message = format!("{}: expected it in the list of its folder, found it missing", claim.path);
                    return Err(PublishError::new(PublishErrorKind::ReadBack, message));
                }
            };
            let others: Vec<&ObjectMeta> = listed.iter().filter(|found| found.location != claim.path).collect();
            for other in &others {
                if watched.knows(&other.location) {
                    continue;
                }
                let text = self.objects.get(&other.location, MAX_MANIFEST_BYTES).await?;
                watched.add(other.location.clone(), text.and_then(|found| serde_json::from_slice(&found.bytes).ok()));
            }
            let living: Vec<&&ObjectMeta> =
                others.iter().filter(|other| watched.is_living(other, ours, self.lease)).collect();
            let age = |object: &ObjectMeta| (object.last_modified, object.location.clone());
            let Some(oldest) = living.iter().min_by_key(|other| age(other)) else {
                return Ok(Others::Dead(others.into_iter().cloned().collect()));
            };
            if age(oldest) < age(ours) || !claim.is_fresh() {
                return Ok(Others::Living(oldest.location.clone()));
            }
            self.pause(SHORT_PAUSE).await;
        }
    }

    /// A manifest as a person would call it.
    fn described(&self, path: &Path, text: &[u8]) -> String {
        match read_manifest(path, text, self.name, &self.trusted) {
            Ok((keyid, found)) => format!(
                "version {:?} (sequence {}, blob {}, key {keyid}), published {}",
                found.version,
                found.sequence,
                found.sha256.get(..12).unwrap_or_default(),
                found.created_at
            ),
            Err(fault) => format!("something that cannot be read ({})", fault.code()),
        }
    }

    fn conflict(&self, what: &str) -> PublishError {
        PublishError::new(PublishErrorKind::ManifestConflict, format!("{}: {what}", self.manifest_path()))
    }
}

/// Who else has a claim.
enum Others {
    /// Somebody who must be waited for.
    Living(Path),
    /// Nobody knows: our own claim is gone.
    Lapsed,
    /// Only publishers that are no more, if any.
    Dead(Vec<ObjectMeta>),
}
