//! A large sorted set: a table finds a member's entry, a tree of scores finds ranks. Entries are numbered, so that members are stored
//! once; a number stays while its member does, or becomes smaller when many have gone: a scan from the highest number down misses none.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::packed::order;
use super::ranks::{Ranked, Ranks};

/// Members with their scores, by member and by rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Large {
    entries: Vec<Entry>,
    /// Numbers without a member.
    free: Vec<u32>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    ranks: Ranks,
    /// Bytes of all members.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    /// `None` is a free number.
    member: Option<Box<[u8]>>,
    score: f64,
}

impl Entry {
    fn member(&self) -> &[u8] {
        self.member.as_deref().unwrap_or_default()
    }
}

/// What an allocation takes beside what was asked for, on average.
const ALLOCATION: usize = 16;
/// Entries are renumbered when at least so many numbers are free, and more than are taken.
const FREE_MAX: usize = 64;

impl Large {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn weight(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.free.capacity() * size_of::<u32>()
            + self.numbers.allocation_size()
            + self.ranks.weight()
            + self.bytes
            + self.len() * ALLOCATION
    }

    fn number(&self, member: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(member);
        self.numbers.find(hash, |number| self.entries[*number as usize].member() == member).copied()
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.number(member).map(|number| self.entries[number as usize].score)
    }

    /// How many members stand before this place.
    fn rank(&self, score: f64, member: &[u8]) -> usize {
        self.ranks.partition_point(|other| {
            let its = if other.score == score { self.entries[other.number as usize].member() } else { &[] };
            order((other.score, its), (score, member)).is_lt()
        })
    }

    pub(super) fn find(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.rank(score, member), score))
    }

    pub(super) fn rank_by_score(&self, is_before: impl Fn(f64) -> bool) -> usize {
        self.ranks.partition_point(|other| is_before(other.score))
    }

    pub(super) fn rank_by_member(&self, is_before: impl Fn(&[u8]) -> bool) -> usize {
        self.ranks.partition_point(|other| is_before(self.entries[other.number as usize].member()))
    }

    /// Members and scores of a leaf that holds this rank, and the rank of its first.
    pub(super) fn leaf(&self, rank: usize) -> (&[Ranked], usize) {
        self.ranks.leaf(rank)
    }

    pub(super) fn member(&self, number: u32) -> &[u8] {
        self.entries[number as usize].member()
    }

    pub(super) fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let Some(number) = self.number(member) else {
            self.add(member, score);
            return None;
        };
        let former = self.entries[number as usize].score;
        if former != score {
            let item = self.ranks.remove(self.rank(former, member));
            self.ranks.insert(self.rank(score, member), Ranked { score, ..item });
            self.entries[number as usize].score = score;
        }
        Some(former)
    }

    fn add(&mut self, member: &[u8], score: f64) {
        let rank = self.rank(score, member);
        let entry = Entry { member: Some(member.into()), score };
        let number = if let Some(number) = self.free.pop() {
            self.entries[number as usize] = entry;
            number
        } else {
            if self.entries.len() == self.entries.capacity() {
                self.entries.reserve_exact(self.entries.len() / 2 + 4);
            }
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).expect("four thousand million members fit no memory")
        };
        let hash = self.hasher.hash_one(member);
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| hasher.hash_one(entries[*number as usize].member()));
        self.ranks.insert(rank, Ranked { score, number });
        self.bytes += member.len();
    }

    /// Removes the members of these ranks.
    pub(super) fn remove(&mut self, ranks: std::ops::Range<usize>) {
        for _ in ranks.clone() {
            let Ranked { number, .. } = self.ranks.remove(ranks.start);
            let Some(member) = self.entries[number as usize].member.take() else { continue };
            let hash = self.hasher.hash_one(&*member);
            if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
                entry.remove();
            }
            self.free.push(number);
            self.bytes -= member.len();
        }
        if self.free.len() >= FREE_MAX && self.free.len() > self.len() {
            self.renumber();
        }
    }

    /// Gives the numbers anew, in their order, so that none is free.
    fn renumber(&mut self) {
        let mut all = Ranks::default();
        let mut renumbered = vec![0; self.entries.len()];
        let taken = self.entries.iter().enumerate().filter(|(_, entry)| entry.member.is_some());
        taken.enumerate().for_each(|(new, (old, _))| renumbered[old] = new as u32);
        let mut rank = 0;
        while rank < self.len() {
            for item in self.ranks.leaf(rank).0 {
                all.insert(rank, Ranked { number: renumbered[item.number as usize], ..*item });
                rank += 1;
            }
        }
        self.ranks = all;
        self.entries.retain(|entry| entry.member.is_some());
        self.entries.shrink_to_fit();
        self.free = Vec::new();
        self.numbers = HashTable::with_capacity(self.entries.len());
        for (number, entry) in self.entries.iter().enumerate() {
            let hash = self.hasher.hash_one(entry.member());
            let (entries, hasher) = (&self.entries, &self.hasher);
            self.numbers
                .insert_unique(hash, number as u32, |number| hasher.hash_one(entries[*number as usize].member()));
        }
    }

    /// Members with numbers below `bound`, from the highest down; with each the bound to go on from.
    pub(super) fn scan(&self, bound: usize) -> impl Iterator<Item = (usize, &[u8], f64)> {
        let numbers = (0..bound.min(self.entries.len())).rev();
        numbers.filter_map(|number| {
            let entry = &self.entries[number];
            entry.member.as_deref().map(|member| (number, member, entry.score))
        })
    }

    /// The first bound of a scan.
    pub(super) fn scan_from(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn validate(&self) {
        self.ranks.validate(self.len());
        assert_eq!(self.entries.len(), self.len() + self.free.len(), "a number is taken or free");
        let mut bytes = 0;
        for (number, entry) in self.entries.iter().enumerate() {
            match &entry.member {
                Some(member) => {
                    bytes += member.len();
                    assert_eq!(self.number(member), Some(number as u32), "the table finds every member");
                }
                None => assert!(self.free.contains(&(number as u32)), "a number without a member is free"),
            }
        }
        assert_eq!(bytes, self.bytes, "the members' bytes are counted");
    }
}
