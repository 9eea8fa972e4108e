//! The command line. Values are read as text here and judged in [`crate::settings`], where those of the environment are too.

#![allow(clippy::doc_markdown, reason = "these comments are the help, where backticks would be shown")]

use clap::{Args, Parser, Subcommand};

/// Scores rides over HTTP: the page, POST /predict and the other protocols, on all cores of this machine.
///
/// Every option can be given by the environment variable in brackets instead; secrets can be given only so (S3_ACCESS_KEY_ID,
/// S3_SECRET_ACCESS_KEY, API_TOKENS, HMAC_KEYS), or by a file that NAME_FILE names.
#[derive(Debug, Parser)]
#[command(name = "curbside-server", version, args_conflicts_with_subcommands = true, args_override_self = true)]
pub(crate) struct Options {
    /// Something else than to serve.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    /// How to serve.
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What can be done besides serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask a running server whether it can answer rides: 0 if so, 1 if not. For a container's health check
    Health(Question),
    /// Become one of the server's processes; started by the server itself
    #[command(hide = true)]
    Process(Order),
}

/// How to serve.
#[derive(Debug, Default, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on, 127.0.0.1:9696 unless told; 0.0.0.0:9696 is every IPv4 address of this machine [CURBSIDE_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// How many processes answer; one for each core unless told [CURBSIDE_PROCESSES]
    #[arg(long, value_name = "N")]
    pub(crate) processes: Option<String>,
    /// Published weights to follow: s3://BUCKET[/PREFIX], https://HOST[/PREFIX] or a folder. The shipped model unless told [WEIGHTS_SOURCE]
    #[arg(long, value_name = "PLACE")]
    pub(crate) weights: Option<String>,
    /// Name of the model whose weights are followed, ride-duration unless told [MODEL_NAME]
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Which of the model's versions: champion unless told [MODEL_ALIAS]
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: Option<String>,
    /// Public keys whose weights are believed, separated by spaces [TRUSTED_KEYS]
    #[arg(long, value_name = "KEYS")]
    pub(crate) trusted_keys: Option<String>,
    /// What serves before any weights could be had: shipped (unless told) or none [FALLBACK]
    #[arg(long, value_name = "WHAT")]
    pub(crate) fallback: Option<String>,
    /// Networks in which the storage may be besides the public one: public (unless told), or private for an address that this
    /// network alone knows. Storage named by such an address itself needs no permission [CURBSIDE_WEIGHTS_NETWORK]
    #[arg(long, value_name = "NETWORK")]
    pub(crate) weights_network: Option<String>,
    /// Certificates (PEM) of authorities that the storage's certificate may be signed by, besides the usual ones [CURBSIDE_WEIGHTS_AUTHORITIES]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights_authorities: Option<String>,
    /// Certificate chain (PEM): serve https [CURBSIDE_TLS_CERTIFICATE]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_certificate: Option<String>,
    /// The certificate's private key (PEM) [CURBSIDE_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<String>,
    /// Whose pages may ask for estimates: nobody else's (unless told), * for everybody's, or origins separated by spaces [ALLOWED_ORIGINS]
    #[arg(long, value_name = "ORIGINS")]
    pub(crate) allowed_origins: Option<String>,
    /// Behind a proxy that ends TLS: yes to believe its X-Forwarded-Proto, no unless told [CURBSIDE_BEHIND_PROXY]
    #[arg(long, value_name = "YES|NO")]
    pub(crate) behind_proxy: Option<String>,
}

/// Whom to ask.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// Where to ask over plain HTTP, such as http://10.0.0.5:9696; else the server on this machine that listens on --listen
    pub(crate) url: Option<String>,
    /// What that server was told to listen on [CURBSIDE_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
}

/// What a process is to become.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The process that starts it, and that it must not outlive.
    pub(crate) parent: i32,
    /// Program and arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    pub(crate) command: Vec<std::ffi::OsString>,
}
