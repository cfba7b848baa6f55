//! Many items at once, all of them new: what a file holds, as it is loaded.

use smallvec::SmallVec;

use crate::{Dataset, Item, Place, SHARDS, Shards};

/// The way to so many items is brought near at a time: enough for the waits to overlap, few enough that all of it stays near.
const NEAR: usize = 32;

impl<A: Default> Dataset<A> {
    /// A database is going to have so many items in all: growing by and by would move each of them several times, and leave tables
    /// behind that are too small for anything else.
    pub fn make_room(&self, database: usize, count: usize) {
        for shard in 0..SHARDS {
            self.lock(Shards::one(shard)).reserve(database, count.div_ceil(SHARDS));
        }
    }

    /// Adds items to a database, with their expiries; all shards are locked once for all of them.
    ///
    /// # Errors
    /// The first one whose key is there already, and how many stood before it; those behind it are dropped.
    pub fn fill(&self, database: usize, items: &mut Vec<Item>) -> Result<(), (usize, Item)> {
        let mut before = 0;
        let mut data = self.lock(Shards::ALL);
        let mut left = items.drain(..);
        while !left.as_slice().is_empty() {
            let near = left.as_slice().iter().take(NEAR);
            let places: SmallVec<[Place; NEAR]> = near.map(|item| data.place(item.key())).collect();
            places.iter().for_each(|&place| data.part(database, place).bring_slot(place.hash));
            for (place, item) in places.into_iter().zip(&mut left) {
                data.part_mut(database, place).add(place.hash, item).map_err(|item| (before, item))?;
                before += 1;
            }
        }
        Ok(())
    }
}
