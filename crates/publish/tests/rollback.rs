//! Going back, looking, and changing keys, in a folder: what stands afterwards, and what is told.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that fails panics; the store is a folder"
)]

#[path = "../../../tests/native/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the scoring core, which use more of it")]
mod support;

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use curbside_publish::{
    AliasStatus, BundleFile, Earlier, Envelope, Manifest, PublicKey, Publication, PublishError, Query, Rollback,
    RolledBack, SigningKey, models, open_folder, publish, rollback, status,
};

fn key(number: u8) -> SigningKey {
    SigningKey::from_secret(&[number; 32])
}

/// 2021-03-01, and so many hours.
fn at(hours: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(18_687 * 24 + hours)
}

struct Bucket(tempfile::TempDir);

impl Bucket {
    fn new() -> Bucket {
        Bucket(tempfile::tempdir().unwrap())
    }

    /// With these versions published one after the other.
    fn of(versions: &[&str]) -> Bucket {
        let bucket = Bucket::new();
        for version in versions {
            bucket.publish(version, &key(1), &[]).unwrap();
        }
        bucket
    }

    fn publish(&self, version: &str, key: &SigningKey, trusted: &[PublicKey]) -> Result<Manifest, PublishError> {
        let mut bundle = support::bundle(support::ensemble());
        version.clone_into(&mut bundle.card.version);
        let file = BundleFile::from_bytes("test.curb".to_owned(), bundle.to_bytes().unwrap()).unwrap();
        let publication = Publication {
            trusted,
            mlflow_run: Some("run"),
            mlflow_model: Some("ride-duration"),
            mlflow_model_version: Some(version),
            ..Publication::new("champion", key, at(0))
        };
        publish(&open_folder(self.0.path()).unwrap(), &file, &publication).map(|published| published.manifest)
    }

    fn back(&self, to: Earlier<'_>) -> Result<RolledBack, PublishError> {
        let key = key(1);
        let asked = Rollback { to, ..Rollback::new("test", "champion", &key, at(1)) };
        rollback(&open_folder(self.0.path()).unwrap(), &asked)
    }

    fn look(&self, trusted: &[PublicKey]) -> Vec<AliasStatus> {
        let query = Query { name: None, alias: None, trusted, now: SystemTime::now() };
        status(&open_folder(self.0.path()).unwrap(), &query).unwrap()
    }

    fn text(&self) -> Vec<u8> {
        fs::read(self.path("champion.json")).unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join("models/test").join(name)
    }
}

#[test]
fn the_one_before_stands_again_under_a_new_sequence() {
    let bucket = Bucket::of(&["1", "2"]);
    let back = bucket.back(Earlier::Before).unwrap();
    let stands = Envelope::from_json(&bucket.text()).unwrap().open(&[key(1).public()]).unwrap();
    assert_eq!(stands, back.manifest);
    assert_eq!((back.before.sequence, back.earlier.sequence, stands.sequence), (2, 1, 3));
    let expected = Manifest {
        sequence: 3,
        created_at: "2021-03-01T01:00:00Z".to_owned(),
        previous: Some(back.before.sha256.clone()),
        ..back.earlier.clone()
    };
    assert_eq!(stands, expected, "run, model and version of the registry are the earlier one's");
    assert_eq!(
        (stands.mlflow_model.as_deref(), stands.mlflow_model_version.as_deref()),
        (Some("ride-duration"), Some("1"))
    );
    // Again: the last one with another blob is the one that was taken back.
    assert_eq!(bucket.back(Earlier::Before).unwrap().manifest.version, "2");
}

#[test]
fn any_earlier_one_can_be_named() {
    let bucket = Bucket::of(&["1", "2", "3", "4"]);
    let by_sequence = bucket.back(Earlier::Sequence(2)).unwrap().manifest;
    assert_eq!((by_sequence.sequence, by_sequence.version.as_str()), (5, "2"));
    let by_version = bucket.back(Earlier::Version("3")).unwrap().manifest;
    assert_eq!((by_version.sequence, by_version.version.as_str()), (6, "3"));
    let before = bucket.text();
    let rows = [
        (Earlier::Sequence(9), "expected an earlier publication of sequence 9"),
        (Earlier::Sequence(6), "expected an earlier publication of sequence 6"),
        (Earlier::Sequence(3), "expected another blob than the one that stands"),
        (Earlier::Version("7"), "found 2, 4, 3, 2, 1"),
        (Earlier::Version("3"), "expected an earlier publication of version \"3\" with another blob"),
    ];
    for (to, part) in rows {
        let refused = bucket.back(to).unwrap_err();
        assert_eq!(refused.code(), "ROLLBACK_TARGET", "{refused}");
        assert!(refused.to_string().contains(part), "{to:?}: {refused}");
    }
    assert_eq!(bucket.text(), before);
}

#[test]
fn nothing_is_gone_back_to_that_a_reader_would_refuse() {
    assert_eq!(Bucket::new().back(Earlier::Before).unwrap_err().code(), "MANIFEST_MISSING");
    assert_eq!(Bucket::of(&["1"]).back(Earlier::Before).unwrap_err().code(), "ROLLBACK_TARGET");

    let bucket = Bucket::of(&["1", "2"]);
    let (before, first) = (bucket.text(), bucket.path("champion.history/0000000000000001.json"));
    let good = fs::read(&first).unwrap();
    let manifest = Envelope::from_json(&good).unwrap().open(&[key(1).public()]).unwrap();
    let mut tampered = Envelope::from_json(&good).unwrap();
    tampered.payload = Envelope::from_json(&before).unwrap().payload;
    let elsewhere = Envelope::seal(&Manifest { sequence: 7, ..manifest.clone() }, &key(1)).unwrap();
    let theirs = Envelope::seal(&manifest, &key(2)).unwrap();
    let rows = [
        (b"<html>".to_vec(), "MANIFEST_MALFORMED"),
        (tampered.to_json().unwrap(), "MANIFEST_SIGNATURE"),
        (theirs.to_json().unwrap(), "MANIFEST_KEY"),
        // Signed, and yet not what the path says: somebody has moved entries about.
        (elsewhere.to_json().unwrap(), "MANIFEST_MALFORMED"),
    ];
    for (text, code) in rows {
        fs::write(&first, text).unwrap();
        let refused = bucket.back(Earlier::Before).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.to_string().contains("0000000000000001.json"), "{refused}");
    }
    fs::write(&first, good).unwrap();
    let blob = bucket.path(&manifest.url);
    let whole = fs::read(&blob).unwrap();
    let mut changed = whole.clone();
    changed[20] ^= 1;
    for (damage, code) in [(&changed[..], "BLOB_DIGEST"), (&whole[1..], "BLOB_LENGTH")] {
        fs::write(&blob, damage).unwrap();
        assert_eq!(bucket.back(Earlier::Before).unwrap_err().code(), code);
    }
    fs::remove_file(&blob).unwrap();
    assert_eq!(bucket.back(Earlier::Before).unwrap_err().code(), "BLOB_MISSING");
    assert_eq!(bucket.text(), before, "what stood still stands");
    // A blob that is what the manifest says, and no bundle: somebody has signed nonsense.
    let nonsense = Manifest {
        sha256: BundleFile::sha256(b"nonsense"),
        bytes: 8,
        url: Manifest::blob_url(&BundleFile::sha256(b"nonsense")),
        ..manifest
    };
    fs::write(bucket.path(&nonsense.url), b"nonsense").unwrap();
    fs::write(&first, Envelope::seal(&nonsense, &key(1)).unwrap().to_json().unwrap()).unwrap();
    assert_eq!(bucket.back(Earlier::Before).unwrap_err().code(), "BUNDLE_NOT_RECOGNISED");
}

#[test]
fn what_is_published_is_told_and_what_is_wrong_with_it() {
    let bucket = Bucket::of(&["1", "2", "3"]);
    let ours = [key(1).public()];
    assert_eq!(models(&open_folder(bucket.0.path()).unwrap()).unwrap(), ["test"]);
    let good = &bucket.look(&ours)[0];
    assert!(good.ok && good.verified && good.problems.is_empty(), "{good:?}");
    assert_eq!(
        (good.name.as_str(), good.alias.as_str(), good.keyid.as_ref()),
        ("test", "champion", Some(&key(1).public().keyid()))
    );
    let blob = good.blob.as_ref().unwrap();
    assert!(blob.whole && blob.golden_rides > 0, "{blob:?}");
    let history: Vec<_> = good.history.iter().map(|entry| (entry.sequence, entry.blob_there)).collect();
    assert_eq!((history, good.claims.len()), (vec![(2, true), (1, true)], 0));

    let problems = |bucket: &Bucket, trusted: &[PublicKey]| {
        let found = bucket.look(trusted);
        assert_eq!(found[0].ok, found[0].problems.is_empty());
        found[0].problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(problems(&bucket, &[]), ["MANIFEST_KEY"]);
    assert_eq!(problems(&bucket, &[key(2).public()]), ["MANIFEST_KEY"]);

    // An older manifest was put back by hand.
    let third = bucket.text();
    fs::copy(bucket.path("champion.history/0000000000000001.json"), bucket.path("champion.json")).unwrap();
    assert_eq!(problems(&bucket, &ours), ["MANIFEST_SEQUENCE"]);
    fs::remove_file(bucket.path("champion.json")).unwrap();
    assert_eq!(problems(&bucket, &ours), ["MANIFEST_MISSING"]);
    fs::write(bucket.path("champion.json"), b"<html>").unwrap();
    assert_eq!(problems(&bucket, &ours), ["MANIFEST_MALFORMED"]);
    fs::write(bucket.path("champion.json"), " ".repeat(70_000)).unwrap();
    assert_eq!(problems(&bucket, &ours), ["MANIFEST_MALFORMED"]);
    fs::write(bucket.path("champion.json"), third).unwrap();

    // A publisher was killed: told, and in nobody's way.
    fs::create_dir_all(bucket.path("champion.claims")).unwrap();
    fs::write(bucket.path("champion.claims/0000000000000004-0011223344556677.json"), b"half a cl").unwrap();
    let told = &bucket.look(&ours)[0];
    assert_eq!(
        (told.ok, told.claims.len(), told.claims[0].sequence, told.claims[0].abandoned),
        (true, 1, Some(4), false)
    );
    // The blob of an earlier one is gone: no reader needs it, and going back would.
    let second = good.history[0].manifest.as_ref().unwrap();
    fs::remove_file(bucket.path(&second.url)).unwrap();
    let told = &bucket.look(&ours)[0];
    assert_eq!((told.ok, told.history[0].blob_there, told.history[1].blob_there), (true, false, true));
    fs::remove_file(bucket.path(&good.manifest.as_ref().unwrap().url)).unwrap();
    assert_eq!(problems(&bucket, &ours), ["BLOB_MISSING"]);

    let store = open_folder(bucket.0.path()).unwrap();
    let query = Query { name: Some("test"), alias: Some("challenger"), trusted: &ours, now: at(0) };
    assert_eq!(status(&store, &query).unwrap_err().code(), "MANIFEST_MISSING");
    assert_eq!(status(&store, &Query { name: Some("../x"), ..query }).unwrap_err().code(), "PUBLISH_NAME");
}

#[test]
fn a_dead_publisher_is_waited_for_as_long_as_its_lease_and_tidied_away() {
    let bucket = Bucket::of(&["1"]);
    let claim = bucket.path("champion.claims/0000000000000005-0011223344556677.json");
    fs::create_dir_all(claim.parent().unwrap()).unwrap();
    let text =
        r#"{"sequence": 5, "version": "x", "sha256": "ab", "keyid": "k", "created_at": "now", "lease_seconds": 1}"#;
    fs::write(&claim, text).unwrap();
    let began = std::time::Instant::now();
    let next = bucket.publish("2", &key(1), &[]).unwrap();
    assert_eq!(next.sequence, 6, "what it may have written is never written again");
    assert!(!claim.exists());
    let waited = began.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
}

#[test]
fn keys_change_while_readers_trust_both() {
    let bucket = Bucket::of(&["1", "2"]);
    let (old, new) = (key(1).public(), key(2).public());
    assert_eq!(bucket.publish("3", &key(2), &[]).unwrap_err().code(), "MANIFEST_KEY");
    let third = bucket.publish("3", &key(2), &[old]).unwrap();
    assert_eq!(third.sequence, 3);
    // Readers that trust both read all the way through; those that trust the new one alone read what stands.
    assert!(bucket.look(&[old, new])[0].history.iter().all(|entry| entry.manifest.is_some()));
    let told = &bucket.look(&[new])[0];
    assert!(told.ok && told.keyid == Some(new.keyid()), "{told:?}");
    assert_eq!(told.history[0].problem.as_ref().unwrap().code, "MANIFEST_KEY");
    // The old key is gone from the publisher: it neither publishes over the new one's, nor is it needed any more.
    assert_eq!(bucket.publish("4", &key(1), &[]).unwrap_err().code(), "MANIFEST_KEY");
    assert_eq!(bucket.publish("4", &key(2), &[]).unwrap().sequence, 4);
    // Back beyond the change: the earlier entry is the old key's, the new manifest the new one's.
    let store = open_folder(bucket.0.path()).unwrap();
    let (second, trusted) = (key(2), [old]);
    let asked = Rollback { to: Earlier::Version("2"), ..Rollback::new("test", "champion", &second, at(2)) };
    assert_eq!(rollback(&store, &asked).unwrap_err().code(), "MANIFEST_KEY");
    let back = rollback(&store, &Rollback { trusted: &trusted, ..asked }).unwrap();
    assert_eq!((back.manifest.sequence, back.manifest.version.as_str()), (5, "2"));
    assert!(bucket.look(&[new])[0].ok);
}
