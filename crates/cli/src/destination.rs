//! Where weights are published: a store by its address, or the bucket that `wrangler dev` simulates.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use curbside_publish::{LOCAL_BUCKET, PublicKey, PublishErrorKind, SigningKey, StoreSettings, StoreUrl, open_store};
use object_store::ObjectStore;

use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// The word for the bucket that `wrangler dev` simulates.
const LOCAL: &str = "local";
/// The bucket's name in wrangler.toml.
const BINDING: &str = "WEIGHTS";
/// Copies a folder into the simulated bucket; `cargo xtask up` uses it too.
const SEED: &str = "crates/xtask/js/seed.mjs";

/// Where to.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Any store.
    Store(StoreUrl),
    /// The root of the repository whose simulated bucket it is.
    Local(PathBuf),
}

impl Destination {
    /// Reads what was given as `argument`.
    pub(crate) fn new(argument: &'static str, text: &str) -> Result<Destination, Failure> {
        if text == LOCAL {
            let missing = "expected to be inside the repository, found no wrangler.toml here or above; give a folder";
            return place::repository().map(Destination::Local).ok_or_else(|| Failure::usage(argument, missing));
        }
        StoreUrl::parse(text).map(Destination::Store).map_err(|fault| Failure::usage(argument, fault))
    }

    /// Opens it, by the environment's keys where it is a bucket.
    pub(crate) fn open(&self) -> Result<Arc<dyn ObjectStore>, Failure> {
        let url = match self {
            Destination::Store(url) => url.clone(),
            Destination::Local(root) => StoreUrl::Folder(root.join(LOCAL_BUCKET)),
        };
        Ok(open_store(&url, &StoreSettings::from_env(&url)?)?)
    }

    /// The same to look only: a folder that is not there is not made.
    pub(crate) fn open_to_look(&self) -> Result<Arc<dyn ObjectStore>, Failure> {
        if let Destination::Store(StoreUrl::Folder(folder)) = self
            && !folder.is_dir()
        {
            return Err(Failure::new("FILE_READ", format!("{}: expected a folder, found none", folder.display())));
        }
        self.open()
    }

    /// Lets readers see what was written.
    pub(crate) fn finish(&self, output: Output) -> Result<(), Failure> {
        match self {
            Destination::Store(_) => Ok(()),
            Destination::Local(root) => fill_local_bucket(root, &root.join(LOCAL_BUCKET), output),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Store(url) => write!(f, "{url}"),
            Destination::Local(_) => write!(f, "the local bucket ({BINDING})"),
        }
    }
}

/// Public keys as arguments.
pub(crate) fn public_keys(texts: &[String]) -> Result<Vec<PublicKey>, Failure> {
    Ok(texts.iter().map(|text| PublicKey::from_base64(text)).collect::<Result<_, _>>()?)
}

/// The public half of the key of the repository around us, where there is one.
pub(crate) fn local_key() -> Result<Option<PublicKey>, Failure> {
    match SigningKey::load(&place::key_file(None)) {
        Ok(key) => Ok(Some(key.public())),
        Err(fault) if fault.kind() == PublishErrorKind::FileRead => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Copies the folder into the bucket that `wrangler dev` simulates; the simulator's own library is the only way in.
fn fill_local_bucket(root: &Path, folder: &Path, output: Output) -> Result<(), Failure> {
    let failed = |message: String| {
        Failure::new(
            "STORE_FAILED",
            format!("the local bucket: {message}; run `cargo xtask up` once, which sets it up"),
        )
    };
    let mut command = Command::new(root.join("node_modules/.bin/node"));
    // Neither usage reports nor a look for newer versions: publishing to this machine talks to nobody.
    for (name, value) in [("WRANGLER_SEND_METRICS", "false"), ("CLOUDFLARE_CF_FETCH_ENABLED", "false"), ("CI", "1")] {
        command.env(name, value);
    }
    command.current_dir(root).arg(root.join(SEED)).arg(folder).arg(BINDING).stdin(Stdio::null());
    let done = command.output().map_err(|fault| failed(format!("the locked Node cannot be started: {fault}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !done.status.success() {
        return Err(failed(format!("{} said: {}", done.status, text(&done.stderr))));
    }
    text(&done.stdout).lines().for_each(|line| output.progress(line));
    Ok(())
}
