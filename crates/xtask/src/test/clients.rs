//! The step with other people's clients, unmodified, and with the description that the service gives of itself.

use std::path::PathBuf;

use anyhow::Result;

use crate::project::Project;
use crate::registry::mlflow;
use crate::{schemathesis, serve};

/// Installs the clients.
///
/// # Errors
/// When one cannot be.
pub(super) fn ensure(project: &Project) -> Result<()> {
    schemathesis::ensure(project)?;
    mlflow::ensure(project)
}

/// What tests find the server and the clients by.
///
/// # Errors
/// When the server cannot be built.
pub(super) fn environment(project: &Project) -> Result<Vec<(String, PathBuf)>> {
    let [mlflow, _] = mlflow::interpreters(project);
    let all = [
        ("CURBSIDE_TEST_SERVER", serve::program(project)?),
        ("CURBSIDE_TEST_CLIENTS_PYTHON", schemathesis::interpreter(project)),
        ("CURBSIDE_TEST_MLFLOW_PYTHON", mlflow),
    ];
    Ok(all.map(|(name, value)| (name.to_owned(), value)).into())
}
