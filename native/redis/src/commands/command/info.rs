//! COMMAND and COMMAND INFO: ten things about each command.

use resp::Writer;

use crate::acl::categories::{self, CATEGORIES};
use crate::call::Call;
use crate::command::{self, Command, Keys, flag};
use crate::fault::Outcome;

use super::named;
use super::specifications::{self, positions};

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
    (flag::NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (flag::ALLOW_BUSY, "allow_busy"),
    (flag::NO_TRANSACTION, "no_multi"),
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
    positions(row).into_iter().for_each(|number| reply.integer(number));
    let bits = categories::of(row);
    reply.set(bits.count_ones() as usize);
    let names = CATEGORIES.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0);
    names.for_each(|(_, name)| reply.simple(&format!("@{name}")));
    reply.set(0);
    specifications::show(row, reply);
    match row.subcommands.len() {
        0 => reply.set(0),
        count => reply.array(count),
    }
    row.subcommands.iter().for_each(|sub| describe(sub, reply));
}
