//! Ed25519 keys: who may say which weights are the right ones.
//!
//! A secret leaves this module in one way, into a key file that only its owner can read. It is in no message and in no
//! `Debug`.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::error::{PublishError, PublishErrorKind};
use crate::sha256_hex;

/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 16;

/// The key that readers trust.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a key as it is configured in readers: standard base64 of its 32 bytes.
    ///
    /// # Errors
    ///
    /// `KEY_MALFORMED`, with what was expected and found.
    pub fn from_base64(text: &str) -> Result<PublicKey, PublishError> {
        let bytes = decode_32("the public key", text)?;
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        key.map(PublicKey).ok_or_else(|| {
            PublishError::new(PublishErrorKind::Key, "the public key: expected a point of Ed25519, found none")
        })
    }

    /// Standard base64 of the 32 bytes: 44 characters.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0.as_bytes())
    }

    /// The first 16 hexadecimal digits of the SHA-256 of the 32 bytes.
    pub fn keyid(&self) -> String {
        let mut digits = sha256_hex(self.0.as_bytes());
        digits.truncate(ID_DIGITS);
        digits
    }

    /// Whether `signature` is this key's over `message`; strict, so that every host agrees.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64())
    }
}

/// The key that signs manifests. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A key file: JSON, so that a person can see which key it is.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    keyid: String,
    public: String,
    secret: String,
}

impl SigningKey {
    /// A new key from the system's random source.
    ///
    /// # Errors
    ///
    /// `KEY_RANDOM` where there is none.
    pub fn generate() -> Result<SigningKey, PublishError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|fault| PublishError::new(PublishErrorKind::Random, format!("a new key: {fault}")))?;
        Ok(SigningKey::from_secret(&secret))
    }

    /// The key of these 32 secret bytes, for tests that must sign the same every time.
    pub fn from_secret(secret: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(secret))
    }

    /// Reads a key file and checks that its parts belong together.
    ///
    /// # Errors
    ///
    /// `FILE_READ`, or `KEY_MALFORMED` with the path and the part at fault.
    pub fn load(path: &Path) -> Result<SigningKey, PublishError> {
        let text = fs::read(path).map_err(|fault| PublishError::file(PublishErrorKind::FileRead, path, &fault))?;
        SigningKey::from_json(&text).map_err(|fault| fault.at(&path.display()))
    }

    fn from_json(text: &[u8]) -> Result<SigningKey, PublishError> {
        let malformed = |message: String| PublishError::new(PublishErrorKind::Key, message);
        // The parser's own message might show a part of the secret, so only its place is told.
        let file: KeyFile = serde_json::from_slice(text).map_err(|fault| {
            let (line, column) = (fault.line(), fault.column());
            malformed(format!(
                "expected a key file {{keyid, public, secret}}, found something else at line {line}, column {column}"
            ))
        })?;
        let key = SigningKey::from_secret(&decode_32("secret", &file.secret)?);
        let public = key.public();
        if public.to_base64() != file.public || public.keyid() != file.keyid {
            return Err(malformed("expected keyid and public to be those of the secret, found others".to_owned()));
        }
        Ok(key)
    }

    /// Writes the key into a new file that only its owner can read; folders are made as needed. A file that exists is
    /// never overwritten.
    ///
    /// # Errors
    ///
    /// `KEY_EXISTS`, `FILE_WRITE`.
    pub fn save_new(&self, path: &Path) -> Result<(), PublishError> {
        let failed = |fault: std::io::Error| PublishError::file(PublishErrorKind::FileWrite, path, &fault);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let public = self.public();
        let file =
            KeyFile { keyid: public.keyid(), public: public.to_base64(), secret: STANDARD.encode(self.0.as_bytes()) };
        let text = serde_json::to_string_pretty(&file).map_err(|fault| failed(fault.into()))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(path).map_err(|fault| match fault.kind() {
            std::io::ErrorKind::AlreadyExists => {
                PublishError::new(PublishErrorKind::KeyExists, format!("{}: there is a file already", path.display()))
            }
            _ => failed(fault),
        })?;
        let written = opened.write_all(format!("{text}\n").as_bytes()).and_then(|()| opened.sync_all());
        written.map_err(|fault| {
            // Half a key file would be in the way of the next attempt; that it may stay is said by that attempt.
            let _ = fs::remove_file(path);
            failed(fault)
        })
    }

    /// Reads the key file, or makes a new key and its file where there is none.
    ///
    /// # Errors
    ///
    /// As [`load`](SigningKey::load) and [`save_new`](SigningKey::save_new); a file that is there but damaged is an error
    /// and is left alone.
    pub fn load_or_create(path: &Path) -> Result<SigningKey, PublishError> {
        if path.exists() {
            return SigningKey::load(path);
        }
        let key = SigningKey::generate()?;
        key.save_new(path)?;
        Ok(key)
    }

    /// The key that readers must trust to believe this one.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(keyid {}, secret not shown)", self.public().keyid())
    }
}

/// Base64 of exactly 32 bytes. The text is never shown: it may be a secret.
fn decode_32(what: &str, text: &str) -> Result<[u8; 32], PublishError> {
    let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    decoded.ok_or_else(|| {
        let found = text.len();
        let message =
            format!("{what}: expected base64 of 32 bytes (44 characters), found {found} characters of another kind");
        PublishError::new(PublishErrorKind::Key, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_key_signs_as_rfc_8032_says() {
        // RFC 8032 section 7.1, test 1: secret, public key, and signature of the empty message.
        let secret = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = SigningKey::from_secret(&secret);
        assert_eq!(key.public().to_base64(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        let signature = key.sign(b"");
        assert_eq!(crate::hex(&signature[..8]), "e5564300c360ac72");
        assert!(key.public().verifies(b"", &signature));
        assert!(!key.public().verifies(b"x", &signature));
    }

    #[test]
    fn a_key_file_is_private_comes_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/key.json");
        let key = SigningKey::load_or_create(&path).unwrap();
        assert_eq!(SigningKey::load_or_create(&path).unwrap().public(), key.public());
        assert_eq!(SigningKey::generate().unwrap().save_new(&path).unwrap_err().code(), "KEY_EXISTS");
        assert_eq!(SigningKey::load(&path).unwrap().public(), key.public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_secret_is_in_no_message() {
        let secret = STANDARD.encode([7; 32]);
        let key = SigningKey::from_secret(&[7; 32]);
        let public = key.public();
        let rows = [
            format!("{key:?}"),
            // The whole file is a string: a parser that quotes what it found would show the secret.
            SigningKey::from_json(format!("\"{secret}\"").as_bytes()).unwrap_err().to_string(),
            SigningKey::from_json(format!(r#"{{"keyid": 1, "public": "", "secret": "{secret}"}}"#).as_bytes())
                .unwrap_err()
                .to_string(),
            SigningKey::from_json(
                format!(
                    r#"{{"keyid": "{}", "public": "{}", "secret": "{secret}A"}}"#,
                    public.keyid(),
                    public.to_base64()
                )
                .as_bytes(),
            )
            .unwrap_err()
            .to_string(),
            SigningKey::from_json(format!(r#"{{"keyid": "", "public": "", "secret": "{secret}"}}"#).as_bytes())
                .unwrap_err()
                .to_string(),
        ];
        for row in rows {
            assert!(!row.contains(&secret[..8]) && !row.contains("[7, 7"), "{row}");
        }
    }

    #[test]
    fn public_keys_are_44_characters_of_base64_and_no_weak_point() {
        let public = SigningKey::from_secret(&[1; 32]).public();
        assert_eq!(PublicKey::from_base64(&public.to_base64()).unwrap(), public);
        assert_eq!(public.keyid().len(), 16);
        // 32 zero bytes are a point of small order: one signature would fit many messages.
        let weak = STANDARD.encode([0; 32]);
        for text in ["", "abc", &public.to_base64()[..40], "not base64 at all, but of 44 characters in sum", &weak] {
            assert_eq!(PublicKey::from_base64(text).unwrap_err().code(), "KEY_MALFORMED", "{text}");
        }
    }
}
