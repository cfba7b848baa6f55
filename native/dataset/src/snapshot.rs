//! A point in time of one database's part, while it goes on changing: a walk through its table meets each item that was there at the
//! cut, once, and what changes before it is met is laid aside as it was. So nothing is copied at the cut, and nothing but what changes
//! is ever there twice.
//!
//! ```text
//!   orders of hashes   0 ───── met ─────┃ position ───── ahead ───── end
//!                      changes: freely  ┃ the first change of an item lays its former state aside and marks it; new ones are marked;
//!                                       ┃ the walk passes by what is marked
//! ```
//!
//! When all is removed at once, the table itself is handed over: nothing of it is ahead any more.

use crate::table::order;
use crate::{Item, Table, hash};

/// Behind the last order.
const END: u64 = 1 << u32::BITS;

/// A snapshot that is being taken of a database's part.
#[derive(Debug)]
pub(crate) struct Ongoing {
    /// What the database was called at the cut.
    pub(crate) number: usize,
    /// Orders below it have been met.
    position: u64,
    /// Items that changed before they were met, as they were at the cut.
    former: Vec<Item>,
    /// All items as they were when they were removed at once.
    taken: Option<Taken>,
}

/// The items of a part, taken out at once while a snapshot was on its way.
#[derive(Debug)]
pub struct Taken {
    items: Table<Item>,
    position: u64,
}

/// What a step of a walk leaves to be done without a lock.
#[derive(Debug, Default)]
pub struct Step {
    /// Items that changed before they were met, as they were at the cut.
    pub former: Vec<Item>,
    /// All that are left, if they were removed at once.
    pub taken: Option<Taken>,
    /// There is no more in this part.
    pub is_last: bool,
}

fn hasher(item: &Item) -> u64 {
    hash(item.key())
}

impl Taken {
    /// The next items, about so many; true when there may be more.
    pub fn step(&mut self, count: usize, mut met: impl FnMut(&Item)) -> bool {
        let next = self.items.scan(self.position, count, hasher, |item| {
            if !item.is_marked() {
                met(item);
            }
        });
        self.position = if next == 0 { END } else { next };
        self.position < END
    }
}

impl Ongoing {
    pub(crate) fn new(number: usize) -> Self {
        Self { number, position: 0, former: Vec::new(), taken: None }
    }

    /// The item of this hash, if there was one at the cut, has not been met.
    pub(crate) fn is_ahead(&self, hash: u64) -> bool {
        u64::from(order(hash)) >= self.position
    }

    pub(crate) fn lay_aside(&mut self, item: Item) {
        self.former.push(item);
    }

    /// All items are removed at once. True if the snapshot keeps them.
    pub(crate) fn take_all(&mut self, items: &mut Table<Item>) -> bool {
        if self.position == END {
            return false;
        }
        self.taken = Some(Taken { items: std::mem::take(items), position: self.position });
        self.position = END;
        true
    }

    /// Goes on through the table.
    pub(crate) fn step(&mut self, items: &mut Table<Item>, count: usize, mut met: impl FnMut(&Item)) -> Step {
        let (former, taken) = (std::mem::take(&mut self.former), self.taken.take());
        if self.position < END {
            let mut marked = Vec::<Box<[u8]>>::new();
            // The waits for memory overlap, so that the lock is held for less.
            items.ahead(self.position).for_each(Item::bring);
            let next = items.scan(self.position, count, hasher, |item| {
                if item.is_marked() {
                    marked.push(item.key().into());
                } else {
                    met(item);
                }
            });
            self.position = if next == 0 { END } else { next };
            for key in marked {
                let item = items.find_mut(hash(&key), |item| item.key() == &*key);
                item.into_iter().for_each(|item| item.set_marked(false));
            }
        }
        Step { former, taken, is_last: self.position == END }
    }
}
