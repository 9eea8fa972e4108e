//! `curbside train`, in a build without it: says which build has it.

use clap::Args;

use crate::failure::Failure;
use crate::output::Output;

/// Taken as they come, so that the answer is the way out and not a word about arguments.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    given: Vec<String>,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, _: Output) -> Result<(), Failure> {
    let command = std::iter::once("cargo curbside train").chain(arguments.given.iter().map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    let message = format!("train: expected a build with the feature `train`, found one without; run `{command}`");
    Err(Failure::new("TRAIN_NOT_BUILT", message))
}
