//! `ma`: counts, and begins a count where there is none.

use cache::{NoRoom, Seconds};

use super::arithmetic::{Counted, NO_MEMORY, NOT_A_NUMBER, Step, count};
use super::meta::{put_key, put_number, put_plain, put_time_left, put_word};
use crate::call::Call;
use crate::clock::Clock;
use crate::command::{Command, MetaKind, Route, Shape};
use crate::request::{Flags, KEY_MAX, Meta};

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "ma", shape: Shape::Meta { kind: MetaKind::Arithmetic, run: arithmetic }, route: Route::Key }];

fn arithmetic(call: &mut Call<'_>, meta: &Meta<'_>) {
    let mut scratch = [0; KEY_MAX];
    let key = call.cache.key(meta.key(&mut scratch));
    call.counters.meta.up();
    let (clock, counted) = (call.clock, count(call, &key, step(&meta.flags, call.clock)));
    let buffer = call.out.buffer();
    match counted {
        Ok(Counted::At { .. }) if meta.flags.has(b'q') => {}
        Ok(Counted::At { count, expired_at, created, cas }) => {
            answer(buffer, meta, key.bytes, &Answer { count, expired_at, created, cas, clock });
        }
        Ok(Counted::NotFound) => put_plain(buffer, b"NF", meta, key.bytes),
        Ok(Counted::Exists) => put_plain(buffer, b"EX", meta, key.bytes),
        Ok(Counted::NotANumber) => buffer.extend_from_slice(NOT_A_NUMBER),
        Err(NoRoom) => buffer.extend_from_slice(NO_MEMORY),
    }
}

/// What the flags order.
fn step(flags: &Flags<'_>, clock: Clock) -> Step {
    Step {
        down: matches!(flags.mode, b'D' | b'-'),
        delta: flags.delta,
        // Zero compares with nothing here.
        compare: (flags.compare != 0).then_some(flags.compare),
        cas: flags.has(b'E').then_some(flags.cas),
        want_cas: flags.has(b'c'),
        begin: flags.has(b'N').then(|| (flags.initial, clock.expires_at(first_ttl(flags)))),
        expires_at: flags.has(b'T').then(|| clock.expires_at(flags.ttl)),
    }
}

/// The time to live of a count that is begun: of N and T, the last one says it.
fn first_ttl(flags: &Flags<'_>) -> i32 {
    let last = flags.words.filter(|word| matches!(word[0], b'N' | b'T')).last();
    if last.is_some_and(|word| word[0] == b'T') { flags.ttl } else { flags.vivify }
}

/// What is to be said of a count.
struct Answer {
    count: u64,
    expired_at: Seconds,
    created: bool,
    cas: u64,
    clock: Clock,
}

/// Answers with what the flags ask for, in their order: the time left is the one that the flags before it have set.
fn answer(buffer: &mut Vec<u8>, meta: &Meta<'_>, key: &[u8], answer: &Answer) {
    let Answer { count, created, cas, clock, .. } = *answer;
    let flags = &meta.flags;
    let mut expires_at = answer.expired_at;
    let mut digits = itoa::Buffer::new();
    let value = digits.format(count).as_bytes();
    if flags.has(b'v') {
        buffer.extend_from_slice(b"VA");
        put_word(buffer, itoa::Buffer::new().format(value.len()).as_bytes());
    } else {
        buffer.extend_from_slice(b"HD");
    }
    for word in flags.words {
        match word[0] {
            b'c' => put_number(buffer, b'c', cas),
            b't' => put_time_left(buffer, expires_at, clock.now),
            b'T' => expires_at = clock.expires_at(flags.ttl),
            b'N' if created => expires_at = clock.expires_at(flags.vivify),
            b'O' => put_word(buffer, word),
            b'k' => put_key(buffer, meta, key),
            _ => {}
        }
    }
    buffer.extend_from_slice(b"\r\n");
    if flags.has(b'v') {
        buffer.extend_from_slice(value);
        buffer.extend_from_slice(b"\r\n");
    }
}
