//! What a caller holds of the store: a live item (`Found`), or the place of a key (`Entry`). Its shard is locked meanwhile,
//! so a thread holds one at a time.

use crate::item::mark;
use crate::key::Key;
use crate::settings::Seconds;
use crate::shard::{Shard, Spot};
use crate::value::{Item, NewValue};
use parking_lot::MutexGuard;
use std::ops::{Deref, DerefMut};

/// What a stored version carries beside its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes {
    /// The client's.
    pub flags: u32,
    /// 0 = never.
    pub expires_at: Seconds,
    /// `Some`: the version gets this CAS value (meta flag E) instead of a fresh one.
    pub cas: Option<u64>,
    /// Stored as stale (meta flag I).
    pub stale: bool,
    /// A client has been told that it may recache this item (meta flag W).
    pub won: bool,
}

impl Attributes {
    pub(crate) fn marks(&self) -> u8 {
        marks(self.stale, self.won)
    }
}

fn marks(stale: bool, won: bool) -> u8 {
    mark::when(stale, mark::STALE) | mark::when(won, mark::WON)
}

/// A locked shard, or one whose lock an `Entry` holds.
pub(crate) enum Holder<'c> {
    Locked(MutexGuard<'c, Shard>),
    Borrowed(&'c mut Shard),
}

impl Deref for Holder<'_> {
    type Target = Shard;

    #[inline]
    fn deref(&self) -> &Shard {
        match self {
            Self::Locked(shard) => shard,
            Self::Borrowed(shard) => shard,
        }
    }
}

impl DerefMut for Holder<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Shard {
        match self {
            Self::Locked(shard) => shard,
            Self::Borrowed(shard) => shard,
        }
    }
}

/// A live item, its shard locked.
pub struct Found<'c> {
    pub(crate) shard: Holder<'c>,
    pub(crate) spot: Spot,
    pub(crate) now: Seconds,
}

impl Found<'_> {
    /// The item.
    #[inline]
    pub fn item(&self) -> Item<'_> {
        self.shard.view(self.spot.place)
    }

    /// Counts as an access: `fetched`, `accessed_at`, frequency. (Left out for meta `u`, for `touch` it is called too.)
    #[inline]
    pub fn hit(&mut self) {
        self.shard.hit(self.spot, self.now);
    }

    /// The version's CAS value; from now on the store keeps it stable while the version lives.
    pub fn cas(&mut self) -> u64 {
        self.shard.observe_cas(self.spot.place)
    }

    /// Changes the expiry in place.
    pub fn set_expires_at(&mut self, at: Seconds) {
        self.shard.set_expires_at(self.spot.place, at);
    }

    /// Changes the marks in place.
    pub fn set_marks(&mut self, stale: bool, won: bool) {
        let place = self.spot.place;
        let others = self.shard.segments.item(place).marks() & !(mark::STALE | mark::WON);
        self.shard.segments.item_mut(place).set_marks(others | marks(stale, won));
    }
}

/// The place of a key, item there or not, its shard locked.
pub struct Entry<'c> {
    pub(crate) shard: MutexGuard<'c, Shard>,
    pub(crate) key: Key<'c>,
    pub(crate) now: Seconds,
    /// Claimed for a large value, and given back if it is not stored.
    pub(crate) credit: usize,
    /// Dropped last: who waits for the turn finds the value stored.
    pub(crate) _turn: Option<MutexGuard<'c, ()>>,
}

impl Entry<'_> {
    /// The live item, if any.
    pub fn found(&mut self) -> Option<Found<'_>> {
        let spot = self.shard.find_live(&self.key, self.now)?;
        Some(Found { shard: Holder::Borrowed(&mut self.shard), spot, now: self.now })
    }

    /// Stores a version, in place of the present one if there is one; it fits, for `write` made room. Returns nothing: ask
    /// `found().cas()` for its CAS value.
    pub fn put(&mut self, value: NewValue<'_>, attributes: Attributes) {
        let taken = self.shard.put(&self.key, value, &attributes, self.now);
        if taken > self.credit {
            self.shard.budget.claim(taken - self.credit);
        }
        self.credit = self.credit.saturating_sub(taken);
    }

    /// Stores a version made of `front`, the present value and `back`; flags and expiry stay. There must be an item.
    pub fn extend(&mut self, front: &[u8], back: &[u8], cas: Option<u64>) {
        let Some(spot) = self.shard.find_live(&self.key, self.now) else { return };
        let item = self.shard.view(spot.place);
        let value = [front, item.value.as_slice(), back].concat();
        let attributes = Attributes { flags: item.flags, expires_at: item.expires_at, cas, ..Attributes::default() };
        self.put(NewValue::Owned(value), attributes);
    }

    /// Gives the present version a new CAS value (`md I`), or `cas`, the value unchanged.
    pub fn renew_cas(&mut self, cas: Option<u64>) {
        if let Some(spot) = self.shard.find_live(&self.key, self.now) {
            self.shard.renew_cas(spot, cas);
        }
    }

    /// Removes the item if there is one.
    pub fn remove(&mut self) -> bool {
        let spot = self.shard.find_live(&self.key, self.now);
        spot.map(|spot| self.shard.remove(spot)).is_some()
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.credit > 0 {
            self.shard.budget.release(self.credit);
        }
    }
}
