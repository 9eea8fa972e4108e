//! `curbside rollback`: back to an earlier model, under a new and higher sequence.

use std::fmt;
use std::time::SystemTime;

use clap::Args;
use curbside_publish::{Earlier, Manifest, Rollback, RolledBack, models, rollback};
use curbside_registry::{AliasMove, Puller, process_environment, take_back};
use serde::Serialize;

use super::promote::write_move;
use super::publish::Signing;
use crate::destination::Destination;
use crate::failure::Failure;
use crate::output::Output;

/// What, where and by whom.
#[derive(Args)]
pub(crate) struct Arguments {
    /// s3://BUCKET[/PREFIX], r2://BUCKET[/PREFIX], a folder, a file:// URL, or `local` for the bucket of `cargo xtask up`
    #[arg(value_name = "WHERE")]
    store: String,
    /// Which manifest to take back: models/<name>/<alias>.json
    #[arg(long, default_value = "champion")]
    alias: String,
    /// Name of the model; else the only one in the store
    #[arg(long)]
    name: Option<String>,
    /// Back to this sequence; else to the last publication with another blob
    #[arg(long, value_name = "N", conflicts_with = "to_version")]
    to_sequence: Option<u64>,
    /// Back to the last publication of this version
    #[arg(long, value_name = "V")]
    to_version: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// What was and what is.
#[derive(Serialize)]
struct Answer {
    store: String,
    manifest_path: String,
    blob_path: String,
    keyid: String,
    before: Manifest,
    earlier: Manifest,
    manifest: Manifest,
    /// MLflow's alias, where a server is known and the manifest names a version there.
    mlflow: Option<AliasMove>,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let place = Destination::new("WHERE", &arguments.store)?;
    let (key, trusted) = (arguments.signing.key()?, arguments.signing.trusted()?);
    let store = place.open_to_look()?;
    let registry = Puller::from_env(&process_environment)?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => match &models(&*store)?[..] {
            [only] => only.clone(),
            [] => {
                let message = format!("{place}: expected a model, found none; is this the store, and its prefix?");
                return Err(Failure::new("MANIFEST_MISSING", message));
            }
            found => {
                let message =
                    format!("expected the name of one of the models in {place}, found there: {}", found.join(", "));
                return Err(Failure::usage("--name", message));
            }
        },
    };
    let to = match (arguments.to_sequence, &arguments.to_version) {
        (Some(sequence), _) => Earlier::Sequence(sequence),
        (None, Some(version)) => Earlier::Version(version),
        (None, None) => Earlier::Before,
    };
    let asked = Rollback {
        trusted: &trusted,
        to,
        lease: arguments.signing.lease(),
        notice: output.notice(),
        ..Rollback::new(&name, &arguments.alias, &key, SystemTime::now())
    };
    let RolledBack { before, earlier, manifest, manifest_path, blob_path } = rollback(&*store, &asked)?;
    place.finish(output)?;
    // Storage first: hosts follow it, and MLflow's alias only says what they have.
    let mlflow = take_back(&registry, &manifest, &arguments.alias)?;
    let keyid = key.public().keyid();
    output.answer(&Answer {
        store: place.to_string(),
        manifest_path,
        blob_path,
        keyid,
        before,
        earlier,
        manifest,
        mlflow,
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |manifest: &Manifest| {
            let Manifest { version, sequence, created_at, .. } = manifest;
            format!("{version}, sequence {sequence}, published {created_at}")
        };
        writeln!(f, "{} is back at {} in {}", self.manifest.name, self.manifest.version, self.store)?;
        writeln!(f, "  was       {}", line(&self.before))?;
        writeln!(f, "  is        {}, signed by {}", line(&self.manifest), self.keyid)?;
        writeln!(f, "  as in     sequence {}, published {}", self.earlier.sequence, self.earlier.created_at)?;
        writeln!(f, "  manifest  {}", self.manifest_path)?;
        writeln!(f, "  blob      {}, {} bytes, there and opens", self.blob_path, self.manifest.bytes)?;
        self.mlflow.as_ref().map_or(Ok(()), |moved| write_move(f, moved))
    }
}
