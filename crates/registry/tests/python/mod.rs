//! Python and the servers that the tests are given, or a loud word that they are not.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python in which MLflow is installed.
pub(crate) struct Python {
    program: PathBuf,
}

/// A server's address; says loudly that a test is skipped where there is none.
pub(crate) fn server(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if found.is_none() {
        eprintln!(
            "SKIPPED: {variable} does not say where a tracking server is; `cargo xtask test registry` starts one"
        );
    }
    found
}

impl Python {
    pub(crate) fn find() -> Option<Python> {
        Python::of("CURBSIDE_TEST_MLFLOW_PYTHON")
    }

    pub(crate) fn of(variable: &str) -> Option<Python> {
        server(variable).map(|program| Python { program: program.into() })
    }

    /// Runs a script that lies beside the tests; gives what it prints.
    pub(crate) fn run(&self, tracking: &str, script: &str, arguments: &[&str], site: Option<&Path>) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
        let mut command = Command::new(&self.program);
        command
            .arg(&script)
            .args(arguments)
            .env("MLFLOW_TRACKING_URI", tracking)
            .env("MLFLOW_DISABLE_TELEMETRY", "true");
        if let Some(site) = site {
            command.env("PYTHONPATH", site);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}: {said}", script.display(), output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}
