//! `curbside publish`: a bundle into object storage under a signed manifest.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use curbside_publish::{BundleFile, Manifest, PublicKey, Publication, Published, SigningKey, publish};
use serde::Serialize;

use crate::destination::{Destination, public_keys};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// What, where to and by whom.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle, packed or bare
    file: PathBuf,
    /// s3://BUCKET[/PREFIX], r2://BUCKET[/PREFIX], a folder, a file:// URL, or `local` for the bucket of `cargo xtask up`
    #[arg(long, value_name = "WHERE")]
    to: String,
    /// Which manifest to write: models/<name>/<alias>.json
    #[arg(long, default_value = "champion")]
    alias: String,
    /// Name of the model, if not the one in its card
    #[arg(long)]
    name: Option<String>,
    /// The model's name in MLflow's registry
    #[arg(long, value_name = "NAME")]
    mlflow_model: Option<String>,
    /// Its version there
    #[arg(long, value_name = "VERSION")]
    mlflow_model_version: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Who signs, whom it succeeds, and how publishers behave to each other.
#[derive(Args)]
pub(crate) struct Signing {
    /// Key that signs; else .curbside/signing-key.json of the repository around us
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A further public key (base64) that may have signed what is there, as after a rotation
    #[arg(long, value_name = "KEY")]
    trust: Vec<String>,
    /// How many seconds other publishers wait for this one should it be killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    lease: u64,
}

impl Signing {
    pub(crate) fn key(&self) -> Result<SigningKey, Failure> {
        Ok(SigningKey::load(&place::key_file(self.key.as_deref()))?)
    }

    /// Keys that are believed besides that one.
    pub(crate) fn trusted(&self) -> Result<Vec<PublicKey>, Failure> {
        public_keys(&self.trust)
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease)
    }
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
    /// What it replaced.
    before: Option<Manifest>,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let to = Destination::new("--to", &arguments.to)?;
    let (key, trusted) = (arguments.signing.key()?, arguments.signing.trusted()?);
    let bundle = BundleFile::open(&arguments.file)?;
    let publication = Publication {
        name: arguments.name.as_deref(),
        trusted: &trusted,
        mlflow_model: arguments.mlflow_model.as_deref(),
        mlflow_model_version: arguments.mlflow_model_version.as_deref(),
        lease: arguments.signing.lease(),
        notice: output.notice(),
        ..Publication::new(&arguments.alias, &key, SystemTime::now())
    };
    let published = publish(&*to.open()?, &bundle, &publication)?;
    to.finish(output)?;
    let Published { manifest, before, manifest_path, blob_path, unchanged } = published;
    let (keyid, public, to) = (key.public().keyid(), key.public().to_base64(), to.to_string());
    output.answer(&Answer { to, manifest_path, blob_path, unchanged, keyid, public, manifest, before })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { name, version, sequence, bytes, sha256, .. } = &self.manifest;
        let what = if self.unchanged { "stands already" } else { "published" };
        writeln!(f, "{name} {version} {what} in {}", self.to)?;
        writeln!(f, "  manifest  {}, sequence {sequence}, signed by {}", self.manifest_path, self.keyid)?;
        if let Some(Manifest { version, sequence, created_at, .. }) = &self.before {
            writeln!(f, "  before    {version}, sequence {sequence}, published {created_at}")?;
        }
        writeln!(f, "  blob      {}, {bytes} bytes", self.blob_path)?;
        writeln!(f, "  sha256    {sha256}")?;
        writeln!(f, "  readers must trust {}", self.public)
    }
}
