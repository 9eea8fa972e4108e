//! The files of runs and models: by the server's proxy, or straight from the store that the server names.

use std::sync::Arc;

use curbside_publish::{StoreUrl, open_store, store_error};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

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
    client: &'a Client,
    /// As the server wrote it.
    uri: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Below the tracking server's proxy: the folder's path there.
    Proxied(String),
    /// A store of its own, opened at the folder.
    Direct(Arc<dyn ObjectStore>),
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
        let place = if let Some(path) = self.proxied(uri) {
            Place::Proxied(path)
        } else if uri.starts_with("s3://") {
            let bucket = StoreUrl::parse(uri.trim_end_matches('/'))?;
            Place::Direct(open_store(&bucket, &self.transport.settings().artifacts)?)
        } else {
            let message = format!(
                "artifacts at {uri:?}: expected mlflow-artifacts:/... or s3://..., found a place that this build does not reach; \
                 start the server with `--default-artifact-root mlflow-artifacts:/` or `s3://BUCKET`"
            );
            return Err(RegistryError::new(RegistryErrorKind::Artifact, message));
        };
        Ok(Artifacts { client: self, uri: uri.trim_end_matches('/').to_owned(), place })
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
}

/// The proxy's path below the server's.
const PROXY: &str = "api/2.0/mlflow-artifacts/artifacts";

impl Artifacts<'_> {
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
        let root = match &self.place {
            Place::Proxied(root) => root,
            Place::Direct(store) => return self.list_direct(store, folder),
        };
        let mut url = self.client.below(PROXY)?;
        url.query_pairs_mut().append_pair("path", &joined(root, folder));
        let call = Call { method: Method::GET, url, body: None, again: Again::Harmless, most: MOST_LIST };
        let bytes = self.client.transport.send(&call)?;
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
        let root = match &self.place {
            Place::Proxied(root) => root,
            Place::Direct(store) => return self.get_direct(store, path, most),
        };
        let url = self.file(root, path)?;
        self.client.transport.send(&Call { method: Method::GET, url, body: None, again: Again::Harmless, most })
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// Every kind.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        let root = match &self.place {
            Place::Proxied(root) => root,
            Place::Direct(store) => {
                let payload = PutPayload::from(bytes.to_vec());
                let put =
                    async { store.put(&Path::from(path), payload).await.map_err(|fault| self.fault(path, &fault)) };
                return self.client.transport.wait(put).map(|_| ());
            }
        };
        let (url, body) = (self.file(root, path)?, Some((bytes.to_vec(), "application/octet-stream")));
        let call = Call { method: Method::PUT, url, body, again: Again::Harmless, most: MOST_LIST };
        self.client.transport.send(&call).map(|_| ())
    }

    fn list_direct(&self, store: &Arc<dyn ObjectStore>, folder: &str) -> Result<Vec<Entry>, RegistryError> {
        let (prefix, whole) = (Path::from(folder), !folder.trim_matches('/').is_empty());
        let listed = self.client.transport.wait(async {
            let listed = store.list_with_delimiter(whole.then_some(&prefix)).await;
            listed.map_err(|fault| self.fault(folder, &fault))
        })?;
        let folder = |path: Path| Entry { path: path.to_string(), is_folder: true, bytes: None };
        let file = |file: object_store::ObjectMeta| Entry {
            path: file.location.to_string(),
            is_folder: false,
            bytes: Some(file.size),
        };
        let mut entries: Vec<Entry> = listed.common_prefixes.into_iter().map(folder).collect();
        entries.extend(listed.objects.into_iter().map(file));
        Ok(entries)
    }

    fn get_direct(&self, store: &Arc<dyn ObjectStore>, path: &str, most: usize) -> Result<Vec<u8>, RegistryError> {
        self.client.transport.wait(async {
            let found = store.get(&Path::from(path)).await.map_err(|fault| self.fault(path, &fault))?;
            let size = found.meta.size;
            if size > most as u64 {
                let message = format!("{}/{path}: expected at most {most} bytes, found {size}", self.uri);
                return Err(RegistryError::new(RegistryErrorKind::TooLarge, message));
            }
            found.bytes().await.map(|bytes| bytes.to_vec()).map_err(|fault| self.fault(path, &fault))
        })
    }

    /// What a store of its own says, in words.
    fn fault(&self, path: &str, fault: &object_store::Error) -> RegistryError {
        let place = joined(&self.uri, path);
        if matches!(fault, object_store::Error::NotFound { .. }) {
            let message = format!("{place}: expected an artifact, found none");
            return RegistryError::new(RegistryErrorKind::NotFound, message);
        }
        store_error(&place, fault).into()
    }

    /// A file's address at the proxy.
    fn file(&self, root: &str, path: &str) -> Result<Url, RegistryError> {
        let whole = joined(root, path);
        let unfit = |part: &str| part.is_empty() || part == "." || part == "..";
        if whole.split('/').any(unfit) {
            let message = format!("{}/{path}: expected a path of plain parts, found an empty one or dots", self.uri);
            return Err(RegistryError::new(RegistryErrorKind::Artifact, message));
        }
        let mut url = self.client.below(PROXY)?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(whole.split('/'));
        }
        Ok(url)
    }
}

/// Two paths with one `/` between them; either may be empty.
fn joined(a: &str, b: &str) -> String {
    let (a, b) = (a.trim_matches('/'), b.trim_matches('/'));
    if a.is_empty() || b.is_empty() { format!("{a}{b}") } else { format!("{a}/{b}") }
}
