//! `md`: deletes, empties, or marks as stale.

use cache::{Attributes, Entry, Key, NewValue, NoRoom, Room};

use super::arithmetic::NO_MEMORY;
use super::meta::put_plain;
use crate::call::Call;
use crate::command::{Command, MetaKind, Route, Shape};
use crate::request::{KEY_MAX, Meta};

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "md", shape: Shape::Meta { kind: MetaKind::Named, run: delete }, route: Route::Key }];

fn delete(call: &mut Call<'_>, meta: &Meta<'_>) {
    let mut scratch = [0; KEY_MAX];
    let key = call.cache.key(meta.key(&mut scratch));
    call.counters.meta.up();
    let length = call.watched_length(&key);
    let code = match change(call, meta, &key) {
        Ok(code) => code,
        Err(NoRoom) => return call.out.put(NO_MEMORY),
    };
    if code != b"HD" {
        call.counters.delete_misses.up();
    } else if !meta.flags.has(b'I') {
        call.counters.delete_hits.up();
        call.deleted(key.bytes, "md", length);
    }
    if code != b"HD" || !meta.flags.has(b'q') {
        put_plain(call.out.buffer(), code, meta, key.bytes);
    }
}

fn change(call: &Call<'_>, meta: &Meta<'_>, key: &Key<'_>) -> Result<&'static [u8], NoRoom> {
    let flags = &meta.flags;
    let now = call.clock.now;
    let mut entry =
        if flags.has(b'x') { call.cache.write(key, Room::Value(0), now)? } else { call.cache.alter(key, now) };
    let Some(mut found) = entry.found() else {
        return Ok(b"NF");
    };
    if flags.has(b'C') && found.cas() != flags.compare {
        return Ok(b"EX");
    }
    let cas = flags.has(b'x').then(|| found.cas());
    drop(found);
    if let Some(present) = cas {
        let cas = Some(if flags.has(b'E') { flags.cas } else { present });
        let expires_at = call.clock.expires_at(flags.ttl);
        let attributes = Attributes { flags: flags.client_flags, expires_at, cas, ..Attributes::default() };
        entry.put(NewValue::Copied(b""), attributes);
    }
    if flags.has(b'I') {
        mark_stale(call, meta, &mut entry);
    } else if cas.is_none() {
        entry.remove();
    }
    Ok(b"HD")
}

/// The next one to read it may recache it.
fn mark_stale(call: &Call<'_>, meta: &Meta<'_>, entry: &mut Entry<'_>) {
    let flags = &meta.flags;
    if let Some(mut found) = entry.found() {
        if flags.has(b'T') {
            found.set_expires_at(call.clock.expires_at(flags.ttl));
        }
        found.set_marks(true, false);
    }
    entry.renew_cas(flags.has(b'E').then_some(flags.cas));
}
