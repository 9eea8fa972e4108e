//! `MLflow`'s tracking server and model registry, over HTTP and without Python.
//!
//! It is apart from publishing because it trusts nobody with a key: what a registry says is a proposal, and becomes an
//! estimate only after a bundle was opened, golden rides and all, and signed.
//!
//! - [`Settings`]: where the server is and who asks. [`process_environment`]: from where that is usually read. [`artifact_settings`]: whose
//!   keys artifacts in S3 are read by.
//! - [`Client`]: the server's calls, one method each; [`Run`], [`LoggedModel`], [`ModelVersion`], [`Metric`],
//!   [`DatasetInput`], [`Pair`] are what they say. [`Again`]: what may be sent twice.
//! - [`Artifacts`]: a folder of files, at the server's proxy or in S3. [`Entry`]: one of them.
//! - [`layout`]: the files of a logged bundle, which Python reads too.
//! - [`ModelUri`]: what a model is asked for by. [`Puller`]: asks and fetches; [`Resolved`], [`Pulled`], [`Held`], [`Origin`] are what
//!   comes of it.
//! - [`tracking`]: a run from its beginning to a registered version, in the order that leaves nothing half.
//! - [`promote()`]: storage's alias and the registry's in one act; [`Promoted`], [`AliasMove`]. [`Watch`]: when to do it again.
//! - [`RegistryError`]: what went wrong and what to do; it never holds a secret.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a registry is reached over a network, in time"
)]

mod artifacts;
mod bucket;
mod client;
mod error;
pub mod layout;
mod models;
mod promote;
mod pull;
mod records;
mod resolve;
mod runs;
mod settings;
pub mod tracking;
mod transport;
mod uri;
mod watch;

pub use artifacts::{Artifacts, Entry};
pub use client::Client;
pub use error::{RegistryError, RegistryErrorKind};
pub use promote::{AliasMove, Promoted, move_alias, promote, take_back};
pub use pull::{Held, Origin, Pulled, Puller};
pub use records::{
    Dataset, DatasetInput, LoggedModel, LoggedModelInfo, Metric, ModelOutput, ModelVersion, Pair, Run, RunData,
    RunInfo, RunOutputs,
};
pub use resolve::Resolved;
pub use settings::{Environment, Settings, TRACKING_URI, artifact_settings, process_environment};
pub use transport::Again;
pub use uri::ModelUri;
pub use watch::Watch;
