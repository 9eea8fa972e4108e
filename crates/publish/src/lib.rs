//! From a bundle on disk to an object that a browser trusts: packing, keys, the signed manifest, publishing.
//!
//! This is the one place that holds a secret key and the one that writes object storage; whoever only reads (the page,
//! the Worker) does so in JavaScript, by the same formats. There is no clock and no network in here: the caller says
//! what time it is, and a store is whatever `object_store` can open: a folder, and with the feature `s3` a bucket.
//!
//! - [`pack`], [`unpack`]: a bundle to its stored object, which is a gzip, and back within a bound. [`BundleFile`]: a file that
//!   holds either.
//! - [`SigningKey`], [`PublicKey`]: Ed25519 keys and the file they are kept in.
//! - [`Manifest`]: which blob an alias stands for. [`Envelope`]: the manifest as it travels, signed.
//! - [`publish`]: blob, read back, then manifest. [`Publication`], [`Published`].
//! - [`rollback`]: an [`Earlier`] publication under a new, higher sequence. [`Rollback`], [`RolledBack`].
//! - [`status`]: what is published, and whether a reader could use it. [`models`] names them. [`Query`], [`AliasStatus`] with [`BlobStatus`], [`HistoryStatus`],
//!   [`ClaimStatus`] and [`Problem`].
//! - [`StoreUrl`], [`StoreSettings`], [`open_store`]: an address, by whose keys, and the store that is there; [`open_folder`] for a
//!   folder alone. [`store_error`]: what a store answers, in words.
//! - [`PublishError`]: what went wrong and what to do.
//!
//! A folder becomes a bucket in four lines; the second and every later run finds the key, and changes nothing when the
//! bundle is the same:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (key_file, bucket) = (folder.path().join("signing-key.json"), folder.path().join("bucket"));
//! use curbside_publish::{BundleFile, Publication, SigningKey, open_folder, publish};
//!
//! let key = SigningKey::load_or_create(&key_file)?;
//! let trusted = key.public().to_base64(); // what readers are configured with
//! # assert_eq!(trusted.len(), 44);
//! let store = open_folder(&bucket)?;
//! # let bundle_file = folder.path().join("absent.curb");
//! # let outcome = (|| {
//! let bundle = BundleFile::open(&bundle_file)?;
//! let published = publish(&store, &bundle, &Publication::new("champion", &key, std::time::SystemTime::now()))?;
//! # Ok::<_, curbside_publish::PublishError>(published)
//! # })();
//! # assert_eq!(outcome.unwrap_err().code(), "FILE_READ");
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "keys and bundles are files here")]

mod blob;
mod error;
mod file;
mod keys;
mod manifest;
mod packing;
mod place;
mod publish;
mod rollback;
mod shelf;
mod status;

pub use error::{PublishError, PublishErrorKind};
pub use file::BundleFile;
pub use keys::{PublicKey, SigningKey};
pub use manifest::{Envelope, MAX_SEQUENCE, Manifest, SCHEMA};
pub use packing::{pack, unpack};
pub use place::{StoreSettings, StoreUrl, open_folder, open_store, store_error};
pub use publish::{Publication, Published, publish};
pub use rollback::{Earlier, Rollback, RolledBack, rollback};
pub use status::{AliasStatus, BlobStatus, ClaimStatus, HistoryStatus, Problem, Query, models, status};

/// Where a key for this machine alone is kept, from the root of the repository; git ignores the folder.
pub const LOCAL_KEY_FILE: &str = ".curbside/signing-key.json";

/// The folder that the local bucket is filled from, from the root of the repository; likewise.
pub const LOCAL_BUCKET: &str = ".curbside/bucket";

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// SHA-256 in lower-case hexadecimal.
fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}
