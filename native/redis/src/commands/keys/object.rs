//! OBJECT: how a value is kept and when it was used.

use dataset::Item;

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

const SECOND: Keys = Keys::Range { first: 2, last: 2, step: 1 };

pub(crate) const COMMANDS: &[Command] =
    &[Command::new("object", -2, 0, Keys::None, help).about("2.2.3", "How values are kept.").with(&[
        Command::new("encoding", 3, flag::READONLY, SECOND, encoding)
            .of(&["keyspace"])
            .about("2.2.3", "The structure that holds a value."),
        Command::new("freq", 3, flag::READONLY, SECOND, freq)
            .of(&["keyspace"])
            .about("4.0.0", "The logarithmic counter of accesses."),
        Command::new("idletime", 3, flag::READONLY, SECOND, idletime)
            .of(&["keyspace"])
            .about("2.2.3", "Seconds since the last access."),
        Command::new("refcount", 3, flag::READONLY, SECOND, refcount)
            .of(&["keyspace"])
            .about("2.2.3", "How many share a value."),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help)
            .of(&["keyspace"])
            .about("6.2.0", "These subcommands."),
    ])];

fn encoding(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match call.peek(words[2]) {
        (Some(item), reply) => reply.bulk(item.encoding().as_bytes()),
        (None, reply) => reply.null(),
    }
    Ok(())
}

/// Integers below this are one object for all in Redis, which claims the most references there are.
const SHARED_INTEGERS: i64 = 10_000;

fn refcount(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_shared = |item: &Item| match item.view() {
        dataset::View::String(bytes) => {
            words::canonical(bytes).is_some_and(|value| (0..SHARED_INTEGERS).contains(&value))
        }
        _ => false,
    };
    match call.peek(words[2]) {
        (Some(item), reply) => reply.integer(if is_shared(item) { i32::MAX.into() } else { 1 }),
        (None, reply) => reply.null(),
    }
    Ok(())
}

fn freq(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (server, now) = (call.server, call.now);
    match call.peek(words[2]) {
        (Some(item), reply) => {
            let frequency = server.frequency(item.access(), now).ok_or(NO_FREQUENCY)?;
            reply.integer(frequency.into());
        }
        (None, reply) => reply.null(),
    }
    Ok(())
}

fn idletime(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (server, now) = (call.server, call.now);
    match call.peek(words[2]) {
        (Some(item), reply) => {
            let idle = server.idle_seconds(item.access(), now).ok_or(NO_IDLE_TIME)?;
            reply.integer(idle.into());
        }
        (None, reply) => reply.null(),
    }
    Ok(())
}

const NO_FREQUENCY: Fault = Fault::of(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies \
     at runtime LRU and LFU data will take some time to adjust.",
);
const NO_IDLE_TIME: Fault = Fault::of(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime \
     LRU and LFU data will take some time to adjust.",
);

fn help(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let lines = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
        "    Prints this help.",
    ];
    call.reply.array(lines.len());
    lines.iter().for_each(|line| call.reply.simple(line));
    Ok(())
}
