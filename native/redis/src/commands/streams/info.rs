//! What there is to know about a stream: XINFO.

use dataset::{Consumer, ConsumerName, Entry, Group, Id, Stream};
use resp::Writer;

use super::shown::{write_entry, write_id};
use super::{CATEGORY, READ, SECOND};
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::commands::help::misused;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] =
    &[Command::new("xinfo", -2, 0, Keys::None, help).about("5.0.0", "What there is to know about a stream.").with(&[
        Command::new("stream", -3, READ, SECOND, stream)
            .of(CATEGORY)
            .about("5.0.0", "The stream, in short or in full."),
        Command::new("groups", 3, READ, SECOND, groups).of(CATEGORY).about("5.0.0", "Its groups."),
        Command::new("consumers", 4, READ, SECOND, consumers).of(CATEGORY).about("5.0.0", "A group's consumers."),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help)
            .of(CATEGORY)
            .about("5.0.0", "What there is."),
    ])];

/// Entries and pending entries that are shown in full unless COUNT says otherwise.
const COUNT: usize = 10;

const HELP: &[&str] = &[
    "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
    "HELP",
    "    Prints this help.",
];

fn help(call: &mut Call<'_, '_>, _: &[&[u8]]) -> Outcome {
    call.reply.array(HELP.len());
    HELP.iter().for_each(|line| call.reply.simple(line));
    Ok(())
}

fn stream(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (stream, reply) = call.read::<Stream>(words[2])?;
    let stream = stream.ok_or(Fault::NO_SUCH_KEY)?;
    let full = match words[3..] {
        [] => None,
        [full] if words::is(full, "FULL") => Some(COUNT),
        [full, count, number] if words::is(full, "FULL") && words::is(count, "COUNT") => {
            let number = words::integer(number)?;
            Some(if number == 0 { usize::MAX } else { usize::try_from(number).unwrap_or(COUNT) })
        }
        _ => return Err(misused(words)),
    };
    reply.map(if full.is_some() { 9 } else { 10 });
    counters(stream, reply);
    match full {
        None => short(stream, reply),
        Some(count) => in_full(stream, count, reply),
    }
    Ok(())
}

fn counters(stream: &Stream, reply: &mut Writer<'_>) {
    write_number(reply, "length", stream.len() as u64);
    write_number(reply, "radix-tree-keys", stream.blocks() as u64);
    write_number(reply, "radix-tree-nodes", stream.radix_nodes() as u64);
    write_named_id(reply, "last-generated-id", stream.last_id());
    write_named_id(reply, "max-deleted-entry-id", stream.max_deleted_id());
    write_number(reply, "entries-added", stream.entries_added());
    write_named_id(reply, "recorded-first-entry-id", stream.first_id());
}

fn write_number(reply: &mut Writer<'_>, name: &str, value: u64) {
    reply.bulk(name.as_bytes());
    reply.integer(value as i64);
}

fn write_known(reply: &mut Writer<'_>, name: &str, value: Option<u64>) {
    reply.bulk(name.as_bytes());
    match value {
        Some(value) => reply.integer(value as i64),
        None => reply.null(),
    }
}

fn write_named_id(reply: &mut Writer<'_>, name: &str, id: Id) {
    reply.bulk(name.as_bytes());
    write_id(reply, id);
}

fn short(stream: &Stream, reply: &mut Writer<'_>) {
    write_number(reply, "groups", stream.groups().len() as u64);
    let mut show = |name: &str, entry: Option<Entry<'_>>| {
        reply.bulk(name.as_bytes());
        match entry {
            Some(entry) => write_entry(reply, entry),
            None => reply.null(),
        }
    };
    let all = Id::ZERO..=Id::MAX;
    let (first, last) = (stream.ascending(all.clone()).next(), stream.descending(all).next());
    show("first-entry", first);
    show("last-entry", last);
}

fn in_full(stream: &Stream, count: usize, reply: &mut Writer<'_>) {
    reply.bulk(b"entries");
    let entries = || stream.ascending(Id::ZERO..=Id::MAX).take(count);
    reply.array(entries().count());
    entries().for_each(|entry| write_entry(reply, entry));
    reply.bulk(b"groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        group_in_full(stream, name, group, count, reply);
    }
}

fn group_in_full(stream: &Stream, name: &[u8], group: &Group, count: usize, reply: &mut Writer<'_>) {
    reply.map(7);
    reply.bulk(b"name");
    reply.bulk(name);
    write_named_id(reply, "last-delivered-id", group.last_id);
    write_known(reply, "entries-read", group.entries_read);
    write_known(reply, "lag", stream.lag(group));
    write_number(reply, "pel-count", group.pending().len() as u64);
    reply.bulk(b"pending");
    reply.array(count.min(group.pending().len()));
    for (id, pending) in group.pending().iter().take(count) {
        reply.array(4);
        write_id(reply, *id);
        reply.bulk(&pending.consumer);
        reply.integer(pending.delivered_at as i64);
        reply.integer(pending.deliveries as i64);
    }
    reply.bulk(b"consumers");
    reply.array(group.consumers().len());
    for consumer in group.consumers() {
        consumer_in_full(group, consumer, count, reply);
    }
}

fn consumer_in_full(group: &Group, (name, consumer): (&ConsumerName, &Consumer), count: usize, reply: &mut Writer<'_>) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(name);
    write_number(reply, "seen-time", consumer.seen_at);
    reply.bulk(b"active-time");
    reply.integer(consumer.active_at.map_or(-1, |at| at as i64));
    write_number(reply, "pel-count", consumer.pending().len() as u64);
    reply.bulk(b"pending");
    reply.array(count.min(consumer.pending().len()));
    for id in consumer.pending().iter().take(count) {
        let pending = &group.pending()[id];
        reply.array(3);
        write_id(reply, *id);
        reply.integer(pending.delivered_at as i64);
        reply.integer(pending.deliveries as i64);
    }
}

fn groups(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (stream, reply) = call.read::<Stream>(words[2])?;
    let stream = stream.ok_or(Fault::NO_SUCH_KEY)?;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        write_number(reply, "consumers", group.consumers().len() as u64);
        write_number(reply, "pending", group.pending().len() as u64);
        write_named_id(reply, "last-delivered-id", group.last_id);
        write_known(reply, "entries-read", group.entries_read);
        write_known(reply, "lag", stream.lag(group));
    }
    Ok(())
}

fn consumers(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let now = call.wall;
    let (stream, reply) = call.read::<Stream>(words[2])?;
    let stream = stream.ok_or(Fault::NO_SUCH_KEY)?;
    let Some(group) = stream.group(words[3]) else {
        return Err(Fault::naming(&[
            b"NOGROUP No such consumer group '",
            words[3],
            b"' for key name '",
            words[2],
            b"'",
        ]));
    };
    reply.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        reply.map(4);
        reply.bulk(b"name");
        reply.bulk(name);
        write_number(reply, "pending", consumer.pending().len() as u64);
        write_number(reply, "idle", now.saturating_sub(consumer.seen_at));
        reply.bulk(b"inactive");
        reply.integer(consumer.active_at.map_or(-1, |at| now.saturating_sub(at) as i64));
    }
    Ok(())
}
