//! Trains and measures everything that docs/accuracy.md says, and writes it with its plots: `cargo xtask accuracy`.
//!
//! One module a concern: [`months`] lists the files, [`training`] trains each model once, on [`work`]'s two threads;
//! [`protocols`], [`shipped`], [`slices`], [`promise`], [`expectation`], [`trade`], [`choices`] and [`noise`] measure; [`document`] and [`plots`] write.
//!
//! Nothing is kept from one run to the next, and nothing written depends on a clock or on where files stand: the same files give
//! the same bytes.

// Native and for files only: the scoring module's ban on platform floats, clocks and files does not reach here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")
)]

mod choices;
mod document;
mod expectation;
mod figures;
mod months;
mod noise;
mod plots;
mod promise;
mod protocols;
mod shipped;
mod slices;
mod trade;
mod training;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use curbside_evaluate::Within;
use curbside_tlc::MonthName;

use crate::document::{Baseline, Document};
use crate::months::{Archive, named};
use crate::plots::{Plot, Subjects};
use crate::training::{Plan, Results};

/// The baseline's months, which are the reference's.
const BASELINE: (&str, &str) = ("2021-01", "2021-02");
/// Trees of a draft's models: enough to see whether everything fits together, in minutes.
const DRAFT_TREES: usize = 12;

const USAGE: &str = "\
Usage: curbside-accuracy [--draft FOLDER]

Trains and measures what docs/accuracy.md says and writes it, with its plots in docs/accuracy/.
--draft FOLDER does the same with models of a few trees, in minutes, and writes there: to look at, never to keep.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\naccuracy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // The repository that this was compiled in.
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("crates/accuracy has no folder above it")?;
    let (folder, most_trees) = match arguments[..] {
        [] => (root.join("docs"), None),
        ["--draft", folder] => (PathBuf::from(folder), Some(DRAFT_TREES)),
        _ => bail!("expected no arguments or a draft's folder, found {arguments:?}\n\n{USAGE}"),
    };
    let data = curbside_tlc::data_dir().context(
        "expected the TLC's green taxi files, found no folder of them: set CURBSIDE_DATA to it, or put it at ../shared/data",
    )?;
    let (document, plots) = made(root, &Archive::open(&data)?, most_trees)?;
    write(&folder, &document.render()?, &plots)
}

/// Trains and measures everything.
fn made(root: &Path, archive: &Archive, most_trees: Option<usize>) -> Result<(Document, Vec<Plot>)> {
    // Refused before anything is trained; opened again afterwards, should another have been shipped meanwhile.
    shipped::open(root, archive)?;
    let mut plan = Plan::new(most_trees);
    let protocols = protocols::plan(&mut plan, archive)?;
    let trade = trade::plan(&mut plan, archive)?;
    let choices = choices::plan(&mut plan, archive)?;
    let (learnt, test) = BASELINE;
    let linear = plan.linear("baseline", archive.paths(&named(&[learnt])?)?, archive.paths(&named(&[test])?)?);
    let results = plan.run()?;
    let measured = protocols::measured(&protocols, &results, archive)?;
    let curves = promise::curves(&results[protocols.all_before].bundle, archive)?;
    let opened = shipped::open(root, archive)?;
    let shipped = shipped::measured(&opened, archive)?;
    let subjects = Subjects { curves: &curves, later: &measured.later, slices: &shipped.slices, test: &shipped.test };
    let plots = plots::all(&subjects)?;
    let document = Document {
        expectations: expectation::rows(&measured),
        worst: promise::worst(&curves),
        baseline: baseline(&results[linear])?,
        trade_months: trade::MONTHS.to_vec(),
        trade_parameters: protocols::several_months().to_string(),
        trade: trade::rows(&trade, &results)?,
        choices: choices::choices(&choices, &results)?,
        noise: noises(&protocols, &results, &opened, archive)?,
        noise_size: noise::NOISE,
        draws: noise::SEEDS.len(),
        measured,
        shipped,
    };
    Ok((document, plots))
}

fn baseline(linear: &training::Trained) -> Result<Baseline> {
    let figures = linear.as_reference.zip(linear.bundle.card.test);
    let (as_reference, as_served) = figures.context("expected the baseline's figures from the trainer, found none")?;
    Ok(Baseline { as_reference, as_served })
}

fn noises(
    protocols: &protocols::Trainings,
    results: &Results,
    opened: &shipped::Opened,
    archive: &Archive,
) -> Result<Vec<noise::Row>> {
    let test: MonthName = BASELINE.1.parse()?;
    let rides = archive.read(test, Within::File)?.into_rides();
    let (p1, p2) = (&results[protocols.one_month].bundle, &results[protocols.all_before].bundle);
    Ok(vec![
        noise::row(&format!("P1 on {test}"), &figures::frozen(p1)?, &rides)?,
        noise::row(&format!("P2 on {test}"), &figures::frozen(p2)?, &rides)?,
        noise::row(&format!("shipped on {}", opened.test), &opened.estimator, &opened.rides)?,
    ])
}

/// Writes the document and its plots; those of an earlier one are replaced.
fn write(folder: &Path, text: &str, plots: &[Plot]) -> Result<()> {
    let beside = folder.join("accuracy");
    std::fs::create_dir_all(&beside).with_context(|| format!("cannot make {}", beside.display()))?;
    for Plot { file, svg } in plots {
        let path = beside.join(file);
        std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let path = folder.join("accuracy.md");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("Wrote {} and {} plots beside it", path.display(), plots.len());
    Ok(())
}
