//! The manifest: which blob an alias stands for; and the signed envelope in which it travels.
//!
//! The signature is over the payload's bytes as they are in the envelope. They are never parsed and printed again before
//! they are verified, so it does not matter how anybody prints JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use curbside::bundle::Metrics;
use serde::{Deserialize, Serialize};

use crate::error::{PublishError, PublishErrorKind};
use crate::keys::{PublicKey, SigningKey};

/// The manifest's form that this build writes and reads.
pub const SCHEMA: u32 = 1;

/// The highest sequence: the largest integer that JavaScript's numbers hold exactly.
pub const MAX_SEQUENCE: u64 = (1 << 53) - 1;

/// Which blob an alias stands for. Keys that a later build adds are ignored here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the model.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Counts the publications under this alias, from 1. Readers refuse a lower one than they have seen.
    pub sequence: u64,
    /// SHA-256 of the stored object, in lower-case hexadecimal.
    pub sha256: String,
    /// Length of the stored object.
    pub bytes: u64,
    /// Where the stored object is, relative to the manifest.
    pub url: String,
    /// When it was published, RFC 3339.
    pub created_at: String,
    /// `MLflow` run of the model, where there is one.
    pub mlflow_run: Option<String>,
    /// The model's name in `MLflow`'s registry, where there is one. Left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlflow_model: Option<String>,
    /// Its version in `MLflow`'s registry, where there is one.
    pub mlflow_model_version: Option<String>,
    /// How good the model is, from its card.
    pub metrics: Option<Metrics>,
    /// SHA-256 of the stored object that the alias stood for before.
    pub previous: Option<String>,
}

impl Manifest {
    /// Path of a blob, relative to the manifest.
    pub fn blob_url(sha256: &str) -> String {
        format!("blobs/{sha256}.curb")
    }

    /// Checks what a reader relies on.
    fn validate(&self) -> Result<(), PublishError> {
        let fail = |field: &str, expected: &str, found: &dyn std::fmt::Display| {
            Err(malformed(format!("the manifest's {field}: expected {expected}, found {found}")))
        };
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        check_schema(self.schema)?;
        if self.sequence == 0 || self.sequence > MAX_SEQUENCE {
            return fail("sequence", &format!("1 to {MAX_SEQUENCE}"), &self.sequence);
        }
        if !is_digest(&self.sha256) {
            return fail("sha256", "64 hexadecimal digits", &format!("{:?}", self.sha256));
        }
        if let Some(previous) = self.previous.as_deref().filter(|text| !is_digest(text)) {
            return fail("previous", "null or 64 hexadecimal digits", &format!("{previous:?}"));
        }
        Ok(())
    }
}

/// A manifest as it travels: the file `<alias>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Base64 of the manifest's JSON.
    pub payload: String,
    /// Which key signed it.
    pub keyid: String,
    /// Base64 of the Ed25519 signature of the payload's bytes.
    pub signature: String,
}

impl Envelope {
    /// Signs a manifest.
    ///
    /// # Errors
    ///
    /// `MANIFEST_SCHEMA`, `MANIFEST_MALFORMED` for a manifest that no reader would take.
    pub fn seal(manifest: &Manifest, key: &SigningKey) -> Result<Envelope, PublishError> {
        manifest.validate()?;
        let payload = serde_json::to_vec(manifest).map_err(|fault| malformed(format!("the manifest: {fault}")))?;
        let signature = STANDARD.encode(key.sign(&payload));
        Ok(Envelope { payload: STANDARD.encode(&payload), keyid: key.public().keyid(), signature })
    }

    /// Reads an envelope; nothing in it is believed before [`open`](Envelope::open).
    ///
    /// # Errors
    ///
    /// `MANIFEST_MALFORMED`.
    pub fn from_json(text: &[u8]) -> Result<Envelope, PublishError> {
        serde_json::from_slice(text).map_err(|fault| {
            malformed(format!("the manifest's envelope: expected {{payload, keyid, signature}}, found: {fault}"))
        })
    }

    /// The envelope as JSON, with a line end.
    ///
    /// # Errors
    ///
    /// None that can occur: three strings are always JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, PublishError> {
        let mut text = serde_json::to_vec(self).map_err(|fault| malformed(fault.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Verifies the signature by one of the trusted keys, then reads the manifest.
    ///
    /// # Errors
    ///
    /// `MANIFEST_KEY` where no trusted key has the envelope's id, `MANIFEST_SIGNATURE`, `MANIFEST_SCHEMA`,
    /// `MANIFEST_MALFORMED`.
    pub fn open(&self, trusted: &[PublicKey]) -> Result<Manifest, PublishError> {
        let Some(key) = trusted.iter().find(|key| key.keyid() == self.keyid) else {
            let known: Vec<String> = trusted.iter().map(PublicKey::keyid).collect();
            let message =
                format!("the manifest's keyid: expected one of [{}], found {:?}", known.join(", "), self.keyid);
            return Err(PublishError::new(PublishErrorKind::ManifestKey, message));
        };
        let decode = |field: &str, text: &str| {
            STANDARD
                .decode(text)
                .map_err(|fault| malformed(format!("the envelope's {field}: expected base64, {fault}")))
        };
        let payload = decode("payload", &self.payload)?;
        let signature = decode("signature", &self.signature)?;
        let signature = <[u8; 64]>::try_from(signature).map_err(|found| {
            malformed(format!("the envelope's signature: expected 64 bytes, found {}", found.len()))
        })?;
        if !key.verifies(&payload, &signature) {
            let message =
                format!("the manifest's signature: expected one of key {} over the payload, found another", self.keyid);
            return Err(PublishError::new(PublishErrorKind::ManifestSignature, message));
        }
        let unreadable = |fault| malformed(format!("the manifest: expected schema {SCHEMA}, found: {fault}"));
        // The schema first: what another one looks like is not known here.
        check_schema(serde_json::from_slice::<Schema>(&payload).map_err(unreadable)?.schema)?;
        let manifest: Manifest = serde_json::from_slice(&payload).map_err(unreadable)?;
        manifest.validate()?;
        Ok(manifest)
    }
}

/// What every schema has.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

fn check_schema(found: u32) -> Result<(), PublishError> {
    if found == SCHEMA {
        return Ok(());
    }
    let message = format!("the manifest's schema: expected {SCHEMA}, found {found}");
    Err(PublishError::new(PublishErrorKind::ManifestSchema, message))
}

fn malformed(message: String) -> PublishError {
    PublishError::new(PublishErrorKind::ManifestMalformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema: SCHEMA,
            name: "ride-duration".to_owned(),
            version: "1".to_owned(),
            sequence: 7,
            sha256: "ab".repeat(32),
            bytes: 10,
            url: Manifest::blob_url(&"ab".repeat(32)),
            created_at: "2021-03-01T00:00:00Z".to_owned(),
            mlflow_run: None,
            mlflow_model: None,
            mlflow_model_version: None,
            metrics: Some(Metrics { rmse: 5.1, mae: 3.3, bias: 0.1, rides: 9 }),
            previous: None,
        }
    }

    #[test]
    fn the_payload_has_the_documented_form() {
        let envelope = Envelope::seal(&manifest(), &SigningKey::from_secret(&[1; 32])).unwrap();
        let payload = String::from_utf8(STANDARD.decode(&envelope.payload).unwrap()).unwrap();
        let digest = "ab".repeat(32);
        let expected = format!(
            r#"{{"schema":1,"name":"ride-duration","version":"1","sequence":7,"sha256":"{digest}","bytes":10,"url":"blobs/{digest}.curb","created_at":"2021-03-01T00:00:00Z","mlflow_run":null,"mlflow_model_version":null,"metrics":{{"rmse":5.1,"mae":3.3,"bias":0.1,"rides":9}},"previous":null}}"#
        );
        assert_eq!(payload, expected);
    }

    #[test]
    fn only_a_trusted_key_over_the_very_bytes_is_believed() {
        let (ours, theirs) = (SigningKey::from_secret(&[1; 32]), SigningKey::from_secret(&[2; 32]));
        let both = [theirs.public(), ours.public()];
        let sealed = Envelope::seal(&manifest(), &ours).unwrap();
        assert_eq!(Envelope::from_json(&sealed.to_json().unwrap()).unwrap().open(&both).unwrap(), manifest());

        let payload_with = |from: &str, to: &str| {
            let text = String::from_utf8(STANDARD.decode(&sealed.payload).unwrap()).unwrap();
            assert!(text.contains(from));
            STANDARD.encode(text.replace(from, to))
        };
        let other = Envelope::seal(&manifest(), &theirs).unwrap();
        let rows = [
            (
                "another sequence",
                Envelope { payload: payload_with(":7,", ":8,"), ..sealed.clone() },
                "MANIFEST_SIGNATURE",
            ),
            (
                "the same JSON with a space",
                Envelope { payload: payload_with(":7,", ": 7,"), ..sealed.clone() },
                "MANIFEST_SIGNATURE",
            ),
            (
                "another key's signature",
                Envelope { signature: other.signature.clone(), ..sealed.clone() },
                "MANIFEST_SIGNATURE",
            ),
            ("another key's id", Envelope { keyid: other.keyid.clone(), ..sealed.clone() }, "MANIFEST_SIGNATURE"),
            ("an unknown id", Envelope { keyid: "0".repeat(16), ..sealed.clone() }, "MANIFEST_KEY"),
            (
                "a payload that is no base64",
                Envelope { payload: "%".to_owned(), ..sealed.clone() },
                "MANIFEST_MALFORMED",
            ),
            (
                "a short signature",
                Envelope { signature: STANDARD.encode([0; 63]), ..sealed.clone() },
                "MANIFEST_MALFORMED",
            ),
        ];
        let mut wrong = Vec::new();
        for (row, envelope, expected) in rows {
            match envelope.open(&both) {
                Err(fault) if fault.code() == expected => {}
                found => wrong.push(format!("{row}: expected {expected}, found {found:?}")),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(sealed.open(&[theirs.public()]).unwrap_err().code(), "MANIFEST_KEY");
        assert_eq!(sealed.open(&[]).unwrap_err().code(), "MANIFEST_KEY");
    }

    #[test]
    fn what_no_reader_would_take_is_neither_signed_nor_read() {
        let key = SigningKey::from_secret(&[1; 32]);
        let rows = [
            ("schema", Manifest { schema: 2, ..manifest() }),
            ("sequence", Manifest { sequence: 0, ..manifest() }),
            ("sequence", Manifest { sequence: MAX_SEQUENCE + 1, ..manifest() }),
            ("sha256", Manifest { sha256: "AB".repeat(32), ..manifest() }),
            ("sha256", Manifest { sha256: "../../etc/passwd".to_owned(), ..manifest() }),
            ("previous", Manifest { previous: Some(String::new()), ..manifest() }),
        ];
        for (field, manifest) in rows {
            let sealed = Envelope::seal(&manifest, &key).unwrap_err();
            assert!(sealed.to_string().starts_with(&format!("the manifest's {field}: expected")), "{sealed}");
            // Signed all the same, by somebody else's program.
            let payload = serde_json::to_vec(&manifest).unwrap();
            let signature = STANDARD.encode(key.sign(&payload));
            let keyid = key.public().keyid();
            let envelope = Envelope { payload: STANDARD.encode(payload), keyid, signature };
            assert_eq!(envelope.open(&[key.public()]).unwrap_err(), sealed);
        }
    }

    #[test]
    fn a_newer_schema_is_told_by_its_number_whatever_else_is_in_it() {
        let key = SigningKey::from_secret(&[1; 32]);
        let payload = br#"{"schema": 2, "weights": []}"#;
        let signature = STANDARD.encode(key.sign(payload));
        let envelope = Envelope { payload: STANDARD.encode(payload), keyid: key.public().keyid(), signature };
        let fault = envelope.open(&[key.public()]).unwrap_err();
        assert_eq!(fault.code(), "MANIFEST_SCHEMA");
        assert!(fault.to_string().contains("expected 1, found 2"), "{fault}");
    }

    #[test]
    fn an_envelope_that_is_none_says_so() {
        for text in [&b""[..], b"{}", b"[]", b"<html>", b"{\"payload\": 1}", b"\xff"] {
            assert_eq!(Envelope::from_json(text).unwrap_err().code(), "MANIFEST_MALFORMED");
        }
    }
}
