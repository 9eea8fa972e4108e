//! What the tests take from the system, two real browsers above all: found on the machine, or installed where it is Debian.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::{cmake, command};

/// What the tests start.
#[derive(Debug)]
pub(crate) struct Browsers {
    /// Chromium or Chrome.
    pub(crate) chromium: PathBuf,
    /// Firefox or Firefox ESR.
    pub(crate) firefox: PathBuf,
    /// Chromium's `WebDriver`, of Chromium's own version.
    pub(crate) chromedriver: PathBuf,
}

/// One thing the system must have: how to find it, and the Debian packages that bring it.
struct Need {
    what: &'static str,
    variable: Option<&'static str>,
    programs: &'static [&'static str],
    packages: &'static [&'static str],
}

const CHROMIUM: Need = Need {
    what: "Chromium",
    variable: Some("CURBSIDE_CHROMIUM"),
    programs: &["chromium", "chromium-browser", "google-chrome"],
    packages: &["chromium"],
};
const FIREFOX: Need = Need {
    what: "Firefox",
    variable: Some("CURBSIDE_FIREFOX"),
    programs: &["firefox-esr", "firefox"],
    packages: &["firefox-esr"],
};
const CHROMEDRIVER: Need = Need {
    what: "ChromeDriver",
    variable: Some("CHROMEDRIVER"),
    programs: &["chromedriver"],
    packages: &["chromium-driver"],
};
/// For LightGBM, which the trainer compiles and binds.
const CMAKE: Need = Need { what: "CMake", variable: None, programs: &["cmake"], packages: &["cmake"] };
const CLANG: Need =
    Need { what: "Clang with libclang", variable: None, programs: &["clang"], packages: &["clang", "libclang-dev"] };

/// For the container image: its builder, and what makes its base from Debian's packages.
const BUILDAH: Need = Need { what: "buildah", variable: None, programs: &["buildah"], packages: &["buildah"] };
const MMDEBSTRAP: Need =
    Need { what: "mmdebstrap", variable: None, programs: &["mmdebstrap"], packages: &["mmdebstrap"] };

/// For the server's tests: certificates.
const OPENSSL: Need = Need { what: "OpenSSL", variable: None, programs: &["openssl"], packages: &["openssl"] };

/// For the comparison of web services: the load.
const WRK: Need = Need { what: "wrk", variable: None, programs: &["wrk"], packages: &["wrk"] };

/// Finds the browsers.
///
/// # Errors
/// Names the first one that is missing.
pub(crate) fn find(project: &Project) -> Result<Browsers> {
    Ok(Browsers {
        chromium: CHROMIUM.require(project)?,
        firefox: FIREFOX.require(project)?,
        chromedriver: CHROMEDRIVER.require(project)?,
    })
}

/// Installs what is missing of browsers, drivers, OpenSSL and LightGBM's build tools, on Debian as root; elsewhere says what to install.
///
/// # Errors
/// When something is missing that this user cannot install here.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    ensure_all(project, "the test run", [CHROMIUM, FIREFOX, CHROMEDRIVER, OPENSSL])?;
    ensure_trainer(project)
}

/// The same for LightGBM's build tools alone.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_trainer(project: &Project) -> Result<()> {
    ensure_all(project, "the trainer", [CMAKE, CLANG])?;
    cmake::ensure(project)
}

/// The same for what builds the container image.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_image(project: &Project) -> Result<()> {
    ensure_all(project, "the image", [BUILDAH, MMDEBSTRAP])
}

/// The same for the load generator of the comparison of web services.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_wrk(project: &Project) -> Result<()> {
    ensure_all(project, "the comparison", [WRK])
}

fn ensure_all<const N: usize>(project: &Project, who: &str, needs: [Need; N]) -> Result<()> {
    let mut missing = Vec::new();
    for need in needs {
        if need.find(project)?.is_none() {
            missing.push(need);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if can_install() {
        return install(&packages);
    }
    let what: Vec<&str> = missing.iter().map(|need| need.what).collect();
    bail!(
        "{who} needs {}, which this machine does not have.\n\
         On Debian or Ubuntu: sudo apt-get install {}\n\
         Elsewhere install them by the system's own means and put them on PATH \
         (or name them in CURBSIDE_CHROMIUM, CURBSIDE_FIREFOX, CHROMEDRIVER).",
        what.join(", "),
        packages.join(" ")
    )
}

/// Whether this is Debian and the user may install packages.
pub(crate) fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

/// Installs Debian packages.
///
/// # Errors
/// When apt-get fails.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    command::run(apt().arg("update"))?;
    command::run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))
        .context("Debian's packages could not be installed")
}

fn is_root() -> bool {
    command::quiet_output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

impl Need {
    fn find(&self, project: &Project) -> Result<Option<PathBuf>> {
        if let Some(path) = self.variable.and_then(env::var_os).map(PathBuf::from) {
            return Ok(path.is_file().then_some(path));
        }
        project.which(self.programs)
    }

    fn require(&self, project: &Project) -> Result<PathBuf> {
        self.find(project)?.with_context(|| {
            format!(
                "{} is missing: run `cargo xtask test` once, or install it (Debian: {})",
                self.what,
                self.packages.join(" ")
            )
        })
    }
}
