//! `cargo xtask registry`: a real MLflow and a real S3 server on loopback, in the foreground until Ctrl-C; what they store is kept.

pub(crate) mod garage;
pub(crate) mod home;
pub(crate) mod mlflow;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::server::{self, PULSE, Server, Stop};
use crate::tools;
use garage::{REGION, WEIGHTS_BUCKET};
use home::Home;
use mlflow::Artifacts;

/// Where everything is kept unless told otherwise.
const HOME: &str = ".curbside/registry";
/// Inside the home folder: what a shell or a program needs to know.
pub(crate) const ENVIRONMENT: &str = "env";

/// What was asked for.
struct Options {
    mlflow_port: u16,
    s3_port: u16,
    artifacts: Artifacts,
    home: PathBuf,
    s3: bool,
    mlflow: bool,
}

/// The verb.
///
/// # Errors
/// When a server cannot be installed or started, a port is taken, or a server ends by itself.
pub(crate) fn run(project: &Project, arguments: lexopt::Parser) -> Result<()> {
    let options = Options::parse(project, arguments)?;
    if options.s3 {
        server::require_free_port(options.s3_port, "--s3-port")?;
    }
    if options.mlflow {
        server::require_free_port(options.mlflow_port, "--mlflow-port")?;
    }
    ensure(project, options.s3, options.mlflow)?;
    let home = Home::open(options.home.clone())?;
    let stop = Stop::listen()?;
    let Some(mut servers) = start(project, &home, &options, &stop)? else {
        return Ok(());
    };
    home::write_private(&home.path(ENVIRONMENT), &options.environment(&home))?;
    options.announce(&home);
    while !stop.is_wished(PULSE) {
        for server in &mut servers {
            server.require_alive()?;
        }
    }
    println!("\nStopping ...");
    Ok(())
}

/// Installs the servers that are wanted.
///
/// # Errors
/// When one cannot be.
pub(crate) fn ensure(project: &Project, s3: bool, mlflow: bool) -> Result<()> {
    if s3 {
        tools::garage().ensure(project).context("the S3 server is compiled here, which needs a C compiler and make")?;
    }
    if mlflow {
        mlflow::ensure(project)?;
    }
    Ok(())
}

/// Starts both at once, because MLflow needs S3 only when an artifact comes; `None` when the user wished to stop meanwhile.
fn start(project: &Project, home: &Home, options: &Options, stop: &Stop) -> Result<Option<Vec<Server>>> {
    println!("Starting ...");
    let mut servers = Vec::new();
    let mut tracking = None;
    if options.mlflow {
        tracking = Some(mlflow::start(project, home, options.mlflow_port, options.s3_port, options.artifacts)?);
    }
    if options.s3 {
        let Some(storage) = garage::start(project, home, options.s3_port, stop)? else { return Ok(None) };
        servers.push(storage);
    }
    if let Some(mut tracking) = tracking.take() {
        if !mlflow::wait(&mut tracking, options.mlflow_port, stop)? {
            return Ok(None);
        }
        servers.push(tracking);
    }
    Ok(Some(servers))
}

impl Options {
    fn parse(project: &Project, mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self {
            mlflow_port: 5000,
            s3_port: 3900,
            artifacts: Artifacts::Proxied,
            home: project.path(HOME),
            s3: true,
            mlflow: true,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("mlflow-port") => options.mlflow_port = port(&mut arguments, "--mlflow-port")?,
                Long("s3-port") => options.s3_port = port(&mut arguments, "--s3-port")?,
                Long("direct") => options.artifacts = Artifacts::Direct,
                Long("home") => options.home = project.users_path(arguments.value()?),
                Long("only") => match arguments.value()?.string()?.as_str() {
                    "s3" => (options.s3, options.mlflow) = (true, false),
                    "mlflow" => (options.s3, options.mlflow) = (false, true),
                    other => bail!("--only: expected s3 or mlflow, found {other:?}"),
                },
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn s3_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.s3_port)
    }

    fn tracking_uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.mlflow_port)
    }

    /// Lines for a shell. What a user may have set for another account makes way.
    fn environment(&self, home: &Home) -> String {
        let mut lines = vec!["unset AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL".to_owned()];
        let mut export = |name: &str, value: &str| lines.push(format!("export {name}={value}"));
        if self.mlflow {
            export("MLFLOW_TRACKING_URI", &self.tracking_uri());
            export("MLFLOW_S3_ENDPOINT_URL", &self.s3_endpoint());
            export("MLFLOW_DISABLE_TELEMETRY", "true");
            export("DO_NOT_TRACK", "true");
        }
        export("AWS_ENDPOINT_URL_S3", &self.s3_endpoint());
        export("AWS_REGION", REGION);
        export("AWS_DEFAULT_REGION", REGION);
        export("AWS_ACCESS_KEY_ID", &home.keys.access);
        export("AWS_SECRET_ACCESS_KEY", &home.keys.secret);
        lines.join("\n") + "\n"
    }

    fn announce(&self, home: &Home) {
        println!();
        if self.mlflow {
            println!("MLflow is at {}", self.tracking_uri());
        }
        println!("S3 is at {} (buckets {WEIGHTS_BUCKET} and {})", self.s3_endpoint(), garage::MLFLOW_BUCKET);
        println!("In another shell:\n\n    source {}\n\nCtrl-C stops it.\n", home.path(ENVIRONMENT).display());
    }
}

fn port(arguments: &mut lexopt::Parser, option: &str) -> Result<u16> {
    arguments.value()?.parse().with_context(|| format!("{option}: expected 1 to 65535"))
}
