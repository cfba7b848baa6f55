//! How far the stream is confirmed: on the local disk, and by so many replicas, in their memories or on their disks. A lane each, whose
//! watermark only grows: what has once been confirmed stays so, whoever counts afterwards.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use journal::Watermark;

use super::mode::{Mode, REPLICAS_MAX};

/// What a reply may wait for: that a lane's watermark comes as far as an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Which watermark.
    pub lane: u8,
    /// How far it has to come.
    pub offset: u64,
}

/// The local disk's lane. Behind it come those of one replica, of two …, and then those of as many disks.
pub(crate) const LOCAL_DISK: u8 = 0;
const LANES: usize = REPLICAS_MAX as usize * 2;

impl Mode {
    /// The lane of the replicas that it waits for.
    pub(crate) fn lane(self) -> Option<u8> {
        match self {
            Self::Sync { replicas, on_disk: false } => Some(replicas),
            Self::Sync { replicas, on_disk: true } => Some(REPLICAS_MAX + replicas),
            Self::Async | Self::Bounded(_) => None,
        }
    }
}

/// The lane of one replica's memory.
pub(crate) const ONE_REPLICA: u8 = 1;

/// What replicas have confirmed.
#[derive(Debug)]
pub(crate) struct Confirmed {
    lanes: [AtomicU64; LANES],
    /// Counts movements of any lane: who waits has a bell at it.
    pub(super) movements: Watermark,
}

impl Default for Confirmed {
    fn default() -> Self {
        Self { lanes: [const { AtomicU64::new(0) }; LANES], movements: Watermark::default() }
    }
}

impl Confirmed {
    /// Of a lane of replicas.
    pub(crate) fn get(&self, lane: u8) -> u64 {
        self.lanes.get(usize::from(lane).wrapping_sub(1)).map_or(u64::MAX, |mark| mark.load(SeqCst))
    }

    /// What each replica that counts holds now, in memory and on its disk.
    pub(crate) fn acknowledged(&self, replicas: impl Iterator<Item = (u64, u64)>) {
        let (mut held, mut synced): (Vec<u64>, Vec<u64>) = replicas.unzip();
        let (memory, disks) = self.lanes.split_at(LANES / 2);
        let mut has_moved = false;
        for (offsets, lanes) in [(&mut held, memory), (&mut synced, disks)] {
            offsets.sort_unstable_by(|one, other| other.cmp(one));
            // The k-th largest offset is what k of them have.
            for (offset, lane) in offsets.iter().zip(lanes) {
                has_moved |= lane.fetch_max(*offset, SeqCst) < *offset;
            }
        }
        if has_moved {
            self.movements.raise(self.movements.get() + 1);
        }
    }

    /// Another stream begins here.
    pub(crate) fn reset(&self, offset: u64) {
        self.lanes.iter().for_each(|lane| lane.store(offset, SeqCst));
        self.movements.raise(self.movements.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const TWO_REPLICAS: u8 = 2;

    #[test]
    fn what_is_confirmed_stays_confirmed() {
        let confirmed = Confirmed::default();
        confirmed.acknowledged([(10, 5), (20, 20)].into_iter());
        assert_eq!((confirmed.get(ONE_REPLICA), confirmed.get(TWO_REPLICAS)), (20, 10));
        assert_eq!((confirmed.get(REPLICAS_MAX + 1), confirmed.get(REPLICAS_MAX + 2)), (20, 5));
        confirmed.acknowledged([(12, 12)].into_iter());
        assert_eq!((confirmed.get(ONE_REPLICA), confirmed.get(TWO_REPLICAS)), (20, 10));
        confirmed.acknowledged(std::iter::empty());
        assert_eq!(confirmed.get(ONE_REPLICA), 20);
    }

    /// Something that says how far so many replicas have confirmed the stream, told what each holds.
    trait Lanes {
        fn told(&mut self, held: &[u64]);
        fn mark(&self, replicas: usize) -> u64;
    }

    impl Lanes for Confirmed {
        fn told(&mut self, held: &[u64]) {
            self.acknowledged(held.iter().map(|offset| (*offset, *offset)));
        }

        fn mark(&self, replicas: usize) -> u64 {
            self.get(u8::try_from(replicas).expect("small"))
        }
    }

    /// One that releases too early: it counts one replica too many.
    #[derive(Default)]
    struct Early(Confirmed);

    impl Lanes for Early {
        fn told(&mut self, held: &[u64]) {
            self.0.told(held);
        }

        fn mark(&self, replicas: usize) -> u64 {
            self.0.mark(replicas.saturating_sub(1).max(1))
        }
    }

    /// The first time that fewer replicas held something than its lane says, by the plain definition.
    fn first_early(lanes: &mut impl Lanes, steps: &[(usize, u64)]) -> Option<(usize, u64)> {
        let (mut held, mut best) = ([0_u64; 5], [0; 5]);
        for (replica, more) in steps {
            held[*replica] += more;
            lanes.told(&held);
            for replicas in 1..=5 {
                let has = |offset: u64| held.iter().filter(|held| **held >= offset).count() >= replicas;
                best[replicas - 1] = held.iter().copied().filter(|offset| has(*offset)).max().unwrap_or(0);
                let mark = lanes.mark(replicas);
                if mark > best[replicas - 1] {
                    return Some((replicas, mark));
                }
                assert!(mark == best[replicas - 1] || replicas > 1, "and it is not behind them");
            }
        }
        None
    }

    proptest! {
        #[test]
        fn no_lane_is_ahead_of_its_replicas(steps in vec((0..5_usize, 0..100_u64), 1..100)) {
            prop_assert_eq!(first_early(&mut Confirmed::default(), &steps), None);
        }
    }

    #[test]
    fn an_early_release_is_caught() {
        let steps = [(0, 10), (1, 5), (0, 10)];
        assert_eq!(first_early(&mut Early::default(), &steps), Some((2, 10)));
    }
}
