//! Sorted sets: members in the order of their scores, and of their bytes where scores are equal. Small ones are packed in one
//! allocation; a set that has become large stays so, as in Redis.

mod large;
mod packed;
mod ranks;
#[cfg(test)]
mod tests;

use std::ops::Range;

use large::Large;
use packed::{Entries, Packed};
use ranks::Ranked;
use smallvec::SmallVec;

/// Members in the order of their scores.
#[derive(Clone, Debug, Default)]
pub struct SortedSet(Form);

#[derive(Clone, Debug)]
enum Form {
    Packed(Packed),
    Large(Box<Large>),
}

impl Default for Form {
    fn default() -> Self {
        Self::Packed(Packed::default())
    }
}

impl SortedSet {
    /// An empty one for so many members, the longest of so many bytes: in the form that it will have.
    #[must_use]
    pub fn expecting(count: usize, longest: usize) -> Self {
        let is_small = count <= packed::COUNT_MAX && longest <= packed::MEMBER_MAX;
        Self(if is_small { Form::default() } else { Form::Large(Box::default()) })
    }

    /// Members.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len(),
            Form::Large(large) => large.len(),
        }
    }

    /// Without members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.weight(),
            Form::Large(large) => size_of::<Large>() + large.weight(),
        }
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Large(_) => "skiplist",
        }
    }

    /// The score of a member.
    #[must_use]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Form::Packed(packed) => packed.find(member).map(|(_, score)| score),
            Form::Large(large) => large.score(member),
        }
    }

    /// The rank of a member, from 0 on, and its score.
    #[must_use]
    pub fn find(&self, member: &[u8]) -> Option<(usize, f64)> {
        match &self.0 {
            Form::Packed(packed) => packed.find(member),
            Form::Large(large) => large.find(member),
        }
    }

    /// How many members' scores are such; these stand before all others.
    #[must_use]
    pub fn rank_by_score(&self, is_before: impl Fn(f64) -> bool) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.entries().take_while(|(_, score)| is_before(*score)).count(),
            Form::Large(large) => large.rank_by_score(is_before),
        }
    }

    /// The ranks of the members from the first that `reaches` the lower end to the last that `stays` below the upper one. Where
    /// scores differ that is no question to ask; a small set answers it as Redis does, seen from the end that `is_reverse` says.
    #[must_use]
    pub fn range_by_member(
        &self,
        reaches: impl Fn(&[u8]) -> bool,
        stays: impl Fn(&[u8]) -> bool,
        is_reverse: bool,
    ) -> Range<usize> {
        let packed = match &self.0 {
            Form::Packed(packed) => packed,
            Form::Large(large) => {
                let from = large.rank_by_member(|member| !reaches(member));
                return from..large.rank_by_member(|member| stays(member)).max(from);
            }
        };
        let members: SmallVec<[&[u8]; 32]> = packed.entries().map(|(member, _)| member).collect();
        let ends = members.first().zip(members.last());
        if !ends.is_some_and(|(first, last)| stays(first) && reaches(last)) {
            return 0..0;
        }
        if is_reverse {
            let to = members.iter().rposition(|member| stays(member)).map_or(0, |at| at + 1);
            let from = members[..to].iter().rposition(|member| !reaches(member)).map_or(0, |at| at + 1);
            from..to
        } else {
            let from = members.iter().position(|member| reaches(member)).unwrap_or(members.len());
            from..from + members[from..].iter().take_while(|member| stays(member)).count()
        }
    }

    /// Adds a member or gives it another score, which is a number; returns the former one.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        if let Form::Packed(packed) = &mut self.0 {
            if packed.fits(member) || packed.find(member).is_some() {
                return packed.insert(member, score);
            }
            let mut large = Box::<Large>::default();
            packed.entries().for_each(|(member, score)| _ = large.insert(member, score));
            self.0 = Form::Large(large);
        }
        let Form::Large(large) = &mut self.0 else { return None };
        large.insert(member, score)
    }

    /// Removes a member; false if it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let found = self.find(member);
        if let Some((rank, _)) = found {
            self.remove_ranks(rank..rank + 1);
        }
        found.is_some()
    }

    /// Removes the members of these ranks.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        match &mut self.0 {
            _ if ranks.is_empty() => {}
            Form::Packed(packed) => packed.remove(ranks),
            Form::Large(large) => large.remove(ranks),
        }
    }

    /// Members and scores, in order.
    pub fn iter(&self) -> Ascending<'_> {
        self.ascending(0..self.len())
    }

    /// Members and scores of these ranks, in order.
    #[must_use]
    pub fn ascending(&self, ranks: Range<usize>) -> Ascending<'_> {
        let source = match &self.0 {
            Form::Packed(packed) => {
                let mut entries = packed.entries();
                if ranks.start > 0 {
                    entries.nth(ranks.start - 1);
                }
                Source::Packed(entries)
            }
            Form::Large(large) => Source::Large(large, &[]),
        };
        Ascending { source, ranks }
    }

    /// Members and scores of these ranks, the last one first.
    #[must_use]
    pub fn descending(&self, ranks: Range<usize>) -> Descending<'_> {
        match &self.0 {
            Form::Packed(_) => Descending { source: Backward::Packed(self.ascending(ranks.clone()).collect()), ranks },
            Form::Large(large) => Descending { source: Backward::Large(large, &[]), ranks },
        }
    }

    /// The member of this rank.
    #[must_use]
    pub fn at(&self, rank: usize) -> Option<(&[u8], f64)> {
        (rank < self.len()).then(|| self.ascending(rank..rank + 1).next()).flatten()
    }

    /// One step of a scan: about so many members from a cursor on (0: from the beginning). Returns the cursor to go on from, 0 at
    /// the end. A member that is there all the time is met.
    pub fn scan<'s>(&'s self, cursor: u64, count: usize, mut meet: impl FnMut(&'s [u8], f64)) -> u64 {
        let Form::Large(large) = &self.0 else {
            self.iter().for_each(|(member, score)| meet(member, score));
            return 0;
        };
        let bound = if cursor == 0 { large.scan_from() } else { usize::try_from(cursor).unwrap_or(usize::MAX) };
        let mut next = 0;
        for (number, member, score) in large.scan(bound).take(count) {
            meet(member, score);
            next = number;
        }
        next as u64
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        match &self.0 {
            Form::Packed(packed) => packed.validate(),
            Form::Large(large) => large.validate(),
        }
        let mut former: Option<(&[u8], f64)> = None;
        let mut count = 0;
        for (member, score) in self.iter() {
            assert!(!score.is_nan(), "a score is a number");
            let is_behind = former.is_none_or(|(before, its)| packed::order((its, before), (score, member)).is_lt());
            assert!(is_behind, "members stand in order");
            (former, count) = (Some((member, score)), count + 1);
        }
        assert_eq!(count, self.len(), "every member has a rank");
    }
}

/// Members and scores in order.
#[derive(Debug)]
pub struct Ascending<'s> {
    source: Source<'s>,
    ranks: Range<usize>,
}

#[derive(Debug)]
enum Source<'s> {
    Packed(Entries<'s>),
    Large(&'s Large, &'s [Ranked]),
}

impl<'s> Iterator for Ascending<'s> {
    type Item = (&'s [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next()?;
        match &mut self.source {
            Source::Packed(entries) => entries.next(),
            Source::Large(large, leaf) => {
                if leaf.is_empty() {
                    let (all, first) = large.leaf(rank);
                    *leaf = &all[rank - first..];
                }
                let (item, rest) = leaf.split_first()?;
                *leaf = rest;
                Some((large.member(item.number), item.score))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

/// Members and scores, the last one first.
#[derive(Debug)]
pub struct Descending<'s> {
    source: Backward<'s>,
    ranks: Range<usize>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack of one command, and a box would cost an allocation")]
enum Backward<'s> {
    /// Members in order, without those that were met.
    Packed(SmallVec<[(&'s [u8], f64); 32]>),
    /// What is left of a leaf.
    Large(&'s Large, &'s [Ranked]),
}

impl<'s> Iterator for Descending<'s> {
    type Item = (&'s [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next_back()?;
        match &mut self.source {
            Backward::Packed(entries) => entries.pop(),
            Backward::Large(large, leaf) => {
                if leaf.is_empty() {
                    let (all, first) = large.leaf(rank);
                    *leaf = &all[..=rank - first];
                }
                let (item, rest) = leaf.split_last()?;
                *leaf = rest;
                Some((large.member(item.number), item.score))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}
