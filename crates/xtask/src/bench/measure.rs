//! The measurement: engines take turns, round by round, because the machine is never the same for long.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::figures::Figures;
use super::host::{Served, cold_start, files};
use super::plan::{ENGINES, Engine, FIVE, Model};
use super::sizes;
use crate::project::Project;

/// What was measured, by model and engine.
pub(super) type Results = BTreeMap<(&'static str, &'static str), Figures>;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Rounds of each engine.
    pub(super) rounds: usize,
    /// Milliseconds of CPU time of a loop.
    pub(super) slice: u32,
    /// Single calls with cold caches in a round.
    pub(super) cold: usize,
    /// New processes of each engine.
    pub(super) starts: usize,
}

/// Measures every engine that scores the model. One that cannot has its reason among the results instead.
pub(super) fn model(project: &Project, model: &'static Model, folder: &Path, effort: Effort, results: &mut Results) {
    println!("Measuring {} ...", model.title);
    let mut hosts: Vec<(&'static Engine, Option<Served>)> = Vec::new();
    for engine in ENGINES.iter().filter(|engine| engine.scores(model)) {
        let mut figures = Figures::default();
        let host = Served::start(project, engine, folder).and_then(|host| first_answers(host, &mut figures));
        let host = host.map_err(|reason| figures = Figures::failed(reason.to_string())).ok();
        results.insert((model.name, engine.name), figures);
        hosts.push((engine, host));
    }
    for _ in 0..effort.rounds {
        for (engine, host) in &mut hosts {
            let (Some(host), Some(figures)) = (host, results.get_mut(&(model.name, engine.name))) else { continue };
            if let Err(reason) = round(host, effort, figures) {
                figures.failed = Some(reason.to_string());
            }
        }
    }
    drop(hosts);
    if model.name == FIVE {
        starts(project, model, folder, effort, results);
    }
}

/// The difference, and a round that only warms up.
fn first_answers(mut host: Served, figures: &mut Figures) -> Result<Served> {
    figures.difference = host.ask("difference")?.first().copied();
    host.ask("warm 50")?;
    host.ask("batch 50")?;
    Ok(host)
}

fn round(host: &mut Served, effort: Effort, figures: &mut Figures) -> Result<()> {
    let Effort { slice, cold, .. } = effort;
    figures.warm.extend(host.ask(&format!("warm {slice}"))?);
    figures.batch.extend(host.ask(&format!("batch {slice}"))?);
    // Nothing but Curbside explains, and not every bundle can be explained.
    if let Ok(costs) = host.ask(&format!("explain {slice}")) {
        figures.explanations.extend(costs);
    }
    // Some ways of calling are not measured with cold caches, and say so.
    if let Ok(costs) = host.ask(&format!("cold {cold} {}", beyond_caches())) {
        figures.cold.extend(costs);
    }
    Ok(())
}

/// Cold starts and what travels for them.
fn starts(project: &Project, model: &Model, folder: &Path, effort: Effort, results: &mut Results) {
    for engine in ENGINES.iter().filter(|engine| engine.is_javascript() && engine.scores(model)) {
        let Some(figures) = results.get_mut(&(model.name, engine.name)).filter(|found| found.failed.is_none()) else {
            continue;
        };
        match files(project, engine, folder).and_then(|files| sizes::measured(&files)) {
            Ok(sizes) => figures.sizes = sizes.into(),
            Err(reason) => eprintln!("  {}: no sizes: {reason:#}", engine.name),
        }
    }
    for _ in 0..effort.starts {
        for engine in ENGINES.iter().filter(|engine| engine.is_javascript() && engine.scores(model)) {
            let Some(figures) = results.get_mut(&(model.name, engine.name)).filter(|found| found.failed.is_none())
            else {
                continue;
            };
            match cold_start(project, engine, folder) {
                Ok((wall, work)) => {
                    figures.starts.push(wall);
                    figures.start_work.push(work);
                }
                Err(reason) => eprintln!("  {}: no cold start: {reason:#}", engine.name),
            }
        }
    }
}

/// Bytes that drive everything else out of the caches: four times the largest one, where the system tells its size.
fn beyond_caches() -> u64 {
    const UNKNOWN: u64 = 32 << 20;
    let told = fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size").unwrap_or_default();
    let kilobytes = told.trim().strip_suffix('K').and_then(|number| number.parse::<u64>().ok());
    4 * kilobytes.map_or(UNKNOWN, |kilobytes| kilobytes << 10)
}
