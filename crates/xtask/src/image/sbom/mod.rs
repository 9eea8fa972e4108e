//! The bill of materials, `CycloneDX` 1.6 in JSON: what is inside the image, by the lock files and packages it was made from.
//!
//! Crates are what `cargo tree` says is linked into the server and into the module, npm packages what package-lock.json says the
//! Worker and the page are bundled from, Debian's what the base lists. No clock and no random number goes in: the same source gives
//! the same bytes. What workerd's publisher has linked into workerd is not listed here; its version and digest are.

mod debian;
mod npm;
mod rust;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::tree;
use crate::project::Project;

/// The file's name, beside the image and inside.
pub(super) const FILE: &str = "curbside-server.cdx.json";
/// How the whole is referred to.
const ROOT: &str = "curbside-server";

/// One package inside the image.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// `library`, `application` or `file`.
    kind: &'static str,
    /// Whose package: `cargo`, `npm` or `deb`; empty for a file.
    pub(super) ecosystem: &'static str,
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression, where the package tells one.
    pub(super) licence: Option<String>,
    /// Algorithm as `CycloneDX` names it, and digest in hex: of the archive that the package came in; none for what is built here.
    pub(super) digest: Option<(&'static str, String)>,
    /// The references of what it uses.
    uses: Vec<String>,
}

/// All components by their reference, which is a package URL, or the path of a file.
pub(super) type Components = BTreeMap<String, Component>;

/// Everything inside, and what the whole is made of directly.
#[derive(Debug)]
pub(super) struct Materials {
    pub(super) components: Components,
    top: Vec<String>,
}

impl Materials {
    /// The packages that are linked or bundled in, and those of the base.
    ///
    /// # Errors
    /// When a lock file cannot be read, a package is not in it, or cargo fails.
    pub(super) fn of_packages(project: &Project, base: &Path) -> Result<Self> {
        let mut components = Components::new();
        let mut top = rust::add(project, &mut components)?;
        top.extend(npm::add(project, &mut components)?);
        top.extend(debian::add(base, &mut components)?);
        Ok(Self { components, top })
    }

    /// Adds the files of the tree, which must be complete, and writes the bill.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn bill(mut self, tree: &Path) -> Result<String> {
        for file in tree::files(tree)? {
            let name = format!("usr/local/{}", file.display());
            let digest = Some(("SHA-256", tree::sha256(&tree.join(&file))?));
            let component = Component { kind: "file", name, digest, ..Component::default() };
            self.components.insert(format!("file:{}", component.name), component);
        }
        Ok(format!("{:#}\n", document(&self.components, &self.top)))
    }
}

fn document(components: &Components, top: &[String]) -> Value {
    let mut dependencies = vec![json!({ "ref": ROOT, "dependsOn": top })];
    let users = components.iter().filter(|(_, component)| component.kind != "file");
    dependencies.extend(users.map(|(reference, component)| json!({ "ref": reference, "dependsOn": component.uses })));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "bom-ref": ROOT,
                "type": "container",
                "name": "curbside-server",
                "version": env!("CARGO_PKG_VERSION"),
                "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
            },
        },
        "components": components.iter().map(|(reference, component)| component.to_json(reference)).collect::<Vec<_>>(),
        "dependencies": dependencies,
    })
}

impl Component {
    fn to_json(&self, reference: &str) -> Value {
        let mut value = json!({ "bom-ref": reference, "type": self.kind, "name": self.name });
        if self.kind != "file" {
            value["version"] = json!(self.version);
            value["purl"] = json!(reference);
        }
        if let Some(licence) = &self.licence {
            value["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some((algorithm, digest)) = &self.digest {
            value["hashes"] = json!([{ "alg": algorithm, "content": digest }]);
        }
        value
    }
}

/// A part of a package URL, with what means something there escaped.
fn escaped(part: &str) -> String {
    use std::fmt::Write as _;

    part.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
