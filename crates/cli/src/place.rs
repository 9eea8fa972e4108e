//! Where the repository's own files are, seen from wherever the command is run.

use std::path::{Path, PathBuf};

use curbside_publish::LOCAL_KEY_FILE;

use crate::failure::Failure;

/// The bundle that the repository ships.
const SHIPPED: &str = "models/green-tripdata-duration.curb";

/// The environment variable that names a bundle.
const VARIABLE: &str = "CURBSIDE_MODEL";

/// This folder or the nearest one above it in which `file` stands.
fn folder_with(file: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|folder| folder.join(file).is_file()).map(Path::to_owned)
}

/// The bundle to score with: the argument, else the environment's, else the shipped one of the repository around us.
pub(crate) fn model(argument: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = argument {
        return Ok(path.to_owned());
    }
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    shipped().ok_or_else(|| {
        let expected = format!("expected {SHIPPED} here or in a folder above, found none");
        Failure::usage("--model", format!("{expected}; give --model FILE or set {VARIABLE}"))
    })
}

/// The shipped bundle of the repository around us.
pub(crate) fn shipped() -> Option<PathBuf> {
    folder_with(SHIPPED).map(|folder| folder.join(SHIPPED))
}

/// The root of the repository around us: where the Worker's settings stand.
pub(crate) fn repository() -> Option<PathBuf> {
    folder_with("wrangler.toml")
}

/// The key file: the argument, else that of the repository around us, else the same below this folder.
pub(crate) fn key_file(argument: Option<&Path>) -> PathBuf {
    argument.map_or_else(|| repository().unwrap_or_default().join(LOCAL_KEY_FILE), Path::to_owned)
}
