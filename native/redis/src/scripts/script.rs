//! One script: its text, the name that its text gives it, and what is known of it.

use std::fmt::Write;
use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::fault::Fault;
use crate::scripts::reach::Reached;
use crate::scripts::shebang::{self, Header};

/// A SHA-1 in small hexadecimal digits.
pub(crate) type Sha = [u8; 40];

/// The SHA-1 of a text.
pub(crate) fn sha(text: &[u8]) -> Sha {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hexadecimal = [0; 40];
    for (digits, byte) in hexadecimal.chunks_exact_mut(2).zip(Sha1::digest(text)) {
        digits[0] = DIGITS[usize::from(byte >> 4)];
        digits[1] = DIGITS[usize::from(byte & 15)];
    }
    hexadecimal
}

/// A SHA-1 as a client writes it, in any case.
pub(crate) fn sha_of(word: &[u8]) -> Option<Sha> {
    let mut sha: Sha = word.try_into().ok()?;
    sha.make_ascii_lowercase();
    Some(sha)
}

/// A script. Whoever has one keeps it: it may have been flushed meanwhile.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) sha: Sha,
    /// With its first line.
    pub(crate) text: Box<[u8]>,
    pub(crate) header: Header,
    pub(super) reached: Reached,
}

impl Script {
    /// # Errors
    /// A first line that says what nobody knows.
    pub(crate) fn new(sha: Sha, text: &[u8]) -> Result<Arc<Self>, Fault> {
        let header = shebang::read(text)?;
        Ok(Arc::new(Self { sha, text: text.into(), header, reached: Reached::default() }))
    }

    /// What is compiled: all but the first line's text, so that lines keep their numbers.
    pub(crate) fn body(&self) -> &[u8] {
        &self.text[self.header.length..]
    }

    /// Its name as text.
    pub(crate) fn name(&self) -> &str {
        std::str::from_utf8(&self.sha).expect("hexadecimal digits are ASCII")
    }

    /// Bytes that it takes.
    pub(crate) fn weight(&self) -> usize {
        self.text.len() + size_of::<Self>()
    }
}

/// An error as Redis words one that ended a script.
pub(crate) fn blame(text: &[u8], name: &str, place: Option<(&[u8], i64)>) -> Vec<u8> {
    let mut full = text.to_vec();
    if let Some((source, line)) = place {
        let mut tail = String::new();
        let source = String::from_utf8_lossy(source);
        write!(tail, " script: {name}, on {source}:{line}.").expect("a string takes everything");
        full.extend_from_slice(tail.as_bytes());
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_sha_of_the_text() {
        assert_eq!(&sha(b""), b"da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let script = Script::new(sha(b"return 1"), b"return 1").expect("it has no first line of its own");
        assert_eq!(script.name(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
        assert_eq!(sha_of(b"E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"), Some(script.sha));
    }
}
