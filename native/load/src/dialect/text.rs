//! memcached's text protocol: `get`, `set`, `delete`.

use memchr::memchr;

use super::{Broken, Dialect, number};
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::tally::Kind;
use crate::template::{Template, Then};

/// Every answer ends with a line that is no `VALUE`.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// What stood behind the last value's key, its line's end included, and how many bytes that value had.
    tail: Vec<u8>,
    bytes: usize,
}

const VALUE: &[u8] = b"VALUE ";
const END: &[u8] = b"END\r\n";

impl Dialect for Text {
    fn get(keys: &Keys, count: usize) -> Template {
        let words = (0..count).fold(Template::default().text("get"), |words, _| words.text(" ").key(keys));
        words.text("\r\n")
    }

    fn set(keys: &Keys, ttl_seconds: u32) -> Template {
        let head = Template::default().text("set ").key(keys).text(format!(" 0 {ttl_seconds} "));
        head.then(Then::ValueLength { more: 0 }).text("\r\n").then(Then::Value).text("\r\n")
    }

    fn delete(keys: &Keys) -> Template {
        Template::default().text("delete ").key(keys).text("\r\n")
    }

    /// The line of a value has a key of known length: its end is looked for only behind that. The most common other line
    /// needs no search.
    #[inline]
    fn line_end(input: &[u8], key_bytes: usize) -> Option<usize> {
        let known = VALUE.len() + key_bytes;
        match input.get(known..) {
            Some(rest) if input.starts_with(VALUE) => Some(known + rest.iter().position(|&byte| byte == b'\n')?),
            _ if input.starts_with(END) => Some(END.len() - 1),
            _ => memchr(b'\n', input),
        }
    }

    /// Whole values whose line ends as the last one did need no search and no number read, 13 ns a value less; the ends of their
    /// answers follow on the way.
    #[inline]
    fn skim(&mut self, input: &[u8], key_bytes: usize, ledger: &mut Ledger<'_>) -> usize {
        let key_end = VALUE.len() + key_bytes;
        let value_at = key_end + self.tail.len();
        let step = value_at + self.bytes + 2;
        let mut rest = input;
        while let Some((next, behind)) = rest.split_at_checked(step) {
            if self.tail.is_empty() || !next.starts_with(VALUE) || next[key_end..value_at] != self.tail {
                break;
            }
            ledger.value(|| Some(&next[VALUE.len()..key_end]), self.bytes);
            ledger.value_part(&next[value_at..], 0);
            rest = behind;
            if rest.starts_with(END) && ledger.kind() == Some(Kind::GET) {
                ledger.end(true, END);
                rest = &rest[END.len()..];
            }
        }
        input.len() - rest.len()
    }

    #[inline]
    fn line(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, Broken> {
        if let Some(header) = line.strip_prefix(VALUE) {
            let last_space = header.iter().rposition(|&byte| byte == b' ').ok_or(Broken)?;
            self.bytes = number(&header[last_space + 1..])?;
            let (key, tail) = header.split_at(memchr(b' ', header).ok_or(Broken)?);
            self.tail.clear();
            self.tail.extend_from_slice(tail);
            self.tail.extend_from_slice(b"\r\n");
            ledger.value(|| Some(key), self.bytes);
            return Ok(self.bytes + 2);
        }
        let is_right = match ledger.kind() {
            Some(Kind::GET) => line == b"END",
            Some(Kind::SET) => line == b"STORED",
            _ => line == b"DELETED" || line == b"NOT_FOUND",
        };
        ledger.end(is_right, line);
        Ok(0)
    }

    #[inline]
    fn value_end(&mut self, _: &mut Ledger<'_>) {}
}
