//! Entries behind an id, of several streams, waited for if need be: XREAD, and XREADGROUP for a consumer of a group.

use dataset::{Group, Id, Millis, Stream};
use resp::{Version, Writer};

use super::reading::{After, Reading, keys};
use super::shown::{id_text, write_entry, write_id};
use super::{CATEGORY, changed_group, changed_quietly, ids, no_group};
use crate::blocking::AtDeadline;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};

const MOVES: u32 = flag::BLOCKING | flag::MOVABLE_KEYS;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("xread", -4, flag::READONLY | MOVES, Keys::Found(keys), xread)
        .of(CATEGORY)
        .about("5.0.0", "Entries behind an id, of several streams; waits for them if asked to."),
    Command::new("xreadgroup", -7, flag::WRITE | MOVES, Keys::Found(keys), xreadgroup)
        .of(CATEGORY)
        .about("5.0.0", "Entries for a consumer: new ones, or what it has pending."),
];

fn xread(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let reading = Reading::parse(words, false, call.wall)?;
    let mut after = Vec::with_capacity(reading.keys.len());
    for (key, id) in reading.keys.iter().zip(reading.ids) {
        let last = call.read::<Stream>(key)?.0.map_or(Id::ZERO, Stream::last_id);
        after.push(match *id {
            b"$" => last,
            b">" => {
                return Err(Fault::of(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
                ));
            }
            id => ids::strict(id, 0)?,
        });
    }
    let (mut body, mut served) = (Vec::new(), 0);
    for (key, after) in reading.keys.iter().zip(&after) {
        let version = call.reply.version();
        let (Some(stream), _) = call.read::<Stream>(key)? else { continue };
        let Some(from) = after.next().filter(|_| stream.last_entry_id().is_some_and(|last| last > *after)) else {
            continue;
        };
        served += 1;
        let reply = &mut Writer::new(&mut body, version);
        write_stream_head(reply, key);
        let chosen = || stream.ascending(from..=Id::MAX).take(reading.count);
        reply.array(chosen().count());
        chosen().for_each(|entry| write_entry(reply, entry));
    }
    if !write_streams(call, served, &body) {
        wait(call, words, &reading, &after);
    }
    Ok(())
}

/// In version 3 the reply is a map.
fn write_stream_head(reply: &mut Writer<'_>, key: &[u8]) {
    if reply.version() == Version::Two {
        reply.array(2);
    }
    reply.bulk(key);
}

/// Answers with what streams there are; false when there are none.
fn write_streams(call: &mut Call<'_, '_>, count: usize, body: &[u8]) -> bool {
    if count > 0 {
        match call.reply.version() {
            Version::Two => call.reply.array(count),
            Version::Three => call.reply.map(count),
        }
        call.reply.buffer().extend_from_slice(body);
    }
    count > 0
}

/// Waits, or answers that there is nothing. When it is tried again, `$` is what it was now.
fn wait(call: &mut Call<'_, '_>, words: &[&[u8]], reading: &Reading<'_, '_>, after: &[Id]) {
    let Some(timeout) = reading.block else {
        call.reply.null_array();
        return;
    };
    let mut again: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    let first = words.len() - reading.ids.len();
    for (word, after) in again[first..].iter_mut().zip(after) {
        if word == b"$" {
            *word = id_text(*after).to_vec();
        }
    }
    call.wait_for_as(again, reading.keys, timeout, AtDeadline::NullArray);
}

fn xreadgroup(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let reading = Reading::parse(words, true, call.wall)?;
    let Some((group, consumer)) = reading.group else { return Err(Fault::SYNTAX) };
    let mut after = Vec::with_capacity(reading.keys.len());
    for (key, id) in reading.keys.iter().zip(reading.ids) {
        let (stream, _) = call.read::<Stream>(key)?;
        if stream.is_none_or(|stream| stream.group(group).is_none()) {
            return Err(no_group(key, group, " in XREADGROUP with GROUP option"));
        }
        after.push(match *id {
            b">" => After::Delivered,
            b"$" => return Err(DOLLAR),
            id => After::Entry(ids::strict(id, 0)?),
        });
    }
    // What follows says its effects itself.
    call.say(&[]);
    let (mut body, mut served) = (Vec::new(), 0);
    for (key, after) in reading.keys.iter().zip(after) {
        let delivery = Delivery { group, consumer, count: reading.count, no_ack: reading.no_ack, now: call.wall };
        let version = call.reply.version();
        let work = |stream: &mut Stream| {
            let is_new = stream.change_group(group, |group| group.see(consumer, delivery.now)).unwrap_or(false);
            (is_new, delivery.deliver(stream, key, after, &mut Writer::new(&mut body, version)))
        };
        let Some((is_new, given)) = call.change::<Stream, _>(key, work)? else { continue };
        if is_new {
            changed_group(call, key, "xgroup-createconsumer");
            call.say(&[b"XGROUP", b"CREATECONSUMER", key, group, consumer]);
        }
        served += usize::from(given.is_some());
        given.into_iter().for_each(|given| given.say(call, key, &delivery));
    }
    if !write_streams(call, served, &body) {
        wait(call, words, &reading, &[]);
    }
    Ok(())
}

const DOLLAR: Fault = Fault::of(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);

/// For whom entries are read, and how many.
#[derive(Clone, Copy, Debug)]
struct Delivery<'w> {
    group: &'w [u8],
    consumer: &'w [u8],
    count: usize,
    no_ack: bool,
    now: Millis,
}

/// What was delivered, for the effects.
#[derive(Debug, Default)]
struct Given {
    /// Ids and how often each was delivered.
    entries: Vec<(Id, u64)>,
    /// How far the group has read now, if that has changed.
    progress: Option<(Id, Option<u64>)>,
    last_id: Id,
}

impl Delivery<'_> {
    /// Writes a stream's part of the reply; `None` when there is nothing for this consumer.
    fn deliver(&self, stream: &mut Stream, key: &[u8], after: After, reply: &mut Writer<'_>) -> Option<Given> {
        match after {
            After::Entry(id) => {
                write_stream_head(reply, key);
                Some(self.history(stream, id, reply))
            }
            After::Delivered => {
                let from = stream.group(self.group)?.last_id;
                stream.last_entry_id().filter(|last| *last > from)?;
                write_stream_head(reply, key);
                Some(self.new_entries(stream, from.next()?, reply))
            }
        }
    }

    /// What the consumer has pending; of what was deleted since there is only the id.
    fn history(&self, stream: &mut Stream, after: Id, reply: &mut Writer<'_>) -> Given {
        let pending = stream.group(self.group).and_then(|group| group.consumer(self.consumer));
        let pending =
            pending.into_iter().zip(after.next()).flat_map(|(consumer, from)| consumer.pending().range(from..));
        let ids: Vec<Id> = pending.copied().take(self.count).collect();
        reply.array(ids.len());
        let mut found = Vec::new();
        for id in ids {
            if let Some(entry) = stream.entry(id) {
                write_entry(reply, entry);
                found.push(id);
            } else {
                reply.array(2);
                write_id(reply, id);
                reply.null_array();
            }
        }
        let deliver = |group: &mut Group| {
            let again = |id| {
                let pending = group.pending_mut(id)?;
                (pending.delivered_at, pending.deliveries) = (self.now, pending.deliveries.saturating_add(1));
                Some((id, pending.deliveries))
            };
            let entries = found.into_iter().filter_map(again).collect();
            Given { entries, progress: None, last_id: group.last_id }
        };
        stream.change_group(self.group, deliver).unwrap_or_default()
    }

    fn new_entries(&self, stream: &mut Stream, from: Id, reply: &mut Writer<'_>) -> Given {
        let mut read = stream.group(self.group).and_then(|group| group.entries_read);
        let mut given = Given::default();
        let chosen = || stream.ascending(from..=Id::MAX).take(self.count);
        reply.array(chosen().count());
        for entry in chosen() {
            let id = entry.id;
            read = match read {
                Some(read) if !stream.has_gaps_from(id) => Some(read + 1),
                _ => stream.entries_read_at(id),
            };
            given.last_id = id;
            given.entries.push((id, 1));
            write_entry(reply, entry);
        }
        given.progress = Some((given.last_id, read));
        let deliver = |group: &mut Group| {
            (group.last_id, group.entries_read) = (given.last_id, read);
            if self.no_ack {
                given.entries.clear();
            }
            for (id, deliveries) in &given.entries {
                group.give(*id, self.consumer, self.now, *deliveries);
            }
            if let Some(consumer) = group.consumer_mut(self.consumer).filter(|_| !given.entries.is_empty()) {
                consumer.active_at = Some(self.now);
            }
        };
        stream.change_group(self.group, deliver);
        given
    }
}

impl Given {
    /// The effects: each entry is the consumer's, and so far the group has read.
    fn say(&self, call: &mut Call<'_, '_>, key: &[u8], delivery: &Delivery<'_>) {
        for (id, deliveries) in &self.entries {
            say_claimed(call, key, delivery.group, delivery.consumer, *id, delivery.now, *deliveries, self.last_id);
        }
        if let Some((id, read)) = self.progress {
            let mut digits = itoa::Buffer::new();
            let read = read.map_or("-1", |read| digits.format(read));
            call.say(&[b"XGROUP", b"SETID", key, delivery.group, &id_text(id), b"ENTRIESREAD", read.as_bytes()]);
        }
        if self.progress.is_some() || !self.entries.is_empty() {
            changed_quietly(call);
        }
    }
}

/// Says that an entry is pending for a consumer, so that saying it twice makes no difference.
#[allow(clippy::too_many_arguments, reason = "the words of a command")]
pub(super) fn say_claimed(
    call: &mut Call<'_, '_>,
    key: &[u8],
    group: &[u8],
    consumer: &[u8],
    id: Id,
    delivered_at: Millis,
    deliveries: u64,
    last_id: Id,
) {
    let (mut at, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let (at, count) = (at.format(delivered_at).as_bytes(), count.format(deliveries).as_bytes());
    let (id, last_id) = (id_text(id), id_text(last_id));
    call.say(&[
        b"XCLAIM",
        key,
        group,
        consumer,
        b"0",
        &id,
        b"TIME",
        at,
        b"RETRYCOUNT",
        count,
        b"FORCE",
        b"JUSTID",
        b"LASTID",
        &last_id,
    ]);
}
