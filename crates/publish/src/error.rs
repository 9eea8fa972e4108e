//! What goes wrong on the way from a bundle to a published object: for the person who publishes.

use std::fmt;
use std::path::Path;

use curbside::OpenError;

/// The kind of thing that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishErrorKind {
    /// A file cannot be read.
    FileRead,
    /// A file cannot be written.
    FileWrite,
    /// The gzip around a bundle is damaged.
    Gzip,
    /// A stored object, inflated or not, is larger than allowed.
    TooLarge,
    /// The bundle itself cannot be opened: see [`PublishError::open_error`].
    Bundle,
    /// A key file or a key's text is not what it should be.
    Key,
    /// A key file exists already.
    KeyExists,
    /// The system gave no random bytes for a key.
    Random,
    /// A name or an alias is not fit for an object's path.
    Name,
    /// An address is no store's, or cannot be used.
    StoreUrl,
    /// The keys of a store are not given.
    StoreCredentials,
    /// The store gives no answer.
    StoreUnreachable,
    /// The store refuses the keys, or what is asked for by them.
    StoreDenied,
    /// The bucket is not there.
    StoreBucket,
    /// The object store failed in another way.
    Store,
    /// An object came back from the store with other bytes than were written.
    ReadBack,
    /// The blob that a manifest names is not there.
    BlobMissing,
    /// A blob has another length than its manifest says.
    BlobLength,
    /// A blob has another digest than its manifest says.
    BlobDigest,
    /// There is no such earlier publication to go back to.
    RollbackTarget,
    /// There is no manifest.
    ManifestMissing,
    /// A manifest is older than what was published under its alias.
    ManifestSequence,
    /// A manifest or its envelope cannot be read.
    ManifestMalformed,
    /// A manifest is of a schema that this build does not read.
    ManifestSchema,
    /// A manifest is signed by a key that is not trusted.
    ManifestKey,
    /// A manifest's signature does not fit its payload.
    ManifestSignature,
    /// Somebody else published under the same alias meanwhile.
    ManifestConflict,
    /// There is no higher sequence number.
    SequenceExhausted,
}

/// A failure, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    kind: PublishErrorKind,
    message: String,
    open_error: Option<OpenError>,
}

impl PublishError {
    pub(crate) fn new(kind: PublishErrorKind, message: impl Into<String>) -> PublishError {
        PublishError { kind, message: message.into(), open_error: None }
    }

    pub(crate) fn file(kind: PublishErrorKind, path: &Path, fault: &std::io::Error) -> PublishError {
        PublishError::new(kind, format!("{}: {fault}", path.display()))
    }

    /// A bundle that cannot be opened, and where it lies.
    pub fn from_open(place: &dyn fmt::Display, fault: OpenError) -> PublishError {
        let message = format!("{place}: {fault}");
        PublishError { kind: PublishErrorKind::Bundle, message, open_error: Some(fault) }
    }

    /// The same under another kind.
    pub(crate) fn with_kind(mut self, kind: PublishErrorKind) -> PublishError {
        self.kind = kind;
        self
    }

    /// Says where: puts `place` before the message.
    pub(crate) fn at(mut self, place: &dyn fmt::Display) -> PublishError {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The kind of problem.
    pub fn kind(&self) -> PublishErrorKind {
        self.kind
    }

    /// Why the bundle cannot be opened, if that is the problem.
    pub fn open_error(&self) -> Option<&OpenError> {
        self.open_error.as_ref()
    }

    /// The stable code of this error; that of the [`OpenError`] if there is one.
    pub fn code(&self) -> &'static str {
        match self.kind {
            PublishErrorKind::FileRead => "FILE_READ",
            PublishErrorKind::FileWrite => "FILE_WRITE",
            PublishErrorKind::Gzip => "BLOB_GZIP",
            PublishErrorKind::TooLarge => "BLOB_TOO_LARGE",
            PublishErrorKind::Bundle => self.open_error.as_ref().map_or("BUNDLE_INVALID", OpenError::code),
            PublishErrorKind::Key => "KEY_MALFORMED",
            PublishErrorKind::KeyExists => "KEY_EXISTS",
            PublishErrorKind::Random => "KEY_RANDOM",
            PublishErrorKind::Name => "PUBLISH_NAME",
            PublishErrorKind::StoreUrl => "STORE_URL",
            PublishErrorKind::StoreCredentials => "STORE_CREDENTIALS",
            PublishErrorKind::StoreUnreachable => "STORE_UNREACHABLE",
            PublishErrorKind::StoreDenied => "STORE_DENIED",
            PublishErrorKind::StoreBucket => "STORE_BUCKET",
            PublishErrorKind::Store => "STORE_FAILED",
            PublishErrorKind::ReadBack => "STORE_READ_BACK",
            PublishErrorKind::BlobMissing => "BLOB_MISSING",
            PublishErrorKind::BlobLength => "BLOB_LENGTH",
            PublishErrorKind::BlobDigest => "BLOB_DIGEST",
            PublishErrorKind::RollbackTarget => "ROLLBACK_TARGET",
            PublishErrorKind::ManifestMissing => "MANIFEST_MISSING",
            PublishErrorKind::ManifestSequence => "MANIFEST_SEQUENCE",
            PublishErrorKind::ManifestMalformed => "MANIFEST_MALFORMED",
            PublishErrorKind::ManifestSchema => "MANIFEST_SCHEMA",
            PublishErrorKind::ManifestKey => "MANIFEST_KEY",
            PublishErrorKind::ManifestSignature => "MANIFEST_SIGNATURE",
            PublishErrorKind::ManifestConflict => "MANIFEST_CONFLICT",
            PublishErrorKind::SequenceExhausted => "SEQUENCE_EXHAUSTED",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            PublishErrorKind::FileRead => "give the path of a file that is there and can be read",
            PublishErrorKind::FileWrite => "give a path that can be written",
            PublishErrorKind::Gzip => "fetch the file again from where it was published",
            PublishErrorKind::TooLarge => "make a smaller model: no host would open this one",
            PublishErrorKind::Bundle => self.open_error.as_ref().map_or("make the bundle again", OpenError::remedy),
            PublishErrorKind::Key => "give a key file made by `curbside keys new`",
            PublishErrorKind::KeyExists => "keep using that key, or choose another file",
            PublishErrorKind::Random => "try again on a system with a random source",
            PublishErrorKind::Name => {
                "use 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit (--name, --alias)"
            }
            PublishErrorKind::StoreUrl => "correct the address or the environment (docs/publishing.md)",
            PublishErrorKind::StoreCredentials => "set it to a key of the store; keys are never arguments",
            PublishErrorKind::StoreUnreachable => {
                "is the store up, and is this its endpoint? (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; R2_ACCOUNT_ID; \
                 of MLflow's artifacts MLFLOW_S3_ENDPOINT_URL)"
            }
            PublishErrorKind::StoreDenied => {
                "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION (R2_ACCESS_KEY_ID, \
                 R2_SECRET_ACCESS_KEY), at what the key may do in this bucket, and at this machine's clock"
            }
            PublishErrorKind::StoreBucket => "correct the bucket's name, or make the bucket",
            PublishErrorKind::Store => "look at the store: is it there, full, or read-only?",
            PublishErrorKind::ReadBack => "nothing was published; look at the store and publish again",
            PublishErrorKind::BlobMissing | PublishErrorKind::BlobLength | PublishErrorKind::BlobDigest => {
                "publish the bundle again, which writes its blob anew; no reader uses this one"
            }
            PublishErrorKind::RollbackTarget => "look at `curbside status` for what was published",
            PublishErrorKind::ManifestMissing => "give the name and alias of what is published (--name, --alias)",
            PublishErrorKind::ManifestSequence => {
                "publish what should stand again, or go back to it (`curbside rollback --to-sequence`)"
            }
            PublishErrorKind::ManifestMalformed => {
                "find out who wrote it; to begin anew, move it away by hand and publish again"
            }
            PublishErrorKind::ManifestSchema => "publish with a build that reads it",
            PublishErrorKind::ManifestKey => "publish with the key that signed it, or trust that key (--trust)",
            PublishErrorKind::ManifestSignature => {
                "it was changed after it was signed: find out by whom, then move it away and publish again"
            }
            PublishErrorKind::ManifestConflict => "see what the other publisher did, then publish again",
            PublishErrorKind::SequenceExhausted => "publish under another alias",
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        // An `OpenError` ends with its remedy already.
        if self.open_error.is_none() { write!(f, "; {}", self.remedy()) } else { Ok(()) }
    }
}

impl std::error::Error for PublishError {}
