//! Certificate and key of an https server, read and looked at before workerd is.
//!
//! workerd judges what is in them; here is told what can be told in the operator's own words: no such file, not PEM, the two swapped.

use std::fs;

use crate::refusal::Refusal;
use crate::variables::Given;

/// Both as PEM.
#[derive(Clone)]
pub(crate) struct Tls {
    /// The server's own certificate first.
    pub(crate) certificate_chain: String,
    /// Never logged.
    pub(crate) private_key: String,
}

/// The pair, if https is wanted.
///
/// # Errors
/// When only one of them is there, or a file is not what it should be.
pub(crate) fn read(certificate: Option<&Given>, key: Option<&Given>) -> Result<Option<Tls>, Refusal> {
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err(Refusal::new(
                "--tls-key (CURBSIDE_TLS_KEY)",
                "the certificate's key",
                "none",
                "name both files",
            ));
        }
        (None, Some(_)) => {
            let field = "--tls-certificate (CURBSIDE_TLS_CERTIFICATE)";
            return Err(Refusal::new(field, "the key's certificate", "none", "name both files"));
        }
    };
    Ok(Some(Tls {
        certificate_chain: pem(certificate, "CERTIFICATE", "a certificate chain in PEM")?,
        private_key: pem(key, "PRIVATE KEY", "a private key in PEM without a passphrase")?,
    }))
}

/// A file of PEM that holds a section with this label.
///
/// # Errors
/// When it cannot be read or holds none.
pub(crate) fn pem(file: &Given, label: &str, expected: &str) -> Result<String, Refusal> {
    let refuse = |found: String, remedy: &str| Refusal::new(&file.field, expected, found, remedy);
    let text = fs::read_to_string(&file.value)
        .map_err(|error| refuse(format!("{error} at {}", file.value), "check the path and who may read it"))?;
    let heads = || text.lines().filter(|line| line.starts_with("-----BEGIN "));
    if heads().any(|line| line.contains("ENCRYPTED")) || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(refuse("a key with a passphrase".to_owned(), "store it without: openssl pkey -in FILE -out NEW"));
    }
    if heads().any(|line| line.trim_end().ends_with(&format!("{label}-----"))) {
        return Ok(text);
    }
    let found = heads().next().map_or_else(|| "no PEM".to_owned(), |line| format!("only {}", line.trim_end()));
    Err(refuse(found, "check that the right file is named; a PEM file begins with -----BEGIN"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::read;
    use crate::variables::Given;

    #[test]
    fn certificate_and_key_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            Given { field: name.to_owned(), value: path.to_str().unwrap().to_owned() }
        };
        let certificate = file("certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
        let key = file("key", "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n");
        let locked =
            file("locked", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n");
        let missing = Given { field: "missing".to_owned(), value: "/nowhere/at/all".to_owned() };
        assert!(read(None, None).unwrap().is_none());
        assert!(read(Some(&certificate), Some(&key)).unwrap().is_some());
        for (certificate, key, field, found) in [
            (Some(&certificate), None, "--tls-key", "none"),
            (None, Some(&key), "--tls-certificate", "none"),
            (Some(&key), Some(&certificate), "key", "only -----BEGIN EC PRIVATE KEY-----"),
            (Some(&certificate), Some(&locked), "locked", "a key with a passphrase"),
            (Some(&missing), Some(&key), "missing", "No such file"),
        ] {
            let refusal = read(certificate, key).err().unwrap();
            assert!(refusal.field.contains(field) && refusal.found.contains(found), "{refusal}");
        }
    }
}
