//! Streams as RDB has them. What Redis 7 added to them has no place in a type that Redis 5 loads: in a file it stands before the key, in
//! a field of numbers that others pass over.

use dataset::{Group, Id, Stream};
use rdb::{Type, Writer};

/// The field that holds what a stream's type does not.
pub(crate) const EXTRAS: &str = "memc-stream";

/// A number that is not known.
const UNKNOWN: &str = "-";

fn id(id: Id) -> rdb::Id {
    rdb::Id { ms: id.ms, seq: id.seq }
}

/// A stream of the type `Stream` or `Stream2`.
pub(super) fn write(stream: &Stream, kind: Type, writer: &mut Writer) {
    let listpacks = stream.listpacks();
    writer.length(listpacks.len() as u64);
    listpacks.for_each(|(master, elements)| writer.stream_node(id(master), elements));
    writer.length(stream.len() as u64);
    writer.id(id(stream.last_id()));
    if kind == Type::Stream2 {
        writer.id(id(stream.first_id()));
        writer.id(id(stream.max_deleted_id()));
        writer.length(stream.entries_added());
    }
    writer.length(stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        writer.string(name);
        writer.id(id(group.last_id));
        if kind == Type::Stream2 {
            writer.length(group.entries_read.unwrap_or(u64::MAX));
        }
        write_pending(group, writer);
    }
}

fn write_pending(group: &Group, writer: &mut Writer) {
    writer.length(group.pending().len() as u64);
    for (entry, pending) in group.pending() {
        writer.id_bytes(id(*entry));
        writer.millis(pending.delivered_at);
        writer.length(pending.deliveries);
    }
    writer.length(group.consumers().len() as u64);
    for (name, consumer) in group.consumers() {
        writer.string(name);
        writer.millis(consumer.seen_at);
        writer.length(consumer.pending().len() as u64);
        consumer.pending().iter().for_each(|entry| writer.id_bytes(id(*entry)));
    }
}

/// Numbers in order: entries ever added, the highest id deleted (two), then for each group the entries it has read and for each of its
/// consumers when it was last given something.
pub(super) fn write_extras(stream: &Stream, writer: &mut Writer) {
    let deleted = stream.max_deleted_id();
    let mut numbers = vec![Some(stream.entries_added()), Some(deleted.ms), Some(deleted.seq)];
    for group in stream.groups().values() {
        numbers.push(group.entries_read);
        numbers.extend(group.consumers().values().map(|consumer| consumer.active_at));
    }
    let shown = numbers.iter().map(|number| number.map_or(UNKNOWN.to_owned(), |number| number.to_string()));
    writer.aux(EXTRAS, shown.collect::<Vec<_>>().join(" ").as_bytes());
}

/// The numbers of such a field.
pub(crate) fn read_extras(value: &[u8]) -> Vec<Option<u64>> {
    String::from_utf8_lossy(value).split(' ').map(|word| word.parse().ok()).collect()
}
