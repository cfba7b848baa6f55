//! Sockets that listen.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};

use crate::Address;

/// A bound socket and where it is reached; a unix socket's file goes when this is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    address: Address,
}

impl Listener {
    /// Binds and listens.
    ///
    /// # Errors
    /// Of the socket calls, with the address in the text.
    pub fn bind(address: &Address, backlog: i32, unix_mode: u32) -> io::Result<Self> {
        let bound = match address {
            Address::Tcp(_) => Self::bind_tcp(address, backlog),
            Address::Unix(path) => Self::bind_unix(path, backlog, unix_mode),
        };
        bound.map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
    }

    fn bind_tcp(address: &Address, backlog: i32) -> io::Result<Self> {
        let Address::Tcp(tcp) = address else { return Err(io::ErrorKind::InvalidInput.into()) };
        let family = if tcp.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        if tcp.is_ipv6() {
            // `-l 0.0.0.0,::` names both families: neither may take the other's port.
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        net::bind(&socket, tcp)?;
        net::listen(&socket, backlog)?;
        let listener = TcpListener::from(socket);
        let address = Address::Tcp(listener.local_addr()?);
        Ok(Self { socket: listener.into(), address })
    }

    fn bind_unix(path: &Path, backlog: i32, mode: u32) -> io::Result<Self> {
        // A socket file that nobody listens on is left from a server that died.
        if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
            && UnixStream::connect(path).is_err()
        {
            fs::remove_file(path)?;
        }
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        net::bind(&socket, &SocketAddrUnix::new(path)?)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        net::listen(&socket, backlog)?;
        let listener = UnixListener::from(socket);
        Ok(Self { socket: listener.into(), address: Address::Unix(path.to_path_buf()) })
    }

    /// Where it is reached, the port filled in.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            // Nothing can be done about a file that somebody else has removed.
            let _ = fs::remove_file(path);
        }
    }
}

/// Begins a connection without waiting for it.
pub(crate) fn connect(to: &Address) -> io::Result<OwnedFd> {
    let family = match to {
        Address::Tcp(tcp) if tcp.is_ipv4() => AddressFamily::INET,
        Address::Tcp(_) => AddressFamily::INET6,
        Address::Unix(_) => AddressFamily::UNIX,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    let begun = match to {
        Address::Tcp(tcp) => {
            sockopt::set_tcp_nodelay(&socket, true)?;
            net::connect(&socket, tcp)
        }
        Address::Unix(path) => net::connect(&socket, &SocketAddrUnix::new(path)?),
    };
    match begun {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// The peer of a connection, as people write it.
pub(crate) fn peer_of(socket: BorrowedFd<'_>) -> String {
    let peer = net::getpeername(socket).ok().flatten().and_then(|any| SocketAddr::try_from(any).ok());
    peer.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}
