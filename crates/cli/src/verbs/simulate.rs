//! `curbside simulate`: a month of trips for where there are no real ones.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
use curbside_tlc::{MonthName, Taxi, sha256_of, zones};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// What to simulate.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Month, such as 2021-01
    #[arg(long, value_name = "YYYY-MM")]
    month: MonthName,
    /// How many rides
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    rides: u32,
    /// Chooses the rides; the city is the same for every seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Whose columns the file has
    #[arg(long, value_enum, default_value_t = Hail::Green)]
    taxi: Hail,
    /// File to write; else TLC's name with "simulated" in it, here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hail {
    Green,
    Yellow,
}

/// What was written.
#[derive(Serialize)]
struct Answer {
    file: String,
    month: String,
    rides: u32,
    seed: u64,
    bytes: u64,
    sha256: String,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let taxi = match arguments.taxi {
        Hail::Green => Taxi::Green,
        Hail::Yellow => Taxi::Yellow,
    };
    let Arguments { month, rides, seed, .. } = *arguments;
    let config = SimulationConfig { seed, month, rides, taxi };
    let file = arguments.out.clone().unwrap_or_else(|| config.file_name().into());
    write_parquet(&file, &config, simulate(&config, &zones::grid())?)?;
    let (sha256, bytes) = sha256_of(&file)?;
    output.answer(&Answer { file: file.display().to_string(), month: month.to_string(), rides, seed, bytes, sha256 })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { file, month, rides, seed, bytes, sha256 } = self;
        write!(f, "{rides} simulated rides of {month} (seed {seed}) in {file}: {bytes} bytes, sha256 {sha256}")
    }
}
