//! What is listened on: for each process a socket for clients, all of one address, and a private one.
//!
//! The launcher opens and keeps them. So a port that is taken is told before anything starts, connections that arrive while a
//! process is replaced wait instead of failing, and no other program can take a private name in the meantime. Private sockets are
//! Unix sockets without a file (Linux's abstract names): nothing is written to disk, and nothing is left behind.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener, UnixStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

/// Connections that wait for a process; the kernel allows at most `net.core.somaxconn`.
const QUEUE: i32 = 4096;
/// How often to look whether the queue is empty.
const PULSE: Duration = Duration::from_millis(5);

/// The clients' sockets: one a process, all at the same address, among which the kernel spreads connections.
///
/// One socket for all would be simpler and spreads nothing: whichever process wakes first takes all connections that are waiting,
/// and of 64 that were opened at once one process had every one.
#[derive(Debug)]
pub(crate) struct Public {
    sockets: Vec<Socket>,
    /// Where clients come in: with a real port, if any was as good.
    pub(crate) address: SocketAddr,
}

impl Public {
    /// Listens.
    ///
    /// # Errors
    /// When the port is taken, needs more rights, or the address is none of this machine's.
    pub(crate) fn open(address: SocketAddr, processes: usize) -> Result<Self, String> {
        let open = || {
            if address.port() != 0 {
                // First alone: sockets that share an address would also share it with those of another server of this user.
                drop(listen(address, false)?);
            }
            let first = listen(address, true)?;
            let address = first.local_addr()?.as_socket().unwrap_or(address);
            let others = (1..processes).map(|_| listen(address, true));
            let sockets = std::iter::once(Ok(first)).chain(others).collect::<std::io::Result<_>>()?;
            Ok(Self { sockets, address })
        };
        open().map_err(|error: std::io::Error| {
            let remedy = match error.kind() {
                std::io::ErrorKind::AddrInUse => "something else listens there: stop it, or choose another with --listen",
                std::io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need the right CAP_NET_BIND_SERVICE: choose a higher one with --listen, or see docs/self-hosting.md"
                }
                _ => "choose an address of this machine with --listen",
            };
            format!("cannot listen on {address}: {error}; {remedy}")
        })
    }

    /// The socket of a process.
    pub(crate) fn of(&self, process: usize) -> BorrowedFd<'_> {
        self.sockets[process].as_fd()
    }

    /// Lets no new connection in, and waits for the processes to take those that are in the queues already.
    ///
    /// Just closing would reset the latter, although their clients have been told that they are connected.
    pub(crate) fn shut(&self, patience: Duration) {
        /// Of the packets to a socket that listens, those that ask for a new connection are dropped, as a full queue would: the
        /// client asks again a second later, and is refused when the socket is gone. What completes a connection may pass.
        const NO_SYN: [SockFilter; 4] = [
            // The byte with TCP's flags: BPF_LD | BPF_B | BPF_ABS.
            SockFilter::new(0x30, 0, 0, 13),
            // Is SYN among them? BPF_JMP | BPF_JSET | BPF_K.
            SockFilter::new(0x45, 0, 1, 0x02),
            // Then nothing of the packet passes, else all: BPF_RET | BPF_K.
            SockFilter::new(0x06, 0, 0, 0),
            SockFilter::new(0x06, 0, 0, u32::MAX),
        ];
        for socket in &self.sockets {
            // Where the kernel knows no filters, connections go on arriving until the processes have ended.
            let _ = socket.attach_filter(&NO_SYN);
        }
        let started = Instant::now();
        while self.sockets.iter().any(has_waiting) && started.elapsed() < patience {
            std::thread::sleep(PULSE);
        }
    }
}

fn listen(address: SocketAddr, is_shared: bool) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of a server that was here before may still be closing.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.bind(&address.into())?;
    socket.listen(QUEUE)?;
    Ok(socket)
}

/// Whether connections wait to be taken.
fn has_waiting(socket: &Socket) -> bool {
    let mut watched = [PollFd::new(socket, PollFlags::IN)];
    poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

/// A socket that only this machine's programs can reach, and that answers only those who know the token.
#[derive(Debug)]
pub(crate) struct Private {
    name: String,
    listener: UnixListener,
}

impl Private {
    /// Listens under a name.
    ///
    /// # Errors
    /// When another program has the name.
    pub(crate) fn open(name: String) -> Result<Self, String> {
        let listener = address_of(&name).and_then(|address| UnixListener::bind_addr(&address));
        match listener {
            Ok(listener) => Ok(Self { name, listener }),
            Err(error) => Err(format!("cannot listen on the Unix socket @{name}: {error}")),
        }
    }

    /// Its name, as workerd and [`connect`] take it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl AsFd for Private {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// Connects to a private socket.
///
/// # Errors
/// When nothing listens there.
pub(crate) fn connect(name: &str) -> std::io::Result<UnixStream> {
    UnixStream::connect_addr(&address_of(name)?)
}

/// Where the server on this machine that listens on an address answers for its health.
pub(crate) fn health_name(listen: SocketAddr) -> String {
    format!("curbside-server/health/{listen}")
}

fn address_of(name: &str) -> std::io::Result<UnixAddress> {
    UnixAddress::from_abstract_name(name)
}

/// Descriptors that the next child inherits; no other child does, nor this one after it was started.
#[derive(Debug)]
pub(crate) struct Inherited<'a>(Vec<BorrowedFd<'a>>);

impl<'a> Inherited<'a> {
    /// Marks them as to be kept.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn mark(descriptors: Vec<BorrowedFd<'a>>) -> std::io::Result<Self> {
        for descriptor in &descriptors {
            fcntl_setfd(descriptor, FdFlags::empty())?;
        }
        Ok(Self(descriptors))
    }
}

impl Drop for Inherited<'_> {
    fn drop(&mut self) {
        for descriptor in &self.0 {
            // A child that has it needlessly does no harm.
            let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
        }
    }
}

/// A file that is in memory alone, and can be changed by nobody.
#[derive(Debug)]
pub(crate) struct MemoryFile(OwnedFd);

impl MemoryFile {
    /// Holds the text.
    ///
    /// # Errors
    /// When the kernel has no room for it.
    pub(crate) fn new(text: &str) -> std::io::Result<Self> {
        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        let file = memfd_create("curbside-configuration", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = rustix::io::write(&file, rest)?;
            rest = rest.get(written..).unwrap_or_default();
        }
        fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        Ok(Self(file))
    }

    /// The path by which a child that inherits it opens it afresh.
    pub(crate) fn path_in_child(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

impl AsFd for MemoryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
