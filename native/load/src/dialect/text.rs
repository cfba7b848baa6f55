//! memcached's text protocol: `get`, `set`, `delete`.

use memchr::memchr;

use super::{Broken, Dialect, number};
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::tally::Kind;
use crate::template::{Template, Then};

/// Stateless: every answer ends with a line that is no `VALUE`.
#[derive(Debug, Default)]
pub(crate) struct Text;

const VALUE: &[u8] = b"VALUE ";

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

    /// The line of a value has a key of known length: its end is looked for only behind that.
    #[inline]
    fn line_end(input: &[u8], key_bytes: usize) -> Option<usize> {
        let known = VALUE.len() + key_bytes;
        match input.get(known..) {
            Some(rest) if input.starts_with(VALUE) => Some(known + rest.iter().position(|&byte| byte == b'\n')?),
            _ => memchr(b'\n', input),
        }
    }

    #[inline]
    fn line(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, Broken> {
        if let Some(header) = line.strip_prefix(VALUE) {
            let space = header.iter().rposition(|&byte| byte == b' ').ok_or(Broken)?;
            let bytes = number(&header[space + 1..])?;
            ledger.value(|| header.split(|&byte| byte == b' ').next(), bytes);
            return Ok(bytes + 2);
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
