//! What processes are surrounded by: their environment, the word that their private sockets ask for, the limit of their files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::configuration;
use crate::settings::Settings;

/// The whole environment of a process: nothing of the launcher's own but where certificates of authorities are.
pub(super) fn environment_of<'a>(settings: &'a Settings, token: &str) -> Vec<(&'a str, String)> {
    let authorities = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok().map(|value| (name, value)));
    let own = [(configuration::TOKEN, token.to_owned())];
    settings.variables.iter().map(|(name, value)| (*name, value.clone())).chain(authorities).chain(own).collect()
}

/// 128 random bits.
pub(super) fn random_word() -> Result<String, String> {
    use rustix::rand::{GetRandomFlags, getrandom};
    let mut bytes = [0_u8; 16];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| format!("no random bits: {error}"))?;
    if filled != bytes.len() {
        return Err("no random bits: the kernel gave too few".to_owned());
    }
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A connection is a descriptor, or two. More of them than by default, but not as many as the system permits, which may be millions:
/// heads of requests that never end take up to 400 KB each for some seconds, and nothing else bounds them.
pub(super) fn set_file_limit() {
    const FILES: u64 = 8192;
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    // Where it may not be set, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
}
