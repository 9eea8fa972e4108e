//! `cargo xtask bench service`: the reference's web service beside `curbside-server`, asked the same rides over loopback, in turns.
//!
//! - `prepare`: installs and builds both, and the load generators. `contestant`: who is compared, and what its processes cost.
//! - `answers`: whether what they answer is right. `load`: asks as fast as possible, or at a constant rate.
//! - `rounds`: they take turns. `soak`: ours alone, for long. `table`: what docs/benchmarks.md says of it.

mod answers;
mod contestant;
mod load;
mod prepare;
mod processes;
mod rounds;
mod soak;
mod table;

use anyhow::{Context, Result};
use lexopt::prelude::*;

use super::document;
use crate::project::Project;

const BEGIN: &str = "<!-- from here on written by `cargo xtask bench service` -->";
const BEGIN_SOAK: &str = "<!-- from here on written by `cargo xtask bench service --soak` -->";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Turns of each contestant.
    rounds: usize,
    /// Seconds of each turn.
    seconds: u32,
    /// Turns at equal load.
    paced_rounds: usize,
    /// Seconds of each.
    paced_seconds: u32,
    /// Times each is started.
    starts: usize,
}

const WHOLE: Effort = Effort { rounds: 7, seconds: 5, paced_rounds: 5, paced_seconds: 12, starts: 5 };
const QUICK: Effort = Effort { rounds: 3, seconds: 2, paced_rounds: 3, paced_seconds: 4, starts: 2 };

/// The verb. `--quick` writes nothing; `--soak MINUTES` asks ours alone.
///
/// # Errors
/// When something cannot be built or started, an answer is wrong, or the document has no place for the tables.
pub(super) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    let mut is_quick = false;
    let mut minutes = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => is_quick = true,
            Long("soak") => minutes = Some(arguments.value()?.parse().context("--soak: expected minutes")?),
            other => return Err(other.unexpected().into()),
        }
    }
    let prepared = prepare::run(project)?;
    if let Some(minutes) = minutes {
        let soaked = soak::run(&prepared, minutes)?;
        return document::write(project, BEGIN_SOAK, &table::soak(&soaked), is_quick);
    }
    let results = rounds::run(&prepared, if is_quick { QUICK } else { WHOLE })?;
    document::write(project, BEGIN, &table::comparison(&results, &prepared.described), is_quick)
}
