//! All databases in all shards, and how they are locked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use crate::{Database, Item, Millis, SHARDS, Shards, Step, View, hash};

/// One shard: its part of every database, and what the dataset's user keeps beside them under the same lock.
#[derive(Debug)]
struct Shard<A> {
    databases: Vec<Database>,
    attached: A,
}

/// The store. `A` is what its user attaches to each shard.
#[derive(Debug)]
pub struct Dataset<A> {
    shards: Box<[Mutex<Shard<A>>]>,
    weight: AtomicUsize,
}

/// The shard of a hash: of its upper bits, which no table looks at.
#[inline]
fn shard_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SHARDS.ilog2())) as usize
}

impl<A: Default> Dataset<A> {
    /// So many empty databases.
    #[must_use]
    pub fn new(databases: usize) -> Self {
        let databases = || (0..databases).map(|_| Database::default()).collect();
        let shard = |_| Mutex::new(Shard { databases: databases(), attached: A::default() });
        Self { shards: (0..SHARDS).map(shard).collect(), weight: AtomicUsize::new(0) }
    }

    /// The shard of a key, in every database.
    #[must_use]
    pub fn shard_of(&self, key: &[u8]) -> usize {
        shard_of(hash(key))
    }

    /// The shards of these keys.
    pub fn shards_of<'k>(&self, keys: impl IntoIterator<Item = &'k [u8]>) -> Shards {
        let mut shards = Shards::NONE;
        keys.into_iter().for_each(|key| shards.add(self.shard_of(key)));
        shards
    }

    /// Brings near what look-ups of these hashes in a database will read, so that the waits for memory overlap: first what leads to
    /// the items, then the items. A hint: shards that others hold are left out.
    pub fn bring_near(&self, database: usize, hashes: &[u64]) {
        for &hash in hashes {
            if let Some(shard) = self.shards[shard_of(hash)].try_lock() {
                shard.databases[database].bring_slot(hash);
            }
        }
        for &hash in hashes {
            if let Some(shard) = self.shards[shard_of(hash)].try_lock() {
                shard.databases[database].bring_item(hash);
            }
        }
    }

    /// Bytes of all items and their tables, known without a lock; up to a KiB a database and shard behind.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight.load(Ordering::Relaxed)
    }

    /// Locks these, in ascending order. The caller holds none.
    #[must_use]
    pub fn lock(&self, shards: Shards) -> Locked<'_, A> {
        let guards = shards.iter().map(|shard| self.shards[shard].lock()).collect();
        Locked { weight: &self.weight, shards, guards, known: None, changed: None }
    }

    /// The same, but gives up when there is no hope for a shard that others keep; that is asked at first and whenever `patience` is
    /// over.
    pub fn lock_unless(
        &self,
        shards: Shards,
        patience: Duration,
        is_hopeless: impl Fn(Shards) -> bool,
    ) -> Option<Locked<'_, A>> {
        let guards: Option<_> = shards.iter().map(|shard| self.hold(shard, patience, &is_hopeless)).collect();
        Some(Locked { weight: &self.weight, shards, guards: guards?, known: None, changed: None })
    }

    /// The same with the one shard of a key, whose hash is known: its place is not computed again when this very slice is asked for.
    #[inline]
    pub fn lock_one_unless<'d>(
        &'d self,
        key: &'d [u8],
        hash: u64,
        patience: Duration,
        is_hopeless: impl Fn(Shards) -> bool,
    ) -> Option<Locked<'d, A>> {
        let shard = shard_of(hash);
        let mut guards = SmallVec::new();
        guards.push(self.hold(shard, patience, &is_hopeless)?);
        let known = Some((key, Place { position: 0, hash }));
        Some(Locked { weight: &self.weight, shards: Shards::one(shard), guards, known, changed: None })
    }

    #[inline]
    fn hold(
        &self,
        shard: usize,
        patience: Duration,
        is_hopeless: &impl Fn(Shards) -> bool,
    ) -> Option<MutexGuard<'_, Shard<A>>> {
        let mutex = &self.shards[shard];
        let mut guard = mutex.try_lock();
        while guard.is_none() && !is_hopeless(Shards::one(shard)) {
            guard = mutex.try_lock_for(patience);
        }
        guard
    }
}

/// Where a key lies among locked shards: computed once, good as long as they are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    position: usize,
    /// The key's.
    pub hash: u64,
}

/// Some shards, locked.
pub struct Locked<'d, A> {
    weight: &'d AtomicUsize,
    shards: Shards,
    guards: SmallVec<[MutexGuard<'d, Shard<A>>; 2]>,
    /// The slice that they were locked for, and where its key lies. It outlives the locks, so nothing else can lie at its address.
    known: Option<(&'d [u8], Place)>,
    /// The database that may have changed since the total was brought up to date.
    changed: Option<usize>,
}

impl<A> Locked<'_, A> {
    /// Which ones.
    #[must_use]
    pub fn shards(&self) -> Shards {
        self.shards
    }

    /// The key's shard is among them.
    #[must_use]
    pub fn covers(&self, key: &[u8]) -> bool {
        self.shards.position(self.shard_of(key)).is_some()
    }

    /// The shard of a key.
    #[must_use]
    pub fn shard_of(&self, key: &[u8]) -> usize {
        shard_of(hash(key))
    }

    /// Where a key lies: for who needs it several times.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    #[inline]
    #[must_use]
    pub fn place(&self, key: &[u8]) -> Place {
        match self.known {
            Some((known, place)) if std::ptr::eq(known, key) => place,
            _ => self.found(key),
        }
    }

    fn found(&self, key: &[u8]) -> Place {
        let hash = hash(key);
        let position = self.shards.position(shard_of(hash)).expect("a command's keys are locked before it runs");
        Place { position, hash }
    }

    /// The database at a key's place.
    #[inline]
    #[must_use]
    pub fn part(&self, database: usize, place: Place) -> &Database {
        &self.guards[place.position].databases[database]
    }

    /// The live value at a key's place, as `Database::touch` finds it: nothing weighs more or less for it.
    #[inline]
    pub fn touch(
        &mut self,
        database: usize,
        place: Place,
        key: &[u8],
        now: Millis,
        access: impl FnOnce(u32) -> u32,
    ) -> Option<View<'_>> {
        self.guards[place.position].databases[database].touch(place.hash, key, now, access)
    }

    /// The same, to change it.
    #[inline]
    pub fn part_mut(&mut self, database: usize, place: Place) -> &mut Database {
        if self.changed != Some(database) {
            self.settle();
            self.changed = Some(database);
        }
        &mut self.guards[place.position].databases[database]
    }

    /// Room for so many items in each locked shard's part of a database.
    pub(crate) fn reserve(&mut self, database: usize, count: usize) {
        self.parts_mut(database).for_each(|(_, part, _)| part.reserve(count));
    }

    /// What is attached at a key's place.
    #[inline]
    pub fn attached_at(&mut self, place: Place) -> &mut A {
        &mut self.guards[place.position].attached
    }

    /// What is attached to the shard of a key with this hash.
    ///
    /// # Panics
    /// When that shard is not locked.
    pub fn attached_to(&mut self, hash: u64) -> &mut A {
        let position = self.shards.position(shard_of(hash)).expect("a command's keys are locked before it runs");
        &mut self.guards[position].attached
    }

    /// The database where a key lies, and the key's hash.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    #[must_use]
    pub fn at(&self, database: usize, key: &[u8]) -> (&Database, u64) {
        let place = self.place(key);
        (self.part(database, place), place.hash)
    }

    /// The same, to change it.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    pub fn at_mut(&mut self, database: usize, key: &[u8]) -> (&mut Database, u64) {
        let place = self.place(key);
        (self.part_mut(database, place), place.hash)
    }

    /// What is attached to a key's shard.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    pub fn attached(&mut self, key: &[u8]) -> &mut A {
        self.attached_at(self.place(key))
    }

    /// One database's parts in the locked shards, with their shards' numbers.
    pub fn parts(&self, database: usize) -> impl Iterator<Item = (usize, &Database)> {
        self.shards.iter().zip(&self.guards).map(move |(shard, guard)| (shard, &guard.databases[database]))
    }

    /// The same, to change them, with what is attached.
    pub fn parts_mut(&mut self, database: usize) -> impl Iterator<Item = (usize, &mut Database, &mut A)> {
        if self.changed != Some(database) {
            self.settle();
            self.changed = Some(database);
        }
        self.shards.iter().zip(&mut self.guards).map(move |(shard, guard)| {
            let Shard { databases, attached } = &mut **guard;
            (shard, &mut databases[database], attached)
        })
    }

    /// Exchanges two databases in the locked shards, which are all of them.
    pub fn swap(&mut self, one: usize, other: usize) {
        self.settle();
        self.guards.iter_mut().for_each(|guard| guard.databases.swap(one, other));
    }

    /// The state of now, in all shards, which are locked, is a snapshot's. Returns how many items each database has, and how many of
    /// them expire. There is one snapshot at a time.
    pub fn cut(&mut self) -> Vec<(usize, usize)> {
        let count = self.guards.first().map_or(0, |guard| guard.databases.len());
        let mut counts = vec![(0, 0); count];
        for guard in &mut self.guards {
            for (number, database) in guard.databases.iter_mut().enumerate() {
                database.cut(number);
                counts[number].0 += database.len();
                counts[number].1 += database.volatile();
            }
        }
        counts
    }

    /// Goes on with a snapshot of what this database was at the cut, in the one shard that is locked: meets about so many items.
    pub fn snapshot_step(&mut self, database: usize, count: usize, met: impl FnMut(&Item)) -> Step {
        let parts = self.guards.iter_mut().flat_map(|guard| &mut guard.databases);
        // Databases may have been exchanged since.
        let part = parts.into_iter().find(|part| part.number_at_cut() == Some(database));
        part.map_or(Step { is_last: true, ..Step::default() }, |part| part.snapshot_step(count, met))
    }

    fn settle(&mut self) {
        if let Some(database) = self.changed.take() {
            self.guards.iter_mut().for_each(|guard| guard.databases[database].settle(self.weight));
        }
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        self.guards.iter().flat_map(|guard| &guard.databases).for_each(Database::validate);
    }
}

impl<A> Drop for Locked<'_, A> {
    fn drop(&mut self) {
        self.settle();
    }
}
