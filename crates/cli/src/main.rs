//! The command `curbside`: estimates rides, looks into bundles, simulates months, trains and publishes.
//!
//! Each verb is one file in `verbs/` with its own arguments and its own answer; `output.rs` says how answers and failures
//! reach the terminal, `failure.rs` what a failure is, `place.rs` where the repository's files are,
//! `destination.rs` where weights are published.
//! Exit codes: 0 done; 2 wrong usage or a ride that cannot be scored; 1 any other failure.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a command has files, a clock and an environment"
)]
#![allow(clippy::doc_markdown, reason = "comments on arguments are printed as help, as they stand")]

mod destination;
mod failure;
mod output;
mod place;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use output::Output;
use verbs::Verb;

/// Estimates a New York taxi ride, and makes, checks and publishes the models that do.
#[derive(Parser)]
#[command(name = "curbside", version, max_term_width = 110)]
struct Curbside {
    #[command(subcommand)]
    verb: Verb,
    /// Answer in JSON on stdout; a failure is JSON on stderr: {"error": {"code", "field", "message"}}
    #[arg(long, global = true)]
    json: bool,
}

fn main() -> ExitCode {
    // Looked for in the raw arguments too: a refusal of the others comes before anything is parsed.
    let output = Output::new(std::env::args_os().any(|argument| argument == "--json"));
    match Curbside::try_parse() {
        Ok(command) => command.verb.run(output).map_or_else(|failure| output.fail(&failure), |()| ExitCode::SUCCESS),
        Err(refusal) => output.refuse(&refusal),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// The parser's own check of every verb and argument, which it makes in debug builds only and only of the verb at hand.
    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        super::Curbside::command().debug_assert();
    }
}
