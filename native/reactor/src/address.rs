//! Where a server listens or a connection goes: `host:port` or a unix socket's path.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// A resolved address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// TCP over IPv4 or IPv6.
    Tcp(SocketAddr),
    /// A unix stream socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port`, `[v6]:port` or an absolute path; host names are resolved here, blocking.
    ///
    /// # Errors
    /// The resolver's, or `InvalidInput` when there is no port.
    pub fn resolve(text: &str) -> io::Result<Self> {
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let found = text.to_socket_addrs()?.next();
        found.map(Self::Tcp).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{text}: no address found")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
