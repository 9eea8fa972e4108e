//! Publishing into a folder: what is in it afterwards, and what stays as it was when something is wrong.
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
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use curbside_publish::{
    BundleFile, Envelope, Manifest, Publication, PublishError, Published, SigningKey, open_folder, pack, publish,
};

/// 2021-03-01T00:00:00Z, which is 18,687 days after 1970.
fn march() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(18_687 * 24)
}

fn ours() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

fn theirs() -> SigningKey {
    SigningKey::from_secret(&[2; 32])
}

/// A bundle whose version tells it from others.
fn bundle(version: &str) -> BundleFile {
    let mut bundle = support::bundle(support::ensemble());
    version.clone_into(&mut bundle.card.version);
    BundleFile::from_bytes("test.curb".to_owned(), bundle.to_bytes().unwrap()).unwrap()
}

struct Bucket(tempfile::TempDir);

impl Bucket {
    fn new() -> Bucket {
        Bucket(tempfile::tempdir().unwrap())
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.path().join(key)
    }

    fn champion(&self) -> PathBuf {
        self.path("models/test/champion.json")
    }

    fn publish(&self, version: &str, key: &SigningKey) -> Result<Published, PublishError> {
        publish(&open_folder(self.0.path()).unwrap(), &bundle(version), &Publication::new("champion", key, march()))
    }

    fn manifest(&self, key: &SigningKey) -> Manifest {
        Envelope::from_json(&fs::read(self.champion()).unwrap()).unwrap().open(&[key.public()]).unwrap()
    }

    /// Every file, relative to the bucket.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(self.0.path(), &mut found);
        found.sort();
        found.iter().map(|path| path.strip_prefix(self.0.path()).unwrap().display().to_string()).collect()
    }
}

#[test]
fn a_bundle_is_published_as_a_reader_expects_it() {
    let bucket = Bucket::new();
    let published = bucket.publish("1", &ours()).unwrap();
    let stored = pack(bundle("1").bytes());
    let digest = BundleFile::sha256(&stored);
    let kept = "models/test/champion.history/0000000000000001.json".to_owned();
    assert_eq!(
        bucket.files(),
        [format!("models/test/blobs/{digest}.curb"), kept.clone(), "models/test/champion.json".to_owned()]
    );
    assert_eq!(fs::read(bucket.path(&kept)).unwrap(), fs::read(bucket.champion()).unwrap());
    assert_eq!(published.manifest_path, "models/test/champion.json");
    assert_eq!(published.blob_path, format!("models/test/blobs/{digest}.curb"));
    assert_eq!(fs::read(bucket.path(&published.blob_path)).unwrap(), stored);
    assert!(!published.unchanged);
    let manifest = bucket.manifest(&ours());
    assert_eq!(manifest, published.manifest);
    assert_eq!((manifest.schema, manifest.sequence, manifest.previous), (1, 1, None));
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("test", "1"));
    assert_eq!((manifest.sha256.as_str(), manifest.bytes), (digest.as_str(), stored.len() as u64));
    assert_eq!(manifest.url, format!("blobs/{digest}.curb"));
    assert_eq!(manifest.created_at, "2021-03-01T00:00:00Z");
}

#[test]
fn the_next_bundle_counts_on_and_names_the_one_before() {
    let bucket = Bucket::new();
    let first = bucket.publish("1", &ours()).unwrap().manifest;
    let second = bucket.publish("2", &ours()).unwrap().manifest;
    assert_eq!((second.sequence, second.previous.as_ref()), (2, Some(&first.sha256)));
    // Back to the first: a new, higher sequence that names the earlier blob.
    let third = bucket.publish("1", &ours()).unwrap().manifest;
    assert_eq!((third.sequence, &third.sha256, third.previous), (3, &first.sha256, Some(second.sha256)));
    assert_eq!(bucket.files().len(), 2 + 3 + 1, "blobs, history, manifest");
}

#[test]
fn publishing_the_same_again_changes_nothing() {
    let bucket = Bucket::new();
    let first = bucket.publish("1", &ours()).unwrap();
    let before = fs::read(bucket.champion()).unwrap();
    let store = open_folder(bucket.0.path()).unwrap();
    let key = ours();
    let later = Publication::new("champion", &key, march() + Duration::from_hours(1));
    let again = publish(&store, &bundle("1"), &later).unwrap();
    assert_eq!((again.unchanged, again.manifest), (true, first.manifest));
    assert_eq!(fs::read(bucket.champion()).unwrap(), before);
    // Another alias is another manifest over the same blob.
    let challenger = publish(&store, &bundle("1"), &Publication { alias: "challenger", ..later }).unwrap();
    assert_eq!((challenger.unchanged, challenger.manifest.sequence), (false, 1));
    assert_eq!(bucket.files().len(), 1 + 2 * 2, "a blob, and two aliases with their histories");
}

#[test]
fn a_publisher_that_was_stopped_half_way_can_go_on() {
    let bucket = Bucket::new();
    let stored = pack(bundle("1").bytes());
    let blob = bucket.path(&format!("models/test/blobs/{}.curb", BundleFile::sha256(&stored)));
    fs::create_dir_all(blob.parent().unwrap()).unwrap();
    // Stopped between blob and manifest.
    fs::write(&blob, &stored).unwrap();
    assert_eq!(bucket.publish("1", &ours()).unwrap().manifest.sequence, 1);
    // The blob was damaged or lost afterwards: published again, it is whole again.
    for damage in [&stored[..stored.len() / 2], &[]] {
        fs::write(&blob, damage).unwrap();
        assert!(!bucket.publish("1", &ours()).unwrap().unchanged);
        assert_eq!(fs::read(&blob).unwrap(), stored);
    }
    assert_eq!(bucket.manifest(&ours()).sequence, 3);
    assert_eq!(bucket.manifest(&ours()).previous, None, "it never stood for another blob");
}

#[test]
fn a_manifest_that_cannot_be_believed_is_left_alone() {
    let bucket = Bucket::new();
    bucket.publish("1", &ours()).unwrap();
    let good = fs::read_to_string(bucket.champion()).unwrap();
    let other_name = {
        let store = open_folder(bucket.0.path()).unwrap();
        let key = ours();
        let publication = Publication { name: Some("other"), ..Publication::new("champion", &key, march()) };
        let published = publish(&store, &bundle("1"), &publication).unwrap();
        fs::read_to_string(bucket.path(&published.manifest_path)).unwrap()
    };
    let tampered = {
        let mut envelope = Envelope::from_json(good.as_bytes()).unwrap();
        envelope.payload = Envelope::from_json(other_name.as_bytes()).unwrap().payload;
        String::from_utf8(envelope.to_json().unwrap()).unwrap()
    };
    let rows = [
        ("cut", good[..good.len() / 2].to_owned(), "MANIFEST_MALFORMED"),
        ("empty", String::new(), "MANIFEST_MALFORMED"),
        ("huge", " ".repeat(70_000), "MANIFEST_MALFORMED"),
        ("of another model", other_name, "MANIFEST_MALFORMED"),
        ("with another payload", tampered, "MANIFEST_SIGNATURE"),
    ];
    for (row, text, code) in rows {
        fs::write(bucket.champion(), &text).unwrap();
        let fault = bucket.publish("2", &ours()).unwrap_err();
        assert_eq!(fault.code(), code, "{row}: {fault}");
        assert!(fault.to_string().starts_with("models/test/champion.json: "), "{row}: {fault}");
        assert_eq!(fs::read_to_string(bucket.champion()).unwrap(), text, "{row}");
    }
}

#[test]
fn another_key_must_trust_the_one_before_it() {
    let bucket = Bucket::new();
    let first = bucket.publish("1", &ours()).unwrap();
    assert_eq!(bucket.publish("1", &theirs()).unwrap_err().code(), "MANIFEST_KEY");
    let store = open_folder(bucket.0.path()).unwrap();
    let (key, trusted) = (theirs(), [ours().public()]);
    let publication = Publication { trusted: &trusted, ..Publication::new("champion", &key, march()) };
    let second = publish(&store, &bundle("1"), &publication).unwrap();
    assert!(!second.unchanged, "the same blob, yet signed anew");
    assert_eq!((second.manifest.sequence, second.manifest.sha256), (2, first.manifest.sha256));
    assert_eq!(bucket.manifest(&theirs()).sequence, 2);
}

#[test]
fn only_a_bundle_that_opens_is_published() {
    let whole = bundle("1").bytes().to_vec();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    let rows: [(&str, &[u8], &str); 4] = [
        ("changed", &changed, "BUNDLE_DIGEST"),
        ("cut", &whole[..whole.len() - 1], "BUNDLE_TRUNCATED"),
        ("foreign", b"PK\x03\x04 and so on", "BUNDLE_NOT_RECOGNISED"),
        ("empty", b"", "BUNDLE_NOT_RECOGNISED"),
    ];
    for (row, bytes, code) in rows {
        for bytes in [bytes.to_vec(), pack(bytes)] {
            let bucket = Bucket::new();
            let file = BundleFile::from_bytes("some.curb".to_owned(), bytes).unwrap();
            let key = ours();
            let publication = Publication::new("champion", &key, march());
            let fault = publish(&open_folder(bucket.0.path()).unwrap(), &file, &publication).unwrap_err();
            assert_eq!(fault.code(), code, "{row}: {fault}");
            assert!(fault.to_string().starts_with("some.curb: bundle "), "{row}: {fault}");
            assert_eq!(bucket.files(), [""; 0], "{row}");
        }
    }
}

#[test]
fn names_that_are_no_plain_path_are_refused() {
    let bucket = Bucket::new();
    let store = open_folder(bucket.0.path()).unwrap();
    let key = ours();
    for name in ["", ".", "..", "../x", "a/b", "a b", "Champion", "-x", "%2e", "\u{e9}", &"a".repeat(65)] {
        let publication = Publication::new(name, &key, march());
        assert_eq!(publish(&store, &bundle("1"), &publication).unwrap_err().code(), "PUBLISH_NAME", "alias {name:?}");
        let publication = Publication { name: Some(name), ..Publication::new("champion", &key, march()) };
        assert_eq!(publish(&store, &bundle("1"), &publication).unwrap_err().code(), "PUBLISH_NAME", "name {name:?}");
    }
    let dotted = Publication::new("champion.eu", &key, march());
    assert_eq!(publish(&store, &bundle("1"), &dotted).unwrap_err().code(), "PUBLISH_NAME");
    assert_eq!(bucket.files(), [""; 0]);
}

#[test]
fn a_file_is_read_in_either_form_and_the_packed_one_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, packed) = (folder.path().join("bare.curb"), folder.path().join("packed.curb"));
    let bytes = bundle("1").bytes().to_vec();
    fs::write(&bare, &bytes).unwrap();
    fs::write(&packed, pack(&bytes)).unwrap();
    let (bare, packed) = (BundleFile::open(&bare).unwrap(), BundleFile::open(&packed).unwrap());
    assert_eq!((bare.is_packed(), packed.is_packed()), (false, true));
    assert_eq!((bare.bytes(), packed.bytes()), (&bytes[..], &bytes[..]));
    assert_eq!(bare.stored(), packed.stored());
    assert_eq!(packed.estimator().unwrap().card().name, "test");
    let absent = BundleFile::open(&folder.path().join("absent.curb")).unwrap_err();
    assert_eq!(absent.code(), "FILE_READ");
    assert!(absent.to_string().contains("absent.curb"), "{absent}");
    assert_eq!(BundleFile::open(folder.path()).unwrap_err().code(), "FILE_READ");
}
