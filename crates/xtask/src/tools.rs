//! Programs that cargo installs for the tests, kept inside the build directory; what the machine already has is used instead.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;

/// A program from a crate.
#[derive(Debug)]
pub(crate) struct Tool {
    crate_name: &'static str,
    program: &'static str,
    version: String,
    /// Instead of the crate's default ones.
    features: Option<&'static str>,
}

/// Runs the module's own tests in a browser.
pub(crate) fn wasm_pack() -> Tool {
    Tool::new("wasm-pack", "wasm-pack", "0.15.1")
}

/// Drives Firefox; Debian packages none.
pub(crate) fn geckodriver() -> Tool {
    Tool::new("geckodriver", "geckodriver", "0.37.1")
}

/// Checks licences and advisories.
pub(crate) fn cargo_deny() -> Tool {
    Tool::new("cargo-deny", "cargo-deny", "0.20.2")
}

/// An S3 server, without the parts that a cluster of one has no use for.
pub(crate) fn garage() -> Tool {
    Tool { features: Some("sqlite,bundled-libs"), ..Tool::new("garage", "garage", "2.5.0") }
}

/// A load generator that keeps to a rate and times a request from when it was due.
pub(crate) fn oha() -> Tool {
    Tool::new("oha", "oha", "1.16.0")
}

/// What `wasm-pack test` starts; of the very version in Cargo.lock, or it would fetch one.
///
/// # Errors
/// When Cargo.lock does not name wasm-bindgen.
pub(crate) fn wasm_bindgen(project: &Project) -> Result<Tool> {
    let version = project.locked_version("wasm-bindgen")?;
    Ok(Tool::new("wasm-bindgen-cli", "wasm-bindgen", &version))
}

impl Tool {
    fn new(crate_name: &'static str, program: &'static str, version: &str) -> Self {
        Self { crate_name, program, version: version.to_owned(), features: None }
    }

    /// What it is called on the search path.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// Installs the program unless the wanted version is on the search path.
    ///
    /// # Errors
    /// When cargo cannot build it.
    pub(crate) fn ensure(&self, project: &Project) -> Result<()> {
        if self.is_present(project)? {
            return Ok(());
        }
        println!("Installing {} {} into {} ...", self.crate_name, self.version, project.tools().display());
        // A registry mirror that lags behind may lack a version from the crate's own lock file; a slightly older one serves as well.
        command::run(self.install(project).arg("--locked"))
            .or_else(|_| command::run(&mut self.install(project)))
            .with_context(|| format!("{} could not be installed", self.crate_name))
    }

    fn install(&self, project: &Project) -> Command {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["install", "--quiet", "--force", "--root"])
            .arg(project.tools())
            .arg(format!("{}@{}", self.crate_name, self.version))
            // One build directory for all of them: they share dependencies.
            .env("CARGO_TARGET_DIR", project.tools().join("build"))
            // These run for seconds and are compiled for minutes: little optimisation, none at link time.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        if let Some(features) = self.features {
            cargo.args(["--no-default-features", "--features", features]);
        }
        cargo
    }

    fn is_present(&self, project: &Project) -> Result<bool> {
        let Some(path) = project.which(&[self.program])? else {
            return Ok(false);
        };
        let said = command::quiet_output(Command::new(path).arg("--version")).unwrap_or_default();
        Ok(names_version(&said, &self.version))
    }
}

/// Whether `wasm-pack 0.15.1` or `garage cargo:2.5.0 [features: ...]` names this version.
fn names_version(said: &str, version: &str) -> bool {
    said.split_whitespace().any(|word| word.rsplit(':').next() == Some(version))
}

#[cfg(test)]
mod tests {
    use super::names_version;

    #[test]
    fn a_version_is_found_as_each_program_says_it() {
        for (said, expected) in [
            ("wasm-pack 0.15.1\n", true),
            ("garage cargo:0.15.1 [features: bundled-libs, sqlite]\n", true),
            ("wasm-pack 0.15.10\n", false),
            ("", false),
        ] {
            assert_eq!(names_version(said, "0.15.1"), expected, "{said:?}");
        }
    }
}
