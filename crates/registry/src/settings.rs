//! Where the registry is and who asks: `MLflow`'s own environment variables.
//!
//! It is apart because secrets live here: they leave it for the `Authorization` header alone.

use std::fmt;
use std::time::Duration;

use curbside_publish::{StoreSettings, StoreUrl};
use url::{Host, Url};

use crate::error::{RegistryError, RegistryErrorKind};

/// The variable that turns tracking on.
pub const TRACKING_URI: &str = "MLFLOW_TRACKING_URI";

/// The variable that lets credentials travel without TLS.
const ALLOW_HTTP: &str = "CURBSIDE_ALLOW_HTTP";

/// Looks up a variable of the environment; an empty one counts as none.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment.
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    Nobody,
    Basic { username: String, password: String },
    Bearer(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Nobody => "Nobody",
            Credentials::Basic { .. } => "Basic(***)",
            Credentials::Bearer(_) => "Bearer(***)",
        })
    }
}

/// How to reach a tracking server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server's address, without credentials, ending in a slash.
    pub(crate) address: Url,
    pub(crate) credentials: Credentials,
    /// Longest time for one attempt, with its answer; `MLFLOW_HTTP_REQUEST_TIMEOUT` in seconds.
    pub timeout: Duration,
    /// How often a request is sent again; `MLFLOW_HTTP_REQUEST_MAX_RETRIES`.
    pub retries: usize,
    /// The first pause before sending again, doubled each time.
    pub first_pause: Duration,
    /// How to reach artifacts that lie in S3 and not behind the server: the keys that publishing takes, and
    /// `MLFLOW_S3_ENDPOINT_URL` before `AWS_ENDPOINT_URL`.
    pub artifacts: StoreSettings,
}

impl Settings {
    /// The server at an `http` or `https` address; a name and a password in it are taken out and used.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` for any other address, such as a database's or a folder's.
    pub fn new(address: &str) -> Result<Settings, RegistryError> {
        let fail = |found: &str| {
            let expected = "expected the http or https address of an MLflow tracking server";
            Err(RegistryError::new(RegistryErrorKind::Settings, format!("{TRACKING_URI}: {expected}, found {found}")))
        };
        // What cannot be read is not shown: it may hold a password.
        let Ok(mut url) = Url::parse(address.trim()) else { return fail("text that is no address") };
        if !matches!(url.scheme(), "http" | "https") {
            let scheme = url.scheme();
            return fail(&format!("one of the scheme {scheme:?}, which only Python's client follows"));
        }
        let decoded = |text: &str| {
            let pairs = format!("x={}", text.replace('+', "%2B"));
            url::form_urlencoded::parse(pairs.as_bytes()).next().map_or_else(String::new, |pair| pair.1.into_owned())
        };
        let credentials = if url.username().is_empty() {
            Credentials::Nobody
        } else {
            Credentials::Basic {
                username: decoded(url.username()),
                password: decoded(url.password().unwrap_or_default()),
            }
        };
        // Neither fails for an address that has a host, as all of http and https have.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let (timeout, first_pause) = (Duration::from_secs(30), Duration::from_millis(250));
        let artifacts = StoreSettings::default();
        Ok(Settings { address: url, credentials, timeout, retries: 4, first_pause, artifacts })
    }

    /// What `MLFLOW_TRACKING_URI` and its companions say; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// `REGISTRY_SETTINGS` for a variable that cannot be used, and for credentials that would leave this machine without TLS, unless
    /// `CURBSIDE_ALLOW_HTTP` is `true`.
    pub fn from_env(variable: Environment<'_>) -> Result<Option<Settings>, RegistryError> {
        let Some(address) = variable(TRACKING_URI) else { return Ok(None) };
        let mut settings = Settings::new(&address)?;
        if let Some(token) = variable("MLFLOW_TRACKING_TOKEN") {
            settings.credentials = Credentials::Bearer(token);
        } else if let Some(username) = variable("MLFLOW_TRACKING_USERNAME") {
            let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
            settings.credentials = Credentials::Basic { username, password };
        }
        let is_allowed = variable(ALLOW_HTTP).is_some_and(|value| matches!(value.trim(), "1" | "true"));
        if settings.credentials != Credentials::Nobody && !settings.is_private() && !is_allowed {
            let message = format!(
                "{TRACKING_URI}: expected https where credentials are sent, found http://{} beyond this machine; use https, or set \
                 {ALLOW_HTTP}=true where the way there is safe",
                settings.address.host_str().unwrap_or_default()
            );
            return Err(RegistryError::new(RegistryErrorKind::Settings, message));
        }
        let number = |name: &str, most: u64| -> Result<Option<u64>, RegistryError> {
            let Some(text) = variable(name) else { return Ok(None) };
            text.trim().parse().ok().filter(|number| *number <= most).map(Some).ok_or_else(|| {
                let message = format!("{name}: expected a whole number up to {most}, found {text:?}");
                RegistryError::new(RegistryErrorKind::Settings, message)
            })
        };
        if let Some(seconds) = number("MLFLOW_HTTP_REQUEST_TIMEOUT", 3600)? {
            settings.timeout = Duration::from_secs(seconds.max(1));
        }
        if let Some(retries) = number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 10)? {
            settings.retries = usize::try_from(retries).unwrap_or_default();
        }
        settings.artifacts = artifact_settings(variable)?;
        Ok(Some(settings))
    }

    /// Whether nobody on the way can read along: by TLS, or because the way does not leave this machine.
    fn is_private(&self) -> bool {
        let is_here = match self.address.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        is_here || self.address.scheme() == "https"
    }

    /// The server's address for people: without credentials.
    pub fn shown(&self) -> &str {
        self.address.as_str().trim_end_matches('/')
    }

    /// Takes the secrets out of a text that somebody else wrote.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secret = match &self.credentials {
            Credentials::Basic { password, .. } => password,
            Credentials::Bearer(token) => token,
            Credentials::Nobody => "",
        };
        // Shorter than this is no secret, and would tear holes into every word.
        if secret.len() < 4 { text.to_owned() } else { text.replace(secret, "***") }
    }
}

/// Keys, region and endpoint of artifacts in S3.
///
/// # Errors
///
/// Those of [`StoreSettings::from_variables`].
pub fn artifact_settings(variable: Environment<'_>) -> Result<StoreSettings, RegistryError> {
    // Any bucket: what the environment says of S3 does not depend on it.
    let bucket = StoreUrl::S3 { bucket: String::new(), prefix: String::new() };
    let settings = StoreSettings::from_variables(&bucket, variable)?;
    Ok(match variable("MLFLOW_S3_ENDPOINT_URL") {
        Some(endpoint) => settings.with_endpoint(endpoint),
        None => settings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Option<Settings>, RegistryError> {
        let found = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        Settings::from_env(&found)
    }

    #[test]
    fn without_the_variable_there_is_no_registry() {
        assert_eq!(from(&[("MLFLOW_TRACKING_TOKEN", "x")]), Ok(None));
    }

    #[test]
    fn secrets_are_used_and_never_shown() {
        let address = "https://someone%40home:p%40ss+word@mlflow.example/base?x=1#y";
        let settings = from(&[(TRACKING_URI, address)]).unwrap().unwrap();
        assert_eq!(settings.shown(), "https://mlflow.example/base");
        let expected = Credentials::Basic { username: "someone@home".into(), password: "p@ss+word".into() };
        assert!(settings.credentials == expected, "decoded");
        let shown = format!("{settings:?} {}", settings.redacted("the server repeats p@ss+word"));
        assert!(!shown.contains("p@ss") && !shown.contains("p%40ss") && !shown.contains("someone"), "{shown}");
        assert!(shown.ends_with("the server repeats ***"), "{shown}");
        // The variables go before what stands in the address, the token before the name.
        let rows: [(&[(&str, &str)], Credentials); 2] = [
            (
                &[("MLFLOW_TRACKING_USERNAME", "bob"), ("MLFLOW_TRACKING_PASSWORD", "hush")],
                Credentials::Basic { username: "bob".into(), password: "hush".into() },
            ),
            (
                &[("MLFLOW_TRACKING_USERNAME", "bob"), ("MLFLOW_TRACKING_TOKEN", "t0ken")],
                Credentials::Bearer("t0ken".into()),
            ),
        ];
        for (variables, expected) in rows {
            let found = from(&[&[(TRACKING_URI, address)], variables].concat()).unwrap().unwrap();
            assert!(found.credentials == expected, "{variables:?}");
            assert!(!format!("{found:?}").contains("hush") && !format!("{found:?}").contains("t0ken"));
        }
    }

    #[test]
    fn credentials_do_not_leave_this_machine_without_tls_unless_asked() {
        let token = ("MLFLOW_TRACKING_TOKEN", "t0ken");
        for (address, fits) in [
            ("http://localhost:5000", true),
            ("http://127.0.0.9:5000", true),
            ("http://[::1]:5000", true),
            ("https://mlflow.example", true),
            ("http://mlflow.example", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(from(&[(TRACKING_URI, address), token]).is_ok(), fits, "{address}");
            assert!(from(&[(TRACKING_URI, address), token, (ALLOW_HTTP, "true")]).is_ok(), "{address}");
            assert!(from(&[(TRACKING_URI, address)]).is_ok(), "{address} without credentials");
        }
        let error = from(&[(TRACKING_URI, "http://someone:p@ssword@mlflow.example")]).unwrap_err().to_string();
        assert!(error.contains("found http://mlflow.example beyond") && !error.contains("ssword"), "{error}");
    }

    #[test]
    fn artifacts_have_an_endpoint_of_their_own() {
        let tracking = (TRACKING_URI, "http://localhost:5000");
        let both = [tracking, ("AWS_ENDPOINT_URL", "http://a:1"), ("MLFLOW_S3_ENDPOINT_URL", "http://b:2")];
        assert_eq!(from(&both).unwrap().unwrap().artifacts.endpoint(), Some("http://b:2"));
        assert_eq!(from(&both[..2]).unwrap().unwrap().artifacts.endpoint(), Some("http://a:1"));
    }

    #[test]
    fn what_is_no_server_is_refused_in_words() {
        for address in ["sqlite:///mlflow.db", "databricks", "databricks://profile", "./mlruns", "file:///tmp/mlruns"] {
            let error = from(&[(TRACKING_URI, address)]).unwrap_err();
            assert_eq!(error.code(), "REGISTRY_SETTINGS", "{address}");
            let text = error.to_string();
            assert!(text.contains("http or https") && text.contains("unset MLFLOW_TRACKING_URI"), "{text}");
        }
        let error = from(&[(TRACKING_URI, "postgresql://someone:hush@db/mlflow")]).unwrap_err();
        assert!(!error.to_string().contains("hush") && !format!("{error:?}").contains("hush"), "{error}");
        let odd = [(TRACKING_URI, "http://localhost:5000"), ("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")];
        assert!(from(&odd).unwrap_err().to_string().contains("MLFLOW_HTTP_REQUEST_TIMEOUT: expected a whole number"));
    }
}
