//! All databases in all shards, and how they are locked.

use hashbrown::DefaultHashBuilder;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;
use std::hash::BuildHasher;

use crate::Database;

/// Shards of a dataset: one bit each in `Shards`.
pub const SHARDS: usize = 64;

/// Several shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shards(u64);

impl Shards {
    /// Every one.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// One more.
    pub fn add(&mut self, shard: usize) {
        self.0 |= 1 << shard;
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Every one of `other` is among these.
    #[must_use]
    pub fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn position(self, shard: usize) -> Option<usize> {
        let bit = 1 << shard;
        (self.0 & bit != 0).then(|| (self.0 & (bit - 1)).count_ones() as usize)
    }

    /// Ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..SHARDS).filter(move |shard| self.0 & (1 << shard) != 0)
    }
}

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
    hasher: DefaultHashBuilder,
}

impl<A: Default> Dataset<A> {
    /// So many empty databases.
    #[must_use]
    pub fn new(databases: usize) -> Self {
        let databases = || (0..databases).map(|_| Database::default()).collect();
        let shard = |_| Mutex::new(Shard { databases: databases(), attached: A::default() });
        Self { shards: (0..SHARDS).map(shard).collect(), hasher: DefaultHashBuilder::default() }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The shard of a key, in every database.
    #[must_use]
    pub fn shard_of(&self, key: &[u8]) -> usize {
        // The table takes its position from the lower bits and its tag from the upper seven.
        (self.hash(key) >> 40) as usize % SHARDS
    }

    /// The shards of these keys.
    pub fn shards_of<'k>(&self, keys: impl IntoIterator<Item = &'k [u8]>) -> Shards {
        let mut shards = Shards::NONE;
        keys.into_iter().for_each(|key| shards.add(self.shard_of(key)));
        shards
    }

    /// Locks these, in ascending order. The caller holds none.
    #[must_use]
    pub fn lock(&self, shards: Shards) -> Locked<'_, A> {
        Locked { dataset: self, shards, guards: shards.iter().map(|shard| self.shards[shard].lock()).collect() }
    }
}

/// Some shards, locked.
pub struct Locked<'d, A> {
    dataset: &'d Dataset<A>,
    shards: Shards,
    guards: SmallVec<[MutexGuard<'d, Shard<A>>; 2]>,
}

impl<A: Default> Locked<'_, A> {
    /// Which ones.
    #[must_use]
    pub fn shards(&self) -> Shards {
        self.shards
    }

    /// The key's shard is among them.
    #[must_use]
    pub fn covers(&self, key: &[u8]) -> bool {
        self.shards.position(self.dataset.shard_of(key)).is_some()
    }

    /// The shard of a key.
    #[must_use]
    pub fn shard_of(&self, key: &[u8]) -> usize {
        self.dataset.shard_of(key)
    }

    fn place(&self, key: &[u8]) -> (usize, u64) {
        let shard = self.dataset.shard_of(key);
        let position = self.shards.position(shard).expect("a command's keys are locked before it runs");
        (position, self.dataset.hash(key))
    }

    /// The database where a key lies, and the key's hash.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    #[must_use]
    pub fn at(&self, database: usize, key: &[u8]) -> (&Database, u64) {
        let (position, hash) = self.place(key);
        (&self.guards[position].databases[database], hash)
    }

    /// The same, to change it.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    pub fn at_mut(&mut self, database: usize, key: &[u8]) -> (&mut Database, u64) {
        let (position, hash) = self.place(key);
        (&mut self.guards[position].databases[database], hash)
    }

    /// What is attached to a key's shard.
    ///
    /// # Panics
    /// When the key's shard is not locked.
    pub fn attached(&mut self, key: &[u8]) -> &mut A {
        let (position, _) = self.place(key);
        &mut self.guards[position].attached
    }

    /// One database's parts in the locked shards, with their shards' numbers.
    pub fn parts(&self, database: usize) -> impl Iterator<Item = (usize, &Database)> {
        self.shards.iter().zip(&self.guards).map(move |(shard, guard)| (shard, &guard.databases[database]))
    }

    /// The same, to change them, with what is attached.
    pub fn parts_mut(&mut self, database: usize) -> impl Iterator<Item = (usize, &mut Database, &mut A)> {
        self.shards.iter().zip(&mut self.guards).map(move |(shard, guard)| {
            let Shard { databases, attached } = &mut **guard;
            (shard, &mut databases[database], attached)
        })
    }

    /// Exchanges two databases in the locked shards, which are all of them.
    pub fn swap(&mut self, one: usize, other: usize) {
        self.guards.iter_mut().for_each(|guard| guard.databases.swap(one, other));
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        self.guards.iter().flat_map(|guard| &guard.databases).for_each(Database::validate);
    }
}
