//! On what, and with which versions.

use std::fs;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::{command, node};

/// A sentence on the machine and the rides, and one on the versions.
///
/// # Errors
/// When the lists of versions cannot be read.
pub(super) fn described(project: &Project, rides: &str) -> Result<String> {
    let read = |file: &str| fs::read_to_string(project.path(file)).with_context(|| format!("cannot read {file}"));
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let node = command::quiet_output(node::node(project)?.arg("--version")).unwrap_or_default();
    let mut versions = python_versions(&read("bench/peers/requirements.txt")?);
    versions.extend(node_versions(&read("bench/peers/package.json")?));
    Ok(format!(
        "{}, Node {}; rides of {rides}. With {}.",
        processor(&cpus),
        node.trim().trim_start_matches('v'),
        versions.join(", ")
    ))
}

/// Nanoseconds of an estimate of varied rides by tables, from what bench/pkg.mjs prints: name, by the walk, by tables.
pub(super) fn estimate(printed: &str) -> Option<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix("estimate of varied rides"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The processor, and how many cores of it.
pub(super) fn processor(cpuinfo: &str) -> String {
    let models: Vec<&str> = cpuinfo
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, name)| name.trim())
        .collect();
    match models.first() {
        Some(model) => format!("{model}, {} cores", models.len()),
        None => format!("{} on {}", std::env::consts::ARCH, std::env::consts::OS),
    }
}

/// `name==1.2` as `name 1.2`.
pub(super) fn python_versions(requirements: &str) -> Vec<String> {
    requirements.lines().filter(|line| line.contains("==")).map(|line| line.replace("==", " ")).collect()
}

/// The lines of `dependencies`, `"name": "1.2"`, as `name 1.2`.
fn node_versions(package: &str) -> Vec<String> {
    let dependencies = package.split_once("\"dependencies\"").map_or("", |(_, rest)| rest);
    let block = dependencies.split('}').next().unwrap_or_default();
    let words = |line: &str| line.replace(['"', ',', ':', '{'], "").split_whitespace().collect::<Vec<_>>().join(" ");
    block.lines().map(words).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{estimate, node_versions, processor, python_versions};

    #[test]
    fn versions_are_read_from_the_pinned_lists() {
        assert_eq!(python_versions("# why\nydf==0.16.1\nnumpy==2.4.6\n"), ["ydf 0.16.1", "numpy 2.4.6"]);
        let package =
            "{\n  \"name\": \"x\",\n  \"dependencies\": {\n    \"a-b\": \"1.2.0\",\n    \"c\": \"3\"\n  }\n}\n";
        assert_eq!(node_versions(package), ["a-b 1.2.0", "c 3"]);
    }

    #[test]
    fn the_processor_is_named_where_the_system_tells() {
        assert_eq!(processor("model name\t: EPYC\nflags: x\nmodel name\t: EPYC\n"), "EPYC, 2 cores");
        assert!(processor("").contains(" on "));
    }

    #[test]
    fn the_estimate_is_the_one_by_tables() {
        let printed = "nanoseconds, by the walk and by tables\nestimate, Date    4200    2000  2.10 times as much\n\
                       estimate of varied rides               9900     2800  3.54 times as much\n";
        assert_eq!(estimate(printed), Some(2800.0));
        assert_eq!(estimate("nothing of the kind"), None);
    }
}
