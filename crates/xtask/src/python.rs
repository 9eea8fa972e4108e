//! Virtual environments of Python, for programs that only come as Python packages: a folder of their own, never the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::{command, system};

/// The oldest Python that everything installed here runs on.
const OLDEST: (u32, u32) = (3, 10);
/// Names that an interpreter goes by: the system's own first, then newer ones that stand beside an old `python3`.
const INTERPRETERS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// A folder with an interpreter and packages.
#[derive(Debug)]
pub(crate) struct Environment {
    folder: PathBuf,
}

/// Makes sure that the packages of a file of requirements are in the environment of a folder; quick when they are. Several files
/// may go into one environment.
///
/// # Errors
/// When the file cannot be read, Python is missing or too old, or pip fails.
pub(crate) fn ensure(project: &Project, folder: &Path, requirements: &Path, who: &str) -> Result<()> {
    let text = fs::read_to_string(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let name = requirements.file_stem().unwrap_or_default().to_string_lossy();
    if Environment::is_installed(folder, &name, &text) {
        return Ok(());
    }
    println!("Installing {who} into {} ...", folder.display());
    let environment = Environment::make(project, folder, who)?;
    environment
        .install(&["-r", &requirements.to_string_lossy()])
        .with_context(|| format!("{who} could not be installed"))?;
    environment.remember(&name, &text)
}

impl Environment {
    /// Makes the environment, or finds it made; `who` needs it, for the message.
    ///
    /// # Errors
    /// When there is no Python that is new enough, or it has no `venv`; says what to install.
    pub(crate) fn make(project: &Project, folder: &Path, who: &str) -> Result<Self> {
        let made = create(project, folder).or_else(|error| {
            if !system::can_install() {
                return Err(error);
            }
            system::install(&["python3", "python3-venv"])?;
            create(project, folder)
        });
        made.with_context(|| {
            let (major, minor) = OLDEST;
            format!(
                "{who} needs Python {major}.{minor} or newer with its venv module: install it and put it on PATH \
                 (Debian or Ubuntu: sudo apt-get install python3 python3-venv)"
            )
        })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Whether the packages of this list are in it, in the versions of the text, by what [`Environment::remember`] wrote.
    pub(crate) fn is_installed(folder: &Path, list: &str, text: &str) -> bool {
        fs::read_to_string(stamp(folder, list)).is_ok_and(|installed| installed == text)
    }

    /// Writes down what has been installed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remember(&self, list: &str, text: &str) -> Result<()> {
        Ok(fs::write(stamp(&self.folder, list), text)?)
    }

    /// Runs `pip install` with these arguments.
    ///
    /// # Errors
    /// When pip fails.
    pub(crate) fn install(&self, what: &[&str]) -> Result<()> {
        let mut pip = Command::new(self.program("pip"));
        command::run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(what))
    }

    /// A program of the environment.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        program(&self.folder, name)
    }
}

/// A program of the environment in a folder, whether it has been made or not.
pub(crate) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join("bin").join(name)
}

/// In an environment: the requirements that it was installed from.
fn stamp(folder: &Path, list: &str) -> PathBuf {
    folder.join(format!("installed-{list}.txt"))
}

fn create(project: &Project, folder: &Path) -> Result<()> {
    let interpreter = interpreter(project)?.context("no such Python is on the search path")?;
    command::run(Command::new(interpreter).args(["-m", "venv"]).arg(folder))
}

/// The first interpreter on the search path that is new enough.
fn interpreter(project: &Project) -> Result<Option<PathBuf>> {
    for name in INTERPRETERS {
        let Some(path) = project.which(&[name])? else { continue };
        let said = command::quiet_output(Command::new(&path).arg("--version")).unwrap_or_default();
        if command::version(&said, "Python ").is_some_and(|version| version >= OLDEST) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
