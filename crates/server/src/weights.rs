//! Where weights come from, and which addresses the Worker may therefore reach: the storage's network and no other.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::refusal::{Refusal, quoted};
use crate::tls;
use crate::variables::{Given, given};

/// Where weights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Weights {
    /// A folder on this machine; the one that came with the program, unless told.
    Folder(PathBuf),
    /// A store that speaks S3, or a web server.
    Remote {
        /// Blocks of addresses that may be reached, as workerd writes them.
        networks: Vec<String>,
        /// Certificates (PEM) that are believed besides the usual ones.
        authorities: Option<String>,
    },
}

/// What concerns weights, as it was given.
pub(crate) struct Place<'a> {
    /// `--weights`.
    pub(crate) source: Option<&'a Given>,
    /// `S3_ENDPOINT`.
    pub(crate) s3_endpoint: Option<&'a Given>,
    /// `--weights-network`.
    pub(crate) network: Option<&'a Given>,
    /// `--weights-authorities`.
    pub(crate) authorities: Option<&'a Given>,
}

impl Weights {
    /// Understands the place. What an address must look like is the Worker's to judge: docs/operations.md.
    ///
    /// # Errors
    /// When there is no such folder, or the network is none.
    pub(crate) fn read(place: &Place<'_>, shipped: &Path) -> Result<Self, Refusal> {
        let Some(source) = place.source else {
            return place.without_network(Self::Folder(shipped.to_owned()));
        };
        let host = match source.value.split_once("://") {
            Some(("s3", _)) => place.s3_endpoint.and_then(|endpoint| host_of(&endpoint.value)),
            Some(("http" | "https", _)) => host_of(&source.value),
            Some(("file", path)) => return place.without_network(folder(source, path)?),
            Some((scheme, _)) => {
                let expected = "s3://BUCKET[/PREFIX], https://HOST[/PREFIX] or a folder";
                return Err(Refusal::new(&source.field, expected, quoted(scheme), "write one of these"));
            }
            None => return place.without_network(folder(source, &source.value)?),
        };
        let networks = networks(place.network, host.unwrap_or_default())?;
        let authorities =
            place.authorities.map(|file| tls::pem(file, "CERTIFICATE", "certificates in PEM")).transpose()?;
        Ok(Self::Remote { networks, authorities })
    }
}

impl Place<'_> {
    /// Weights that are read from this machine.
    ///
    /// # Errors
    /// When something is said of a network: whoever does so means other weights.
    fn without_network(&self, weights: Weights) -> Result<Weights, Refusal> {
        match self.network.filter(|network| network.value != "public").or(self.authorities) {
            None => Ok(weights),
            Some(given) => {
                let expected =
                    "weights at s3:// or https://, since no network leads to a folder or to the shipped model";
                Err(Refusal::new(
                    &given.field,
                    expected,
                    quoted(&given.value),
                    "name the place with --weights, or take this away",
                ))
            }
        }
    }
}

fn folder(source: &Given, path: &str) -> Result<Weights, Refusal> {
    let refuse = |found: String| {
        let remedy = "check the path and who may read it; `curbside publish --to FOLDER` fills one";
        Refusal::new(&source.field, "a folder that holds models/NAME/ALIAS.json", found, remedy)
    };
    // Absolute: workerd is started from another folder on some day.
    let folder = std::fs::canonicalize(path).map_err(|error| refuse(format!("{error} at {}", quoted(path))))?;
    if !folder.is_dir() {
        return Err(refuse(format!("a file at {}", folder.display())));
    }
    std::fs::read_dir(&folder).map_err(|error| refuse(format!("{error} at {}", folder.display())))?;
    Ok(Weights::Folder(folder))
}

/// An address that is written out may be reached, whichever it is; a name may lead to public addresses unless more is permitted.
fn networks(network: Option<&Given>, host: &str) -> Result<Vec<String>, Refusal> {
    let mut allowed = match network.map_or("public", |given| given.value.as_str()) {
        "public" => vec!["public".to_owned()],
        "private" => vec!["public".to_owned(), "private".to_owned()],
        other => {
            let field = network.map_or("--weights-network", |given| given.field.as_str());
            return Err(Refusal::new(field, "public or private", quoted(other), "write one of these, or nothing"));
        }
    };
    if host.eq_ignore_ascii_case("localhost") {
        allowed.extend(["127.0.0.1/32".to_owned(), "::1/128".to_owned()]);
    } else if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        allowed = vec![format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })];
    }
    Ok(allowed)
}

/// The host of `https://host:port/path`; credentials before it are for the Worker to refuse.
fn host_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    match authority.find(']') {
        Some(end) => authority.get(..=end),
        None => authority.split(':').next(),
    }
}

/// What a place is made of, for those who read settings.
pub(crate) fn given_of(
    options: &crate::options::Serve,
    environment: crate::variables::Environment<'_>,
) -> [Option<Given>; 4] {
    [
        given("--weights", options.weights.as_deref(), "WEIGHTS_SOURCE", environment),
        given("S3_ENDPOINT", None, "S3_ENDPOINT", environment),
        given("--weights-network", options.weights_network.as_deref(), "CURBSIDE_WEIGHTS_NETWORK", environment),
        given(
            "--weights-authorities",
            options.weights_authorities.as_deref(),
            "CURBSIDE_WEIGHTS_AUTHORITIES",
            environment,
        ),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::{Place, Weights, host_of};
    use crate::variables::Given;

    fn field(value: &str) -> Given {
        Given { field: "field".to_owned(), value: value.to_owned() }
    }

    #[test]
    fn only_the_storage_s_own_network_may_be_reached() {
        for (source, endpoint, network, expected) in [
            ("https://weights.example/prefix", None, None, vec!["public"]),
            ("https://weights.example", None, Some("private"), vec!["public", "private"]),
            ("http://localhost:9000", None, None, vec!["public", "127.0.0.1/32", "::1/128"]),
            ("s3://bucket", Some("http://127.0.0.1:3900"), None, vec!["127.0.0.1/32"]),
            ("s3://bucket", Some("https://10.1.2.3"), Some("private"), vec!["10.1.2.3/32"]),
            ("s3://bucket", Some("https://[fd00::1]:443"), None, vec!["fd00::1/128"]),
            ("s3://bucket", None, None, vec!["public"]),
        ] {
            let (source, endpoint, network) = (field(source), endpoint.map(field), network.map(field));
            let place = Place {
                source: Some(&source),
                s3_endpoint: endpoint.as_ref(),
                network: network.as_ref(),
                authorities: None,
            };
            let Weights::Remote { networks, .. } = Weights::read(&place, Path::new("/")).unwrap() else {
                unreachable!("{source:?} is remote");
            };
            assert_eq!(networks, expected, "{source:?}");
        }
    }

    #[test]
    fn a_folder_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let read = |value: &str| {
            let source = field(value);
            let place = Place { source: Some(&source), s3_endpoint: None, network: None, authorities: None };
            Weights::read(&place, Path::new("/"))
        };
        let path = folder.path().to_str().unwrap();
        assert_eq!(read(path).unwrap(), Weights::Folder(folder.path().canonicalize().unwrap()));
        assert_eq!(read(&format!("file://{path}")).unwrap(), Weights::Folder(folder.path().canonicalize().unwrap()));
        assert!(read("/nowhere/at/all").unwrap_err().found.contains("No such file"));
        assert!(read("ftp://host").unwrap_err().found.contains("ftp"));
    }

    #[test]
    fn what_is_said_of_a_network_is_not_ignored_where_there_is_none() {
        let [public, private] = ["public", "private"].map(field);
        for (network, authorities, is_right) in
            [(Some(&public), None, true), (Some(&private), None, false), (None, Some(&private), false)]
        {
            let place = Place { source: None, s3_endpoint: None, network, authorities };
            assert_eq!(Weights::read(&place, Path::new("/")).is_ok(), is_right);
        }
    }

    #[test]
    fn hosts_are_read_out_of_addresses() {
        for (address, host) in [
            ("https://host", "host"),
            ("https://host:9000/a/b", "host"),
            ("http://[::1]:9000", "[::1]"),
            ("https://user:word@host/a", "host"),
        ] {
            assert_eq!(host_of(address), Some(host));
        }
    }
}
