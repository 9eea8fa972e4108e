//! Crates: what is linked into the server, and into the WebAssembly module that it serves.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Component, Components, escaped};
use crate::command;
use crate::project::Project;

/// The packages whose trees are inside, each with the target it is built for; none: this machine's.
const BUILT: [(&str, Option<&str>); 2] = [("curbside-server", None), ("curbside", Some("wasm32-unknown-unknown"))];

/// Adds the crates of both trees, and returns their roots' references.
///
/// # Errors
/// When cargo fails, or its answer does not name a package in every line.
pub(super) fn add(project: &Project, components: &mut Components) -> Result<Vec<String>> {
    let lock = fs::read_to_string(project.path("Cargo.lock")).context("cannot read Cargo.lock")?;
    let mut roots = Vec::new();
    for (package, target) in BUILT {
        let mut cargo = Command::new("cargo");
        // Macros are run by the compiler and not linked. Of a crate that comes twice, the second has no tree of its own here.
        cargo.args(["tree", "--locked", "--package", package, "--edges=normal,no-proc-macro", "--prefix=depth"]);
        cargo.args(["--format", "\t{p}\t{l}"]);
        if let Some(target) = target {
            cargo.args(["--target", target]);
        }
        let tree = command::quiet_output(&mut cargo)
            .with_context(|| format!("`cargo tree --locked --package {package}` failed: is Cargo.lock up to date?"))?;
        roots.push(add_tree(&tree, &lock, components)?);
    }
    Ok(roots)
}

fn add_tree(tree: &str, lock: &str, components: &mut Components) -> Result<String> {
    // The references from the root to the line before, by depth.
    let mut path: Vec<String> = Vec::new();
    for line in tree.lines() {
        let mut columns = line.split('\t');
        let (Some(depth), Some(package)) = (columns.next(), columns.next()) else {
            bail!("cargo tree: expected depth, package and licence, found {line:?}");
        };
        let depth: usize = depth.parse().with_context(|| format!("cargo tree: no depth in {line:?}"))?;
        let mut words = package.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next().and_then(|word| word.strip_prefix('v'))) else {
            bail!("cargo tree: expected a name and a version, found {package:?}");
        };
        let reference = format!("pkg:cargo/{}@{}", escaped(name), escaped(version));
        path.truncate(depth);
        if let Some(user) = path.last().and_then(|user| components.get_mut(user))
            && !user.uses.contains(&reference)
        {
            user.uses.push(reference.clone());
        }
        components.entry(reference.clone()).or_insert_with(|| Component {
            kind: "library",
            ecosystem: "cargo",
            name: name.to_owned(),
            version: version.to_owned(),
            licence: columns.next().and_then(licence),
            digest: checksum(lock, name, version).map(|digest| ("SHA-256", digest.to_owned())),
            uses: Vec::new(),
        });
        path.push(reference);
    }
    path.into_iter().next().context("cargo tree printed nothing")
}

/// An SPDX expression from cargo's column, which may have the mark of a repetition after it and an old crate's slash inside.
fn licence(column: &str) -> Option<String> {
    let expression = column.trim_end_matches(" (*)").trim();
    (!expression.is_empty()).then(|| expression.replace('/', " OR "))
}

/// The digest of a package from the registry; the workspace's own have none.
fn checksum<'a>(lock: &'a str, name: &str, version: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \"{version}\"\n"))?;
    let entry = rest.split("[[package]]").next()?;
    entry.split_once("checksum = \"")?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Components, add_tree};

    const LOCK: &str = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n\
                        [[package]]\nname = \"far\"\nversion = \"2.0.0\"\nsource = \"registry\"\nchecksum = \"abcd\"\n";

    #[test]
    fn a_tree_of_crates_becomes_components_and_edges() {
        // own uses far and near, near uses far again.
        let tree = "0\town v0.1.0 (/somewhere)\tMIT OR Apache-2.0\n1\tfar v2.0.0\tMIT/Apache-2.0\n1\tnear v1.0.0+x\t\n\
                    2\tfar v2.0.0\tMIT/Apache-2.0 (*)\n";
        let mut components = Components::new();
        assert_eq!(add_tree(tree, LOCK, &mut components).unwrap(), "pkg:cargo/own@0.1.0");
        assert_eq!(components.len(), 3);
        let own = &components["pkg:cargo/own@0.1.0"];
        assert_eq!(own.uses, ["pkg:cargo/far@2.0.0", "pkg:cargo/near@1.0.0%2Bx"]);
        assert!(own.digest.is_none(), "what is built here has no archive");
        let far = &components["pkg:cargo/far@2.0.0"];
        assert_eq!(far.licence.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(far.digest, Some(("SHA-256", "abcd".to_owned())));
        let near = &components["pkg:cargo/near@1.0.0%2Bx"];
        assert_eq!(
            (near.licence.as_deref(), near.uses.as_slice()),
            (None, ["pkg:cargo/far@2.0.0".to_owned()].as_slice())
        );
        add_tree("nonsense\n", LOCK, &mut components).unwrap_err();
    }
}
