//! What may be wrong with an input, and where.

use std::fmt;
use std::io;

/// Why reading ended, and where.
#[derive(Debug)]
pub struct Error {
    /// Bytes before what is wrong.
    pub offset: u64,
    /// The key whose value was being read, if any.
    pub key: Option<Vec<u8>>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug)]
pub enum Wrong {
    /// It does not begin as an RDB file does.
    Magic,
    /// A version that this reader does not know.
    Version(u32),
    /// It ends before it is complete.
    Truncated,
    /// A value's type, or a byte in its place, that means nothing.
    Type(u8),
    /// The checksum at its end is another one than that of what was read.
    Checksum {
        /// What it says.
        stored: u64,
        /// What was read.
        found: u64,
    },
    /// Bytes that can't be what they should be.
    Corrupt(&'static str),
    /// Something that is right but can't be held here.
    Unsupported(String),
    /// The visitor did not want to go on.
    Refused(String),
    /// The source failed.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at byte {}", self.offset)?;
        if let Some(key) = &self.key {
            write!(out, ", key '{}'", key.escape_ascii())?;
        }
        write!(out, ": {}", self.wrong)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => {
                out.write_str("this is no RDB file: it begins neither with REDIS nor with VALKEY and a version")
            }
            Self::Version(version) => write!(
                out,
                "RDB version {version} is not known here: Redis's versions 1 to {} and Valkey's {} are read",
                crate::format::REDIS_VERSION_MAX,
                crate::format::VALKEY_VERSION
            ),
            Self::Truncated => out.write_str("the data ends here, before it is complete"),
            Self::Type(kind) => write!(out, "{kind} is no type of value that is known here"),
            Self::Checksum { stored, found } => write!(
                out,
                "the checksum is wrong: {stored:016x} stands there, what was read comes to {found:016x}; some bytes have changed"
            ),
            Self::Corrupt(what) => out.write_str(what),
            Self::Unsupported(what) | Self::Refused(what) => out.write_str(what),
            Self::Io(error) => write!(out, "it can't be read: {error}"),
        }
    }
}

impl std::error::Error for Error {}
