//! What the operator says, judged once before anything is started. All that is wrong is told at once.
//!
//! What the Worker itself must understand (names, keys, addresses, tokens) is passed on and judged there: the first process to
//! answer says what is wrong with it, and the server ends as it does for what is refused here.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::Path;
use std::thread;

use crate::options::Serve;
use crate::refusal::{Refusal, quoted};
use crate::tls::{self, Tls};
use crate::tree::Tree;
use crate::variables::{self, Environment, given, secret};
use crate::weights::{self, Place, Weights};

/// The reference service's port, so that its clients work unmodified; this machine alone, unless more is asked for.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9696);
/// More would only wait for each other.
const MAX_PROCESSES: usize = 256;

/// Variables of the Worker that are no secret: docs/operations.md explains each.
const PLAIN: [&str; 9] = [
    "ALLOWED_ORIGINS",
    "FALLBACK",
    "LOG_REQUESTS",
    "MANIFEST_TTL_SECONDS",
    "MODEL_ALIAS",
    "MODEL_NAME",
    "S3_ENDPOINT",
    "S3_REGION",
    "TRUSTED_KEYS",
];
/// Secrets of the Worker.
const SECRET: [&str; 4] = ["API_TOKENS", "HMAC_KEYS", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
/// The variables' values where nothing is said, as in wrangler.toml.
const DEFAULTS: [(&str, &str); 2] = [("MODEL_ALIAS", "champion"), ("MODEL_NAME", "ride-duration")];
/// What the Worker is told of weights in a folder: the folder itself is bound to it.
const FOLDER: &str = "folder";

/// How to serve.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Where clients come in.
    pub(crate) listen: SocketAddr,
    /// How many workerd processes.
    pub(crate) processes: usize,
    /// Where weights come from.
    pub(crate) weights: Weights,
    /// https, if asked for.
    pub(crate) tls: Option<Tls>,
    /// Whether a proxy's word is taken for the protocol that a client used.
    pub(crate) is_behind_proxy: bool,
    /// The Worker's variables and secrets.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Settings {
    /// Reads options and environment.
    ///
    /// # Errors
    /// All that is wrong.
    pub(crate) fn read(options: &Serve, tree: &Tree) -> Result<Self, Vec<Refusal>> {
        let key = fs::read_to_string(&tree.key).unwrap_or_default();
        let shipped = Shipped { folder: &tree.weights, key: key.trim() };
        Self::read_from(options, &shipped, &variables::of_process)
    }

    fn read_from(options: &Serve, shipped: &Shipped<'_>, environment: Environment<'_>) -> Result<Self, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let listen = kept(listen(options.listen.as_deref(), environment), &mut refusals);
        let processes = kept(processes(options, environment), &mut refusals);
        let [source, s3_endpoint, network, authorities] = weights::given_of(options, environment);
        let place = Place {
            source: source.as_ref(),
            s3_endpoint: s3_endpoint.as_ref(),
            network: network.as_ref(),
            authorities: authorities.as_ref(),
        };
        let weights = kept(Weights::read(&place, shipped.folder), &mut refusals);
        let certificate =
            given("--tls-certificate", options.tls_certificate.as_deref(), "CURBSIDE_TLS_CERTIFICATE", environment);
        let key = given("--tls-key", options.tls_key.as_deref(), "CURBSIDE_TLS_KEY", environment);
        let tls = kept(tls::read(certificate.as_ref(), key.as_ref()), &mut refusals);
        let is_behind_proxy = kept(is_behind_proxy(options, environment), &mut refusals);
        let own_key = source.is_none().then_some(shipped.key);
        let address = match (&weights, source) {
            (Some(Weights::Remote { .. }), Some(source)) => source.value,
            _ => FOLDER.to_owned(),
        };
        let mut variables = variables_of(options, address, environment, &mut refusals);
        kept(trust_shipped(own_key, &mut variables), &mut refusals);
        match (listen, processes, weights, tls, is_behind_proxy) {
            (Some(listen), Some(processes), Some(weights), Some(tls), Some(is_behind_proxy)) if refusals.is_empty() => {
                Ok(Self { listen, processes, weights, tls, is_behind_proxy, variables })
            }
            _ => Err(refusals),
        }
    }
}

/// The model that came with the program.
struct Shipped<'a> {
    folder: &'a Path,
    key: &'a str,
}

/// Where the shipped model serves, its own key is the one to believe.
///
/// # Errors
/// When other keys are named: whoever does so means other weights.
fn trust_shipped(key: Option<&str>, variables: &mut Vec<(&'static str, String)>) -> Result<(), Refusal> {
    let Some(key) = key else {
        return Ok(());
    };
    if let Some((name, _)) = variables.iter().find(|(name, _)| ["TRUSTED_KEYS", "S3_ENDPOINT"].contains(name)) {
        let remedy = format!("name the place, or take {name} away to serve the shipped model");
        return Err(Refusal::new(
            "--weights (WEIGHTS_SOURCE)",
            format!("a place because {name} is set"),
            "none",
            remedy,
        ));
    }
    variables.push(("TRUSTED_KEYS", key.to_owned()));
    Ok(())
}

/// The address of `--listen`, or of the server that is asked.
///
/// # Errors
/// When it is none.
pub(crate) fn listen(said: Option<&str>, environment: Environment<'_>) -> Result<SocketAddr, Refusal> {
    let Some(given) = given("--listen", said, "CURBSIDE_LISTEN", environment) else {
        return Ok(DEFAULT_LISTEN);
    };
    let address = given.value.parse::<SocketAddr>().ok().or_else(|| {
        let port = given.value.strip_prefix("localhost:")?.parse().ok()?;
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    });
    address.ok_or_else(|| {
        let expected = "an address and a port, such as 127.0.0.1:9696, 0.0.0.0:9696 or [::]:9696";
        Refusal::new(given.field, expected, quoted(&given.value), "write it so; port 0 is any that is free")
    })
}

fn processes(options: &Serve, environment: Environment<'_>) -> Result<usize, Refusal> {
    let Some(given) = given("--processes", options.processes.as_deref(), "CURBSIDE_PROCESSES", environment) else {
        return Ok(thread::available_parallelism().map_or(1, NonZero::get).min(MAX_PROCESSES));
    };
    match given.value.parse() {
        Ok(processes) if (1..=MAX_PROCESSES).contains(&processes) => Ok(processes),
        _ => {
            let expected = format!("a whole number of 1 to {MAX_PROCESSES}");
            Err(Refusal::new(given.field, expected, quoted(&given.value), "leave it away for one a core"))
        }
    }
}

fn is_behind_proxy(options: &Serve, environment: Environment<'_>) -> Result<bool, Refusal> {
    let Some(given) = given("--behind-proxy", options.behind_proxy.as_deref(), "CURBSIDE_BEHIND_PROXY", environment)
    else {
        return Ok(false);
    };
    match given.value.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(Refusal::new(given.field, "yes or no", quoted(other), "write one of these")),
    }
}

/// The Worker's variables that have a value; options come before the environment.
fn variables_of(
    options: &Serve,
    weights: String,
    environment: Environment<'_>,
    refusals: &mut Vec<Refusal>,
) -> Vec<(&'static str, String)> {
    let said = |name: &str| match name {
        "ALLOWED_ORIGINS" => options.allowed_origins.clone(),
        "FALLBACK" => options.fallback.clone(),
        "MODEL_ALIAS" => options.alias.clone(),
        "MODEL_NAME" => options.model.clone(),
        "TRUSTED_KEYS" => options.trusted_keys.clone(),
        _ => None,
    };
    let default = |name: &str| DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let mut variables = vec![("WEIGHTS_SOURCE", weights)];
    for name in PLAIN {
        let value = given(name, said(name).as_deref(), name, environment).map(|given| given.value);
        variables.extend(value.or_else(|| default(name)).map(|value| (name, value)));
    }
    for name in SECRET {
        variables.extend(kept(secret(name, environment), refusals).flatten().map(|value| (name, value)));
    }
    variables
}

fn kept<T>(read: Result<T, Refusal>, refusals: &mut Vec<Refusal>) -> Option<T> {
    read.map_err(|refusal| refusals.push(refusal)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::{Settings, Shipped};
    use crate::options::Serve;
    use crate::refusal::Refusal;

    fn read(known: &[(&str, &str)]) -> Result<Settings, Vec<Refusal>> {
        let shipped = Shipped { folder: Path::new("/share/weights"), key: "its own key" };
        Settings::read_from(&Serve::default(), &shipped, &|name| {
            known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_settings_the_shipped_model_serves_this_machine() {
        let settings = read(&[]).ok().unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:9696");
        assert!(settings.processes >= 1);
        let expected = [
            ("WEIGHTS_SOURCE", "folder"),
            ("MODEL_ALIAS", "champion"),
            ("MODEL_NAME", "ride-duration"),
            ("TRUSTED_KEYS", "its own key"),
        ];
        assert_eq!(settings.variables, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn keys_or_a_store_without_a_place_mean_other_weights_than_the_shipped() {
        for name in ["TRUSTED_KEYS", "S3_ENDPOINT"] {
            let refusals = read(&[(name, "something")]).err().unwrap();
            assert!(refusals[0].field.contains("--weights") && refusals[0].expected.contains(name), "{refusals:?}");
        }
        assert!(read(&[("WEIGHTS_SOURCE", "https://weights.example"), ("TRUSTED_KEYS", "key")]).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let refusals = read(&[
            ("CURBSIDE_LISTEN", "9696"),
            ("CURBSIDE_PROCESSES", "0"),
            ("WEIGHTS_SOURCE", "/nowhere/at/all"),
            ("CURBSIDE_TLS_KEY", "/nowhere/key.pem"),
            ("CURBSIDE_BEHIND_PROXY", "perhaps"),
            ("API_TOKENS_FILE", "/nowhere/tokens"),
        ]);
        let fields: Vec<String> = refusals.err().unwrap().into_iter().map(|refusal| refusal.field).collect();
        let expected = [
            "--listen (CURBSIDE_LISTEN)",
            "--processes (CURBSIDE_PROCESSES)",
            "--weights (WEIGHTS_SOURCE)",
            "--tls-certificate (CURBSIDE_TLS_CERTIFICATE)",
            "--behind-proxy (CURBSIDE_BEHIND_PROXY)",
            "API_TOKENS_FILE",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn an_address_needs_a_port() {
        for (address, expected) in [
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("[::]:9696", Some("[::]:9696")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            ("127.0.0.1", None),
            ("127.0.0.1:0", Some("127.0.0.1:0")),
            ("127.0.0.1:65536", None),
            ("example.com:80", None),
        ] {
            let found = read(&[("CURBSIDE_LISTEN", address)]).ok().map(|settings| settings.listen.to_string());
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }
}
