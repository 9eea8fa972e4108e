//! One tracking server: sending JSON and reading JSON. Its calls are in `runs.rs` and `models.rs`.

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Fate, RegistryError, RegistryErrorKind};
use crate::settings::{Environment, Settings};
use crate::transport::{Again, Call, Transport, excerpt};

/// The longest JSON answer that is read.
const MOST_JSON: usize = 16 << 20;

/// One tracking server.
///
/// It waits for each answer, so call it from a thread that runs no asynchronous runtime. Requests that may be sent again
/// are, with growing pauses, where nobody answered or the server failed.
#[derive(Debug)]
pub struct Client {
    pub(crate) transport: Transport,
}

impl Client {
    /// A client of the server that these settings name. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` where credentials cannot be sent or there is no TLS.
    pub fn new(settings: Settings) -> Result<Client, RegistryError> {
        Ok(Client { transport: Transport::new(settings)? })
    }

    /// A client of the server that `MLFLOW_TRACKING_URI` names; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` for a variable that cannot be used.
    pub fn from_env(variable: Environment<'_>) -> Result<Option<Client>, RegistryError> {
        Settings::from_env(variable)?.map(Client::new).transpose()
    }

    /// The server's address for people: without credentials.
    pub fn address(&self) -> &str {
        self.transport.settings().shown()
    }

    /// A GET below the API's prefix, such as `runs/get`.
    ///
    /// # Errors
    ///
    /// Every kind: see [`RegistryError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, RegistryError> {
        let mut url = self.api(path)?;
        url.query_pairs_mut().extend_pairs(query);
        self.call(&Call { method: Method::GET, url, body: None, again: Again::Harmless, most: MOST_JSON })
    }

    /// A POST below the API's prefix.
    ///
    /// # Errors
    ///
    /// Every kind: see [`RegistryError`].
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        again: Again,
    ) -> Result<T, RegistryError> {
        self.with_body(Method::POST, path, body, again)
    }

    pub(crate) fn with_body<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        again: Again,
    ) -> Result<T, RegistryError> {
        let url = self.api(path)?;
        let unsayable = |fault| RegistryError::new(RegistryErrorKind::Refused, format!("{path}: no JSON: {fault}"));
        let body = Some((serde_json::to_vec(body).map_err(unsayable)?, "application/json"));
        self.call(&Call { method, url, body, again, most: MOST_JSON })
    }

    fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, RegistryError> {
        let bytes = self.transport.send(call)?;
        serde_json::from_slice(&bytes).map_err(|fault| {
            let (method, mut url) = (&call.method, call.url.clone());
            url.set_query(None);
            let found = match excerpt(&bytes) {
                text if text.is_empty() => "nothing".to_owned(),
                text => self.transport.settings().redacted(&text),
            };
            let message = format!("{method} {url}: expected MLflow's JSON, found {found} ({fault})");
            RegistryError::new(RegistryErrorKind::Answer, message)
        })
    }

    fn api(&self, path: &str) -> Result<Url, RegistryError> {
        self.below(&format!("api/2.0/mlflow/{path}"))
    }

    /// An address below the server's.
    pub(crate) fn below(&self, path: &str) -> Result<Url, RegistryError> {
        self.transport.settings().address.join(path).map_err(|fault| {
            RegistryError::new(RegistryErrorKind::Settings, format!("{path}: no address below the server's: {fault}"))
        })
    }

    /// Makes one thing, though an answer may get lost: before trying again it looks whether the last try did it.
    pub(crate) fn make_once<T>(
        &self,
        make: impl Fn() -> Result<T, RegistryError>,
        find: impl Fn() -> Result<Option<T>, RegistryError>,
    ) -> Result<T, RegistryError> {
        let Settings { retries, first_pause, .. } = self.transport.settings();
        let mut pause = *first_pause;
        for _ in 0..*retries {
            match make() {
                Err(fault) if fault.fate() == Fate::Unknown => std::thread::sleep(pause),
                outcome => return outcome,
            }
            if let Some(made) = find()? {
                return Ok(made);
            }
            pause *= 2;
        }
        make()
    }
}
