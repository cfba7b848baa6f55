//! Streams: listpacks of entries, each under the id that its entries count from; then counters, and groups with their consumers.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::Reader;
use crate::format::Type;
use crate::packed::{Element, Elements, Form};
use crate::{Event, Id, Millis, Wrong};

/// An entry that is gone.
const DELETED: i64 = 1;
/// One with the fields of its listpack's first.
const SAME_FIELDS: i64 = 2;
/// How a count of entries read that is not known is written.
const UNKNOWN: u64 = u64::MAX;

/// What a group has given and nobody has acknowledged: when, and how often.
type Given = BTreeMap<Id, (Millis, u64)>;

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    pub(super) fn stream(&mut self, kind: Type) -> Result<(), Wrong> {
        let (mut last, mut entries) = (Id::default(), 0);
        for _ in 0..self.input.length()? {
            let (master, mut piece) = (self.master()?, std::mem::take(&mut self.piece));
            self.input.string(&mut piece)?;
            entries += self.node(master, &piece, &mut last)?;
            self.piece = piece;
        }
        if self.input.length()? != entries {
            return Err(Wrong::Corrupt("a stream does not have as many entries as it says"));
        }
        let last_id = self.input.id()?;
        if last_id < last {
            return Err(Wrong::Corrupt("a stream's last id is before its last entry's"));
        }
        let (mut max_deleted_id, mut entries_added) = (None, None);
        if kind != Type::Stream {
            self.input.id()?;
            max_deleted_id = Some(self.input.id()?);
            entries_added = Some(self.input.length()?);
        }
        let generation = match kind {
            Type::Stream3 => 3,
            Type::Stream2 => 2,
            _ => 1,
        };
        self.tell(Event::Stream { generation, last_id, max_deleted_id, entries_added })?;
        for _ in 0..self.input.length()? {
            self.group(kind)?;
        }
        Ok(())
    }

    /// The id that a listpack's entries count from.
    fn master(&mut self) -> Result<Id, Wrong> {
        let mut key = std::mem::take(&mut self.one);
        self.input.string(&mut key)?;
        let halves = key.split_first_chunk::<8>().and_then(|(ms, seq)| Some((*ms, <[u8; 8]>::try_from(seq).ok()?)));
        self.one = key;
        let (ms, seq) = halves.ok_or(Wrong::Corrupt("a stream's listpack stands under no id"))?;
        Ok(Id { ms: u64::from_be_bytes(ms), seq: u64::from_be_bytes(seq) })
    }

    /// The entries of a listpack; returns how many are not gone.
    fn node(&mut self, master: Id, listpack: &[u8], last: &mut Id) -> Result<u64, Wrong> {
        let mut elements = Elements::of(Form::Listpack, listpack)?;
        let (count, deleted) = (elements.number()?, elements.number()?);
        let mut fields = Vec::new();
        take(&mut elements, 1, &mut fields)?;
        if elements.number()? != 0 {
            return Err(Wrong::Corrupt("a stream's first entry does not end with 0"));
        }
        let (mut is_there, mut is_gone) = (0, 0);
        let mut words = Vec::new();
        while let Some(flags) = elements.next() {
            let flags = match flags? {
                Element::Integer(flags) => flags,
                Element::Bytes(_) => return Err(Wrong::Corrupt("a stream's entry does not begin with its flags")),
            };
            let (ms, seq) = (elements.number()? as u64, elements.number()? as u64);
            let id = Id { ms: master.ms.wrapping_add(ms), seq: master.seq.wrapping_add(seq) };
            if id <= *last {
                return Err(Wrong::Corrupt("a stream's ids do not ascend"));
            }
            *last = id;
            words.clear();
            let length = if flags & SAME_FIELDS == 0 {
                take(&mut elements, 2, &mut words)?;
                4 + words.len()
            } else {
                for field in &fields {
                    words.extend([*field, elements.needed()?]);
                }
                3 + fields.len()
            };
            if elements.number()? != length as i64 {
                return Err(Wrong::Corrupt("a stream's entry does not have as many elements as it says"));
            }
            if flags & DELETED == 0 {
                self.entry(id, &words, is_there == 0, flags & SAME_FIELDS != 0)?;
            }
            *if flags & DELETED == 0 { &mut is_there } else { &mut is_gone } += 1;
        }
        if (is_there, is_gone) != (count, deleted) {
            return Err(Wrong::Corrupt("a stream's listpack does not have as many entries as it says"));
        }
        Ok(is_there as u64)
    }

    fn entry(&mut self, id: Id, words: &[Element<'_>], begins: bool, shares: bool) -> Result<(), Wrong> {
        let mut digits: Vec<itoa::Buffer> = Vec::new();
        digits.resize(words.len(), itoa::Buffer::new());
        let bytes = words.iter().zip(&mut digits).map(|(word, digits)| match *word {
            Element::Bytes(bytes) => bytes,
            Element::Integer(value) => digits.format(value).as_bytes(),
        });
        let bytes: Vec<&[u8]> = bytes.collect();
        self.tell(Event::Entry { id, words: &bytes, begins, shares })
    }

    fn group(&mut self, kind: Type) -> Result<(), Wrong> {
        let mut name = std::mem::take(&mut self.one);
        self.input.string(&mut name)?;
        let last_id = self.input.id()?;
        let entries_read = if kind == Type::Stream { None } else { Some(self.input.length()?) };
        let entries_read = entries_read.filter(|read| *read != UNKNOWN);
        self.tell(Event::Group { name: &name, last_id, entries_read })?;
        self.one = name;
        let mut given = Given::new();
        for _ in 0..self.input.length()? {
            let (id, at) = (self.input.id_bytes()?, self.input.millis()?);
            if given.insert(id, (at.max(0) as u64, self.input.length()?)).is_some() {
                return Err(Wrong::Corrupt("a group's entry is pending twice"));
            }
        }
        for _ in 0..self.input.length()? {
            self.consumer(kind, &mut given)?;
        }
        if given.is_empty() { Ok(()) } else { Err(Wrong::Corrupt("a group's entry is pending for no consumer")) }
    }

    fn consumer(&mut self, kind: Type, given: &mut Given) -> Result<(), Wrong> {
        let mut name = std::mem::take(&mut self.one);
        self.input.string(&mut name)?;
        let seen_at = self.input.millis()?.max(0) as u64;
        let active_at = if kind == Type::Stream3 { u64::try_from(self.input.millis()?).ok() } else { None };
        self.tell(Event::Consumer { name: &name, seen_at, active_at })?;
        self.one = name;
        for _ in 0..self.input.length()? {
            let id = self.input.id_bytes()?;
            let (delivered_at, deliveries) =
                given.remove(&id).ok_or(Wrong::Corrupt("a consumer's entry is not pending in its group"))?;
            self.tell(Event::Pending { id, delivered_at, deliveries })?;
        }
        Ok(())
    }
}

/// A count of pairs or of single elements, and these; `each` is how many belong together.
fn take<'p>(elements: &mut Elements<'p>, each: usize, out: &mut Vec<Element<'p>>) -> Result<(), Wrong> {
    let count = elements.number()?;
    if count < 1 {
        return Err(Wrong::Corrupt("a stream's entry has no fields"));
    }
    // What is claimed and not there ends this at once.
    for _ in 0..count {
        for _ in 0..each {
            out.push(elements.needed()?);
        }
    }
    Ok(())
}
