//! `curbside inspect`: what is in a bundle, and what each part of it weighs.

mod answer;
mod text;

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::output::Output;

/// Which file.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle, packed or bare
    file: PathBuf,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    output.answer(&answer::look(&arguments.file)?)
}
