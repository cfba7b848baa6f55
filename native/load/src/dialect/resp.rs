//! Redis's protocol, versions 2 and 3: `GET`, `MGET`, `SET`, `DEL`, and any command that a template gives.
//!
//! A reply is skipped without recursion: all that needs to be known is how many elements are still to come, at any depth.

use super::{Broken, Dialect, number};
use crate::Error;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::tally::Kind;
use crate::template::{Template, Then};

/// No reply has more elements than this.
const ELEMENTS_MAX: u64 = 1 << 32;

/// Where in a reply we are.
#[derive(Debug, Default)]
pub(crate) struct Resp {
    /// Elements of the reply still to come; 0 between replies.
    left: u64,
    /// It answers nothing that was asked.
    is_push: bool,
}

impl Dialect for Resp {
    fn get(keys: &Keys, count: usize) -> Template {
        let word = if count == 1 { "GET" } else { "MGET" };
        let head = words(count + 1).text(bulk(word));
        (0..count).fold(head, |command, _| key(command, keys))
    }

    fn set(keys: &Keys, ttl_seconds: u32) -> Template {
        let head = words(if ttl_seconds == 0 { 3 } else { 5 }).text(bulk("SET"));
        let value = key(head, keys).text("$").then(Then::ValueLength { more: 0 }).text("\r\n").then(Then::Value);
        let ttl = if ttl_seconds == 0 { String::new() } else { bulk("EX") + &bulk(&ttl_seconds.to_string()) };
        value.text("\r\n").text(ttl)
    }

    fn delete(keys: &Keys) -> Template {
        key(words(2).text(bulk("DEL")), keys)
    }

    #[inline]
    fn line(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, Broken> {
        let (&kind, rest) = line.split_first().ok_or(Broken)?;
        if self.left == 0 {
            self.begin(kind, line, ledger);
        }
        match kind {
            b'$' | b'=' | b'!' if rest != b"-1" => {
                let bytes = number(rest)?;
                if self.is_of_get(ledger) {
                    ledger.value(|| None, bytes);
                }
                return Ok(bytes + 2);
            }
            b'*' | b'~' | b'>' if rest != b"-1" => self.open(number(rest)?, ledger)?,
            b'%' => self.open(2 * number(rest)?, ledger)?,
            // An attribute stands before an element and is none.
            b'|' => {
                self.left += 1;
                self.open(2 * number(rest)?, ledger)?;
            }
            b'$' | b'*' | b'_' | b'-' if self.is_of_get(ledger) => {
                ledger.miss();
                self.close(ledger);
            }
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' | b'$' | b'*' => self.close(ledger),
            _ => return Err(Broken),
        }
        Ok(0)
    }

    #[inline]
    fn value_end(&mut self, ledger: &mut Ledger<'_>) {
        self.close(ledger);
    }
}

impl Resp {
    /// The first line of a reply says whether it is what such a request is answered with.
    #[inline]
    fn begin(&mut self, kind: u8, line: &[u8], ledger: &mut Ledger<'_>) {
        self.left = 1;
        self.is_push = kind == b'>';
        let is_right = match ledger.kind() {
            Some(Kind::GET) if ledger.keys() == 1 => matches!(kind, b'$' | b'_'),
            Some(Kind::GET) => kind == b'*' && number(&line[1..]).is_ok_and(|elements| elements == ledger.keys()),
            Some(Kind::SET) => line == b"+OK",
            Some(Kind::DELETE) => kind == b':',
            _ => !matches!(kind, b'-' | b'!'),
        };
        if !is_right && !self.is_push && kind != b'|' {
            ledger.counts.error(line);
        }
    }

    #[inline]
    fn is_of_get(&self, ledger: &Ledger<'_>) -> bool {
        !self.is_push && ledger.kind() == Some(Kind::GET)
    }

    /// An element that consists of others.
    #[inline]
    fn open(&mut self, elements: usize, ledger: &mut Ledger<'_>) -> Result<(), Broken> {
        self.left += elements as u64;
        self.close(ledger);
        if self.left > ELEMENTS_MAX { Err(Broken) } else { Ok(()) }
    }

    /// An element is over.
    #[inline]
    fn close(&mut self, ledger: &mut Ledger<'_>) {
        self.left -= 1;
        if self.left == 0 && !self.is_push {
            ledger.end(true, b"");
        }
    }
}

fn words(count: usize) -> Template {
    Template::default().text(format!("*{count}\r\n"))
}

fn bulk(word: &str) -> String {
    format!("${}\r\n{word}\r\n", word.len())
}

fn key(command: Template, keys: &Keys) -> Template {
    command.text(format!("${}\r\n", keys.bytes())).key(keys).text("\r\n")
}

const KEY: &str = "__key__";
const VALUE: &str = "__value__";
const NUMBER: &str = "__number__";

/// A command whose words may hold `__key__` (any number of them) and one of `__value__` and `__number__`.
///
/// # Errors
/// A word with more than that.
pub(crate) fn command(keys: &Keys, command: &[String]) -> Result<Template, Error> {
    command.iter().try_fold(words(command.len()), |template, text| word(template, keys, text))
}

fn word(template: Template, keys: &Keys, text: &str) -> Result<Template, Error> {
    let varying = [(VALUE, Then::Value), (NUMBER, Then::Number)];
    let Some((name, then)) = varying.into_iter().find(|(name, _)| text.contains(name)) else {
        let template = template.text(format!("${}\r\n", bytes(keys, text)));
        return Ok(with_keys(template, keys, text).text("\r\n"));
    };
    let (before, after) = text.split_once(name).expect("it contains the name");
    if after.contains(VALUE) || before.contains(NUMBER) || after.contains(NUMBER) {
        return Err(Error::Setting(format!("commands: {text:?}: one {VALUE} or {NUMBER} in a word")));
    }
    let more = bytes(keys, before) + bytes(keys, after);
    let length = if then == Then::Value { Then::ValueLength { more } } else { Then::NumberLength { more } };
    let template = with_keys(template.text("$").then(length).text("\r\n"), keys, before).then(then);
    Ok(with_keys(template, keys, after).text("\r\n"))
}

fn with_keys(template: Template, keys: &Keys, text: &str) -> Template {
    let mut parts = text.split(KEY);
    let template = template.text(parts.next().unwrap_or_default());
    parts.fold(template, |template, part| template.key(keys).text(part))
}

fn bytes(keys: &Keys, text: &str) -> usize {
    let places = text.matches(KEY).count();
    text.len() - places * KEY.len() + places * keys.bytes()
}
