//! `curbside pull`: a model from a registry or a store, a bundle out.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use curbside::{Bundle, Limits};
use curbside_evaluate::{PackedBundle, file_name};
use curbside_publish::PublishError;
use curbside_registry::{Held, ModelUri, Origin, Pulled, Puller, process_environment};
use serde::Serialize;

use super::pack::{Foreign, Reading};
use super::written::Written;
use crate::failure::Failure;
use crate::output::Output;

/// The name that a model of another library gets if nobody gives it one.
pub(crate) const NAME: &str = "ride-duration";

/// What to fetch.
#[derive(Args)]
pub(crate) struct Arguments {
    /// models:/NAME@ALIAS, models:/NAME/VERSION, models:/NAME/latest, models:/m-ID, runs:/RUN/PATH, s3://BUCKET/PATH,
    /// mlflow-artifacts:/PATH or a folder: a bundle, or a model that `pack` reads
    uri: String,
    #[command(flatten)]
    reading: Reading,
    /// Name of the bundle that a model of another library becomes
    #[arg(long, default_value = NAME)]
    name: String,
    /// Bundle to write, with its card beside it; else NAME-VERSION.curb here, or the address's last part
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What was fetched and made of it.
#[derive(Serialize)]
struct Answer {
    origin: Origin,
    /// Whether it was a model of another library.
    packed: bool,
    #[serde(flatten)]
    written: Written,
}

/// A pulled model as a bundle.
pub(crate) struct Fetched {
    pub(crate) origin: Origin,
    pub(crate) packed: bool,
    pub(crate) made: PackedBundle,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let uri = ModelUri::parse(&arguments.uri)?;
    let pulled = Puller::from_env(&process_environment)?.pull(&uri)?;
    let out = arguments.out.clone().unwrap_or_else(|| file_for(&pulled.origin));
    let fetched = Fetched::new(pulled, &arguments.reading, &arguments.name, &file_name(&out))?;
    let Fetched { origin, packed, made } = fetched;
    output.answer(&Answer { origin, packed, written: Written::to(&out, made)? })
}

/// What a bundle is called if nobody says so: a name of this folder, whatever the registry calls its models.
fn file_for(origin: &Origin) -> PathBuf {
    let stem = match (&origin.model, &origin.version) {
        (Some(model), Some(version)) => format!("{model}-{version}"),
        _ => PathBuf::from(&origin.uri).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let stem: String = stem.trim_start_matches('.').chars().map(plain).collect();
    format!("{stem}.curb").into()
}

impl Fetched {
    /// Takes a bundle as it is, to the byte; packs a model of another library. `out` is the file that its card's command names.
    pub(crate) fn new(pulled: Pulled, reading: &Reading, name: &str, out: &str) -> Result<Fetched, Failure> {
        let Pulled { origin, held } = pulled;
        let place = format!("{}/{}", origin.artifact_uri.trim_end_matches('/'), origin.file);
        match held {
            Held::Bundle(file) => {
                let bundle = Bundle::from_bytes(file.bytes(), &Limits::default())
                    .map_err(|fault| PublishError::from_open(&place, fault))?;
                let (stored, bytes) = (file.stored().into_owned(), file.bytes().len());
                Ok(Fetched { origin, packed: false, made: PackedBundle { bundle, stored, bytes } })
            }
            Held::Foreign(bytes) => {
                let foreign = Foreign {
                    place: &place,
                    file: &origin.file,
                    bytes: &bytes,
                    name,
                    command: &command(&origin, reading, name, out),
                    mlflow_run: origin.run_id.as_deref(),
                };
                let made = reading.pack(&foreign)?;
                Ok(Fetched { origin, packed: true, made })
            }
        }
    }
}

/// The command that makes the bundle again: from the version that an alias stood on, since the alias moves.
fn command(origin: &Origin, reading: &Reading, name: &str, out: &str) -> String {
    let uri = match (&origin.model, &origin.version) {
        (Some(model), Some(version)) => format!("models:/{model}/{version}"),
        _ if origin.uri.contains(":/") => origin.uri.clone(),
        _ => format!("models/{}", file_name(origin.uri.as_ref())),
    };
    let [files, numbers] = reading.command();
    format!("cargo curbside pull '{uri}'{files} --name {name}{numbers} --out models/{out}")
}

/// Where it comes from, in words.
pub(crate) fn write_origin(f: &mut fmt::Formatter<'_>, origin: &Origin) -> fmt::Result {
    write!(f, "{}", origin.uri)?;
    if let Some(version) = &origin.version {
        write!(f, ", version {version}")?;
    }
    if let Some(run) = &origin.run_id {
        write!(f, ", run {run}")?;
    }
    writeln!(f, "\n  from {}, {}", origin.artifact_uri, origin.file)
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_origin(f, &self.origin)?;
        write!(f, "{}", self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, file_for};

    #[test]
    fn a_bundle_that_nobody_names_is_called_by_its_version_or_its_address() {
        let of = |uri: &str, version: Option<(&str, &str)>| {
            let (model, version) = version.map(|(model, version)| (model.to_owned(), version.to_owned())).unzip();
            file_for(&Origin { uri: uri.to_owned(), model, version, ..Origin::default() }).display().to_string()
        };
        assert_eq!(of("models:/ride-duration@champion", Some(("ride-duration", "3"))), "ride-duration-3.curb");
        assert_eq!(of("models:/My rides/latest", Some(("../My rides", "3"))), "-My-rides-3.curb");
        assert_eq!(of("runs:/0a1b/model", None), "model.curb");
        assert_eq!(of("s3://bucket/some/path.curb", None), "path.curb");
        assert_eq!(of("models:/m-0a1b", None), "m-0a1b.curb");
    }
}
