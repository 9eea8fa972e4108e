//! The licences' texts of everything that is compiled or bundled into our files: most licences ask for no more than to go along.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::sbom::Components;
use crate::command;
use crate::project::Project;

/// The file's name, beside the bill of materials.
pub(super) const FILE: &str = "THIRD-PARTY-LICENSES.txt";
/// How the files that packages have for this begin.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// Every text once, with the packages that it is of; and the packages that have none, with what they say of themselves.
///
/// # Errors
/// When cargo cannot tell where crates are, or a file cannot be read.
pub(super) fn collect(project: &Project, components: &Components) -> Result<String> {
    let crates = crate_folders()?;
    // By text, so that the many equal ones are one.
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for component in components.values().filter(|component| component.digest.is_some()) {
        let named = format!("{} {}", component.name, component.version);
        let folder = match component.ecosystem {
            "cargo" => crates.get(&named).with_context(|| format!("cargo metadata knows no crate {named}"))?.clone(),
            "npm" => project.path("node_modules").join(&component.name),
            // Debian's are in /usr/share/doc of the base.
            _ => continue,
        };
        let found = texts_in(&folder)?;
        if found.is_empty() {
            without.push(format!("{named}: {}", component.licence.as_deref().unwrap_or("nothing told")));
        }
        for text in found {
            texts.entry(text).or_default().push(named.clone());
        }
    }
    let mut whole =
        String::from("What is compiled or bundled into Curbside's files, and the licences it comes under.\n");
    if !without.is_empty() {
        let _ = writeln!(whole, "\nWithout a text of their own, by the licence they name:\n\n{}", without.join("\n"));
    }
    let mut blocks: Vec<(String, String)> = texts.into_iter().map(|(text, of)| (of.join(", "), text)).collect();
    blocks.sort();
    for (of, text) in blocks {
        let _ = writeln!(whole, "\n{}\n{of}\n\n{}", "-".repeat(80), text.trim_end());
    }
    Ok(whole)
}

/// The folder of each crate's source, by name and version.
fn crate_folders() -> Result<BTreeMap<String, PathBuf>> {
    let told = command::quiet_output(Command::new("cargo").args(["metadata", "--locked", "--format-version=1"]))
        .context("cargo metadata failed")?;
    let told: Value = serde_json::from_str(&told).context("cargo metadata told no JSON")?;
    let packages = told["packages"].as_array().context("cargo metadata told no packages")?;
    let folder = |package: &Value| {
        let named = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
        Some((named, Path::new(package["manifest_path"].as_str()?).parent()?.to_owned()))
    };
    Ok(packages.iter().filter_map(folder).collect())
}

/// The licences' texts in a folder, by name of file.
fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let listing = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = listing.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        file.is_file() && NAMES.iter().any(|start| name.starts_with(start))
    });
    files.sort();
    let read = |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read {}", file.display()));
    files.into_iter().map(|file| Ok(String::from_utf8_lossy(&read(file)?).replace("\r\n", "\n"))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::texts_in;

    #[test]
    fn texts_are_found_by_the_names_that_packages_give_them() {
        let folder = std::env::temp_dir().join(format!("curbside-licences-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("LICENSES")).unwrap();
        for (name, text) in [("LICENSE-MIT", "b\r\nc"), ("license-apache", "d"), ("COPYING", "a"), ("Cargo.toml", "x")]
        {
            std::fs::write(folder.join(name), text).unwrap();
        }
        assert_eq!(texts_in(&folder).unwrap(), ["a", "b\nc", "d"]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
