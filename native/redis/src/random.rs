//! Chance, for commands that pick at random: quick, and not to be relied on by anybody who wants secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
}

/// A number of 64 bits (xorshift64*).
pub(crate) fn number() -> u64 {
    STATE.with(|state| {
        let mut value = state.get();
        value ^= value >> 12;
        value ^= value << 25;
        value ^= value >> 27;
        state.set(value);
        value.wrapping_mul(0x2545_F491_4F6C_DD1D)
    })
}

/// Lets this thread draw the same numbers again.
#[cfg(test)]
pub(crate) fn seed(seed: u64) {
    STATE.set(seed | 1);
}

/// A number below `bound`, which is at least 1; all are equally likely but for what 64 bits can't divide.
pub(crate) fn below(bound: usize) -> usize {
    ((u128::from(number()) * bound as u128) >> 64) as usize
}

/// `count` different numbers below `bound`, in no order; all of them in order when there are no more.
pub(crate) fn different(count: usize, bound: usize) -> Vec<usize> {
    if count >= bound {
        return (0..bound).collect();
    }
    // Floyd's way: a number that was drawn already stands for the last one.
    let mut drawn = std::collections::HashSet::with_capacity(count);
    let mut numbers = Vec::with_capacity(count);
    for last in bound - count..bound {
        let number = below(last + 1);
        let number = if drawn.insert(number) { number } else { last };
        drawn.insert(number);
        numbers.push(number);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_below_their_bound_and_all_occur() {
        let mut seen = [0; 7];
        (0..7000).for_each(|_| seen[below(7)] += 1);
        assert!(seen.iter().all(|count| (700..1300).contains(count)), "{seen:?}");
    }

    #[test]
    fn different_numbers_are_different() {
        for count in 0..12 {
            let mut numbers = different(count, 10);
            assert!(numbers.iter().all(|number| *number < 10));
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count.min(10));
        }
    }
}
