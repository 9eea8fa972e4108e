//! Build and test driver, `cargo xtask VERB`: one file a verb, so that a newcomer needs no more than Rust and Node to start.
//!
//! It must compile quickly, since everything waits for it: no training, no batch engine, no argument parser with macros.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a native driver: files, clocks and processes are its work"
)]

mod accuracy;
mod bench;
mod check;
mod cmake;
mod command;
mod curbside;
mod deny;
mod image;
mod node;
mod project;
mod python;
mod registry;
mod schemathesis;
mod serve;
mod server;
mod system;
mod test;
mod tools;
mod up;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;
use project::Project;

const USAGE: &str = "\
Usage: cargo xtask VERB

  up [--port N]     set up what is missing, seed local storage, serve the page (port 9696 unless told);
                    --bundle FILE serves another bundle than the shipped one; --weights s3://BUCKET[/PREFIX] or an https address
                    serves what is published there, with the keys of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  serve [--port N]  build the self-hosted server in target/server and run it, on all cores and without wrangler (docs/self-hosting.md);
                    its options, such as --weights PLACE, are passed on; --build-only makes the folder and stops
  image             build the container image of that server by buildah, on Debian's packages, and print its layers (docs/container.md);
                    --run PORT: and run it; --save: and write it as archives; --check-reproducible: and again from a clone, to compare;
                    --image NAME: no build, that image of the storage
  schemathesis      ask that server whatever its description allows and forbids, for ten minutes, and check every answer
                    (--minutes N; --url http://HOST:PORT: a server that runs already)
  registry          start MLflow (port 5000) and an S3 server (3900) with the buckets curbside-weights and mlflow, until Ctrl-C
                    (--mlflow-port N, --s3-port N; --home DIR: kept there; --only s3|mlflow;
                    --direct: clients reach artifacts on S3 themselves, in experiments apart from the others)
  test [STEP ...]   set up what is missing, then run every test, or only the named steps
  check             the quick part of test: format, lints, native tests without training, types
  wasm              build pkg/wasm, the module that all hosts share, and print its size
  curbside ...      the command line with its trainer, built where it is not yet: cargo curbside is short for it
  accuracy          train and measure everything in docs/accuracy.md on real months, and write it; 20 minutes on two cores
                    (--draft FOLDER: models of a few trees, in minutes, written there)
  bench             compare with other engines, and write the tables of docs/benchmarks.md; a quarter of an hour once all is installed
                    (--quick: the smaller models in a few rounds, and nothing is written; --models five,large: these alone)
  bench service     the same for the whole web service: the reference's beside curbside-server, under load, in ten minutes
                    (--quick: in two, and nothing is written; --soak MINUTES: our server alone, for so long)
  deny              licences, bans, sources and advisories of the dependencies
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let verb = match arguments.next()? {
        Some(Value(verb)) => verb.string()?,
        Some(Short('h') | Long("help")) => {
            print!("{USAGE}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
        None => bail!("a verb is missing\n\n{USAGE}"),
    };
    let project = Project::locate()?;
    match verb.as_str() {
        "up" => up::run(&project, arguments),
        "serve" => serve::run(&project, arguments),
        "test" => test::run(&project, arguments),
        "check" => check::run(&project, arguments),
        "registry" => registry::run(&project, arguments),
        "wasm" => wasm::run(&project, arguments),
        "curbside" => curbside::run(&project, arguments),
        "accuracy" => accuracy::run(&project, arguments),
        "bench" => bench::run(&project, arguments),
        "image" => image::run(&project, arguments),
        "schemathesis" => schemathesis::run(&project, arguments),
        "deny" => deny::run(&project, arguments),
        other => bail!("unknown verb {other:?}\n\n{USAGE}"),
    }
}
