//! Keys of a file that are complete, on their way into a database: many of them are put there at once.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dataset::{Dataset, Item};

use crate::attached::Attached;

/// So many at once: the locks of all shards are then a tenth of what a lock a key was.
const KEYS: usize = 256;

/// Room is made at once for what a file says that it holds, as long as that is no more than this; a few pages.
const BELIEVED: usize = 8 * 1024;

/// What is said beyond is believed when one key of so many has come. Each time that room is made costs what is there a move, so these
/// are few; and who lies gets no more than 32 empty places for a key.
const BELIEVED_PER_KEY: usize = 32;

pub(super) struct Batch<'s> {
    dataset: &'s Dataset<Attached>,
    /// Where keys are counted for everybody to see.
    seen: &'s AtomicU64,
    items: Vec<Item>,
    /// Where each of them stands in the file.
    places: [u64; KEYS],
    /// The place of one that was there already, and what is to be said of it.
    refused: Option<(u64, String)>,
    keys: u64,
    database: usize,
    /// Keys that have come of this database, those that the file says there are, and those there is room for.
    here: usize,
    expected: usize,
    room: usize,
}

impl<'s> Batch<'s> {
    pub(super) fn new(dataset: &'s Dataset<Attached>, seen: &'s AtomicU64) -> Self {
        let (items, places, refused) = (Vec::with_capacity(KEYS), [0; KEYS], None);
        Self { dataset, seen, items, places, refused, keys: 0, database: 0, here: 0, expected: 0, room: 0 }
    }

    /// Keys that have been put into their databases.
    pub(super) fn keys(&self) -> u64 {
        self.keys
    }

    /// The key that was there already, with its place: it stands before whatever ended the reading.
    pub(super) fn refused(&mut self) -> Option<rdb::Error> {
        let (offset, said) = self.refused.take()?;
        Some(rdb::Error { offset, key: None, wrong: rdb::Wrong::Refused(said) })
    }

    /// What follows is of this database.
    pub(super) fn select(&mut self, database: usize) -> Result<(), String> {
        self.pour()?;
        (self.database, self.here, self.expected, self.room) = (database, 0, 0, 0);
        Ok(())
    }

    /// The database is said to have so many keys.
    pub(super) fn expect(&mut self, keys: u64) {
        self.expected = usize::try_from(keys).unwrap_or(usize::MAX);
    }

    /// One more, and where it stands; the error is about one of the last few.
    #[inline]
    pub(super) fn push(&mut self, item: Item, at: u64) -> Result<(), String> {
        self.places[self.items.len() % KEYS] = at;
        self.items.push(item);
        if self.items.len() == KEYS { self.pour() } else { Ok(()) }
    }

    /// Puts what has come into the database.
    pub(super) fn pour(&mut self) -> Result<(), String> {
        let count = self.items.len();
        self.here += count;
        if self.here > self.room && self.room < self.expected {
            self.room = self.expected.min((self.here * BELIEVED_PER_KEY).max(BELIEVED));
            self.dataset.make_room(self.database, self.room);
        }
        let poured = self.dataset.fill(self.database, &mut self.items);
        if let Err((before, item)) = poured {
            let said = format!("the key '{}' is there already", item.key().escape_ascii());
            self.refused = Some((self.places[before], said.clone()));
            return Err(said);
        }
        self.keys += count as u64;
        self.seen.store(self.keys, Relaxed);
        Ok(())
    }
}
