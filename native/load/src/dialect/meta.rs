//! memcached's meta protocol: `mg`, `ms`, `md`. Several keys are quiet `mg`s (misses say nothing) and an `mn` that ends them.

use super::{Broken, Dialect, number};
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::tally::Kind;
use crate::template::{Template, Then};

/// Stateless: what ends an answer follows from how many keys were asked for.
#[derive(Debug, Default)]
pub(crate) struct Meta;

impl Dialect for Meta {
    fn get(keys: &Keys, count: usize) -> Template {
        if count == 1 {
            return Template::default().text("mg ").key(keys).text(" k v\r\n");
        }
        let quiet = |template: Template, _| template.text("mg ").key(keys).text(" k v q\r\n");
        (0..count).fold(Template::default(), quiet).text("mn\r\n")
    }

    fn set(keys: &Keys, ttl_seconds: u32) -> Template {
        let head = Template::default().text("ms ").key(keys).text(" ").then(Then::ValueLength { more: 0 });
        let flags = if ttl_seconds == 0 { String::new() } else { format!(" T{ttl_seconds}") };
        head.text(flags).text("\r\n").then(Then::Value).text("\r\n")
    }

    fn delete(keys: &Keys) -> Template {
        Template::default().text("md ").key(keys).text("\r\n")
    }

    #[inline]
    fn line(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, Broken> {
        if let Some(header) = line.strip_prefix(b"VA ") {
            let space = header.iter().position(|&byte| byte == b' ').unwrap_or(header.len());
            let bytes = number(&header[..space])?;
            let is_key = |word: &&[u8]| word.first() == Some(&b'k');
            ledger.value(|| header.split(|&byte| byte == b' ').find(is_key).map(|word| &word[1..]), bytes);
            return Ok(bytes + 2);
        }
        let is_right = match ledger.kind() {
            Some(Kind::GET) if ledger.keys() == 1 => line == b"EN",
            Some(Kind::GET) => line == b"MN",
            Some(Kind::SET) => line == b"HD",
            _ => line == b"HD" || line == b"NF",
        };
        ledger.end(is_right, line);
        Ok(0)
    }

    #[inline]
    fn value_end(&mut self, ledger: &mut Ledger<'_>) {
        if ledger.kind() == Some(Kind::GET) && ledger.keys() == 1 {
            ledger.end(true, b"");
        }
    }
}
