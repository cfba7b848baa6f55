//! One numbered database's part in one shard: a table of items. Expired items count as absent everywhere; they are removed by those
//! who may change something.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::due::Due;
use crate::snapshot::{Ongoing, Step};
use crate::{Item, Millis, Table, Typed, Value, View, hash};

/// What a database weighs is added to the dataset's total when it has changed by so much: so a total costs writers little.
const SETTLED_BYTES: usize = 1024;

/// Picks among all items before those with an expiry are looked for one segment after the other.
const VOLATILE_PICKS_MAX: usize = 16;

/// The items of one database in one shard.
#[derive(Debug, Default)]
pub struct Database {
    items: Table<Item>,
    /// Items with an expiry.
    volatile: usize,
    /// When the first of them expires.
    due: Due,
    /// Bytes of all items.
    weight: usize,
    /// Bytes that the dataset's total holds for it.
    settled: usize,
    /// A snapshot that is on its way: then what it has not met is laid aside before it changes.
    ongoing: Option<Box<Ongoing>>,
}

fn hasher(item: &Item) -> u64 {
    hash(item.key())
}

impl Database {
    /// Items, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Items with an expiry.
    #[must_use]
    #[inline]
    pub fn volatile(&self) -> usize {
        self.volatile
    }

    /// Bytes that its items and their table take.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight + self.items.weight()
    }

    /// Brings a total up to date.
    pub(crate) fn settle(&mut self, total: &AtomicUsize) {
        let weight = self.weight();
        if weight.abs_diff(self.settled) >= SETTLED_BYTES {
            // The sum wraps as the difference does: a smaller weight makes it smaller.
            total.fetch_add(weight.wrapping_sub(self.settled), Ordering::Relaxed);
            self.settled = weight;
        }
    }

    /// A hint: see `Dataset::bring_near`.
    #[inline]
    pub(crate) fn bring_slot(&self, hash: u64) {
        self.items.bring_slot(hash);
    }

    /// The same, once what leads to the item is near.
    #[inline]
    pub(crate) fn bring_item(&self, hash: u64) {
        if let Some(item) = self.items.likely(hash) {
            item.bring();
        }
    }

    /// The item, expired or not; `hash` is the key's.
    #[must_use]
    #[inline]
    pub fn item(&self, hash: u64, key: &[u8]) -> Option<&Item> {
        self.items.find(hash, |item| item.key() == key)
    }

    /// The live value.
    #[must_use]
    pub fn get(&self, hash: u64, key: &[u8], now: Millis) -> Option<View<'_>> {
        self.item(hash, key).filter(|item| !item.is_expired(now)).map(Item::view)
    }

    /// Stores a value in place of any former one; the expiry is gone. What it replaces is given to `discard`; true if there was
    /// something.
    pub fn insert(&mut self, hash: u64, key: &[u8], value: Value, access: u32, discard: impl FnOnce(Item)) -> bool {
        self.put(hash, Item::new(key, value, access), discard)
    }

    /// Stores a string in place of any former value, in its very place if it can be; the expiry is gone. What it replaces is given to
    /// `discard`; true if there was something.
    #[inline]
    pub fn set_string(&mut self, hash: u64, key: &[u8], bytes: &[u8], access: u32, discard: impl FnOnce(Item)) -> bool {
        if self.ongoing.is_some() {
            self.keep_former_if(hash, key, |item| item.has_room(bytes));
        }
        if let Some(item) = self.items.find_mut(hash, |item| item.key() == key)
            && item.set_string(bytes)
        {
            self.volatile -= usize::from(item.expires_at().is_some());
            item.set_expires_at(None);
            item.set_access(access);
            return true;
        }
        self.put(hash, Item::string(key, bytes, access), discard)
    }

    /// Puts a string in place of the value there is, whose expiry stays; false if there was none.
    pub fn rewrite_string(&mut self, hash: u64, key: &[u8], bytes: &[u8], access: u32) -> bool {
        if self.ongoing.is_some() {
            self.keep_former_if(hash, key, |_| true);
        }
        let Some(item) = self.items.find_mut(hash, |item| item.key() == key) else {
            self.put(hash, Item::string(key, bytes, access), drop);
            return false;
        };
        item.set_access(access);
        if !item.set_string(bytes) {
            let before = item.weight();
            let (expires_at, is_marked) = (item.expires_at(), item.is_marked());
            *item = Item::string(key, bytes, access);
            item.set_marked(is_marked);
            if expires_at.is_some() {
                item.set_expires_at(expires_at);
            }
            self.weight = self.weight + item.weight() - before;
        }
        true
    }

    /// Adds an item, `hash` its key's, with the expiry that it has; given back when its key is there already.
    pub(crate) fn add(&mut self, hash: u64, mut item: Item) -> Result<(), Item> {
        if self.item(hash, item.key()).is_some() {
            return Err(item);
        }
        if self.ongoing.is_some() {
            item.set_marked(self.is_ahead(hash));
        }
        self.weight += item.weight();
        let expires_at = item.expires_at();
        self.items.insert(hash, item, hasher);
        self.due.resized(self.items.segments());
        if let Some(at) = expires_at {
            self.volatile += 1;
            self.due.note(self.items.segments(), self.items.segment_of(hash), at);
        }
        Ok(())
    }

    /// Room for so many items in all.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.items.reserve(count, hasher);
        self.due.resized(self.items.segments());
    }

    fn put(&mut self, hash: u64, mut item: Item, discard: impl FnOnce(Item)) -> bool {
        self.weight += item.weight();
        if self.ongoing.is_some() {
            item.set_marked(self.is_ahead(hash));
        }
        let Some(former) = self.items.find_mut(hash, |other| other.key() == item.key()) else {
            self.items.insert(hash, item, hasher);
            self.due.resized(self.items.segments());
            return false;
        };
        let former = std::mem::replace(former, item);
        self.forget(&former);
        self.let_go(hash, former, discard);
        true
    }

    /// An item is gone from the counts.
    fn forget(&mut self, item: &Item) {
        self.weight -= item.weight();
        self.volatile -= usize::from(item.expires_at().is_some());
    }

    /// Changes a value in place; `None` if there is none. What the change makes it weigh is accounted for.
    pub fn change<R>(&mut self, hash: u64, key: &[u8], change: impl FnOnce(&mut Value) -> R) -> Option<R> {
        if self.ongoing.is_some() {
            self.keep_former_if(hash, key, |_| true);
        }
        let item = self.items.find_mut(hash, |item| item.key() == key)?;
        let before = item.weight();
        let result = change(item.value_mut());
        self.weight = self.weight + item.weight() - before;
        Some(result)
    }

    /// Removes the item and returns its value: dropping a huge one is the caller's matter.
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Option<Value> {
        self.remove_item(hash, key).map(Item::into_value)
    }

    /// Removes the item and returns it; where it goes to nobody who needs it, see `discard`.
    pub fn remove_item(&mut self, hash: u64, key: &[u8]) -> Option<Item> {
        let mut item = self.cut_out(hash, key)?;
        if self.ongoing.is_some() {
            let copy = (self.is_ahead(hash) && !item.is_marked()).then(|| item.copy());
            copy.into_iter().for_each(|copy| self.let_go(hash, copy, drop));
            item.set_marked(false);
        }
        Some(item)
    }

    /// Removes the item and gives it to `discard`, unless a snapshot still needs it; false if it was not there.
    pub fn discard(&mut self, hash: u64, key: &[u8], discard: impl FnOnce(Item)) -> bool {
        let item = self.cut_out(hash, key);
        item.map(|item| self.let_go(hash, item, discard)).is_some()
    }

    fn cut_out(&mut self, hash: u64, key: &[u8]) -> Option<Item> {
        let item = self.items.remove(hash, |item| item.key() == key, hasher)?;
        self.due.resized(self.items.segments());
        self.forget(&item);
        Some(item)
    }

    /// Takes everything out; what a snapshot still needs is not among it.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let mut taken = std::mem::replace(self, Self { settled: self.settled, ..Self::default() });
        self.ongoing = taken.ongoing.take();
        if self.ongoing.as_mut().is_some_and(|ongoing| ongoing.take_all(&mut taken.items)) {
            return Self::default();
        }
        taken
    }

    /// Sets or clears the expiry; false without the item.
    pub fn set_expires_at(&mut self, hash: u64, key: &[u8], at: Option<Millis>) -> bool {
        if self.ongoing.is_some() {
            self.keep_former_if(hash, key, |item| item.expires_at() != at);
        }
        let Some(item) = self.items.find_mut(hash, |item| item.key() == key) else { return false };
        let before = item.weight();
        self.volatile -= usize::from(item.expires_at().is_some());
        self.volatile += usize::from(at.is_some());
        item.set_expires_at(at);
        self.weight = self.weight + item.weight() - before;
        if let Some(at) = at {
            self.due.note(self.items.segments(), self.items.segment_of(hash), at);
        }
        true
    }

    /// Keys that have expired, somewhat more than `limit` at most; true when there may be more. The caller removes them all.
    pub fn expired(&mut self, now: Millis, limit: usize, found: &mut Vec<Box<[u8]>>) -> bool {
        if self.volatile == 0 {
            self.due = Due::default();
        }
        let mut from = 0;
        while let Some(segment) = self.due.next(from, now) {
            if found.len() >= limit {
                return true;
            }
            let mut first = Millis::MAX;
            for (item, at) in self.items.segment(segment).filter_map(|item| Some((item, item.expires_at()?))) {
                if at <= now {
                    found.push(item.key().into());
                } else {
                    first = first.min(at);
                }
            }
            self.due.set(segment, first);
            from = segment + 1;
        }
        false
    }

    /// Any item with an expiry; `draw` gives random numbers. Where there are few, all are not equally likely.
    pub fn random_volatile(&self, mut draw: impl FnMut() -> u64) -> Option<&Item> {
        if self.volatile == 0 {
            return None;
        }
        let mut picks = (0..VOLATILE_PICKS_MAX).filter_map(|_| self.items.random(&mut draw));
        if let Some(found) = picks.find(|item| item.expires_at().is_some()) {
            return Some(found);
        }
        let start = ((u128::from(draw()) * self.items.segments() as u128) >> 64) as usize;
        let of = |segment: usize| self.items.segment(segment).find(|item| item.expires_at().is_some());
        let all = (start..self.items.segments()).chain(0..start);
        all.filter(|&segment| self.due.of(segment) != Millis::MAX).find_map(of)
    }

    /// The live value; `access` is what eviction goes by from now on, made of what it went by before.
    #[inline]
    pub fn touch(&mut self, hash: u64, key: &[u8], now: Millis, access: impl FnOnce(u32) -> u32) -> Option<View<'_>> {
        let item = self.items.find_mut(hash, |item| item.key() == key)?;
        if item.is_expired(now) {
            return None;
        }
        item.set_access(access(item.access()));
        Some(item.view())
    }

    /// Every item, in no order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The next items of a walk: see `Table::scan`.
    pub fn scan<'d>(&'d self, cursor: u64, count: usize, visit: impl FnMut(&'d Item)) -> u64 {
        self.items.scan(cursor, count, hasher, visit)
    }

    /// Any item, expired or not; `draw` gives random numbers.
    pub fn random(&self, draw: impl FnMut() -> u64) -> Option<&Item> {
        self.items.random(draw)
    }

    /// # Panics
    /// When a count is wrong or a value's invariant is broken.
    pub fn validate(&self) {
        self.items.validate(hasher);
        let weight: usize = self.items().map(Item::weight).sum();
        assert_eq!(weight, self.weight, "the weight of a database is its items'");
        let volatile = self.items().filter(|item| item.expires_at().is_some()).count();
        assert_eq!(volatile, self.volatile, "items with an expiry are counted");
        self.due.validate(self.items.segments());
        for segment in 0..self.items.segments() {
            let first = self.items.segment(segment).filter_map(Item::expires_at).min();
            assert!(first.is_none_or(|first| self.due.of(segment) <= first), "what expires is found in time");
        }
        self.items().for_each(Item::validate);
        let is_right = |item: &Item| !item.is_marked() || self.is_ahead(hasher(item));
        assert!(self.items().all(is_right), "marks stand only where a snapshot has still to come");
    }

    /// Changes the collection of this type, made if there is none; `None` when the key holds something else. One that is empty then is
    /// taken out. `access` makes what eviction goes by of what it went by before.
    pub fn change_typed<T: Typed, R>(
        &mut self,
        hash: u64,
        key: &[u8],
        access: impl FnOnce(u32) -> u32,
        change: impl FnOnce(&mut T) -> R,
    ) -> Option<Changed<R>> {
        let was_there = self.item(hash, key).is_some();
        if !was_there {
            self.put(hash, Item::new(key, T::default().into_value(), 0), drop);
        } else if self.ongoing.is_some() {
            self.keep_former_if(hash, key, |item| T::of(&item.view()).is_some());
        }
        let item = self.items.find_mut(hash, |item| item.key() == key)?;
        let before = item.weight();
        item.set_access(access(item.access()));
        let value = T::of_mut(item.collection_mut()?)?;
        let result = change(value);
        let is_spent = item.collection_mut().is_some_and(|value| value.is_spent());
        self.weight = self.weight + item.weight() - before;
        let spent = if is_spent { self.remove_item(hash, key) } else { None };
        Some(Changed { result, was_there, spent })
    }
}

/// While a snapshot is on its way: see `snapshot`.
impl Database {
    /// The state of now is the snapshot's, whatever happens from now on; `number` is what the database is called now.
    pub(crate) fn cut(&mut self, number: usize) {
        self.ongoing = (!self.items.is_empty()).then(|| Box::new(Ongoing::new(number)));
    }

    /// What it was called when a snapshot that is on its way began.
    pub(crate) fn number_at_cut(&self) -> Option<usize> {
        self.ongoing.as_ref().map(|ongoing| ongoing.number)
    }

    /// Goes on with a snapshot, by about so many items.
    pub(crate) fn snapshot_step(&mut self, count: usize, met: impl FnMut(&Item)) -> Step {
        let Some(ongoing) = &mut self.ongoing else { return Step { is_last: true, ..Step::default() } };
        let step = ongoing.step(&mut self.items, count, met);
        if step.is_last {
            self.ongoing = None;
        }
        step
    }

    /// A snapshot has still to meet what has this hash.
    fn is_ahead(&self, hash: u64) -> bool {
        self.ongoing.as_ref().is_some_and(|ongoing| ongoing.is_ahead(hash))
    }

    /// Before an item is changed that a snapshot has not met: lays it aside as it is.
    #[cold]
    fn keep_former_if(&mut self, hash: u64, key: &[u8], changes: impl FnOnce(&Item) -> bool) {
        let Some(ongoing) = self.ongoing.as_mut().filter(|ongoing| ongoing.is_ahead(hash)) else { return };
        let Some(item) = self.items.find_mut(hash, |item| item.key() == key) else { return };
        if !item.is_marked() && changes(item) {
            ongoing.lay_aside(item.copy());
            item.set_marked(true);
        }
    }

    /// An item goes: to a snapshot that has not met it, else to `discard`.
    fn let_go(&mut self, hash: u64, item: Item, discard: impl FnOnce(Item)) {
        match &mut self.ongoing {
            Some(ongoing) if ongoing.is_ahead(hash) && !item.is_marked() => ongoing.lay_aside(item),
            _ => discard(item),
        }
    }
}

/// What changing a collection came to.
#[derive(Debug)]
pub struct Changed<R> {
    /// What the change returned.
    pub result: R,
    /// It was there before.
    pub was_there: bool,
    /// It was empty after the change and has been taken out.
    pub spent: Option<Item>,
}
