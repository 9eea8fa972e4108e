//! The verbs, one file each.

mod calibrated;
mod figures;
mod inspect;
mod keys;
mod pack;
mod predict;
mod promote;
mod publish;
mod pull;
mod recalibrate;
mod register;
mod rollback;
mod simulate;
mod status;
mod tracked;
#[cfg(feature = "train")]
mod train;
#[cfg(not(feature = "train"))]
#[path = "train_absent.rs"]
mod train;
mod verify;
mod written;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Estimate one ride
    Predict(predict::Arguments),
    /// Show what is in a bundle: card, features, importance, sizes
    Inspect(inspect::Arguments),
    /// Check a bundle: digest, every part, golden rides
    Verify(verify::Arguments),
    /// Write a month of a made-up city as a TLC Parquet file
    Simulate(simulate::Arguments),
    /// Train a model on months of trips
    Train(train::Arguments),
    /// Make a bundle of a model that LightGBM or XGBoost trained
    Pack(pack::Arguments),
    /// Fit correction and interval of a bundle to later months; its model stays
    Recalibrate(recalibrate::Arguments),
    /// Put a bundle that is there into MLflow's model registry
    Register(register::Arguments),
    /// Make and show signing keys
    Keys(keys::Arguments),
    /// Put a bundle into object storage under a signed manifest
    Publish(publish::Arguments),
    /// Show what is published in a store, and whether readers can use it
    Status(status::Arguments),
    /// Go back to an earlier publication, under a new sequence
    Rollback(rollback::Arguments),
    /// Fetch a model from MLflow or a store as a bundle
    Pull(pull::Arguments),
    /// Put a model of MLflow's registry into object storage, and MLflow's alias after it
    Promote(promote::Arguments),
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Verb::Predict(arguments) => predict::run(&arguments, output),
            Verb::Inspect(arguments) => inspect::run(&arguments, output),
            Verb::Verify(arguments) => verify::run(&arguments, output),
            Verb::Simulate(arguments) => simulate::run(&arguments, output),
            Verb::Train(arguments) => train::run(&arguments, output),
            Verb::Pack(arguments) => pack::run(&arguments, output),
            Verb::Recalibrate(arguments) => recalibrate::run(&arguments, output),
            Verb::Register(arguments) => register::run(&arguments, output),
            Verb::Keys(arguments) => keys::run(&arguments, output),
            Verb::Publish(arguments) => publish::run(&arguments, output),
            Verb::Status(arguments) => status::run(&arguments, output),
            Verb::Rollback(arguments) => rollback::run(&arguments, output),
            Verb::Pull(arguments) => pull::run(&arguments, output),
            Verb::Promote(arguments) => promote::run(&arguments, output),
        }
    }
}
