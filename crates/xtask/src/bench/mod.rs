//! `cargo xtask bench`: Curbside beside the engines that a user would pick instead, on the same models, machine and minutes.
//!
//! - `plan`: the models, and the engines that score each.
//! - `prepare`: installs the engines, trains the models. `host`: a process that scores. `measure`: rounds in which engines
//!   take turns. `figures`: medians and ratios.
//! - `table`, `goals`, `document`: what docs/benchmarks.md says of it.
//! - `service`: another comparison, of whole web services, `cargo xtask bench service`.

mod document;
mod figures;
mod goals;
mod host;
mod machine;
mod measure;
mod plan;
mod prepare;
mod service;
mod sizes;
mod table;

use anyhow::Result;
use lexopt::prelude::*;

use crate::project::Project;
use crate::{command, node};
use figures::Measure;
use measure::{Effort, Results};
use plan::MODELS;
use prepare::Prepared;

const BEGIN: &str = "<!-- from here on written by `cargo xtask bench` -->";
const WHOLE: Effort = Effort { rounds: 7, slice: 60, cold: 15, starts: 11 };
const QUICK: Effort = Effort { rounds: 3, slice: 30, cold: 9, starts: 3 };

/// The verb. `--quick` leaves out the large models and writes no document; `--models five,large` measures only these.
///
/// # Errors
/// When nothing can be trained or measured, or the document has no place for the tables.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut is_quick = false;
    let mut chosen = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(what) if what == "service" => return service::run(project, arguments),
            Long("quick") => is_quick = true,
            Long("models") => chosen = Some(plan::named(&arguments.value()?.string()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    let effort = if is_quick { QUICK } else { WHOLE };
    let prepared = prepare::run(project)?;
    let models = chosen.unwrap_or_else(|| MODELS.iter().filter(|model| model.is_quick || !is_quick).collect());
    for model in &models {
        prepare::train(project, &prepared, model)?;
    }
    let mut results = Results::new();
    for model in models {
        measure::model(project, model, &prepared.model(model), effort, &mut results);
    }
    let own = command::run_and_keep(node::node(project)?.arg("bench/pkg.mjs"))?;
    let part = part(project, &results, &own, &prepared)?;
    document::write(project, BEGIN, &part, is_quick)
}

/// The part of the document that is measured.
fn part(project: &Project, results: &Results, own: &str, prepared: &Prepared) -> Result<String> {
    let head = format!(
        "{}\n\n{}",
        machine::described(project, &prepared.rides)?,
        goals::table(results, machine::estimate(own), prepared.weights(project)?)
    );
    let sections = [
        ("One row", table::costs(results, Measure::Warm)),
        ("A row among 4,096", table::costs(results, Measure::Batch)),
        ("One row with cold caches", table::costs(results, Measure::Cold)),
        ("Cold start in a new Node, and sizes after gzip -9", table::starts(results)),
        ("Largest difference from the training library", table::differences(results)),
        ("Left out", table::failures(results)),
    ];
    let sections = sections.into_iter().filter(|(_, table)| !table.is_empty());
    let sections = sections.map(|(title, table)| format!("\n### {title}\n\n{table}"));
    Ok(std::iter::once(head).chain(sections).collect())
}
