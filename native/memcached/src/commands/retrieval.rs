//! `get`, `gets`, `gat`, `gats`: many keys are hashed together and fetched towards the processor before they are looked up.

use cache::{Item, Key, Seconds, Value};

use crate::call::{Call, put_value};
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
    let Some(mut found) = call.cache.read(key, call.clock.now) else {
        if let Some(entry) = call.server.discovery(key.bytes) {
            put_head(call.out.buffer(), key.bytes, entry.flags, entry.payload.len(), None);
            call.out.put(&entry.payload);
            call.out.put(b"\r\n");
            return true;
        }
        if call.server.watchers.is_observed() {
            call.server.fetched(call.clock, call.connection, key.bytes, Fetched::Missed);
        }
        return false;
    };
    if let Some(at) = expires_at {
        found.set_expires_at(at);
    }
    found.hit();
    let cas = with_cas.then(|| found.cas());
    let item = found.item();
    let length = item.value.as_slice().len();
    put_item(call.out, key.bytes, &item, cas);
    drop(found);
    if call.server.watchers.is_observed() {
        call.server.fetched(call.clock, call.connection, key.bytes, Fetched::Found(length));
    }
    true
}

/// An item as it is answered.
#[inline]
fn put_item(out: &mut dyn Output, key: &[u8], item: &Item<'_>, cas: Option<u64>) {
    let buffer = out.buffer();
    match item.value {
        Value::Inline(bytes) => {
            buffer.reserve(key.len() + bytes.len() + HEAD_BYTES_MAX);
            put_head(buffer, key, item.flags, bytes.len(), cas);
            buffer.extend_from_slice(bytes);
            buffer.extend_from_slice(b"\r\n");
        }
        Value::Shared(bytes) => {
            put_head(buffer, key, item.flags, bytes.len(), cas);
            put_value(out, &item.value);
        }
    }
}

/// `VALUE <key> <flags> <length> [<cas>]`.
#[inline]
fn put_head(buffer: &mut Vec<u8>, key: &[u8], flags: u32, length: usize, cas: Option<u64>) {
    buffer.extend_from_slice(b"VALUE ");
    buffer.extend_from_slice(key);
    if flags == 0 {
        buffer.extend_from_slice(b" 0 ");
    } else {
        buffer.push(b' ');
        buffer.extend_from_slice(itoa::Buffer::new().format(flags).as_bytes());
        buffer.push(b' ');
    }
    buffer.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    if let Some(cas) = cas {
        buffer.push(b' ');
        buffer.extend_from_slice(itoa::Buffer::new().format(cas).as_bytes());
    }
    buffer.extend_from_slice(b"\r\n");
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
