//! `curbside train`: months of trips in, a bundle out, and the way there as a run in `MLflow` if a server is named.

mod recording;

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use curbside_train::{Algorithm, Progress, TrainConfig, TrainError, ZoneSource, train};

use recording::Recording;
use serde::Serialize;

use super::tracked::{Logged, Place};
use super::written::Written;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// The word for the made-up zones of simulated months.
const GRID: &str = "grid";
/// Where nobody watches, how often to say that the work goes on.
const PULSE: Duration = Duration::from_secs(10);

/// What to train on what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Trip files to learn from, Parquet or CSV
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    from: Vec<PathBuf>,
    /// Trip files to measure on, once, after everything is chosen
    #[arg(long, value_name = "FILE", num_args = 1..)]
    validate: Vec<PathBuf>,
    /// Bundle to write; its card is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to fit: boosted trees, or the reference's baseline
    #[arg(long, value_enum, default_value_t = Kind::Gbdt)]
    model: Kind,
    /// Share of rides that intervals promise to hold
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, allow_hyphen_values = true)]
    coverage: f64,
    /// Name of the model
    #[arg(long, default_value = "ride-duration")]
    name: String,
    /// Its version; else the last training month, such as 2021-01
    #[arg(long)]
    version: Option<String>,
    /// Folder of `taxi_zones.geojson` and `taxi_zone_lookup.csv`, or a bundle that has zones, or `grid` for simulated
    /// months; else the folder of the first trip file, or where it has no shapes the shipped bundle
    #[arg(long, value_name = "FOLDER|BUNDLE|grid")]
    zones: Option<PathBuf>,
    /// Registered model in MLflow that the bundle becomes a version of, made where there is none
    #[arg(long, value_name = "NAME")]
    register: Option<String>,
    /// Alias that is to stand on that version, such as challenger
    #[arg(long, requires = "register")]
    alias: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Gbdt,
    Linear,
}

/// What was trained and, with a server, where it is recorded.
#[derive(Serialize)]
struct Trained {
    #[serde(flatten)]
    written: Written,
    #[serde(skip_serializing_if = "Option::is_none")]
    mlflow: Option<Logged>,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let mut config = arguments.config();
    config.check()?;
    let mut recording = Recording::begin(arguments, output)?;
    config.mlflow_run = recording.as_ref().map(|recording| recording.run_id().to_owned());
    let written = made(&config, recording.as_mut(), output);
    let answer = match (recording, written) {
        (None, written) => Trained { written: written?, mlflow: None },
        (Some(recording), Err(failure)) => return Err(recording.fail(failure)),
        (Some(recording), Ok(written)) => Trained { written, mlflow: Some(recording.finish(&arguments.out)?) },
    };
    output.answer(&answer)
}

/// Trains, and writes what comes of it.
fn made(config: &TrainConfig, mut recording: Option<&mut Recording>, output: Output) -> Result<Written, Failure> {
    let mut news = News::new(output);
    let trained = train(config, &mut |progress| {
        news.show(progress);
        if let Some(recording) = &mut recording {
            recording.hear(progress);
        }
    })?;
    Written::to(&config.out, trained)
}

impl fmt::Display for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.written)?;
        self.mlflow.as_ref().map_or(Ok(()), |logged| write!(f, "{logged}"))
    }
}

impl Arguments {
    fn config(&self) -> TrainConfig {
        let mut config = TrainConfig::new(self.from.clone(), self.validate.clone(), self.out.clone());
        config.name.clone_from(&self.name);
        config.version.clone_from(&self.version);
        config.coverage = self.coverage;
        config.algorithm = match self.model {
            Kind::Gbdt => Algorithm::boosting(),
            Kind::Linear => Algorithm::Linear,
        };
        match &self.zones {
            Some(zones) if zones.as_os_str() == GRID => config.zones = ZoneSource::Grid,
            Some(zones) if zones.is_file() => config.zones = ZoneSource::Bundle(zones.clone()),
            Some(zones) => config.zones = ZoneSource::Folder(zones.clone()),
            None => {
                let beside = self.from.first().map(|path| path.with_file_name("taxi_zones.geojson"));
                if let (Some(false), Some(shipped)) = (beside.map(|shapes| shapes.is_file()), place::shipped()) {
                    config.zones = ZoneSource::Bundle(shipped);
                }
            }
        }
        config
    }
}

/// Shows progress: on a terminal what passes is written over, elsewhere it is said now and then.
struct News {
    output: Output,
    terminal: bool,
    /// Whether a line stands that the next one is to be written over.
    passing: bool,
    said: Option<Instant>,
}

impl News {
    fn new(output: Output) -> News {
        News { output, terminal: std::io::stderr().is_terminal(), passing: false, said: None }
    }

    fn show(&mut self, progress: &Progress) {
        if matches!(progress, Progress::FoldGrown { .. } | Progress::Gains(_)) {
            return;
        }
        let passes = matches!(progress, Progress::Fold { .. } | Progress::Final { .. });
        if !passes {
            self.output.progress(&format!("{}{progress}", if self.passing { "\r\x1b[2K" } else { "" }));
            self.passing = false;
        } else if self.terminal {
            self.output.passing(&progress.to_string());
            self.passing = true;
        } else if self.said.is_none_or(|said| said.elapsed() >= PULSE) {
            self.output.progress(&progress.to_string());
            self.said = Some(Instant::now());
        }
        // Nothing follows from a terminal that has gone away.
        let _ = std::io::stderr().flush();
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Failure {
        Failure::new(error.kind().code(), error.to_string())
    }
}
