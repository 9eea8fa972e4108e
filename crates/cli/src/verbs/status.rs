//! `curbside status`: what is published in a store, and whether a reader could use it.

use std::fmt;
use std::time::SystemTime;

use clap::Args;
use curbside_publish::{AliasStatus, BlobStatus, ClaimStatus, HistoryStatus, Manifest, Query, status};
use serde::Serialize;

use crate::destination::{Destination, local_key, public_keys};
use crate::failure::Failure;
use crate::output::Output;

/// Earlier publications that a person is shown.
const SHOWN: usize = 8;

/// Where to look, and whom to believe.
#[derive(Args)]
pub(crate) struct Arguments {
    /// s3://BUCKET[/PREFIX], r2://BUCKET[/PREFIX], a folder, a file:// URL, or `local` for the bucket of `cargo xtask up`
    #[arg(value_name = "WHERE")]
    store: String,
    /// One model; else all
    #[arg(long)]
    name: Option<String>,
    /// One alias; else all
    #[arg(long)]
    alias: Option<String>,
    /// A public key (base64) that readers trust, besides .curbside/signing-key.json of the repository around us
    #[arg(long, value_name = "KEY")]
    trust: Vec<String>,
}

/// What was found.
#[derive(Serialize)]
struct Answer {
    store: String,
    /// Whether a reader that trusts these keys can use every alias.
    ok: bool,
    /// Ids of the keys that were trusted.
    trusted: Vec<String>,
    aliases: Vec<AliasStatus>,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let place = Destination::new("WHERE", &arguments.store)?;
    let mut trusted = public_keys(&arguments.trust)?;
    trusted.extend(local_key()?);
    let query = Query {
        name: arguments.name.as_deref(),
        alias: arguments.alias.as_deref(),
        trusted: &trusted,
        now: SystemTime::now(),
    };
    let aliases = status(&*place.open_to_look()?, &query)?;
    let mut ids: Vec<String> = trusted.iter().map(curbside_publish::PublicKey::keyid).collect();
    ids.dedup();
    let answer = Answer { store: place.to_string(), ok: aliases.iter().all(|alias| alias.ok), trusted: ids, aliases };
    output.answer(&answer)?;
    if answer.ok { Ok(()) } else { Err(Failure::answered()) }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trusted = if self.trusted.is_empty() { "no key (--trust)".to_owned() } else { self.trusted.join(", ") };
        writeln!(f, "{}, trusting {trusted}", self.store)?;
        self.aliases.iter().try_for_each(|alias| write_alias(f, alias))
    }
}

fn write_alias(f: &mut fmt::Formatter<'_>, alias: &AliasStatus) -> fmt::Result {
    let verdict = if alias.ok { "good" } else { "NOT GOOD" };
    writeln!(f, "\n{} {}: {verdict}", alias.name, alias.alias)?;
    for problem in &alias.problems {
        writeln!(f, "  problem   {}: {}", problem.code, problem.message)?;
    }
    let signed = alias.keyid.as_deref().unwrap_or("nobody");
    match &alias.manifest {
        Some(Manifest { version, sequence, created_at, .. }) => {
            writeln!(f, "  version   {version}, sequence {sequence}, published {created_at}")?;
            writeln!(f, "  signed    by {signed}, verified")?;
        }
        None => writeln!(f, "  signed    by {signed}, not verified")?,
    }
    if let Some(line) = alias.manifest.as_ref().and_then(mlflow) {
        writeln!(f, "  mlflow    {line}")?;
    }
    if let (Some(BlobStatus { path, whole, golden_rides }), Some(manifest)) = (&alias.blob, &alias.manifest) {
        let found = if *whole {
            format!("{} bytes, digest right, opens, {golden_rides} golden rides", manifest.bytes)
        } else {
            "not what the manifest says".to_owned()
        };
        writeln!(f, "  blob      {path}: {found}")?;
    }
    let mut label = "before";
    for entry in alias.history.iter().take(SHOWN) {
        writeln!(f, "  {label:<8}  {}", history_line(entry))?;
        label = "";
    }
    if alias.history.len() > SHOWN {
        writeln!(f, "            and {} before that (--json shows all)", alias.history.len() - SHOWN)?;
    }
    for ClaimStatus { path, version, age_seconds, abandoned, .. } in &alias.claims {
        let what = if *abandoned { "abandoned" } else { "under way" };
        let version = version.as_deref().unwrap_or("unknown");
        writeln!(f, "  {what} version {version}, since {age_seconds} s: {path}")?;
    }
    Ok(())
}

/// Where in MLflow the model is from.
fn mlflow(manifest: &Manifest) -> Option<String> {
    let Manifest { mlflow_run, mlflow_model, mlflow_model_version, .. } = manifest;
    let version = match (mlflow_model, mlflow_model_version) {
        (Some(model), Some(version)) => Some(format!("models:/{model}/{version}")),
        (None, Some(version)) => Some(format!("version {version}")),
        (Some(model), None) => Some(format!("models:/{model}")),
        (None, None) => None,
    };
    let run = mlflow_run.as_ref().map(|run| format!("run {run}"));
    let parts: Vec<String> = version.into_iter().chain(run).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn history_line(entry: &HistoryStatus) -> String {
    match (&entry.manifest, &entry.problem) {
        (Some(Manifest { version, created_at, .. }), _) => {
            let blob = if entry.blob_there { "blob there" } else { "BLOB NOT THERE" };
            format!("{version}, sequence {}, published {created_at}, {blob}", entry.sequence)
        }
        (None, problem) => {
            let code = problem.as_ref().map_or("unknown", |problem| problem.code);
            let signed = entry.keyid.as_deref().unwrap_or("nobody");
            format!("sequence {}, signed by {signed}, not verified ({code})", entry.sequence)
        }
    }
}
