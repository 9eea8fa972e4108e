//! npm packages: workerd, and what the Worker's script and the page are bundled from.

use std::fs;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Component, Components, escaped};
use crate::image::tree::hex;
use crate::project::Project;

/// The runtime, which package.json has only by way of a development tool: here it is part of the product.
const RUNTIME: &str = "workerd";

/// Adds what the workspace's packages depend on, and the runtime; returns the references of these.
///
/// # Errors
/// When package-lock.json cannot be read or lacks a package.
pub(super) fn add(project: &Project, components: &mut Components) -> Result<Vec<String>> {
    let text = fs::read_to_string(project.path("package-lock.json")).context("cannot read package-lock.json")?;
    let lock: Value = serde_json::from_str(&text).context("package-lock.json is not JSON")?;
    let packages = lock["packages"].as_object().context("package-lock.json has no `packages`")?;
    let mut top = Vec::new();
    for workspace in ["", "pkg"] {
        for name in dependencies(&packages[workspace], "dependencies") {
            top.push(add_package(packages, name, components)?);
        }
    }
    top.push(add_package(packages, RUNTIME, components)?);
    Ok(top)
}

fn add_package(packages: &Map<String, Value>, name: &str, components: &mut Components) -> Result<String> {
    let Some(entry) = packages.get(&format!("node_modules/{name}")) else {
        bail!("package-lock.json has no package {name:?} at its top level");
    };
    let version = entry["version"].as_str().with_context(|| format!("package-lock.json: {name} has no version"))?;
    let reference = match name.split_once('/') {
        // The scope's `@` would read as the mark of a version.
        Some((scope, name)) => format!("pkg:npm/{}/{}@{}", escaped(scope), escaped(name), escaped(version)),
        None => format!("pkg:npm/{}@{}", escaped(name), escaped(version)),
    };
    if components.contains_key(&reference) {
        return Ok(reference);
    }
    let is_runtime = name == RUNTIME;
    components.insert(
        reference.clone(),
        Component {
            kind: if is_runtime { "application" } else { "library" },
            ecosystem: "npm",
            name: name.to_owned(),
            version: version.to_owned(),
            licence: entry["license"].as_str().map(str::to_owned),
            digest: entry["integrity"].as_str().and_then(digest),
            uses: Vec::new(),
        },
    );
    let mut uses = Vec::new();
    for used in dependencies(entry, "dependencies") {
        uses.push(add_package(packages, used, components)?);
    }
    if is_runtime {
        // One package for each system, of which npm has installed this machine's.
        let own = format!("@cloudflare/workerd-linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "64" });
        uses.push(add_package(packages, &own, components)?);
    }
    if let Some(component) = components.get_mut(&reference) {
        component.uses = uses;
    }
    Ok(reference)
}

fn dependencies<'a>(entry: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    entry[key].as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}

/// npm's `sha512-<base64>` as the bill writes it.
fn digest(integrity: &str) -> Option<(&'static str, String)> {
    let bytes = STANDARD.decode(integrity.strip_prefix("sha512-")?).ok()?;
    Some(("SHA-512", hex(&bytes)))
}
