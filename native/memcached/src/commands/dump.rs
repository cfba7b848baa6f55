//! `lru_crawler`: listings of all items (`metadump`, `mgdump`), written as fast as the client reads; and the words that tune
//! memcached's crawler, which are checked and then have no effect, for expired memory is taken back without being told.

use std::io::Write as _;

use cache::Walked;

use crate::base64;
use crate::call::{Call, item_size};
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, BAD_FORMAT, ERROR, numbers};
use crate::session::State;
use crate::watch::Escaped;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "lru_crawler", shape: Shape::Words { run: lru_crawler }, route: Route::Here }];

const OK: &[u8] = b"OK\r\n";
const BAD_CLASS: &[u8] = b"BADCLASS invalid class id\r\n";
/// memcached's slab classes, which listings may name; all of our items are of the first.
const CLASS_MAX: u64 = 63;

/// A listing under way.
#[derive(Debug)]
pub(crate) struct Dump {
    cursor: u64,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// A line of properties an item.
    Properties,
    /// A line an item that can be sent back as a command.
    Commands,
}

/// Writes on, as far as the reply has room; true at the end.
pub(crate) fn go_on(call: &mut Call<'_>, dump: &mut Dump) -> bool {
    let (now, unix) = (call.clock.now, call.clock.unix_start);
    while !call.out.is_full() {
        let buffer = call.out.buffer();
        let mut visit = |walked: &mut Walked<'_>| match dump.form {
            Form::Properties => put_properties(buffer, walked, unix),
            Form::Commands => put_command(buffer, walked.key),
        };
        match call.cache.walk(dump.cursor, now, &mut visit) {
            Some(next) => dump.cursor = next,
            None => {
                call.out.put(match dump.form {
                    Form::Properties => b"END\r\n",
                    Form::Commands => b"EN\r\n",
                });
                return true;
            }
        }
    }
    false
}

fn put_properties(buffer: &mut Vec<u8>, walked: &mut Walked<'_>, unix_start: u64) {
    let (key, item, cas) = (walked.key, walked.item, walked.cas());
    let expires = if item.expires_at == 0 { -1 } else { (unix_start + u64::from(item.expires_at)).cast_signed() };
    let accessed = unix_start + u64::from(item.accessed_at);
    let fetched = if item.fetched { "yes" } else { "no" };
    let size = item_size(key, item.flags, item.value.as_slice().len());
    // Writing to a vector does not fail.
    let _ = writeln!(
        buffer,
        "key={} exp={expires} la={accessed} cas={cas} fetch={fetched} cls=1 size={size} flags={} ",
        Escaped(key),
        item.flags
    );
}

fn put_command(buffer: &mut Vec<u8>, key: &[u8]) {
    buffer.extend_from_slice(b"mg ");
    if key.iter().any(|&byte| byte <= b' ' || byte == 0x7f) {
        base64::encode(key, buffer);
        buffer.extend_from_slice(b" b");
    } else {
        buffer.extend_from_slice(key);
    }
    buffer.extend_from_slice(b"\r\n");
}

fn lru_crawler(call: &mut Call<'_>, request: &Admin<'_>) {
    let mut words = request.words;
    let reply = match (words.next(), words.next()) {
        (Some(b"metadump"), Some(classes)) => return begin(call, classes, Form::Properties),
        (Some(b"mgdump"), Some(classes)) => return begin(call, classes, Form::Commands),
        (Some(b"enable" | b"disable"), _) => OK,
        (Some(b"crawl"), Some(classes)) => match are_classes(classes) {
            true => OK,
            false => BAD_CLASS,
        },
        (Some(b"tocrawl"), Some(word)) => checked(word, u32::MAX.into(), b""),
        (Some(b"sleep"), Some(word)) => checked(word, 1_000_000, b"CLIENT_ERROR sleep must be one second or less\r\n"),
        _ => ERROR,
    };
    call.answer(request.noreply, reply);
}

fn checked(word: &[u8], max: u64, too_large: &'static [u8]) -> &'static [u8] {
    match numbers::unsigned(word).filter(|&value| value <= u32::MAX.into()) {
        Some(value) if value <= max => OK,
        Some(_) => too_large,
        None => BAD_FORMAT,
    }
}

fn begin(call: &mut Call<'_>, classes: &[u8], form: Form) {
    if !call.server.settings.allow_dump {
        return call.out.put(b"ERROR metadump not allowed\r\n");
    }
    if !are_classes(classes) {
        return call.out.put(BAD_CLASS);
    }
    call.out.put(OK);
    *call.next = State::Dump(Box::new(Dump { cursor: 0, form }));
}

/// `all`, `hash`, or numbers of classes with commas between.
fn are_classes(word: &[u8]) -> bool {
    let is_class = |number: &[u8]| numbers::unsigned(number).is_some_and(|class| (1..=CLASS_MAX).contains(&class));
    matches!(word, b"all" | b"hash") || word.split(|&byte| byte == b',').all(is_class)
}
