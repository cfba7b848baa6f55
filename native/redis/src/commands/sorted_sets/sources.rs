//! What unions, intersections and differences are made of: sorted sets, and sets, whose members all score 1.

use std::borrow::Cow;

use dataset::{Set, SortedSet, View};

use crate::fault::Fault;

/// One key's part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'s> {
    members: Members<'s>,
    /// Its scores count so often.
    pub(super) weight: f64,
}

#[derive(Clone, Copy, Debug)]
enum Members<'s> {
    None,
    Sorted(&'s SortedSet),
    Plain(&'s Set),
}

impl<'s> Source<'s> {
    pub(super) fn of(view: Option<View<'s>>) -> Result<Self, Fault> {
        let members = match view {
            None => Members::None,
            Some(View::SortedSet(set)) => Members::Sorted(set),
            Some(View::Set(set)) => Members::Plain(set),
            Some(_) => return Err(Fault::WRONG_TYPE),
        };
        Ok(Self { members, weight: 1.0 })
    }

    pub(super) fn len(&self) -> usize {
        match self.members {
            Members::None => 0,
            Members::Sorted(set) => set.len(),
            Members::Plain(set) => set.len(),
        }
    }

    /// The same key as another one.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self.members, other.members) {
            (Members::Sorted(one), Members::Sorted(two)) => std::ptr::eq(one, two),
            (Members::Plain(one), Members::Plain(two)) => std::ptr::eq(one, two),
            _ => false,
        }
    }

    /// The score of a member, unweighted.
    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        match self.members {
            Members::None => None,
            Members::Sorted(set) => set.score(member),
            Members::Plain(set) => set.contains(member).then_some(1.0),
        }
    }

    /// The weighted score; what is no number counts as 0.
    pub(super) fn weighted(&self, score: f64) -> f64 {
        let weighted = score * self.weight;
        if weighted.is_nan() { 0.0 } else { weighted }
    }

    /// Every member with its score, unweighted.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = (Cow<'s, [u8]>, f64)> + 's> {
        match self.members {
            Members::None => Box::new(std::iter::empty()),
            Members::Sorted(set) => Box::new(set.iter().map(|(member, score)| (Cow::Borrowed(member), score))),
            Members::Plain(set) => Box::new(set.iter().map(|member| (Cow::Owned(member.to_vec()), 1.0))),
        }
    }
}
