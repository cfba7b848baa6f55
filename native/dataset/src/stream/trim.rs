//! The oldest entries go.

use super::{Id, Stream};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// So many entries.
    Count(u64),
    /// Entries from this id on.
    From(Id),
}

/// How a stream is trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// What is kept.
    pub keep: Keep,
    /// Only whole blocks go, so that more may be left.
    pub is_approximate: bool,
    /// At most so many go; 0: any number.
    pub limit: u64,
}

impl Stream {
    /// Removes the oldest entries; returns how many.
    pub fn trim(&mut self, trim: Trim) -> usize {
        let mut removed = 0;
        while let Some((&master, block)) = self.blocks.first_key_value() {
            let (count, _) = block.counts();
            if self.keeps_all(trim.keep) || trim.limit > 0 && (removed + count) as u64 > trim.limit {
                break;
            }
            let goes_whole = match trim.keep {
                Keep::Count(keep) => self.len as u64 - count as u64 >= keep,
                // Deleted entries count here, as in Redis.
                Keep::From(first) => block.places(master).last().is_none_or(|place| place.id < first),
            };
            if goes_whole {
                self.len -= count;
                self.drop_block(master);
                removed += count;
                continue;
            }
            if !trim.is_approximate {
                removed += self.trim_first_block(master, trim.keep);
            }
            break;
        }
        removed
    }

    fn keeps_all(&self, keep: Keep) -> bool {
        match keep {
            Keep::Count(keep) => self.len as u64 <= keep,
            Keep::From(first) => self.blocks.is_empty() || first == Id::ZERO,
        }
    }

    /// Deletes entries of the first block, one by one.
    fn trim_first_block(&mut self, master: Id, keep: Keep) -> usize {
        let Some(block) = self.blocks.get_mut(&master) else { return 0 };
        let excess = match keep {
            Keep::Count(keep) => self.len.saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX)),
            Keep::From(_) => usize::MAX,
        };
        let goes = |id: Id| matches!(keep, Keep::Count(_)) || matches!(keep, Keep::From(first) if id < first);
        let places = block.places(master).filter(|place| !place.is_deleted());
        let gone: Vec<_> = places.take_while(|place| goes(place.id)).take(excess).collect();
        let left = gone.iter().map(|place| block.delete(*place)).last();
        self.len -= gone.len();
        if left == Some(0) {
            self.drop_block(master);
        }
        gone.len()
    }
}
