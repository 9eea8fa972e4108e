//! `curbside promote`: a model of the registry into object storage, and the registry's alias after it.

mod follow;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use curbside_publish::{BundleFile, Manifest, PublicKey, Publication, Published, SigningKey};
use curbside_registry::{AliasMove, ModelUri, Origin, Promoted, Puller, Resolved, process_environment, promote};
use object_store::ObjectStore;
use serde::Serialize;

use super::pack::Reading;
use super::publish::Signing;
use super::pull::{Fetched, NAME, write_origin};
use crate::destination::Destination;
use crate::failure::Failure;
use crate::output::Output;

/// What to promote, where to and by whom.
#[derive(Args)]
pub(crate) struct Arguments {
    /// models:/NAME@ALIAS, models:/NAME/VERSION, models:/NAME/latest, or anything that `pull` takes
    uri: String,
    /// s3://BUCKET[/PREFIX], r2://BUCKET[/PREFIX], a folder, a file:// URL, or `local` for the bucket of `cargo xtask up`
    #[arg(long, value_name = "WHERE")]
    to: String,
    /// Which manifest to write, models/<name>/<alias>.json, and which of MLflow's aliases to move
    #[arg(long, default_value = "champion")]
    alias: String,
    /// Name of the model in storage, if not the one in its card
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    signing: Signing,
    /// Keep looking at models:/NAME@ALIAS, every so many seconds, and promote whatever it is moved to
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    follow: Option<f64>,
}

/// Everything that promoting needs, opened once.
struct Desk<'a> {
    arguments: &'a Arguments,
    puller: Puller,
    uri: ModelUri,
    to: Destination,
    store: Arc<dyn ObjectStore>,
    key: SigningKey,
    trusted: Vec<PublicKey>,
    output: Output,
}

/// What a promotion did.
#[derive(Serialize)]
struct Answer {
    origin: Origin,
    /// Whether it was a model of another library.
    packed: bool,
    to: String,
    storage: Storage,
    /// Null for what is no version of a registered model.
    mlflow: Option<AliasMove>,
    keyid: String,
    public: String,
}

/// The alias in storage, before and after.
#[derive(Serialize)]
struct Storage {
    manifest_path: String,
    blob_path: String,
    unchanged: bool,
    before: Option<Manifest>,
    after: Manifest,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let desk = Desk::open(arguments, output)?;
    let Some(seconds) = arguments.follow else {
        let resolved = desk.puller.resolve(&desk.uri)?;
        return output.answer(&desk.promote(resolved)?);
    };
    if !matches!(desk.uri, ModelUri::Alias { .. }) {
        let message = format!("expected models:/NAME@ALIAS, since only an alias moves, found {}", desk.uri);
        return Err(Failure::usage("--follow", message));
    }
    let fits = |seconds: &f64| (0.1..=86_400.0).contains(seconds);
    let every = Some(seconds).filter(fits).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let every =
        every.ok_or_else(|| Failure::usage("--follow", format!("expected 0.1 to 86400 seconds, found {seconds}")))?;
    follow::run(&desk, every, output)
}

impl<'a> Desk<'a> {
    fn open(arguments: &'a Arguments, output: Output) -> Result<Desk<'a>, Failure> {
        let uri = ModelUri::parse(&arguments.uri)?;
        let to = Destination::new("--to", &arguments.to)?;
        let (key, trusted) = (arguments.signing.key()?, arguments.signing.trusted()?);
        let puller = Puller::from_env(&process_environment)?;
        let store = to.open()?;
        Ok(Desk { arguments, puller, uri, to, store, key, trusted, output })
    }

    /// Fetches, packs if it must be, publishes, moves the registry's alias.
    fn promote(&self, resolved: Resolved) -> Result<Answer, Failure> {
        let name = self.arguments.name.as_deref();
        let pulled = self.puller.fetch(resolved)?;
        let packed_name = name.unwrap_or(NAME);
        let fetched = Fetched::new(pulled, &self.arguments.reading, packed_name, &format!("{packed_name}.curb"))?;
        let Fetched { origin, packed, made } = fetched;
        let bundle = BundleFile::from_bytes(origin.uri.clone(), made.stored)?;
        let publication = Publication {
            name,
            trusted: &self.trusted,
            lease: self.arguments.signing.lease(),
            notice: self.output.notice(),
            ..Publication::new(&self.arguments.alias, &self.key, SystemTime::now())
        };
        let promoted = promote(&self.puller, &*self.store, &bundle, &origin, &publication);
        // Whatever became of MLflow's alias: what was written is to be seen.
        self.to.finish(self.output)?;
        let Promoted { published, alias } = promoted?;
        let Published { manifest, before, manifest_path, blob_path, unchanged } = published;
        // Nothing was replaced where it stood already: it was before what it is after.
        let before = if unchanged { Some(manifest.clone()) } else { before };
        let storage = Storage { manifest_path, blob_path, unchanged, before, after: manifest };
        let (keyid, public) = (self.key.public().keyid(), self.key.public().to_base64());
        Ok(Answer { origin, packed, to: self.to.to_string(), storage, mlflow: alias, keyid, public })
    }
}

/// What an alias in storage stands on.
struct Standing<'a>(&'a Manifest);

impl fmt::Display for Standing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { version, sequence, mlflow_model, mlflow_model_version, .. } = self.0;
        write!(f, "{version}, sequence {sequence}")?;
        match (mlflow_model, mlflow_model_version) {
            (Some(model), Some(version)) => write!(f, ", models:/{model}/{version}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Storage { manifest_path, blob_path, unchanged, before, after } = &self.storage;
        write_origin(f, &self.origin)?;
        write!(f, "  storage   {manifest_path} in {}: ", self.to)?;
        match before {
            _ if *unchanged => writeln!(f, "stands already on {}", Standing(after)),
            Some(before) => writeln!(f, "moved from {} to {}", Standing(before), Standing(after)),
            None => writeln!(f, "new, stands on {}", Standing(after)),
        }?;
        writeln!(f, "  blob      {blob_path}, {} bytes, signed by {}", after.bytes, self.keyid)?;
        match &self.mlflow {
            None => writeln!(f, "  MLflow    no alias moved: this is no version of a registered model")?,
            Some(moved) => write_move(f, moved)?,
        }
        writeln!(f, "  readers must trust {}", self.public)
    }
}

/// What became of MLflow's alias, in a line.
pub(crate) fn write_move(f: &mut fmt::Formatter<'_>, moved: &AliasMove) -> fmt::Result {
    let AliasMove { model, alias, before, after } = moved;
    write!(f, "  MLflow    models:/{model}@{alias}: ")?;
    match before {
        _ if moved.is_unchanged() => writeln!(f, "stands already on version {after}"),
        Some(before) => writeln!(f, "moved from version {before} to {after}"),
        None => writeln!(f, "new, stands on version {after}"),
    }
}
