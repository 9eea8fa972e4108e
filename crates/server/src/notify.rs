//! What the service manager is told, where there is one that asks: systemd starts what needs this server once it is ready, and
//! not before. The protocol is a datagram to the socket that `NOTIFY_SOCKET` names.

use std::env;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// All processes answer.
pub(crate) const READY: &str = "READY=1";
/// The last requests are being answered.
pub(crate) const STOPPING: &str = "STOPPING=1";

/// Tells it. A manager that cannot be told will notice for itself.
pub(crate) fn tell(state: &str) {
    if let Some(name) = env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty()) {
        let _ = send(&name, state);
    }
}

fn send(name: &str, state: &str) -> std::io::Result<()> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::net::UnixDatagram;

    use super::{READY, send};

    #[test]
    fn a_manager_hears_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        send(path.to_str().unwrap(), READY).unwrap();
        let mut said = [0; 16];
        let length = manager.recv(&mut said).unwrap();
        assert_eq!(&said[..length], b"READY=1");
        assert!(send("/nowhere/at/all", READY).is_err());
    }
}
