//! `get`, `gets`, `gat`, `gats`: many keys are hashed together and fetched towards the processor before they are looked up.

use cache::{Item, Key, Seconds, Value};

use crate::call::Call;
use crate::command::{Command, Route, Shape};
use crate::output::Output;
use crate::request::{Retrieval, Words};
use crate::watch::Fetched;

pub(super) const COMMANDS: &[Command] =
    &[row("get", false, false), row("gets", false, true), row("gat", true, false), row("gats", true, true)];

const fn row(name: &'static str, touch: bool, with_cas: bool) -> Command {
    Command { name, shape: Shape::Retrieval { touch, with_cas }, route: Route::Keys }
}

/// What ends an answer.
pub(crate) const END: &[u8] = b"END\r\n";
/// What stands behind a value, and behind the only one.
const LINE_END: &[u8] = b"\r\n";
const LINE_END_AND_END: &[u8] = b"\r\nEND\r\n";
/// The most that an answer takes beside key and value.
const HEAD_BYTES_MAX: usize = 64;
/// Keys looked up together.
const BATCH: usize = 16;

/// Answers keys until they end or the reply is full; returns how many bytes of the line are left then, with at least one key.
#[inline]
pub(crate) fn get(call: &mut Call<'_>, request: &Retrieval<'_>) -> usize {
    let expires_at = request.expiry.map(|expiry| call.clock.expires_at(expiry));
    let with_cas = request.with_cas();
    let mut keys = request.keys;
    loop {
        if !batch(call, &mut keys, with_cas, expires_at) {
            break;
        }
        if call.out.is_full() && keys.clone().next().is_some() {
            return keys.rest().len();
        }
    }
    if !request.unfinished {
        call.out.put(END);
    }
    0
}

/// Serves up to `BATCH` keys; false when there were fewer.
#[inline]
fn batch(call: &mut Call<'_>, keys: &mut Words<'_>, with_cas: bool, expires_at: Option<Seconds>) -> bool {
    let Some(first) = keys.next() else {
        return false;
    };
    let first = call.cache.key(first);
    if keys.rest().is_empty() {
        let hits = u64::from(one(call, &first, with_cas, expires_at));
        count(call, expires_at.is_some(), 1, hits);
        return false;
    }
    let mut batch = [first; BATCH];
    let mut length = 1;
    for key in keys.by_ref() {
        batch[length] = call.cache.key(key);
        length += 1;
        if length == BATCH {
            break;
        }
    }
    let batch = &batch[..length];
    batch.iter().for_each(|key| call.cache.prefetch(key));
    batch.iter().for_each(|key| call.cache.prefetch_item(key));
    let mut hits = 0;
    for key in batch {
        hits += u64::from(one(call, key, with_cas, expires_at));
    }
    count(call, expires_at.is_some(), length as u64, hits);
    length == BATCH
}

/// One key; whether it was there.
#[inline]
pub(crate) fn one(call: &mut Call<'_>, key: &Key<'_>, with_cas: bool, expires_at: Option<Seconds>) -> bool {
    if !with_cas && expires_at.is_none() {
        return plain::<false>(call, key);
    }
    let Some(mut found) = call.cache.read(key, call.clock.now) else {
        return missed(call, key, LINE_END);
    };
    if let Some(at) = expires_at {
        found.set_expires_at(at);
    }
    found.hit();
    let cas = with_cas.then(|| found.cas());
    let item = found.item();
    let length = item.value.as_slice().len();
    put_item(call.out, key.bytes, &item, cas, LINE_END);
    drop(found);
    tell(call, key, Fetched::Found(length));
    true
}

/// The answer to a line that asks for this key alone, its end included; whether there was a value.
#[inline]
pub(crate) fn only(call: &mut Call<'_>, key: &Key<'_>) -> bool {
    let hit = plain::<true>(call, key);
    if !hit {
        call.out.put(END);
    }
    hit
}

/// A key without any wish; it may be the `LAST` of its line.
#[inline(always)]
fn plain<const LAST: bool>(call: &mut Call<'_>, key: &Key<'_>) -> bool {
    let behind = if LAST { LINE_END_AND_END } else { LINE_END };
    let out = &mut *call.out;
    let length = call.cache.fetch(key, call.clock.now, |item| {
        put_item(out, key.bytes, item, None, behind);
        item.value.as_slice().len()
    });
    match length {
        Some(length) => {
            tell(call, key, Fetched::Found(length));
            true
        }
        None => missed(call, key, behind),
    }
}

/// A key that is not in the store; whether there is an answer all the same.
fn missed(call: &mut Call<'_>, key: &Key<'_>, behind: &[u8]) -> bool {
    if let Some(entry) = call.server.discovery(key.bytes) {
        put_head(call.out.buffer(), key.bytes, entry.flags, entry.payload.len(), None);
        call.out.put(&entry.payload);
        call.out.put(behind);
        return true;
    }
    tell(call, key, Fetched::Missed);
    false
}

#[inline]
fn tell(call: &Call<'_>, key: &Key<'_>, fetched: Fetched) {
    if call.server.watchers.is_observed() {
        call.server.fetched(call.clock, call.connection, key.bytes, fetched);
    }
}

/// An item as it is answered.
#[inline(always)]
fn put_item(out: &mut dyn Output, key: &[u8], item: &Item<'_>, cas: Option<u64>, behind: &[u8]) {
    let buffer = out.buffer();
    match item.value {
        Value::Inline(bytes) => {
            buffer.reserve(key.len() + bytes.len() + HEAD_BYTES_MAX);
            put_head(buffer, key, item.flags, bytes.len(), cas);
            buffer.extend_from_slice(bytes);
            buffer.extend_from_slice(behind);
        }
        Value::Shared(bytes) => {
            put_head(buffer, key, item.flags, bytes.len(), cas);
            out.share(bytes.clone(), 0..bytes.len());
            out.put(behind);
        }
    }
}

/// `VALUE <key> <flags> <length> [<cas>]`.
#[inline(always)]
fn put_head(buffer: &mut Vec<u8>, key: &[u8], flags: u32, length: usize, cas: Option<u64>) {
    buffer.extend_from_slice(b"VALUE ");
    buffer.extend_from_slice(key);
    if flags == 0 && cas.is_none() && length < 10_000 {
        buffer.extend_from_slice(b" 0 ");
        put_short(buffer, length as u64);
    } else {
        put_numbers(buffer, flags, length, cas);
    }
}

/// A number below 10,000 and a line end, written in one go and cut to its length.
#[inline(always)]
fn put_short(buffer: &mut Vec<u8>, number: u64) {
    // Two numbers below a hundred beside each other, each divided by ten at once: 103 / 1024 is near enough.
    let pairs = (number / 100) | ((number % 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f;
    let digits = tens | (pairs - tens * 10) << 8;
    let leading = (digits | 1 << 24).trailing_zeros() / 8;
    let text = (digits | 0x0a0d_3030_3030) >> (8 * leading);
    buffer.extend_from_slice(&text.to_le_bytes());
    buffer.truncate(buffer.len() - 2 - leading as usize);
}

/// Any numbers, and a line end.
fn put_numbers(buffer: &mut Vec<u8>, flags: u32, length: usize, cas: Option<u64>) {
    let mut number = |number: u64| {
        buffer.push(b' ');
        buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    };
    number(flags.into());
    number(length as u64);
    if let Some(cas) = cas {
        number(cas);
    }
    buffer.extend_from_slice(LINE_END);
}

/// A `gat` counts as touching, not as getting, as in memcached.
#[inline]
pub(crate) fn count(call: &mut Call<'_>, touched: bool, keys: u64, hits: u64) {
    let counters = call.counters;
    let (hit, missed) = if touched {
        (&counters.touch_hits, &counters.touch_misses)
    } else {
        (&counters.get_hits, &counters.get_misses)
    };
    hit.up_by(hits);
    if keys > hits {
        missed.up_by(keys - hits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_written_as_it_is() {
        for length in (0..=10_100).chain([99_999, 1 << 30]) {
            let mut buffer = b"before".to_vec();
            put_head(&mut buffer, b"key", 0, length, None);
            assert_eq!(buffer, format!("beforeVALUE key 0 {length}\r\n").into_bytes());
        }
        let mut buffer = Vec::new();
        put_head(&mut buffer, b"key", u32::MAX, 5, Some(u64::MAX));
        assert_eq!(buffer, format!("VALUE key {} 5 {}\r\n", u32::MAX, u64::MAX).into_bytes());
    }
}
