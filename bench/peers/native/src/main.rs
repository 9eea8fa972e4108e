//! Curbside's native side of the comparison: `cargo xtask bench` runs it.
//!
//! - `encode`: months of rides to feature matrices, by the encoder that serves, for every library to learn from.
//! - `serve`: scores such a matrix on request and says what that cost, as the hosts of the peers do.
//!
//! It is a program of its own because the driver is not optimised.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a native program: files and clocks are its work"
)]

mod clock;
mod encode;
mod matrix;
mod serve;

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: curbside-bench encode COLUMNS.toml OUT LEARN.parquet MEASURE.parquet
       curbside-bench serve walk|tables MODEL";

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    match arguments.iter().map(|argument| argument.to_str().unwrap_or_default()).collect::<Vec<_>>().as_slice() {
        ["encode", _, _, _, _] => encode::run(&arguments[1], &arguments[2], &arguments[3], &arguments[4]),
        ["serve", kernel @ ("walk" | "tables"), _] => serve::run(*kernel == "tables", &arguments[2]),
        _ => bail!("{USAGE}"),
    }
}
