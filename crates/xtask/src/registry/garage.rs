//! Garage, an S3 server, as a cluster of one on loopback.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::home::Home;
use crate::project::Project;
use crate::server::{self, Server, Stop};
use crate::tools;

/// Where bundles and manifests are published.
pub(crate) const WEIGHTS_BUCKET: &str = "curbside-weights";
/// Where MLflow keeps artifacts.
pub(crate) const MLFLOW_BUCKET: &str = "mlflow";
/// What clients must sign for; Garage's own name, so that one which assumes another is found out.
pub(crate) const REGION: &str = "garage";
/// How long it may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it, and makes its buckets; `None` when the user wished to stop meanwhile.
///
/// # Errors
/// When it cannot be started, or does not answer.
pub(crate) fn start(project: &Project, home: &Home, port: u16, stop: &Stop) -> Result<Option<Server>> {
    let program = project.which(&[tools::garage().program()])?.context("garage has not been installed")?;
    let configuration = home.path("garage.toml");
    fs::write(&configuration, configure(home, port, server::free_port()?)?)
        .with_context(|| format!("cannot write {}", configuration.display()))?;
    let garage = Garage { program, configuration, home };
    let mut command = garage.command();
    command
        .args(["server", "--single-node", "--default-bucket"])
        .env("GARAGE_DEFAULT_ACCESS_KEY", &home.keys.access)
        .env("GARAGE_DEFAULT_SECRET_KEY", &home.keys.secret)
        .env("GARAGE_DEFAULT_BUCKET", WEIGHTS_BUCKET)
        .env("NO_COLOR", "1");
    let mut server = Server::start("Garage", &mut command, &home.path("garage.log"))?;
    // Whoever asks without a signature is refused: it is there.
    if !server.wait_for(port, "/", 403, stop, PATIENCE)? {
        return Ok(None);
    }
    garage.make_bucket(MLFLOW_BUCKET)?;
    Ok(Some(server))
}

struct Garage<'home> {
    program: PathBuf,
    configuration: PathBuf,
    home: &'home Home,
}

impl Garage<'_> {
    /// Its server or its command line, which speak to each other by a key that no argument shows.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&self.configuration).env("GARAGE_RPC_SECRET", &self.home.keys.rpc);
        command
    }

    /// Makes a bucket that the key may use; one that is there stays as it is.
    fn make_bucket(&self, name: &str) -> Result<()> {
        let exists = self.ask(&["bucket", "info", name]).is_ok();
        if !exists {
            self.ask(&["bucket", "create", name])?;
        }
        self.ask(&["bucket", "allow", "--read", "--write", "--owner", name, "--key", &self.home.keys.access])
    }

    fn ask(&self, arguments: &[&str]) -> Result<()> {
        let output = self.command().args(arguments).stdin(Stdio::null()).output().context("garage cannot be run")?;
        if !output.status.success() {
            bail!("garage {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }
}

fn configure(home: &Home, s3: u16, rpc: u16) -> Result<String> {
    let quoted = |name: &str| -> Result<String> {
        let path = home.path(name);
        let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
        // TOML's basic strings escape these two.
        Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    };
    Ok(format!(
        "# Written at every start. Loopback only; keys come by the environment.\n\
         metadata_dir = {}\ndata_dir = {}\ndb_engine = \"sqlite\"\nreplication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\n\n\
         [s3_api]\napi_bind_addr = \"127.0.0.1:{s3}\"\ns3_region = \"{REGION}\"\n",
        quoted("garage/meta")?,
        quoted("garage/data")?
    ))
}
