//! One value after the other, made of what a file says of it.

use dataset::{Cut, Group, Hash, Id, List, Packing, Set, SetBounds, SortedSet, Stream, Value};
use rdb::{Event, Kind};

use super::fields::Fields;
use crate::tuning::Tuning;

/// A value that is complete.
#[derive(Debug)]
pub(crate) enum Built<'b> {
    /// A collection without elements.
    Nothing,
    String(&'b [u8]),
    Value(Value),
}

/// A value that is being made.
#[derive(Debug)]
enum Part {
    String,
    List(Box<List>),
    Hash(Hash),
    Set(Box<Set>),
    SortedSet(Box<SortedSet>),
    Stream(Box<Growing>),
}

/// A stream, and its group that is being made.
#[derive(Debug, Default)]
struct Growing {
    stream: Stream,
    /// The block that grows has the fields that its listpack shares.
    is_shared: bool,
    /// What its type knows.
    generation: u8,
    group: Option<(Vec<u8>, Group)>,
    consumer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Builder {
    packing: Packing,
    bounds: SetBounds,
    string: Vec<u8>,
    fields: Fields,
    part: Part,
    /// What stood before the key of a stream: see `dump`. They are taken one after the other.
    pub(crate) extras: Vec<Option<u64>>,
}

/// A string that is longer is not kept for the next one.
const KEPT_MAX: usize = 1 << 20;

fn id(id: rdb::Id) -> Id {
    Id::new(id.ms, id.seq)
}

impl Builder {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        let (packing, bounds) = (tuning.hash_packing(), tuning.set_bounds());
        Self { packing, bounds, string: Vec::new(), fields: Fields::default(), part: Part::String, extras: Vec::new() }
    }

    pub(crate) fn begin(&mut self, kind: Kind) {
        self.string.clear();
        self.string.shrink_to(KEPT_MAX);
        self.fields.clear();
        self.part = match kind {
            Kind::String => Part::String,
            Kind::List => Part::List(Box::default()),
            Kind::Set => Part::Set(Box::default()),
            Kind::SortedSet => Part::SortedSet(Box::default()),
            Kind::Hash => Part::Hash(Hash::default()),
            Kind::Stream => Part::Stream(Box::default()),
        };
        if kind == Kind::Stream {
            self.extras.reverse();
        } else {
            self.extras.clear();
        }
    }

    /// The next part of the value.
    pub(crate) fn add(&mut self, event: Event<'_>) -> Result<(), String> {
        match (&mut self.part, event) {
            (Part::String, Event::String(bytes)) => self.string.extend_from_slice(bytes),
            (Part::List(list), Event::Element(element)) => list.push(dataset::End::Back, element),
            (Part::Hash(hash), Event::Field { field, value }) => {
                self.fields.push(field, value);
                if self.fields.are_many() {
                    return once(self.fields.pour(hash, self.packing), "a hash's field");
                }
            }
            (Part::Set(set), Event::Element(member)) => return once(set.insert(member, self.bounds), "a set's member"),
            (Part::SortedSet(sorted), Event::Member { member, score }) => {
                return once(sorted.insert(member, score).is_none(), "a sorted set's member");
            }
            (Part::Stream(growing), event) => return growing.add(event, &mut self.extras),
            (_, event) => return Err(format!("{event:?} is no part of the value")),
        }
        Ok(())
    }

    /// It is complete.
    pub(crate) fn end(&mut self) -> Result<Built<'_>, String> {
        let value = match std::mem::replace(&mut self.part, Part::String) {
            Part::String => return Ok(Built::String(&self.string)),
            Part::List(list) => Value::List(list),
            Part::Hash(mut hash) => {
                once(self.fields.pour(&mut hash, self.packing), "a hash's field")?;
                Value::Hash(hash)
            }
            Part::Set(set) => Value::Set(set),
            Part::SortedSet(sorted) => Value::SortedSet(sorted),
            Part::Stream(mut growing) => {
                growing.end_group();
                self.extras.clear();
                Value::Stream(Box::new(growing.stream))
            }
        };
        Ok(if value.is_spent() { Built::Nothing } else { Built::Value(value) })
    }
}

fn once(is_new: bool, what: &str) -> Result<(), String> {
    if is_new { Ok(()) } else { Err(format!("{what} stands there twice")) }
}

impl Growing {
    fn add(&mut self, event: Event<'_>, extras: &mut Vec<Option<u64>>) -> Result<(), String> {
        match event {
            Event::Entry { id: entry, words, begins, shares } => {
                self.is_shared &= !begins;
                let cut = match (shares, self.is_shared) {
                    (true, true) => Cut::Shares,
                    (false, _) if !begins => Cut::Follows,
                    _ => Cut::Begins,
                };
                self.is_shared |= shares;
                self.stream.append_cut(id(entry), words, cut);
            }
            Event::Stream { generation, last_id, max_deleted_id, entries_added } => {
                self.generation = generation;
                let added = extras.pop().flatten().or(entries_added);
                let deleted = extras.pop().flatten().zip(extras.pop().flatten()).map(|(ms, seq)| Id::new(ms, seq));
                self.stream.set_counters(id(last_id), added, deleted.or(max_deleted_id.map(id)));
            }
            Event::Group { name, last_id, entries_read } => {
                self.end_group();
                let last_id = id(last_id);
                let known = match extras.pop() {
                    Some(read) => read,
                    None if self.generation > 1 => entries_read,
                    None => self.stream.entries_read_at(last_id),
                };
                self.group = Some((name.to_vec(), Group::new(last_id, known)));
                if self.stream.group(name).is_some() {
                    return Err("a stream's group stands there twice".to_owned());
                }
            }
            Event::Consumer { name, seen_at, active_at } => {
                let Some((_, group)) = &mut self.group else { return Err("a consumer without a group".to_owned()) };
                let is_new = group.add_consumer(name, seen_at);
                let told = if self.generation > 2 { active_at } else { Some(seen_at) };
                let active_at = extras.pop().unwrap_or(told);
                group.consumer_mut(name).into_iter().for_each(|consumer| consumer.active_at = active_at);
                self.consumer = name.to_vec();
                return once(is_new, "a group's consumer");
            }
            Event::Pending { id: entry, delivered_at, deliveries } => {
                let group = self.group.as_mut().map(|(_, group)| group);
                group.into_iter().for_each(|group| group.give(id(entry), &self.consumer, delivered_at, deliveries));
            }
            event => return Err(format!("{event:?} is no part of a stream")),
        }
        Ok(())
    }

    fn end_group(&mut self) {
        if let Some((name, group)) = self.group.take() {
            self.stream.add_group(&name, group);
        }
    }
}
