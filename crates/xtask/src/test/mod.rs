//! `cargo xtask test [STEP ...]`: sets up what is missing, then runs every step and says at the end which ones failed.
//!
//! A failing step does not stop the others, so that one run tells everything; only steps that need its product are left out.
//! A step that finds nothing to run has failed: silence must never look like success.

mod clients;
mod counts;
mod registry;
pub(crate) mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::{image, node, system, tools};
use steps::{STEPS, Step};

/// How one step ended.
enum Outcome {
    Passed(Duration),
    Failed(Duration, anyhow::Error),
    /// The step whose product was missing.
    LeftOut(&'static str),
}

/// The verb.
///
/// # Errors
/// When setting up fails, a named step does not exist, or any step fails.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut chosen: Vec<&'static Step> = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(name) => chosen.push(steps::named(&name.string()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    if chosen.is_empty() {
        chosen.extend(STEPS);
    }
    set_up(project, &chosen)?;
    run_steps(project, chosen)
}

/// Runs steps in the order given and sums up.
///
/// # Errors
/// Names the steps that did not pass.
pub(crate) fn run_steps(project: &Project, chosen: impl IntoIterator<Item = &'static Step>) -> Result<()> {
    note_missing_data(project);
    let mut outcomes: Vec<(&'static Step, Outcome)> = Vec::new();
    for step in chosen {
        heading(step);
        let outcome = match missing_need(step, &outcomes) {
            Some(need) => Outcome::LeftOut(need),
            None => run_one(project, step),
        };
        match &outcome {
            Outcome::Failed(_, error) => println!("--- {} FAILED: {error:#}", step.name),
            Outcome::LeftOut(need) => println!("--- {} left out: {need} failed", step.name),
            Outcome::Passed(_) => {}
        }
        outcomes.push((step, outcome));
    }
    sum_up(project, &outcomes)
}

fn set_up(project: &Project, chosen: &[&Step]) -> Result<()> {
    println!("=== set-up");
    let started = Instant::now();
    node::install_packages(project)?;
    if chosen.iter().any(|step| step.uses_system) {
        system::ensure(project)?;
    }
    if chosen.iter().any(|step| step.uses_wasm_pack) {
        tools::wasm_bindgen(project)?.ensure(project)?;
        tools::wasm_pack().ensure(project)?;
        tools::geckodriver().ensure(project)?;
    }
    if chosen.iter().any(|step| step.uses_servers) {
        registry::ensure(project)?;
    }
    if chosen.iter().any(|step| step.uses_clients) {
        clients::ensure(project)?;
    }
    if chosen.iter().any(|step| step.uses_image) {
        image::tried::set_up(project);
    }
    println!("--- ready after {}", seconds(started.elapsed()));
    Ok(())
}

fn run_one(project: &Project, step: &Step) -> Outcome {
    let started = Instant::now();
    match (step.run)(project) {
        Ok(()) => Outcome::Passed(started.elapsed()),
        Err(error) => Outcome::Failed(started.elapsed(), error),
    }
}

/// The first step that this one needs, was run before it and did not pass.
fn missing_need(step: &Step, outcomes: &[(&Step, Outcome)]) -> Option<&'static str> {
    outcomes
        .iter()
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Passed(_)))
        .map(|(done, _)| done.name)
        .find(|done| step.needs.contains(done))
}

fn sum_up(project: &Project, outcomes: &[(&Step, Outcome)]) -> Result<()> {
    println!("\n=== summary");
    let mut bad = Vec::new();
    for (step, outcome) in outcomes {
        match outcome {
            Outcome::Passed(took) => println!("  passed    {:16} {}", step.name, seconds(*took)),
            Outcome::Failed(took, error) => {
                println!("  FAILED    {:16} {}  {error:#}", step.name, seconds(*took));
                bad.push(step.name);
            }
            Outcome::LeftOut(need) => {
                println!("  left out  {:16} because {need} failed", step.name);
                bad.push(step.name);
            }
        }
    }
    note_missing_data(project);
    if bad.is_empty() {
        println!("\nAll {} steps passed.", outcomes.len());
        return Ok(());
    }
    bail!(
        "{} of {} steps did not pass: {}. Run one again with `cargo xtask test {}`",
        bad.len(),
        outcomes.len(),
        bad.join(", "),
        bad.first().copied().unwrap_or_default()
    )
}

fn heading(step: &Step) {
    println!("\n=== {}: {}", step.name, step.what);
}

fn note_missing_data(project: &Project) {
    if project.trip_data().is_none() {
        println!(
            "\n!!! NOTE: no real trip records here (CURBSIDE_DATA is not set to a folder, and ../shared/data does not exist).\n\
             !!! SKIPPED because of that: reading the real month files, and training on real months.\n\
             !!! Everything else ran on the shipped bundle and on a simulated city."
        );
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
