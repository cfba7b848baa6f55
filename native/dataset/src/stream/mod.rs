//! Streams: entries in the order of their ids, and groups of consumers. Entries stand in blocks of at most a hundred; a block is known
//! by the id that its first entry had.

mod block;
mod group;
mod id;
mod listpack;
mod radix;
#[cfg(test)]
mod tests;
mod trim;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use block::{Block, Place};
use smallvec::SmallVec;

pub use block::Entry;
pub use group::{Consumer, Group, Name, Pending};
pub use id::Id;
pub use listpack::Element;
pub use trim::{Keep, Trim};

/// A block of so many bytes takes no more entries.
pub const NODE_BYTES: usize = 4096;
/// A block of so many entries, deleted ones included, takes no more.
pub const NODE_ENTRIES: usize = 100;

/// Bytes that a block takes in the tree.
const BLOCK: usize = size_of::<(Id, Block)>() + 16;

/// Which block an entry goes into that another server has put somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A new one.
    Begins,
    /// That of the entry before, however full it is.
    Follows,
    /// The same, and its fields are those of that block's first entry: they are kept once.
    Shares,
}

/// Entries in the order of their ids.
#[derive(Debug, Default)]
pub struct Stream {
    blocks: BTreeMap<Id, Block>,
    len: usize,
    last_id: Id,
    /// The highest id of which an entry was deleted from between others.
    max_deleted_id: Id,
    entries_added: u64,
    groups: BTreeMap<Box<[u8]>, Group>,
    /// Bytes of all blocks and groups.
    weight: usize,
}

impl Clone for Stream {
    /// A copy has no room to grow in: it may weigh less.
    fn clone(&self) -> Self {
        let (blocks, groups) = (self.blocks.clone(), self.groups.clone());
        let weight = weigh(&blocks, &groups);
        Self { blocks, groups, weight, ..*self }
    }
}

fn weigh(blocks: &BTreeMap<Id, Block>, groups: &BTreeMap<Box<[u8]>, Group>) -> usize {
    let blocks: usize = blocks.values().map(|block| BLOCK + block.capacity()).sum();
    blocks + groups.iter().map(|(name, group)| group.weight() + name.len()).sum::<usize>()
}

impl Stream {
    /// Entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Without entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// Blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The blocks, each under the id that its entries count from: elements as Redis's listpacks have them, without head and end.
    pub fn listpacks(&self) -> impl ExactSizeIterator<Item = (Id, &[u8])> {
        self.blocks.iter().map(|(master, block)| (*master, block.bytes()))
    }

    /// The id behind which new ones follow.
    #[must_use]
    pub fn last_id(&self) -> Id {
        self.last_id
    }

    /// The first entry's id; `0-0` without entries.
    #[must_use]
    pub fn first_id(&self) -> Id {
        self.ascending(Id::ZERO..=Id::MAX).next().map_or(Id::ZERO, |entry| entry.id)
    }

    /// The highest id of which an entry was deleted.
    #[must_use]
    pub fn max_deleted_id(&self) -> Id {
        self.max_deleted_id
    }

    /// How many entries it has ever had.
    #[must_use]
    pub fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// Sets what only grows otherwise.
    pub fn set_counters(&mut self, last_id: Id, entries_added: Option<u64>, max_deleted_id: Option<Id>) {
        self.last_id = last_id;
        self.entries_added = entries_added.unwrap_or(self.entries_added);
        self.max_deleted_id = max_deleted_id.unwrap_or(self.max_deleted_id);
    }

    /// Appends an entry of fields and values, with an id behind the last one.
    pub fn append(&mut self, id: Id, words: &[&[u8]]) {
        debug_assert!(id > self.last_id, "ids only grow");
        match self.blocks.last_entry() {
            Some(mut last) if last.get().has_room(words) => {
                let (master, block) = (*last.key(), last.get_mut());
                let before = block.capacity();
                block.append(master, id, words);
                self.weight = self.weight + block.capacity() - before;
            }
            _ => self.begin_block(id, words),
        }
        self.count(id);
    }

    /// The same in a block that another server has cut: as large as it is there, so that what is shared in it is shared here.
    pub fn append_cut(&mut self, id: Id, words: &[&[u8]], cut: Cut) {
        debug_assert!(id > self.last_id, "ids only grow");
        match self.blocks.last_entry() {
            Some(mut last) if cut != Cut::Begins => {
                let (master, block) = (*last.key(), last.get_mut());
                let before = block.capacity();
                match cut {
                    Cut::Shares => block.put(master, id, words, true),
                    _ => block.append(master, id, words),
                }
                self.weight = self.weight + block.capacity() - before;
            }
            _ => self.begin_block(id, words),
        }
        self.count(id);
    }

    fn begin_block(&mut self, id: Id, words: &[&[u8]]) {
        if let Some(mut last) = self.blocks.last_entry() {
            let before = last.get().capacity();
            last.get_mut().shrink();
            self.weight = self.weight + last.get().capacity() - before;
        }
        let block = Block::new(id, words);
        self.weight += BLOCK + block.capacity();
        self.blocks.insert(id, block);
    }

    fn count(&mut self, id: Id) {
        self.len += 1;
        self.last_id = id;
        self.entries_added += 1;
    }

    /// Deletes an entry; false if it is not there.
    pub fn delete(&mut self, id: Id) -> bool {
        let Some((master, block)) = self.blocks.range(..=id).next_back() else { return false };
        let Some(place) = block.places(*master).find(|place| place.id == id && !place.is_deleted()) else {
            return false;
        };
        self.delete_at(*master, place);
        self.max_deleted_id = self.max_deleted_id.max(id);
        true
    }

    fn delete_at(&mut self, master: Id, place: Place) {
        let Some(block) = self.blocks.get_mut(&master) else { return };
        self.len -= 1;
        if block.delete(place) == 0 {
            self.drop_block(master);
        }
    }

    fn drop_block(&mut self, master: Id) {
        if let Some(block) = self.blocks.remove(&master) {
            self.weight -= BLOCK + block.capacity();
        }
    }

    /// Entries of these ids, in order.
    pub fn ascending(&self, ids: RangeInclusive<Id>) -> impl Iterator<Item = Entry<'_>> {
        let (from, to) = ids.into_inner();
        // The block before may reach into the range.
        let first = self.blocks.range(..=from).next_back().map_or(from, |(master, _)| *master);
        let blocks = (first <= to).then(|| self.blocks.range(first..=to)).into_iter().flatten();
        let places = blocks.flat_map(|(master, block)| block.places(*master).map(move |place| (block, place)));
        let found = places.skip_while(move |(_, place)| place.id < from).take_while(move |(_, place)| place.id <= to);
        found.filter(|(_, place)| !place.is_deleted()).map(|(block, place)| block.entry(place))
    }

    /// Entries of these ids, the last one first.
    pub fn descending(&self, ids: RangeInclusive<Id>) -> impl Iterator<Item = Entry<'_>> {
        let (from, to) = ids.into_inner();
        let first = self.blocks.range(..=from).next_back().map_or(from, |(master, _)| *master);
        let blocks = (first <= to).then(|| self.blocks.range(first..=to).rev()).into_iter().flatten();
        let places = blocks.flat_map(move |(master, block)| {
            let all: SmallVec<[Place; 32]> =
                block.places(*master).filter(|place| (from..=to).contains(&place.id) && !place.is_deleted()).collect();
            all.into_iter().rev().map(move |place| (block, place))
        });
        places.map(|(block, place)| block.entry(place))
    }

    /// The entry of this id.
    #[must_use]
    pub fn entry(&self, id: Id) -> Option<Entry<'_>> {
        self.ascending(id..=id).next()
    }

    /// The last entry's id, or else `last_id`.
    #[must_use]
    pub fn last_entry_id(&self) -> Option<Id> {
        self.descending(Id::ZERO..=Id::MAX).next().map(|entry| entry.id)
    }

    /// The groups, by name.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<Box<[u8]>, Group> {
        &self.groups
    }

    /// A group.
    #[must_use]
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name)
    }

    /// Changes a group, if it is there.
    pub fn change_group<R>(&mut self, name: &[u8], change: impl FnOnce(&mut Group) -> R) -> Option<R> {
        let group = self.groups.get_mut(name)?;
        let before = group.weight();
        let result = change(group);
        self.weight = self.weight + group.weight() - before;
        Some(result)
    }

    /// Adds a group; false if one of this name is there.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        self.weight += group.weight() + name.len();
        self.groups.insert(name.into(), group);
        true
    }

    /// Removes a group; false if it is not there.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let removed = self.groups.remove(name);
        self.weight -= removed.as_ref().map_or(0, |group| group.weight() + name.len());
        removed.is_some()
    }

    /// An entry was deleted from among those from this id on.
    #[must_use]
    pub fn has_gaps_from(&self, id: Id) -> bool {
        self.len > 0 && self.max_deleted_id >= self.first_id() && id <= self.max_deleted_id
    }

    /// How many entries there have been up to this id since the stream began, where that can be told.
    #[must_use]
    pub fn entries_read_at(&self, id: Id) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.entries_added);
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.entries_added);
        }
        let first = self.first_id();
        let has_gaps = self.max_deleted_id != Id::ZERO && self.max_deleted_id >= first;
        let before = self.entries_added.saturating_sub(self.len as u64);
        match id.cmp(&first) {
            std::cmp::Ordering::Less if !has_gaps => Some(before),
            std::cmp::Ordering::Equal if !has_gaps => Some(before + 1),
            _ => None,
        }
    }

    /// How many entries a group has still to read, where that can be told.
    #[must_use]
    pub fn lag(&self, group: &Group) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        let known = group.entries_read.filter(|_| !self.has_gaps_from(group.last_id));
        let read = known.or_else(|| self.entries_read_at(group.last_id));
        read.map(|read| self.entries_added.wrapping_sub(read))
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        let (mut len, mut last) = (0, Id::ZERO);
        for (master, block) in &self.blocks {
            block.validate(*master);
            len += block.counts().0;
            let places: Vec<Place> = block.places(*master).collect();
            assert!(places.first().is_some_and(|place| place.id == *master), "a block is known by its first entry");
            assert!(len == 0 || *master > last, "blocks don't overlap");
            last = places.last().map_or(last, |place| place.id);
        }
        assert_eq!(len, self.len, "entries are counted");
        assert!(last <= self.last_id, "no entry is behind the last id");
        self.groups.values().for_each(Group::validate);
        assert_eq!(weigh(&self.blocks, &self.groups), self.weight, "blocks and groups are weighed");
    }
}
