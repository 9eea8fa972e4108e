//! `curbside publish`: a bundle into object storage under a signed manifest.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use clap::Args;
use curbside_publish::{
    BundleFile, LOCAL_BUCKET, Manifest, PublicKey, Publication, Published, SigningKey, open_folder, publish,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// The word for the bucket that `wrangler dev` simulates.
const LOCAL: &str = "local";
/// The bucket's name in wrangler.toml.
const BINDING: &str = "WEIGHTS";
/// Copies a folder into the simulated bucket; `cargo xtask up` uses it too.
const SEED: &str = "crates/xtask/js/seed.mjs";

/// What, where to and by whom.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle, packed or bare
    file: PathBuf,
    /// A folder, a file:// URL, or `local` for the bucket of `cargo xtask up`
    #[arg(long, value_name = "WHERE")]
    to: String,
    /// Which manifest to write: models/<name>/<alias>.json
    #[arg(long, default_value = "champion")]
    alias: String,
    /// Key that signs; else .curbside/signing-key.json of the repository around us
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Name of the model, if not the one in its card
    #[arg(long)]
    name: Option<String>,
    /// A further public key (base64) that may have signed the manifest that is there, as after a rotation
    #[arg(long, value_name = "KEY")]
    trust: Vec<String>,
    /// The model's version in MLflow's registry
    #[arg(long, value_name = "VERSION")]
    mlflow_model_version: Option<String>,
}

/// What is published now.
#[derive(Serialize)]
struct Answer {
    to: String,
    manifest_path: String,
    blob_path: String,
    unchanged: bool,
    keyid: String,
    public: String,
    manifest: Manifest,
}

/// Where to.
enum Place {
    Folder(PathBuf),
    /// The root of the repository whose simulated bucket it is.
    Local(PathBuf),
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let place = Place::new(&arguments.to)?;
    let key = SigningKey::load(&place::key_file(arguments.key.as_deref()))?;
    let trusted = arguments.trust.iter().map(|text| PublicKey::from_base64(text)).collect::<Result<Vec<_>, _>>()?;
    let bundle = BundleFile::open(&arguments.file)?;
    let publication = Publication {
        name: arguments.name.as_deref(),
        trusted: &trusted,
        mlflow_model_version: arguments.mlflow_model_version.as_deref(),
        ..Publication::new(&arguments.alias, &key, SystemTime::now())
    };
    let folder = match &place {
        Place::Folder(folder) => folder.clone(),
        Place::Local(root) => root.join(LOCAL_BUCKET),
    };
    let published = publish(&open_folder(&folder)?, &bundle, &publication)?;
    if let Place::Local(root) = &place {
        fill_local_bucket(root, &folder, output)?;
    }
    let Published { manifest, manifest_path, blob_path, unchanged } = published;
    let (keyid, public) = (key.public().keyid(), key.public().to_base64());
    let to = match place {
        Place::Folder(_) => folder.display().to_string(),
        Place::Local(_) => format!("the local bucket ({BINDING})"),
    };
    output.answer(&Answer { to, manifest_path, blob_path, unchanged, keyid, public, manifest })
}

impl Place {
    fn new(text: &str) -> Result<Place, Failure> {
        if text == LOCAL {
            let missing = "expected to be inside the repository, found no wrangler.toml here or above; give a folder";
            return place::repository().map(Place::Local).ok_or_else(|| Failure::usage("--to", missing));
        }
        if !text.contains("://") {
            return Ok(Place::Folder(text.into()));
        }
        let folder = url::Url::parse(text).ok().filter(|url| url.scheme() == "file");
        folder.and_then(|url| url.to_file_path().ok()).map(Place::Folder).ok_or_else(|| {
            Failure::usage("--to", format!("expected a folder, a file:// URL or `{LOCAL}`, found {text:?}"))
        })
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

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { name, version, sequence, bytes, sha256, .. } = &self.manifest;
        let what = if self.unchanged { "stands already" } else { "published" };
        writeln!(f, "{name} {version} {what} in {}", self.to)?;
        writeln!(f, "  manifest  {}, sequence {sequence}, signed by {}", self.manifest_path, self.keyid)?;
        writeln!(f, "  blob      {}, {bytes} bytes", self.blob_path)?;
        writeln!(f, "  sha256    {sha256}")?;
        writeln!(f, "  readers must trust {}", self.public)
    }
}
