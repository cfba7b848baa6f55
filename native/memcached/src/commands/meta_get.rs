//! `mg`: a look-up that can touch, begin an item, and hand out the right to recache one.

use cache::{Attributes, Found, Key, NewValue, Room, Seconds};

use super::meta::{put_key, put_number, put_plain, put_time_left, put_word};
use crate::call::{Call, put_value};
use crate::command::{Command, MetaKind, Route, Shape};
use crate::request::{KEY_MAX, Meta};
use crate::watch::Fetched;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "mg", shape: Shape::Meta { kind: MetaKind::Named, run: get }, route: Route::Key }];

fn get(call: &mut Call<'_>, meta: &Meta<'_>) {
    let mut scratch = [0; KEY_MAX];
    let key = call.cache.key(meta.key(&mut scratch));
    call.counters.meta.up();
    let fetched = if meta.flags.has(b'N') { vivify(call, meta, &key) } else { look_up(call, meta, &key) };
    match fetched {
        Some(Fetched::Found(_)) if meta.flags.has(b'T') => call.counters.touch_hits.up(),
        Some(Fetched::Found(_)) => call.counters.get_hits.up(),
        _ => call.counters.get_misses.up(),
    }
    if fetched.is_none() && !meta.flags.has(b'q') {
        put_plain(call.out.buffer(), b"EN", meta, key.bytes);
    }
    if call.server.watchers.is_observed() {
        call.server.fetched(call.clock, call.connection, key.bytes, fetched.unwrap_or(Fetched::Missed));
    }
}

/// The item as it is.
#[inline]
fn look_up(call: &mut Call<'_>, meta: &Meta<'_>, key: &Key<'_>) -> Option<Fetched> {
    let found = call.cache.read(key, call.clock.now)?;
    Some(answer(call, meta, key, found, false))
}

/// The item, or an empty one begun for whoever asks: the first one wins the right to fill it.
fn vivify(call: &mut Call<'_>, meta: &Meta<'_>, key: &Key<'_>) -> Option<Fetched> {
    let mut entry = call.cache.write(key, Room::Value(0), call.clock.now).ok()?;
    if let Some(found) = entry.found() {
        return Some(answer(call, meta, key, found, false));
    }
    let cas = meta.flags.has(b'E').then_some(meta.flags.cas);
    entry.put(NewValue::Copied(b""), Attributes { cas, ..Attributes::default() });
    let found = entry.found()?;
    answer(call, meta, key, found, true);
    Some(Fetched::Missed)
}

/// Answers with what the flags ask for, in their order; some of them change the item.
fn answer(call: &mut Call<'_>, meta: &Meta<'_>, key: &Key<'_>, mut found: Found<'_>, created: bool) -> Fetched {
    let flags = &meta.flags;
    let now = call.clock.now;
    let cas = if flags.has(b'c') || flags.has(b'C') { found.cas() } else { 0 };
    // A client that holds this very version does not need it again.
    let wants_value = flags.has(b'v') && !(flags.has(b'C') && flags.compare == cas);
    let item = found.item();
    let (length, stale, won_before) = (item.value.as_slice().len(), item.stale, item.won);
    let (client_flags, fetched, accessed_at) = (item.flags, item.fetched, item.accessed_at);
    let mut expires_at = item.expires_at;
    let mut wins = stale && !won_before;
    let buffer = call.out.buffer();
    put_head(buffer, wants_value, length);
    for word in flags.words {
        match word[0] {
            b'T' => expires_at = change_expiry(&mut found, call.clock.expires_at(flags.ttl)),
            b'N' if created => {
                expires_at = change_expiry(&mut found, call.clock.expires_at(flags.vivify));
                wins = true;
            }
            b'R' => {
                let recache_at = call.clock.expires_at(flags.recache);
                wins |= !won_before && !created && expires_at != 0 && expires_at < recache_at;
            }
            b's' => put_number(buffer, b's', length as u64),
            b't' => put_time_left(buffer, expires_at, now),
            b'c' => put_number(buffer, b'c', cas),
            b'f' => put_number(buffer, b'f', client_flags.into()),
            b'l' => put_number(buffer, b'l', now.saturating_sub(accessed_at).into()),
            b'h' => put_number(buffer, b'h', fetched.into()),
            b'O' => put_word(buffer, word),
            b'k' => put_key(buffer, meta, key.bytes),
            _ => {}
        }
    }
    for (is_so, mark) in [(won_before, b" Z"), (stale, b" X"), (wins, b" W")] {
        if is_so {
            buffer.extend_from_slice(mark);
        }
    }
    buffer.extend_from_slice(b"\r\n");
    if wins {
        found.set_marks(stale, true);
    }
    if !flags.has(b'u') {
        found.hit();
    }
    if wants_value {
        put_value(call.out, &found.item().value);
    }
    Fetched::Found(length)
}

fn put_head(buffer: &mut Vec<u8>, wants_value: bool, length: usize) {
    if wants_value {
        buffer.extend_from_slice(b"VA ");
        buffer.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    } else {
        buffer.extend_from_slice(b"HD");
    }
}

fn change_expiry(found: &mut Found<'_>, at: Seconds) -> Seconds {
    found.set_expires_at(at);
    at
}
