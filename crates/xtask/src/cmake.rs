//! `CMake` for LightGBM, whose sources ask for a newer one than Debian's stable release has.
//!
//! Where the system's is too old, the Python package of it goes into the project's own tools, in a virtual environment.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;
use crate::python::Environment;

/// What LightGBM's `CMakeLists.txt` demands.
const OLDEST: (u32, u32) = (3, 28);
/// What is installed where nothing is new enough.
const INSTALLED: &str = "cmake==3.31.10";

/// Makes sure that the first `cmake` on the search path is new enough.
///
/// # Errors
/// When it is not, and Python cannot install a newer one.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    let found = match project.which(&["cmake"])? {
        Some(path) => command::quiet_output(Command::new(path).arg("--version")).unwrap_or_default(),
        None => String::new(),
    };
    if command::version(&found, "cmake version ").is_some_and(|version| version >= OLDEST) {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    install(project).with_context(|| {
        let found = found.lines().next().filter(|line| !line.is_empty()).unwrap_or("none");
        format!(
            "LightGBM needs CMake {major}.{minor} or newer, and {found} was found: install one and put it first on PATH"
        )
    })
}

fn install(project: &Project) -> Result<()> {
    let folder = project.tools().join("python");
    println!("Installing {INSTALLED} into {} ...", folder.display());
    let environment = Environment::make(project, &folder, "CMake's Python package")?;
    environment.install(&[INSTALLED])?;
    // Into the tools' own folder, so that the environment's python stays off the search path.
    let link = project.tools().join("bin/cmake");
    fs::create_dir_all(project.tools().join("bin"))?;
    match fs::remove_file(&link) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    link_program(&environment.program("cmake"), &link)
}

#[cfg(unix)]
fn link_program(program: &std::path::Path, link: &std::path::Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(program, link)?)
}

#[cfg(not(unix))]
fn link_program(_: &std::path::Path, _: &std::path::Path) -> Result<()> {
    anyhow::bail!("only Unix systems are set up by this driver")
}
