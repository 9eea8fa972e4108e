//! `curbside recalibrate`: a bundle and later months in, a bundle with the same model and a new calibration out.

use std::path::{Path, PathBuf};

use clap::Args;
use curbside::bundle::Month;
use curbside_evaluate::calibrate::{Recalibration, recalibrate};
use curbside_evaluate::{Months, Within, file_name, read};
use curbside_publish::BundleFile;

use super::written::Written;
use crate::failure::Failure;
use crate::output::Output;

/// What to recalibrate on what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle whose model is kept, packed or bare
    model: PathBuf,
    /// Trip files to learn correction and interval from: later than those that the model has learnt from
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    on: Vec<PathBuf>,
    /// Trip files to measure on, once, after that
    #[arg(long, value_name = "FILE", num_args = 1..)]
    validate: Vec<PathBuf>,
    /// Share of rides that intervals promise to hold; else the bundle's own, or 0.8 if it has none
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    coverage: Option<f64>,
    /// Version of the new bundle; else that of the model and the last month, such as 2021-01+2021-03
    #[arg(long)]
    version: Option<String>,
    /// Bundle to write; its card is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    if let Some(share) = arguments.coverage.filter(|share| !(*share > 0.0 && *share < 1.0)) {
        let message = format!("expected a share above 0 and below 1, found {share}; give one such as 0.8");
        return Err(Failure::usage("--coverage", message));
    }
    let base = BundleFile::open(&arguments.model)?;
    // A base that does not open is told as every verb tells it, before months are read.
    base.estimator()?;
    let read = |paths: &[PathBuf], within| -> Result<Months, Failure> {
        let months = read(paths, within, &mut |month| output.progress(&account(month)))?;
        months.note().into_iter().for_each(|note| output.progress(&note));
        Ok(months)
    };
    let on = read(&arguments.on, Within::NamedMonth)?;
    let validate = if arguments.validate.is_empty() { None } else { Some(read(&arguments.validate, Within::File)?) };
    let how = Recalibration {
        coverage: arguments.coverage,
        version: arguments.version.clone(),
        command: arguments.command(&on.paths(), &validate.as_ref().map_or_else(Vec::new, Months::paths)),
    };
    let made = recalibrate(base.bytes(), on, validate, &how)?;
    output.answer(&Written::to(&arguments.out, made)?)
}

impl Arguments {
    /// The command that makes this again. Folders are not part of it, so that the card does not depend on where files stand.
    fn command(&self, on: &[PathBuf], validate: &[PathBuf]) -> String {
        let files = |option: &str, paths: &[PathBuf]| {
            let names: Vec<String> =
                paths.iter().map(|path| format!("\"$CURBSIDE_DATA/{}\"", file_name(path))).collect();
            if names.is_empty() { String::new() } else { format!(" --{option} {}", names.join(" ")) }
        };
        let bundle = |path: &Path| format!("models/{}", file_name(path));
        let coverage = self.coverage.map_or_else(String::new, |share| format!(" --coverage {share}"));
        let version = self.version.as_ref().map_or_else(String::new, |version| format!(" --version {version}"));
        format!(
            "cargo curbside recalibrate {}{}{}{coverage}{version} --out {}",
            bundle(&self.model),
            files("on", on),
            files("validate", validate),
            bundle(&self.out)
        )
    }
}

fn account(month: &Month) -> String {
    let dropped = month.dropped.iter().map(|dropped| format!("\n  {:>8}  {}", dropped.rows, dropped.reason));
    format!("{}: {} of {} rows{}", month.file, month.used, month.rows, dropped.collect::<String>())
}
