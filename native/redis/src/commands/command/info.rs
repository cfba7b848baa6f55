//! COMMAND and COMMAND INFO: ten things about each command.

use resp::Writer;

use crate::acl::access;
use crate::acl::categories::{self, CATEGORIES};
use crate::call::Call;
use crate::command::{self, Command, Keys, flag};
use crate::fault::Outcome;

use super::named;

pub(super) fn every(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.array(command::all().count());
    command::all().for_each(|row| describe(row, &mut call.reply));
    Ok(())
}

pub(super) fn info(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if words.len() == 2 {
        return every(call, words);
    }
    call.reply.array(words.len() - 2);
    for name in &words[2..] {
        match named(name) {
            Some(row) => describe(row, &mut call.reply),
            None => call.reply.null(),
        }
    }
    Ok(())
}

/// Flags by the names that clients know.
const FLAGS: &[(u32, &str)] = &[
    (flag::WRITE, "write"),
    (flag::READONLY, "readonly"),
    (flag::DENYOOM, "denyoom"),
    (flag::ADMIN, "admin"),
    (flag::PUBSUB, "pubsub"),
    (flag::NOSCRIPT, "noscript"),
    (flag::BLOCKING, "blocking"),
    (flag::LOADING, "loading"),
    (flag::STALE, "stale"),
    (flag::SKIP_MONITOR, "skip_monitor"),
    (flag::SKIP_SLOWLOG, "skip_slowlog"),
    (flag::FAST, "fast"),
    (flag::NO_AUTH, "no_auth"),
    (flag::MAY_REPLICATE, "may_replicate"),
    (flag::NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (flag::ALLOW_BUSY, "allow_busy"),
    (flag::NO_ASYNC_LOADING, "no_async_loading"),
    (flag::MOVABLE_KEYS, "movablekeys"),
];

fn describe(row: &Command, reply: &mut Writer<'_>) {
    reply.array(10);
    reply.bulk(row.full_name.as_bytes());
    reply.integer(row.arity.into());
    let flags =
        row.flags | if matches!(row.keys, Keys::Counted { .. } | Keys::Found(_)) { flag::MOVABLE_KEYS } else { 0 };
    let flags: Vec<&str> = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    reply.set(flags.len());
    flags.iter().for_each(|name| reply.simple(name));
    let (first, last, step) = match row.keys {
        Keys::Range { first, last, step } => (first as i64, last as i64, step as i64),
        Keys::Counted { also, .. } if also > 0 => (also as i64, also as i64, 1),
        _ => (0, 0, 0),
    };
    [first, last, step].into_iter().for_each(|number| reply.integer(number));
    let bits = categories::of(row);
    reply.set(bits.count_ones() as usize);
    let names = CATEGORIES.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0);
    names.for_each(|(_, name)| reply.simple(&format!("@{name}")));
    reply.set(0);
    specifications(row, reply);
    match row.subcommands.len() {
        0 => reply.set(0),
        count => reply.array(count),
    }
    row.subcommands.iter().for_each(|sub| describe(sub, reply));
}

/// Where keys stand, in the words of Redis's key specifications.
fn specifications(row: &Command, reply: &mut Writer<'_>) {
    match row.keys {
        Keys::None | Keys::Session | Keys::All => reply.set(0),
        Keys::Range { first, last, step } => {
            let differs = access::flags(row, 0) != access::flags(row, 1);
            if differs && last == 2 && step == 1 {
                reply.set(2);
                for at in 0..2 {
                    let one = [("lastkey", 0), ("keystep", 1), ("limit", 0)];
                    specification(row, reply, at, first + at, "range", &one);
                }
                return;
            }
            reply.set(1);
            // The last key relative to the first one, unless it is counted from the end.
            let last = if last < 0 { last as i64 } else { last as i64 - first as i64 };
            specification(row, reply, 0, first, "range", &[("lastkey", last), ("keystep", step as i64), ("limit", 0)]);
        }
        Keys::Counted { at, also } => {
            reply.set(1 + usize::from(also > 0));
            if also > 0 {
                specification(row, reply, 0, also, "range", &[("lastkey", 0), ("keystep", 1), ("limit", 0)]);
            }
            specification(
                row,
                reply,
                usize::from(also > 0),
                at,
                "keynum",
                &[("keynumidx", 0), ("firstkey", 1), ("keystep", 1)],
            );
        }
        Keys::Found(_) => {
            reply.set(1);
            reply.map(3);
            reply.bulk(b"flags");
            key_flags(row, 0, reply);
            for name in ["begin_search", "find_keys"] {
                reply.bulk(name.as_bytes());
                reply.map(2);
                text(reply, "type", "unknown");
                reply.bulk(b"spec");
                reply.map(0);
            }
        }
    }
}

fn specification(row: &Command, reply: &mut Writer<'_>, key: usize, at: usize, kind: &str, spec: &[(&str, i64)]) {
    reply.map(3);
    reply.bulk(b"flags");
    key_flags(row, key, reply);
    reply.bulk(b"begin_search");
    reply.map(2);
    text(reply, "type", "index");
    reply.bulk(b"spec");
    reply.map(1);
    reply.bulk(b"index");
    reply.integer(at as i64);
    reply.bulk(b"find_keys");
    reply.map(2);
    text(reply, "type", kind);
    reply.bulk(b"spec");
    reply.map(spec.len());
    for (name, number) in spec {
        reply.bulk(name.as_bytes());
        reply.integer(*number);
    }
}

fn text(reply: &mut Writer<'_>, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

/// What is done to the `at`-th key.
fn key_flags(row: &Command, at: usize, reply: &mut Writer<'_>) {
    names(access::flags(row, at), reply);
}

/// Names between spaces, as a set.
pub(super) fn names(names: &str, reply: &mut Writer<'_>) {
    reply.set(names.split(' ').count());
    names.split(' ').for_each(|name| reply.simple(name));
}
