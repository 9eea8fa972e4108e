//! Debian's packages: what the base lists of itself, a file for each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Component, Components, escaped};

/// Where `deploy/image/finish.sh` writes the list.
const LIST: &str = "var/lib/dpkg/status.d";

/// Adds the packages that files of the base are from, and returns their references.
///
/// # Errors
/// When the list cannot be read or a field is missing.
pub(super) fn add(base: &Path, components: &mut Components) -> Result<Vec<String>> {
    let release = fs::read_to_string(base.join("etc/os-release")).context("the base has no etc/os-release")?;
    let release = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="))
        .context("etc/os-release of the base has no VERSION_ID")?
        .trim_matches('"');
    let list = base.join(LIST);
    let mut top = Vec::new();
    for entry in fs::read_dir(&list).with_context(|| format!("cannot list {}", list.display()))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .with_context(|| format!("{} has no field {name}", path.display()))
        };
        let (name, version) = (field("Package")?, field("Version")?);
        let reference = format!(
            "pkg:deb/debian/{}@{}?arch={}&distro=debian-{release}",
            escaped(name),
            escaped(version),
            field("Architecture")?
        );
        let digest = field("Digest")?.strip_prefix("sha256:").map(|digest| ("SHA-256", digest.to_owned()));
        components.insert(
            reference.clone(),
            Component {
                kind: "library",
                ecosystem: "deb",
                name: name.to_owned(),
                version: version.to_owned(),
                digest,
                ..Component::default()
            },
        );
        top.push(reference);
    }
    top.sort();
    Ok(top)
}
