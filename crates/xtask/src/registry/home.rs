//! The folder of the local servers: what they store, their logs, and keys that are made once and readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Bytes of random that the three keys are made of: Garage asks for 12, 32 and 32.
const SIZES: [usize; 3] = [12, 32, 32];

/// The folder, and the keys in it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    /// What clients of the S3 server sign with.
    pub(super) keys: Keys,
}

/// Keys of the S3 server. Not `Debug`, so that they cannot be printed by mistake.
pub(super) struct Keys {
    /// `GK` and 24 hexadecimal digits; names the key.
    pub(super) access: String,
    /// 64 hexadecimal digits.
    pub(super) secret: String,
    /// 64 hexadecimal digits, for Garage's own command line.
    pub(super) rpc: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Home {
    /// Opens the folder, or makes it with new keys.
    ///
    /// # Errors
    /// When it cannot be written, or its keys cannot be read.
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        // What Garage stores holds its keys too.
        #[cfg(unix)]
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let file = folder.join("keys");
        let keys = match fs::read_to_string(&file) {
            Ok(text) => Keys::parse(&text).with_context(|| {
                format!("{} is not a file of keys: remove it, and new ones are made", file.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let keys = Keys::make()?;
                write_private(&file, &format!("{} {} {}\n", keys.access, keys.secret, keys.rpc))?;
                keys
            }
            Err(error) => bail!("cannot read {}: {error}", file.display()),
        };
        Ok(Self { folder, keys })
    }

    /// Names the key that clients of the S3 server sign with.
    pub(crate) fn access_key(&self) -> &str {
        &self.keys.access
    }

    /// That key's secret.
    pub(crate) fn secret_key(&self) -> &str {
        &self.keys.secret
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }
}

impl Keys {
    fn make() -> Result<Self> {
        let mut random = File::open("/dev/urandom").context("the system gives no random bytes")?;
        let mut hexadecimal = |size: usize| -> Result<String> {
            let mut bytes = vec![0; size];
            random.read_exact(&mut bytes)?;
            Ok(bytes
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .filter_map(|digit| char::from_digit(digit.into(), 16))
                .collect())
        };
        let [access, secret, rpc] = SIZES;
        Ok(Self { access: format!("GK{}", hexadecimal(access)?), secret: hexadecimal(secret)?, rpc: hexadecimal(rpc)? })
    }

    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [access, secret, rpc] = words.as_slice() else { return None };
        let sizes = [access.strip_prefix("GK")?.len(), secret.len(), rpc.len()];
        (sizes == SIZES.map(|bytes| bytes * 2)).then(|| Self {
            access: (*access).to_owned(),
            secret: (*secret).to_owned(),
            rpc: (*rpc).to_owned(),
        })
    }
}

/// Writes a file that its owner alone can read, whatever stood there.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        // A file that is there keeps its mode when it is opened, so it makes way.
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(file)?.write_all(text.as_bytes())
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Home, Keys};

    #[test]
    fn keys_are_made_once_and_for_their_owner_alone() {
        let folder = std::env::temp_dir().join(format!("curbside-registry-home-{}", std::process::id()));
        let first = Home::open(folder.clone()).unwrap();
        let second = Home::open(folder.clone()).unwrap();
        assert_eq!(first.keys.secret, second.keys.secret);
        assert_ne!(first.keys.secret, first.keys.rpc);
        assert!(!format!("{first:?}").contains(&first.keys.secret));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&first.path("keys").metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_key_file_is_refused() {
        for text in ["", "GK00 11 22", "a b c d"] {
            assert!(Keys::parse(text).is_none(), "{text:?}");
        }
    }
}
