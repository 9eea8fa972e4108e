//! Publishing into a folder that misbehaves at one moment: what is told, and which manifest stands afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that fails panics; the store is a folder"
)]

#[path = "../../../tests/native/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the scoring core, which use more of it")]
mod support;

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use curbside_publish::{BundleFile, Envelope, Publication, PublishError, Published, SigningKey, open_folder, publish};
use futures_core::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The blob cannot be written.
    NoBlob,
    /// The store says it has written the blob and keeps something else.
    OtherBlob,
    /// The blob is written, the manifest cannot be.
    NoManifest,
    /// The manifest is written, and the answer is an error.
    LostAnswer,
    /// The manifest is not written, and the answer does not say whether it may be yet.
    NoAnswer,
    /// Somebody else publishes while our blob is written.
    OtherPublisher,
    /// Somebody else's manifest replaces ours as soon as it is written.
    OtherPublisherAfterwards,
}

/// A real folder with one fault.
#[derive(Debug)]
struct Faulty {
    folder: LocalFileSystem,
    root: PathBuf,
    fault: Option<Fault>,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {:?}", self.folder, self.fault)
    }
}

impl Faulty {
    /// What another publisher would write: any other bytes will do, for ours must not be believed to stand.
    fn publish_otherwise(&self) {
        fs::create_dir_all(self.root.join("models/test")).unwrap();
        fs::write(self.root.join("models/test/champion.json"), "theirs").unwrap();
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_blob = path.as_ref().contains("/blobs/");
        let is_manifest = path.as_ref().ends_with("/champion.json");
        let refusal = || object_store::Error::Generic { store: "folder", source: "no space left".into() };
        let unclear = || {
            let text = "Server returned non-2xx status code: 500 Internal Server Error: ";
            object_store::Error::Generic { store: "folder", source: text.into() }
        };
        match self.fault {
            Some(Fault::NoBlob) if is_blob => Err(refusal()),
            Some(Fault::NoManifest) if is_manifest => Err(refusal()),
            Some(Fault::LostAnswer) if is_manifest => {
                self.folder.put_opts(path, payload, options).await?;
                Err(unclear())
            }
            Some(Fault::NoAnswer) if is_manifest => Err(unclear()),
            Some(Fault::OtherBlob) if is_blob => self.folder.put_opts(path, "rot".into(), options).await,
            Some(Fault::OtherPublisher) if is_blob => {
                self.publish_otherwise();
                self.folder.put_opts(path, payload, options).await
            }
            Some(Fault::OtherPublisherAfterwards) if is_manifest => {
                let written = self.folder.put_opts(path, payload, options).await;
                self.publish_otherwise();
                written
            }
            _ => self.folder.put_opts(path, payload, options).await,
        }
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.folder.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.folder.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.folder.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.folder.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.folder.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.folder.copy_opts(from, to, options).await
    }
}

fn publish_version(store: &Faulty, version: &str) -> std::result::Result<Published, PublishError> {
    let mut bundle = support::bundle(support::ensemble());
    version.clone_into(&mut bundle.card.version);
    let file = BundleFile::from_bytes("test.curb".to_owned(), bundle.to_bytes().unwrap()).unwrap();
    let key = key();
    let publication = Publication { lease: Duration::from_secs(4), ..Publication::new("champion", &key, UNIX_EPOCH) };
    publish(store, &file, &publication)
}

fn key() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

#[test]
fn after_a_fault_the_manifest_that_stood_still_stands() {
    let rows = [
        (Fault::NoBlob, "STORE_FAILED"),
        (Fault::OtherBlob, "STORE_READ_BACK"),
        (Fault::NoManifest, "STORE_FAILED"),
        // What another puts there is looked at anew, and this is no manifest.
        (Fault::OtherPublisher, "MANIFEST_MALFORMED"),
        (Fault::OtherPublisherAfterwards, "MANIFEST_CONFLICT"),
    ];
    for (fault, code) in rows {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let mut store = Faulty { folder: open_folder(&root).unwrap(), root: root.clone(), fault: None };
        publish_version(&store, "1").unwrap();
        let champion = root.join("models/test/champion.json");
        let first = fs::read(&champion).unwrap();

        store.fault = Some(fault);
        let told = publish_version(&store, "2").unwrap_err();
        assert_eq!(told.code(), code, "{fault:?}: {told}");
        assert!(told.to_string().starts_with("models/test/"), "{fault:?}: {told}");
        let stands = fs::read(&champion).unwrap();
        let others = matches!(fault, Fault::OtherPublisher | Fault::OtherPublisherAfterwards);
        assert_eq!(stands, if others { b"theirs".to_vec() } else { first.clone() }, "{fault:?}");

        // Once the fault is gone, and what another wrote is moved away, publishing goes on where it was.
        store.fault = None;
        fs::write(&champion, &first).unwrap();
        let second = publish_version(&store, "2").unwrap().manifest;
        assert_eq!(second.sequence, 2, "{fault:?}");
        assert_eq!(
            Envelope::from_json(&fs::read(&champion).unwrap()).unwrap().open(&[key().public()]).unwrap(),
            second
        );
        let blob = fs::read(root.join("models/test").join(&second.url)).unwrap();
        assert_eq!(BundleFile::sha256(&blob), second.sha256, "{fault:?}");
    }
}

#[test]
fn where_nobody_can_say_whether_a_manifest_was_written_it_is_looked_at_and_nobody_else_writes_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let mut store = Faulty { folder: open_folder(&root).unwrap(), root: root.clone(), fault: None };
    publish_version(&store, "1").unwrap();
    let claims = || fs::read_dir(root.join("models/test/champion.claims")).unwrap().count();

    store.fault = Some(Fault::LostAnswer);
    assert_eq!(publish_version(&store, "2").unwrap().manifest.sequence, 2, "it was written after all");
    assert_eq!(claims(), 0);

    store.fault = Some(Fault::NoAnswer);
    let told = publish_version(&store, "3").unwrap_err();
    assert!(told.code() == "STORE_FAILED" && told.to_string().contains("500 Internal Server Error"), "{told}");
    assert_eq!(claims(), 1, "it may yet be written");
    // The next one waits for that, and leaves its sequence out.
    store.fault = None;
    assert_eq!(publish_version(&store, "4").unwrap().manifest.sequence, 4);
    assert_eq!(claims(), 0);
}
