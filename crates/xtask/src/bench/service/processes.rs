//! What a server's processes cost, as Linux tells it in `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// Memory of a server's processes, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    pub(super) processes: usize,
    /// What each has in memory, added up: pages that they share count once for each.
    pub(super) resident: f64,
    /// The same with shared pages divided among those who share them.
    pub(super) proportional: f64,
    /// What no file holds, and so only a process that grows takes more of: how much of the programs' own pages counts for these
    /// processes depends on who else runs the same program.
    pub(super) own: f64,
}

/// Of a process and all that it started.
///
/// # Errors
/// When there is no such process, or the system does not tell.
pub(super) fn memory(leader: u32) -> Result<Memory> {
    let mut memory = Memory::default();
    for process in tree(leader)? {
        // A process may end while it is looked at.
        let Ok(text) = fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else { continue };
        memory.processes += 1;
        memory.resident += kilobytes(&text, "Rss:").context("no Rss in smaps_rollup")? * 1024.0;
        memory.proportional += kilobytes(&text, "Pss:").context("no Pss in smaps_rollup")? * 1024.0;
        for kind in ["Pss_Anon:", "Pss_Shmem:"] {
            memory.own += kilobytes(&text, kind).with_context(|| format!("no {kind} in smaps_rollup"))? * 1024.0;
        }
    }
    Ok(memory)
}

/// CPU time in seconds that a process and all that it started, and still run, have used.
///
/// # Errors
/// When there is no such process, or the system does not tell.
pub(super) fn cpu_seconds(leader: u32) -> Result<f64> {
    let ticks = command::quiet_output(Command::new("getconf").arg("CLK_TCK")).context("getconf is missing")?;
    let ticks: f64 = ticks.trim().parse()?;
    let used = tree(leader)?.into_iter().filter_map(read).map(|stat| stat.ticks).sum::<f64>();
    Ok(used / ticks)
}

/// What is used of `/proc/PID/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    /// In user and kernel mode together.
    ticks: f64,
}

/// The process and those below it.
fn tree(leader: u32) -> Result<Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("there is no /proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        if let Some(stat) = read(process) {
            children.entry(stat.parent).or_default().push(process);
        }
    }
    let mut found = vec![leader];
    let mut place = 0;
    while let Some(process) = found.get(place) {
        found.extend(children.get(process).into_iter().flatten().copied().collect::<Vec<_>>());
        place += 1;
    }
    Ok(found)
}

fn read(process: u32) -> Option<Stat> {
    stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The fields behind the name, which is in brackets and may hold anything: state, parent, ... as proc(5) counts them.
fn stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks: number(11)? + number(12)? })
}

fn kilobytes(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Stat, kilobytes, memory, stat};

    #[test]
    fn a_name_with_brackets_hides_no_field() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 9 9 9";
        assert_eq!(stat(text), Some(Stat { parent: 7, ticks: 200.0 }));
        assert_eq!(stat("42 (cut"), None);
    }

    #[test]
    fn memory_is_told_in_kilobytes() {
        let text =
            "55d26-55d27 ---p 00000000 00:00 0 [rollup]\nRss:              213944 kB\nPss:              160612 kB\n";
        assert_eq!(kilobytes(text, "Pss:"), Some(160_612.0));
        assert_eq!(kilobytes(text, "Swap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_one_of_its_own_tree() {
        let own = memory(std::process::id()).unwrap_or_default();
        assert!(
            own.processes >= 1 && own.resident >= own.proportional && own.proportional >= own.own && own.own > 0.0,
            "{own:?}"
        );
    }
}
