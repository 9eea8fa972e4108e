//! One request and its answer, and sending it again where that may help.
//!
//! It knows nothing of runs and models: bytes go out, bounded bytes come in, and whatever else happens becomes a
//! [`RegistryError`] that names the call and no secret.

use std::sync::Once;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use tokio::runtime::{Builder, Handle, Runtime};
use url::Url;

use crate::error::{Fate, RegistryError, RegistryErrorKind};
use crate::settings::{Credentials, Settings};

/// The longest pause that a server may ask for; whoever wants more is told as a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Bytes a millisecond that sending is given time for, beyond the time for the answer: half a megabit a second.
const SLOWEST: u64 = 64;
/// How much of what a server wrote is repeated to a person.
const SHOWN: usize = 300;
/// Failures are read so far and no further.
const MOST_OF_A_FAILURE: usize = 64 << 10;

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Doing it twice is doing it once.
    Harmless,
    /// It would make a second thing: only where the server has certainly not begun.
    Untouched,
}

/// A request.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Body and its media type.
    pub(crate) body: Option<(Vec<u8>, &'static str)>,
    pub(crate) again: Again,
    /// The longest answer that is read.
    pub(crate) most: usize,
}

/// Sends requests to one server, one after the other.
pub(crate) struct Transport {
    runtime: Runtime,
    http: reqwest::Client,
    settings: Settings,
    authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How the server words a failure.
#[derive(Deserialize)]
struct Fault {
    error_code: String,
    #[serde(default)]
    message: String,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Result<Transport, RegistryError> {
        static PROVIDER: Once = Once::new();
        // Whoever came first has installed one already; any will do.
        PROVIDER.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
        let fail = |what: &str, fault: &dyn std::fmt::Display| {
            RegistryError::new(RegistryErrorKind::Settings, format!("no HTTP client: {what}: {fault}"))
        };
        let http = reqwest::Client::builder()
            .user_agent(concat!("curbside/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.timeout.min(Duration::from_secs(5)))
            .timeout(settings.timeout)
            // A redirect would turn a POST into a GET, or carry credentials elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|fault| fail("TLS", &fault.without_url()))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|fault| fail("no runtime", &fault))?;
        let authorization = authorization(&settings.credentials)
            .map_err(|()| fail("credentials", &"expected a name, password or token of printable text"))?;
        Ok(Transport { runtime, http, settings, authorization })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sends, and sends again as often as is allowed and may help; gives the body of a success.
    pub(crate) fn send(&self, call: &Call) -> Result<Vec<u8>, RegistryError> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.settings.first_pause)
            .with_max_delay(Duration::from_secs(8))
            .with_max_times(self.settings.retries)
            .with_jitter();
        let tries = || self.once(call);
        let sending = tries
            .retry(backoff)
            .sleep(tokio::time::sleep)
            .when(|fault: &RegistryError| match fault.fate() {
                Fate::Final => false,
                Fate::Untouched => true,
                Fate::Unknown => call.again == Again::Harmless,
            })
            .adjust(|fault, pause| match (fault.pause(), pause) {
                (Some(asked), Some(_)) if asked > LONGEST_PAUSE => None,
                (Some(asked), Some(pause)) => Some(asked.max(pause)),
                (_, pause) => pause,
            });
        wait(&self.runtime, sending)
    }

    async fn once(&self, call: &Call) -> Result<Vec<u8>, RegistryError> {
        let place = self.place(call);
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        if let Some((body, media_type)) = &call.body {
            // A large body may take its time.
            let sending = Duration::from_millis(body.len() as u64 / SLOWEST);
            request = request.timeout(self.settings.timeout + sending);
            request = request.header(CONTENT_TYPE, *media_type).body(body.clone());
        }
        // The registry's credentials go to the registry only.
        if let Some(value) = self.authorization.as_ref().filter(|_| self.is_home(&call.url)) {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let answer = request.send().await.map_err(|fault| self.unreachable(&place, &fault))?;
        let status = answer.status();
        if status.is_success() {
            return self.read(answer, &place, call.most).await;
        }
        Err(self.failure(answer, &place).await)
    }

    /// Whether an address belongs to the tracking server.
    fn is_home(&self, url: &Url) -> bool {
        let home = &self.settings.address;
        (url.scheme(), url.host(), url.port_or_known_default())
            == (home.scheme(), home.host(), home.port_or_known_default())
    }

    /// Which call, for a person.
    fn place(&self, call: &Call) -> String {
        let mut url = call.url.clone();
        // Neither fails for an address of http or https.
        let _ = (url.set_username(""), url.set_password(None));
        self.settings.redacted(&format!("{} {url}", call.method))
    }

    /// The body, as far as is allowed.
    async fn read(&self, mut answer: Response, place: &str, most: usize) -> Result<Vec<u8>, RegistryError> {
        let too_large = |found: u64| {
            let message = format!("{place}: expected at most {most} bytes, found {found} or more");
            RegistryError::new(RegistryErrorKind::TooLarge, message)
        };
        let promised = answer.content_length();
        if let Some(length) = promised.filter(|length| *length > most as u64) {
            return Err(too_large(length));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|fault| self.unreachable(place, &fault))? {
            if bytes.len() + chunk.len() > most {
                return Err(too_large((bytes.len() + chunk.len()) as u64));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// No answer, or half of one.
    fn unreachable(&self, place: &str, fault: &reqwest::Error) -> RegistryError {
        // The innermost reason is the one that says something: "connection refused" rather than "error sending request".
        let mut source: &dyn std::error::Error = fault;
        while let Some(inner) = source.source() {
            source = inner;
        }
        let found = if fault.is_timeout() {
            format!("none within {:?}", self.settings.timeout)
        } else if fault.is_connect() {
            format!("no connection ({source})")
        } else {
            format!("half of one ({source})")
        };
        let fate = if fault.is_connect() { Fate::Untouched } else { Fate::Unknown };
        let message = self.settings.redacted(&format!("{place}: expected an answer, found {found}"));
        RegistryError::new(RegistryErrorKind::Unreachable, message).with_fate(fate)
    }

    /// What a status other than a success means.
    async fn failure(&self, answer: Response, place: &str) -> RegistryError {
        let status = answer.status();
        let header = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let pause = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let target = header(LOCATION).map(str::to_owned);
        let body = self.read(answer, place, MOST_OF_A_FAILURE).await.unwrap_or_default();
        let fault: Option<Fault> = serde_json::from_slice(&body).ok();
        let said = fault.as_ref().map_or_else(|| excerpt(&body), |fault| shown(&fault.message));
        let said = match target {
            Some(target) if status.is_redirection() => format!("a redirect to {}", shown(&target)),
            _ if said.is_empty() => "no word about it".to_owned(),
            _ => said,
        };
        let error_code = fault.map(|fault| fault.error_code);
        let kind = kind(status, error_code.as_deref());
        let coded = error_code.as_ref().map_or_else(String::new, |code| format!(" {}", shown(code)));
        let message = format!("{place}: expected success, found {}{coded}: {said}", status.as_u16());
        let fate = match status.as_u16() {
            429 => Fate::Untouched,
            500 | 502..=504 | 408 => Fate::Unknown,
            _ => Fate::Final,
        };
        RegistryError::new(kind, self.settings.redacted(&message))
            .with_fate(fate)
            .with_pause(pause)
            .with_error_code(error_code)
    }
}

/// What asynchronous work is waited for on: this thread.
pub(crate) fn runtime() -> Result<Runtime, RegistryError> {
    Builder::new_current_thread().enable_all().build().map_err(|fault| {
        let message = format!("expected a runtime to wait for answers on, found {fault}");
        RegistryError::new(RegistryErrorKind::Settings, message)
    })
}

/// Waits for something asynchronous.
pub(crate) fn wait<T>(
    runtime: &Runtime,
    work: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    if Handle::try_current().is_ok() {
        let message = "expected a thread without an asynchronous runtime, found one inside a runtime";
        return Err(RegistryError::new(RegistryErrorKind::Settings, message));
    }
    runtime.block_on(work)
}

/// `MLflow`'s own code says more than the status does.
fn kind(status: StatusCode, error_code: Option<&str>) -> RegistryErrorKind {
    match error_code {
        Some("RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND") => return RegistryErrorKind::NotFound,
        Some("RESOURCE_ALREADY_EXISTS") => return RegistryErrorKind::Exists,
        Some("PERMISSION_DENIED" | "UNAUTHENTICATED") => return RegistryErrorKind::Denied,
        _ => (),
    }
    match status.as_u16() {
        300..=399 => RegistryErrorKind::Answer,
        401 | 403 | 407 => RegistryErrorKind::Denied,
        404 => RegistryErrorKind::NotFound,
        500..=599 | 429 | 408 => RegistryErrorKind::Failed,
        _ => RegistryErrorKind::Refused,
    }
}

/// The header's value, marked so that no log shows it.
fn authorization(credentials: &Credentials) -> Result<Option<HeaderValue>, ()> {
    use base64::Engine as _;
    let text = match credentials {
        Credentials::Nobody => return Ok(None),
        Credentials::Basic { username, password } => {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}")))
        }
        Credentials::Bearer(token) => format!("Bearer {token}"),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The beginning of a body for a person: of a page, that it is one.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(2 * SHOWN)]);
    let text = text.trim();
    let is_page = text.get(..1) == Some("<");
    match (text.is_empty(), is_page) {
        (true, _) => String::new(),
        (_, true) => format!("a page of HTML ({})", shown(text.get(..60).unwrap_or(text))),
        _ => shown(text),
    }
}

/// Somebody else's text on one line and not too long.
pub(crate) fn shown(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut kept: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if kept.len() < line.len() && line.chars().count() > SHOWN {
        kept.push_str("...");
    }
    kept
}
