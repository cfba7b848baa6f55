//! What can go wrong before or during a run, as a person should read it.

use std::fmt;
use std::io;

/// Why there is no report.
#[derive(Debug)]
pub enum Error {
    /// A setting that cannot be: which one, and what it may be.
    Setting(String),
    /// A server that cannot be reached.
    Connect {
        /// As written in the settings.
        server: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file or a socket that failed under way.
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(what) => write!(f, "{what}"),
            Self::Connect { server, source } => {
                write!(f, "no connection to {server}: {source}: is a server running there?")
            }
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

impl std::error::Error for Error {}
