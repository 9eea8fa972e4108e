//! `curbside train`: months of trips in, a bundle out.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use curbside_train::{Algorithm, Progress, TrainConfig, TrainError, ZoneSource, train};

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
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Gbdt,
    Linear,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let mut news = News::new(output);
    let trained = train(&arguments.config(), &mut |progress| news.show(progress))?;
    output.answer(&Written::to(&arguments.out, trained)?)
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
