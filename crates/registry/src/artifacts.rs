//! The files of runs and models: by the server's proxy, or straight from the store that the server names.

use curbside_publish::StoreSettings;
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use crate::bucket::Bucket;
use crate::client::Client;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::transport::{Again, Call};

/// The longest list of files that is read.
const MOST_LIST: usize = 4 << 20;

/// A folder of artifacts, as `artifact_uri` of a run, a logged model or a version names it.
///
/// Paths are relative to it, with `/` between their parts.
#[derive(Debug)]
pub struct Artifacts<'a> {
    /// As the server wrote it.
    uri: String,
    place: Place<'a>,
}

#[derive(Debug)]
enum Place<'a> {
    /// Below the tracking server's proxy: the folder's path there.
    Proxied { client: &'a Client, root: String },
    /// In a store of its own.
    Direct(Bucket),
}

/// A file or a folder below a folder of artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path from the folder that was opened.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its length in bytes, where the server says so.
    pub bytes: Option<u64>,
}

impl Client {
    /// Opens a folder of artifacts. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `REGISTRY_ARTIFACT` for a place that this build cannot reach, such as a folder on the server's disk;
    /// `STORE_CREDENTIALS` for S3 without keys, and `STORE_URL` for an endpoint that cannot be used.
    pub fn artifacts(&self, uri: &str) -> Result<Artifacts<'_>, RegistryError> {
        if let Some(root) = self.proxied(uri) {
            let uri = uri.trim_end_matches('/').to_owned();
            return Ok(Artifacts { uri, place: Place::Proxied { client: self, root } });
        }
        Artifacts::at_store(uri, &self.transport.settings().artifacts)
    }

    /// The path below the proxy that an address means: `mlflow-artifacts:/path`, with or without this server's host, or the
    /// proxy's own address.
    fn proxied(&self, uri: &str) -> Option<String> {
        let home = &self.transport.settings().address;
        let url = Url::parse(uri).ok()?;
        let same_host = url.host_str().is_none_or(|host| {
            home.host_str() == Some(host) && url.port().is_none_or(|port| Some(port) == home.port_or_known_default())
        });
        let path = match url.scheme() {
            "mlflow-artifacts" if same_host => url.path(),
            "http" | "https" if same_host => {
                let proxy = format!("{}{PROXY}", home.path());
                url.path().strip_prefix(&proxy).filter(|_| url.scheme() == home.scheme())?
            }
            _ => return None,
        };
        Some(path.trim_matches('/').to_owned())
    }

    /// A file's address at the proxy.
    fn file(&self, root: &str, path: &str) -> Result<Url, RegistryError> {
        let whole = joined(root, path);
        let unfit = |part: &str| part.is_empty() || part == "." || part == "..";
        if whole.split('/').any(unfit) {
            let message = format!("artifact {path:?}: expected a path of plain parts, found an empty one or dots");
            return Err(RegistryError::new(RegistryErrorKind::Artifact, message));
        }
        let mut url = self.below(PROXY)?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(whole.split('/'));
        }
        Ok(url)
    }
}

/// The proxy's path below the server's.
const PROXY: &str = "api/2.0/mlflow-artifacts/artifacts";

impl Artifacts<'_> {
    /// Opens a folder of artifacts in S3, which needs no tracking server. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `REGISTRY_ARTIFACT` for any other place; `STORE_CREDENTIALS` without keys, and `STORE_URL` for an address or an endpoint
    /// that cannot be used.
    pub fn at_store(uri: &str, settings: &StoreSettings) -> Result<Artifacts<'static>, RegistryError> {
        let uri = uri.trim_end_matches('/').to_owned();
        if !uri.starts_with("s3://") {
            let message = format!(
                "artifacts at {uri:?}: expected mlflow-artifacts:/... or s3://..., found a place that this build does not reach; \
                 start the server with `--default-artifact-root mlflow-artifacts:/` or `s3://BUCKET`"
            );
            return Err(RegistryError::new(RegistryErrorKind::Artifact, message));
        }
        let place = Place::Direct(Bucket::open(&uri, settings)?);
        Ok(Artifacts { uri, place })
    }

    /// The folder, as the server names it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// What stands directly in a folder below; `""` for the folder itself. Nothing for one that there is not.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn list(&self, folder: &str) -> Result<Vec<Entry>, RegistryError> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            files: Vec<File>,
        }
        #[derive(Deserialize)]
        struct File {
            path: String,
            #[serde(default)]
            is_dir: bool,
            #[serde(rename = "file_size")]
            bytes: Option<serde_json::Value>,
        }
        let (client, root) = match &self.place {
            Place::Proxied { client, root } => (client, root),
            Place::Direct(bucket) => return bucket.list(folder),
        };
        let mut url = client.below(PROXY)?;
        url.query_pairs_mut().append_pair("path", &joined(root, folder));
        let call = Call { method: Method::GET, url, body: None, again: Again::Harmless, most: MOST_LIST };
        let bytes = client.transport.send(&call)?;
        let listed: Listed = serde_json::from_slice(&bytes).map_err(|fault| {
            let message = format!("{}/{folder}: expected MLflow's list of artifacts, found {fault}", self.uri);
            RegistryError::new(RegistryErrorKind::Answer, message)
        })?;
        // The proxy says names relative to the folder that was asked for.
        let entry = |file: File| Entry {
            path: joined(folder, &file.path),
            is_folder: file.is_dir,
            bytes: file.bytes.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok())),
        };
        Ok(listed.files.into_iter().map(entry).collect())
    }

    /// A file's bytes, at most `most` of them.
    ///
    /// # Errors
    ///
    /// `REGISTRY_TOO_LARGE`, and every other kind. A server answers 500 for a file that there is not: ask
    /// [`list`](Artifacts::list) first where that is to be told apart.
    pub fn get(&self, path: &str, most: usize) -> Result<Vec<u8>, RegistryError> {
        let (client, root) = match &self.place {
            Place::Proxied { client, root } => (client, root),
            Place::Direct(bucket) => return bucket.get(path, most),
        };
        let url = client.file(root, path)?;
        client.transport.send(&Call { method: Method::GET, url, body: None, again: Again::Harmless, most })
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        let (client, root) = match &self.place {
            Place::Proxied { client, root } => (client, root),
            Place::Direct(bucket) => return bucket.put(path, bytes),
        };
        let (url, body) = (client.file(root, path)?, Some((bytes.to_vec(), "application/octet-stream")));
        let call = Call { method: Method::PUT, url, body, again: Again::Harmless, most: MOST_LIST };
        client.transport.send(&call).map(|_| ())
    }
}

/// Two paths with one `/` between them; either may be empty.
pub(crate) fn joined(a: &str, b: &str) -> String {
    let (a, b) = (a.trim_matches('/'), b.trim_matches('/'));
    if a.is_empty() || b.is_empty() { format!("{a}{b}") } else { format!("{a}/{b}") }
}
