//! `ms`: every way to store, chosen by flags.

use cache::NewValue;

use super::meta::{put_key, put_number, put_word};
use super::store::{Mode, Order, Outcome, Stored, store};
use crate::call::{Call, no_room};
use crate::command::{Command, Route, Shape};
use crate::request::{Flags, KEY_MAX, Meta};

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "ms", shape: Shape::MetaSet { run: set }, route: Route::Key }];

fn set(call: &mut Call<'_>, meta: &Meta<'_>, value: NewValue<'_>) {
    let mut scratch = [0; KEY_MAX];
    let key = call.cache.key(meta.key(&mut scratch));
    call.counters.meta.up();
    match store(call, &key, &order(call, &meta.flags), value) {
        Ok(stored) if stored.outcome == Outcome::Stored && meta.flags.has(b'q') => {}
        Ok(stored) => answer(call.out.buffer(), meta, key.bytes, stored),
        Err(error) => no_room(call, false, error),
    }
}

/// What the flags order.
fn order(call: &Call<'_>, flags: &Flags<'_>) -> Order {
    let mode = match flags.mode {
        b'E' => Mode::Add,
        b'A' => Mode::Append,
        b'P' => Mode::Prepend,
        // With a CAS value, both mean: replace that very version.
        b'R' if !flags.has(b'C') => Mode::Replace,
        _ if flags.has(b'C') => Mode::Compare,
        _ => Mode::Set,
    };
    let vivify = flags.has(b'N') && matches!(mode, Mode::Append | Mode::Prepend);
    Order {
        mode,
        flags: flags.client_flags,
        expires_at: call.clock.expires_at(if vivify { flags.vivify } else { flags.ttl }),
        // To append and to prepend, zero compares with nothing.
        compare: (mode == Mode::Compare || flags.compare != 0).then_some(flags.compare),
        // Zero is no CAS value to an ms, and one like any other to the other commands.
        cas: (flags.cas != 0).then_some(flags.cas),
        allow_stale: flags.has(b'I') && mode == Mode::Compare && flags.compare != 0,
        vivify,
        want_cas: flags.has(b'c'),
    }
}

fn answer(buffer: &mut Vec<u8>, meta: &Meta<'_>, key: &[u8], stored: Stored) {
    buffer.extend_from_slice(match stored.outcome {
        Outcome::Stored => b"HD",
        Outcome::NotStored => b"NS",
        Outcome::Exists => b"EX",
        Outcome::NotFound => b"NF",
    });
    for word in meta.flags.words {
        match word[0] {
            b'O' => put_word(buffer, word),
            b'k' => put_key(buffer, meta, key),
            b'c' => put_number(buffer, b'c', stored.cas),
            b's' => put_number(buffer, b's', stored.length as u64),
            _ => {}
        }
    }
    buffer.extend_from_slice(b"\r\n");
}
