//! A protocol as the generator speaks it: a file each. How requests are written, and what a line of an answer means.
//!
//! Workers are compiled for each dialect, so none pays for another. What all share stands elsewhere: requests are filled
//! into a `Template`, `Answers` cuts what comes into lines and values, and the `Ledger` counts and verifies.

mod meta;
mod resp;
mod text;

pub(crate) use meta::Meta;
pub(crate) use resp::{Resp, command};
pub(crate) use text::Text;

use std::fmt::Debug;

use memchr::memchr;

use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::template::Template;

/// The state of one connection's answers, and how requests look.
pub(crate) trait Dialect: Debug + Default + Send {
    /// Asks for so many keys.
    fn get(keys: &Keys, count: usize) -> Template;

    /// Stores the value of a key; a time to live of 0 is for ever.
    fn set(keys: &Keys, ttl_seconds: u32) -> Template;

    fn delete(keys: &Keys) -> Template;

    /// Where the first line of the input ends, if it does; keys in it have `key_bytes`.
    #[inline]
    fn line_end(input: &[u8], _key_bytes: usize) -> Option<usize> {
        memchr(b'\n', input)
    }

    /// Reads values that can be read at once, and nothing else; how many bytes they took.
    #[inline]
    fn skim(&mut self, _input: &[u8], _key_bytes: usize, _ledger: &mut Ledger<'_>) -> usize {
        0
    }

    /// Reads a line without its end. `Some` bytes (line end included) of a value follow it.
    ///
    /// # Errors
    /// The stream makes no sense any more.
    fn line(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, Broken>;

    /// All bytes of a value have come.
    fn value_end(&mut self, ledger: &mut Ledger<'_>);
}

/// Nothing that follows can be understood.
#[derive(Debug)]
pub(crate) struct Broken;

/// The number that the text is.
#[inline]
fn number(text: &[u8]) -> Result<usize, Broken> {
    if text.is_empty() || text.len() > 10 {
        return Err(Broken);
    }
    text.iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + usize::from(byte - b'0')).ok_or(Broken))
}
