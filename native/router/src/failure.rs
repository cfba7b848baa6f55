//! Why a node gave no answer, and how a client is told.

use std::fmt;
use std::io::ErrorKind;

use crate::body::Body;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Marked down: it was not asked.
    Down,
    /// No connection could be made.
    Unreachable(ErrorKind),
    /// No connection, or no complete answer, in time.
    TimedOut,
    /// The connection ended.
    Closed,
    /// What it answered is no answer to what it was asked.
    Garbage,
    /// More waits for it than the settings allow.
    Busy,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str(" is down"),
            Self::Unreachable(ErrorKind::ConnectionRefused) => f.write_str(": connection refused"),
            Self::Unreachable(kind) => write!(f, ": cannot connect: {kind}"),
            Self::TimedOut => f.write_str(": timed out"),
            Self::Closed => f.write_str(": connection closed"),
            Self::Garbage => f.write_str(": unexpected answer"),
            Self::Busy => f.write_str(": too many requests are waiting"),
        }
    }
}

impl Failure {
    /// The client's answer.
    #[must_use]
    pub fn said(self, node: &str) -> Body {
        Body::Bytes(format!("SERVER_ERROR node {node}{self}\r\n").into_bytes())
    }
}
