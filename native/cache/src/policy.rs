//! Who stays when room is needed: S3-FIFO's rules, pure functions of what is known about an item.

use crate::segment::Lane;

/// The small queue's share of a shard's weight: one of so many parts.
const SMALL_PARTS: usize = 10;

/// The queue to take from. The small one gives while it has more than its share.
pub(crate) fn victim(small_weight: usize, main_weight: usize) -> Lane {
    if small_weight * SMALL_PARTS > small_weight + main_weight { Lane::Small } else { Lane::Main }
}

/// The frequency with which an item goes on in the main queue; `None`: it leaves.
pub(crate) fn kept(lane: Lane, frequency: u8, weight: usize, mean_weight: usize) -> Option<u8> {
    let _ = (weight, mean_weight);
    match lane {
        Lane::Small => (frequency > 0).then_some(0),
        Lane::Main => frequency.min(3).checked_sub(1),
    }
}
