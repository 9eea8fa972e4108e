//! `cargo xtask check`: what a developer runs before every commit, without browsers, Worker or training.

use anyhow::Result;

use crate::node;
use crate::project::Project;
use crate::test::{self, steps};

/// The verb.
///
/// # Errors
/// Names the steps that did not pass.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    node::install_packages(project)?;
    test::run_steps(project, steps::QUICK_STEPS)
}
