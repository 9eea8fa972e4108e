//! Weights that stand in a store already: what the local Worker must know to read them, in a file that only its owner can read.
//!
//! Keys go by that file and never by an argument, which every process on the machine could read.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::weights;
use crate::project::Project;
use crate::registry::home::write_private;

/// Beside what else is local, and as little part of the repository.
const FILE: &str = ".curbside/worker.env";
/// What `source .curbside/registry/env` sets.
const HINT: &str = "`source .curbside/registry/env` sets those of `cargo xtask registry`";

/// Writes the Worker's variables: those of `.dev.vars`, and where the weights are.
///
/// # Errors
/// When the address is none, keys are missing, or the file cannot be written.
pub(super) fn describe(project: &Project, address: &str) -> Result<PathBuf> {
    let variables = variables(address, |name| env::var(name).ok().filter(|value| !value.is_empty()))?;
    weights::trust_local_key(project)?;
    // wrangler reads one file or the other.
    let local = project.path(weights::LOCAL_VARIABLES);
    let mut lines = vec![fs::read_to_string(&local).with_context(|| format!("cannot read {}", local.display()))?];
    for (name, value) in variables {
        lines.push(format!("{name}=\"{}\"", plain(name, &value)?));
    }
    let file = project.path(FILE);
    write_private(&file, &(lines.join("\n") + "\n"))?;
    Ok(file)
}

/// The Worker's variables for a store, by the names that wrangler.toml explains.
fn variables(address: &str, setting: impl Fn(&str) -> Option<String>) -> Result<Vec<(&'static str, String)>> {
    let source = ("WEIGHTS_SOURCE", address.to_owned());
    if address.starts_with("https://") || address.starts_with("http://") {
        return Ok(vec![source]);
    }
    if !address.starts_with("s3://") {
        bail!("--weights: expected s3://BUCKET[/PREFIX] or https://HOST[/PREFIX], found {address:?}");
    }
    if setting("AWS_SESSION_TOKEN").is_some() {
        bail!(
            "--weights: expected a key without AWS_SESSION_TOKEN, which the Worker could not renew; take one that may only read"
        );
    }
    let required = |name: &str| setting(name).with_context(|| format!("--weights: {name} is not set; {HINT}"));
    let region = setting("AWS_REGION").or_else(|| setting("AWS_DEFAULT_REGION")).unwrap_or("us-east-1".to_owned());
    let endpoint = setting("AWS_ENDPOINT_URL_S3")
        .or_else(|| setting("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    Ok(vec![
        source,
        ("S3_ENDPOINT", endpoint),
        ("S3_REGION", region),
        ("S3_ACCESS_KEY_ID", required("AWS_ACCESS_KEY_ID")?),
        ("S3_SECRET_ACCESS_KEY", required("AWS_SECRET_ACCESS_KEY")?),
    ])
}

/// Refuses what the file's format would read differently; the value itself is not shown, as it may be secret.
fn plain<'value>(name: &str, value: &'value str) -> Result<&'value str> {
    if value.chars().any(|character| character.is_control() || "\"\\$`".contains(character)) {
        bail!(
            "{name}: expected letters, digits and signs, found a quote, a dollar, a backslash or a control character"
        );
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{plain, variables};

    #[test]
    fn a_store_is_described_by_the_environment() {
        let keys = [("AWS_ACCESS_KEY_ID", "GK1"), ("AWS_SECRET_ACCESS_KEY", "s3cret"), ("AWS_REGION", "garage")];
        let of = |more: &[(&str, &str)], address| {
            let all: Vec<_> = keys.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect();
            variables(address, |name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
        };
        let local = of(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:3900")], "s3://bucket/prefix").unwrap();
        let expected = ["s3://bucket/prefix", "http://127.0.0.1:3900", "garage", "GK1", "s3cret"];
        assert_eq!(local.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(of(&[], "s3://bucket").unwrap()[1].1, "https://s3.garage.amazonaws.com");
        assert_eq!(of(&[], "https://weights.example").unwrap().len(), 1);
        assert!(of(&[], "bucket").is_err());
        assert!(of(&[("AWS_SESSION_TOKEN", "t")], "s3://bucket").is_err());
    }

    #[test]
    fn what_is_missing_is_named_with_the_remedy() {
        let complaint = variables("s3://bucket", |_| None).unwrap_err().to_string();
        assert!(complaint.contains("AWS_ACCESS_KEY_ID is not set") && complaint.contains("source"), "{complaint}");
    }

    #[test]
    fn a_value_that_the_file_would_change_is_refused_and_not_shown() {
        for value in ["a\"b", "a$b", "a\\b", "a\nb"] {
            let complaint = plain("S3_SECRET_ACCESS_KEY", value).unwrap_err().to_string();
            assert!(!complaint.contains(value), "{complaint}");
        }
        assert_eq!(plain("TRUSTED_KEYS", "abc+/= def").unwrap(), "abc+/= def");
    }
}
