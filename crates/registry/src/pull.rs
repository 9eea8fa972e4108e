//! From an address to a model's bytes: asks the registry where it lies, fetches it, and says what it is.
//!
//! Servers and stores are not believed: no path that they name leaves the folder that was asked for, nothing is read beyond its bound,
//! no file of this machine is opened at a server's word, and a bundle is opened, golden rides and all, before it is handed on.

use std::io::Read as _;
use std::path::Path;

use curbside::Limits;
use curbside::bundle::MAGIC;
use curbside_import::{LARGEST_FILE, MLMODEL, MlModel};
use curbside_publish::{BundleFile, StoreSettings};
use serde::Serialize;

use crate::artifacts::Artifacts;
use crate::client::Client;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::resolve::{Place, Resolved, plain};
use crate::settings::{Environment, artifact_settings};
use crate::uri::ModelUri;

/// An `MLmodel` has a kilobyte or two.
const MOST_MLMODEL: usize = 1 << 20;

/// Where a pulled model comes from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// What was asked for.
    pub uri: String,
    /// The registered model, where the address named one.
    pub model: Option<String>,
    /// Its version, likewise.
    pub version: Option<String>,
    /// The logged model's id, of `MLflow` 3.
    pub model_id: Option<String>,
    /// The run that logged it.
    pub run_id: Option<String>,
    /// The folder in which the model's file is.
    pub artifact_uri: String,
    /// The name of that file.
    pub file: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a pulled file is.
#[derive(Clone, Debug)]
pub enum Held {
    /// A bundle, which opens.
    Bundle(BundleFile),
    /// A model of another library, as its file has it; not looked into.
    Foreign(Vec<u8>),
}

/// A pulled model.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// Where from.
    pub origin: Origin,
    /// What.
    pub held: Held,
}

/// Fetches models, from a tracking server where one is known, and from stores.
#[derive(Debug)]
pub struct Puller {
    client: Option<Client>,
    stores: StoreSettings,
}

impl Puller {
    /// By what the environment says of a server and of the keys to artifacts in S3. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS`, `STORE_URL` for variables that cannot be used.
    pub fn from_env(variable: Environment<'_>) -> Result<Puller, RegistryError> {
        Ok(Puller { client: Client::from_env(variable)?, stores: artifact_settings(variable)? })
    }

    /// The tracking server.
    ///
    /// # Errors
    ///
    /// `PULL_NO_SERVER` where none is known.
    pub fn server(&self) -> Result<&Client, RegistryError> {
        self.client.as_ref().ok_or_else(|| {
            let message = "expected the address of a tracking server, found none";
            RegistryError::new(RegistryErrorKind::NoServer, message)
        })
    }

    /// A folder of artifacts, wherever it lies.
    fn artifacts(&self, uri: &str) -> Result<Source<'_>, RegistryError> {
        let is_bucket = uri.starts_with("s3://");
        let opened = if is_bucket { Artifacts::at_store(uri, &self.stores) } else { self.server()?.artifacts(uri) };
        opened.map(Source::Artifacts)
    }

    /// Fetches a model.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Puller::resolve) and [`fetch`](Puller::fetch).
    pub fn pull(&self, uri: &ModelUri) -> Result<Pulled, RegistryError> {
        self.fetch(self.resolve(uri)?)
    }

    /// Fetches what was found: the file that an `MLmodel` names, or the one file that the address names.
    ///
    /// # Errors
    ///
    /// `PULL_MISSING` where nothing is there, with what is; `PULL_MODEL` for a folder whose model is not read here; `PULL_DIGEST` for
    /// a bundle that is not the one that was logged; an [`OpenError`](curbside::OpenError)'s code for a bundle that does not open;
    /// every kind of a server and a store that fail.
    pub fn fetch(&self, resolved: Resolved) -> Result<Pulled, RegistryError> {
        let Resolved { mut origin, place } = resolved;
        let source = match &place {
            Place::Folder(uri) => self.artifacts(uri)?,
            Place::Either { folder, name } => {
                let within = format!("{}/{name}", folder.trim_end_matches('/'));
                let inner = self.artifacts(&within)?;
                let Some(text) = inner.read(MLMODEL, MOST_MLMODEL)? else {
                    let outer = self.artifacts(folder)?;
                    return one_file(origin, &outer, name);
                };
                return named_file(origin, &inner, &text);
            }
            Place::Local(path) if path.is_dir() => Source::Folder(path),
            Place::Local(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let folder = path.parent().unwrap_or(Path::new(""));
                return one_file(origin, &Source::Folder(folder), &name);
            }
        };
        let Some(text) = source.read(MLMODEL, MOST_MLMODEL)? else {
            origin.artifact_uri = source.name();
            return Err(missing(&origin.artifact_uri, MLMODEL, &source));
        };
        named_file(origin, &source, &text)
    }
}

/// The file that an `MLmodel` names.
fn named_file(mut origin: Origin, source: &Source<'_>, mlmodel: &[u8]) -> Result<Pulled, RegistryError> {
    let text = String::from_utf8_lossy(mlmodel);
    let place = source.name();
    let model = MlModel::read(&text)
        .map_err(|fault| RegistryError::new(RegistryErrorKind::Model, format!("{place}/{MLMODEL}: {fault}")))?;
    let most = if model.is_bundle() { Limits::default().bytes } else { LARGEST_FILE };
    let bytes = source.read(model.data, most)?.ok_or_else(|| missing(&place, model.data, source))?;
    let sha256 = BundleFile::sha256(&bytes);
    if let Some(expected) = model.sha256.filter(|expected| *expected != sha256) {
        let message = format!(
            "{place}/{}: expected the bytes of SHA-256 {}, as its {MLMODEL} says, found {sha256}",
            model.data,
            plain(expected)
        );
        return Err(RegistryError::new(RegistryErrorKind::Digest, message));
    }
    // What the registry says of a version goes before what the file says of itself.
    origin.run_id = origin.run_id.or_else(|| model.run_id.map(plain));
    origin.model_id = origin.model_id.or_else(|| model.model_id.map(plain));
    let is_bundle = model.is_bundle();
    (origin.artifact_uri, origin.file, origin.sha256) = (place, model.data.to_owned(), sha256);
    held(origin, bytes, is_bundle)
}

/// A file by itself.
fn one_file(mut origin: Origin, source: &Source<'_>, name: &str) -> Result<Pulled, RegistryError> {
    let place = source.name();
    let bytes = source.read(name, LARGEST_FILE)?.ok_or_else(|| missing(&place, name, source))?;
    let is_bundle = bytes.starts_with(&MAGIC) || bytes.starts_with(&[0x1f, 0x8b]);
    origin.sha256 = BundleFile::sha256(&bytes);
    (origin.artifact_uri, origin.file) = (place, name.to_owned());
    held(origin, bytes, is_bundle)
}

fn held(origin: Origin, bytes: Vec<u8>, is_bundle: bool) -> Result<Pulled, RegistryError> {
    if !is_bundle {
        return Ok(Pulled { origin, held: Held::Foreign(bytes) });
    }
    let place = format!("{}/{}", origin.artifact_uri, origin.file);
    let bundle = BundleFile::from_bytes(place, bytes)?;
    bundle.estimator()?;
    Ok(Pulled { origin, held: Held::Bundle(bundle) })
}

/// Says what was looked for, and what is there instead.
fn missing(place: &str, name: &str, source: &Source<'_>) -> RegistryError {
    let found = match source.names() {
        Ok(names) if names.is_empty() => "nothing there".to_owned(),
        Ok(names) => format!("only {}", names.join(", ")),
        Err(fault) => format!("no list of what is there ({fault})"),
    };
    RegistryError::new(RegistryErrorKind::Missing, format!("{place}: expected the file {name}, found {found}"))
}

/// A folder that files are read from.
enum Source<'a> {
    Artifacts(Artifacts<'a>),
    Folder(&'a Path),
}

impl Source<'_> {
    fn name(&self) -> String {
        match self {
            Source::Artifacts(artifacts) => artifacts.uri().to_owned(),
            Source::Folder(folder) => folder.display().to_string(),
        }
    }

    /// A file of at most `most` bytes; `None` where there is none.
    fn read(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, RegistryError> {
        match self {
            Source::Artifacts(artifacts) => {
                // The proxy calls a file that is not there a failure of its own, so it is asked what there is first.
                let is_proxied = !artifacts.uri().starts_with("s3:");
                if is_proxied && !artifacts.list("")?.iter().any(|entry| entry.path == name && !entry.is_folder) {
                    return Ok(None);
                }
                match artifacts.get(name, most) {
                    Err(fault) if fault.kind() == RegistryErrorKind::NotFound => Ok(None),
                    found => found.map(Some),
                }
            }
            Source::Folder(folder) => read_file(&folder.join(name), most),
        }
    }

    /// Some names of what is there, for a person.
    fn names(&self) -> Result<Vec<String>, RegistryError> {
        const SHOWN: usize = 12;
        let mut names: Vec<String> = match self {
            Source::Artifacts(artifacts) => artifacts.list("")?.iter().map(|entry| plain(&entry.path)).collect(),
            Source::Folder(folder) => std::fs::read_dir(folder)
                .map(|entries| {
                    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
                })
                .unwrap_or_default(),
        };
        names.sort_unstable();
        if names.len() > SHOWN {
            names.truncate(SHOWN);
            names.push("...".to_owned());
        }
        Ok(names)
    }
}

fn read_file(path: &Path, most: usize) -> Result<Option<Vec<u8>>, RegistryError> {
    let fail = |kind, found: String| {
        RegistryError::new(kind, format!("{}: expected a file of at most {most} bytes, found {found}", path.display()))
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fail(RegistryErrorKind::Missing, fault.to_string())),
    };
    let mut bytes = Vec::new();
    // `usize` to `u64` loses nothing.
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|fault| fail(RegistryErrorKind::Missing, fault.to_string()))?;
    if bytes.len() > most {
        return Err(fail(RegistryErrorKind::TooLarge, "more".to_owned()));
    }
    Ok(Some(bytes))
}
