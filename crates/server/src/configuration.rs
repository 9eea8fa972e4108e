//! What workerd is told, in Cap'n Proto's text form: the Worker, what it may reach, and what it listens on.
//!
//! Secrets are not in it: they are bindings that take their value from the process's environment. The private key of https is, since
//! workerd takes it no other way; so the configuration is a file in memory that only this user's processes can read.

use std::fmt::Write as _;
use std::path::Path;

use crate::settings::Settings;
use crate::weights::Weights;

/// Socket for clients.
pub(crate) const PUBLIC: &str = "public";
/// Socket for the launcher and the other processes.
pub(crate) const PRIVATE: &str = "private";
/// Socket for `curbside-server health`.
pub(crate) const HEALTH: &str = "health";

/// Variable with the word that private sockets ask for.
pub(crate) const TOKEN: &str = "PRIVATE_TOKEN";
/// Variable with the number of the process among its peers.
pub(crate) const PROCESS: &str = "PROCESS";
/// Variable with what was counted by the processes that this one takes the place of.
pub(crate) const EARLIER: &str = "EARLIER_COUNTS";

/// Options of V8 for every process. A heap beyond 256 MB ends the process, which is then started again: a tenth of it is usual. A young
/// generation of 1 MB, and a heap that is first collected at 8: the runtime keeps some kilobytes outside the heap for each request
/// until then, and a loaded process is 200 MB smaller by these two, at a speed that could not be told from that without.
const V8: [&str; 3] = ["--max-heap-size=256", "--initial-heap-size=8", "--max-semi-space-size=1"];

/// The configuration; `peers` are the names of all processes' private sockets.
pub(crate) fn text(settings: &Settings, worker: &Path, peers: &[&str]) -> String {
    let (network, folder) = match &settings.weights {
        Weights::Folder(path) => (network(&[], None, false), Some(path)),
        Weights::Remote { networks, authorities } => (network(networks, authorities.as_deref(), true), None),
    };
    let mut services =
        vec![worker_service(settings, peers.len()), format!("(name = \"storage\", network = {network})")];
    if let Some(path) = folder {
        services.push(format!("(name = \"folder\", disk = (path = {}))", quoted(&path.to_string_lossy())));
    }
    for (index, peer) in peers.iter().enumerate() {
        let address = quoted(&format!("unix-abstract:{peer}"));
        services.push(format!("(name = \"peer-{index}\", external = (address = {address}, http = ()))"));
    }
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         using Program = import {program};\n\
         const config :Workerd.Config = (\n  services = [\n    {services}\n  ],\n  sockets = [\n    {sockets}\n  ],\n  v8Flags = [{flags}]\n);\n",
        program = quoted(&worker.to_string_lossy()),
        services = services.join(",\n    "),
        sockets = sockets(settings).join(",\n    "),
        flags = list(&V8),
    )
}

fn worker_service(settings: &Settings, peers: usize) -> String {
    let mut bindings: Vec<String> = settings
        .variables
        .iter()
        .map(|(name, _)| *name)
        .chain([TOKEN, PROCESS, EARLIER])
        .map(|name| format!("(name = \"{name}\", fromEnvironment = \"{name}\")"))
        .collect();
    if matches!(settings.weights, Weights::Folder(_)) {
        bindings.push("(name = \"WEIGHTS_FOLDER\", service = \"folder\")".to_owned());
    }
    bindings.extend((0..peers).map(|peer| format!("(name = \"PEER_{peer}\", service = \"peer-{peer}\")")));
    format!(
        "(name = \"curbside\", worker = (\n      modules = Program.modules,\n      compatibilityDate = Program.compatibilityDate,\n      \
         globalOutbound = \"storage\",\n      bindings = [\n        {}\n      ]\n    ))",
        bindings.join(",\n        ")
    )
}

/// An empty list of networks is none that may be reached.
fn network(allowed: &[String], authorities: Option<&str>, uses_tls: bool) -> String {
    let mut text = format!("(allow = [{}]", list(allowed));
    if uses_tls {
        text += ", tlsOptions = (trustBrowserCas = true";
        if let Some(pem) = authorities {
            let _ = write!(text, ", trustedCertificates = [{}]", list(&certificates(pem)));
        }
        text += ")";
    }
    text + ")"
}

/// workerd wants one certificate an entry.
fn certificates(pem: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN ";
    pem.split(BEGIN).skip(1).map(|section| format!("{BEGIN}{section}")).collect()
}

fn sockets(settings: &Settings) -> Vec<String> {
    let options = if settings.is_behind_proxy { "(forwardedProtoHeader = \"X-Forwarded-Proto\")" } else { "()" };
    let protocol = match &settings.tls {
        None => format!("http = {options}"),
        Some(tls) => format!(
            "https = (options = {options}, tlsOptions = (keypair = (privateKey = {}, certificateChain = {})))",
            quoted(&tls.private_key),
            quoted(&tls.certificate_chain)
        ),
    };
    let entrypoint = |name: &str| {
        format!("(name = \"{name}\", http = (), service = (name = \"curbside\", entrypoint = \"{name}\"))")
    };
    vec![format!("(name = \"{PUBLIC}\", {protocol}, service = \"curbside\")"), entrypoint(PRIVATE), entrypoint(HEALTH)]
}

fn list(texts: &[impl AsRef<str>]) -> String {
    texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text literal, in which no byte can end it or mean something else.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                literal.push('\\');
                literal.push(char::from(byte));
            }
            b' '..=b'~' => literal.push(char::from(byte)),
            _ => {
                let _ = write!(literal, "\\x{byte:02x}");
            }
        }
    }
    literal + "\""
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{quoted, text};
    use crate::settings::Settings;
    use crate::tls::Tls;
    use crate::weights::Weights;

    fn settings(weights: Weights) -> Settings {
        Settings {
            listen: ([127, 0, 0, 1], 9696).into(),
            processes: 2,
            weights,
            tls: None,
            is_behind_proxy: false,
            variables: vec![("MODEL_NAME", "ride-duration".to_owned()), ("API_TOKENS", "s3cret".to_owned())],
        }
    }

    fn shipped() -> Weights {
        Weights::Folder(PathBuf::from("/share/weights"))
    }

    #[test]
    fn a_literal_can_be_ended_by_nothing_in_it() {
        assert_eq!(quoted("a\"b\\c\n\u{e9}"), "\"a\\\"b\\\\c\\x0a\\xc3\\xa9\"");
    }

    #[test]
    fn with_a_folder_nothing_may_be_reached_and_secrets_are_never_written() {
        let written = text(&settings(shipped()), Path::new("/share/worker.capnp"), &["a", "b"]);
        assert!(written.contains("(name = \"storage\", network = (allow = []))"), "{written}");
        assert!(written.contains("(name = \"API_TOKENS\", fromEnvironment = \"API_TOKENS\")"), "{written}");
        assert!(written.contains("address = \"unix-abstract:b\""), "{written}");
        assert!(!written.contains("s3cret") && !written.contains("ride-duration"), "{written}");
    }

    #[test]
    fn each_kind_of_weights_has_its_own_reach() {
        let of = |weights| text(&settings(weights), Path::new("/share/worker.capnp"), &[]);
        let folder = of(Weights::Folder(PathBuf::from("/srv/we\"ights")));
        assert!(folder.contains("disk = (path = \"/srv/we\\\"ights\")") && folder.contains("allow = []"), "{folder}");
        let remote = of(Weights::Remote {
            networks: vec!["127.0.0.1/32".to_owned()],
            authorities: Some("-----BEGIN A-----\n1\n-----END A-----\n-----BEGIN B-----\n2\n".to_owned()),
        });
        let expected = "allow = [\"127.0.0.1/32\"], tlsOptions = (trustBrowserCas = true, \
                        trustedCertificates = [\"-----BEGIN A-----\\x0a1\\x0a-----END A-----\\x0a\", \"-----BEGIN B-----\\x0a2\\x0a\"])";
        assert!(remote.contains(expected) && !remote.contains("WEIGHTS_FOLDER"), "{remote}");
    }

    #[test]
    fn https_has_its_pair_and_believes_a_proxy_only_when_told() {
        let tls = Tls { certificate_chain: "chain".to_owned(), private_key: "key".to_owned() };
        let with = Settings { tls: Some(tls), is_behind_proxy: true, ..settings(shipped()) };
        let written = text(&with, Path::new("/share/worker.capnp"), &[]);
        let expected = "https = (options = (forwardedProtoHeader = \"X-Forwarded-Proto\"), \
                        tlsOptions = (keypair = (privateKey = \"key\", certificateChain = \"chain\")))";
        assert!(written.contains(expected), "{written}");
    }
}
