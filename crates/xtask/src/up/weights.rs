//! The weights that the local Worker serves: the shipped bundle, published as it would be anywhere, by a key of this machine.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use curbside_publish::{BundleFile, LOCAL_BUCKET, LOCAL_KEY_FILE, Publication, SigningKey, open_folder, publish};

use crate::project::Project;
use crate::{command, node};

/// The bundle in the repository.
pub(super) const SHIPPED: &str = "models/green-tripdata-duration.curb";
/// What wrangler.toml calls the model, its manifest and the bucket.
const MODEL: &str = "ride-duration";
const ALIAS: &str = "champion";
const BINDING: &str = "WEIGHTS";
/// Where wrangler reads variables that must not be committed.
pub(super) const LOCAL_VARIABLES: &str = ".dev.vars";
const TRUSTED_KEYS: &str = "TRUSTED_KEYS";

/// Publishes a bundle into the bucket folder and says which key the Worker may believe; quick when nothing has changed.
///
/// # Errors
/// When the bundle cannot be opened, or key, folder or variables cannot be written.
pub(super) fn publish_locally(project: &Project, bundle: &Path) -> Result<()> {
    let key = SigningKey::load_or_create(&project.path(LOCAL_KEY_FILE))?;
    let bundle = BundleFile::open(bundle)?;
    let publication = Publication { name: Some(MODEL), ..Publication::new(ALIAS, &key, SystemTime::now()) };
    let published = publish(&open_folder(&project.path(LOCAL_BUCKET))?, &bundle, &publication)?;
    if !published.unchanged {
        println!("Published {} to {LOCAL_BUCKET}", published.blob_path);
    }
    trust(&project.path(LOCAL_VARIABLES), &key.public().to_base64())
}

/// Says which key of this machine a local Worker may believe, whoever has published what it reads.
///
/// # Errors
/// When key or variables cannot be written.
pub(super) fn trust_local_key(project: &Project) -> Result<()> {
    let key = SigningKey::load_or_create(&project.path(LOCAL_KEY_FILE))?;
    trust(&project.path(LOCAL_VARIABLES), &key.public().to_base64())
}

/// Copies the bucket folder into the simulated bucket that wrangler's Worker reads.
///
/// # Errors
/// When the simulator fails.
pub(super) fn seed(project: &Project) -> Result<()> {
    command::run(node::node(project)?.arg("crates/xtask/js/seed.mjs").arg(project.path(LOCAL_BUCKET)).arg(BINDING))
        .context("the local bucket could not be filled")
}

/// Adds the key to those that a local Worker believes, and leaves every other line alone.
fn trust(variables: &Path, key: &str) -> Result<()> {
    let text = match fs::read_to_string(variables) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => bail!("cannot read {}: {error}", variables.display()),
    };
    if let Some(changed) = with_trusted_key(&text, key) {
        fs::write(variables, changed).with_context(|| format!("cannot write {}", variables.display()))?;
    }
    Ok(())
}

/// The variables with the key among the trusted ones; `None` when it is there already.
fn with_trusted_key(text: &str, key: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let assignment = format!("{TRUSTED_KEYS}=");
    match lines.iter_mut().find(|line| line.starts_with(&assignment)) {
        Some(line) => {
            let value = line.get(assignment.len()..).unwrap_or_default();
            let value = value.trim().trim_matches(['"', '\'']);
            if value.split_whitespace().any(|known| known == key) {
                return None;
            }
            *line = format!("{assignment}\"{}\"", format!("{value} {key}").trim());
        }
        None => lines.push(format!("{assignment}\"{key}\"")),
    }
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::with_trusted_key;

    #[test]
    fn a_key_joins_those_that_are_trusted() {
        for (before, after) in [
            ("", Some("TRUSTED_KEYS=\"abc=\"\n")),
            ("OTHER=1", Some("OTHER=1\nTRUSTED_KEYS=\"abc=\"\n")),
            ("TRUSTED_KEYS=\"\"\n", Some("TRUSTED_KEYS=\"abc=\"\n")),
            ("TRUSTED_KEYS='old='\nOTHER=1\n", Some("TRUSTED_KEYS=\"old= abc=\"\nOTHER=1\n")),
            ("TRUSTED_KEYS=\"old= abc=\"\n", None),
            ("TRUSTED_KEYS=abc=\n", None),
        ] {
            assert_eq!(with_trusted_key(before, "abc=").as_deref(), after, "{before:?}");
        }
    }
}
