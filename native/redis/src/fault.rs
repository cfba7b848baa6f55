//! Why a command is refused, in Redis's own words: clients switch on the first one.

use std::borrow::Cow;

/// An error reply, its code first, without the `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub Cow<'static, [u8]>);

/// What a command's function returns: its reply is written, or this is.
pub type Outcome = Result<(), Fault>;

impl Fault {
    /// The key holds another type.
    pub const WRONG_TYPE: Self = Self::of("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// Words that don't fit together.
    pub const SYNTAX: Self = Self::of("ERR syntax error");
    /// Not a 64-bit integer.
    pub const NOT_INTEGER: Self = Self::of("ERR value is not an integer or out of range");
    /// Not a number.
    pub const NOT_FLOAT: Self = Self::of("ERR value is not a valid float");
    /// An index beyond the elements.
    pub const OUT_OF_RANGE: Self = Self::of("ERR index out of range");
    /// The key must exist.
    pub const NO_SUCH_KEY: Self = Self::of("ERR no such key");

    /// A text that is always the same.
    #[must_use]
    pub const fn of(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// A text made for the occasion.
    #[must_use]
    pub fn made(text: impl Into<Vec<u8>>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// A text with words of the client in it, each up to its first zero byte, where Redis's `%s` ends.
    #[must_use]
    pub fn naming(parts: &[&[u8]]) -> Self {
        let shown = parts.iter().map(|part| part.split(|byte| *byte == 0).next().unwrap_or_default());
        Self::made(shown.collect::<Vec<_>>().concat())
    }

    /// `ERR wrong number of arguments for '<name>' command`.
    #[must_use]
    pub fn arity(name: &str) -> Self {
        Self::made(format!("ERR wrong number of arguments for '{name}' command"))
    }
}
