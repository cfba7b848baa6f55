//! Values kept outside the segments, shared with whoever is still sending them.

use slab::Slab;
use std::sync::Arc;

/// The counts, the vector's own three words and the allocator's, and the slab's entry.
const OVERHEAD: usize = 48 + 16;
const ALLOCATION_GRAIN: usize = 16;
/// From here on glibc maps values by the page until it has seen one freed; the dearer case is charged.
const MAPPED_FROM: usize = 128 * 1024;
const PAGE: usize = 4096;

/// What a value costs, as the allocator rounds it.
pub(crate) fn weight(capacity: usize) -> usize {
    let grain = if capacity >= MAPPED_FROM { PAGE } else { ALLOCATION_GRAIN };
    (capacity + 8).next_multiple_of(grain) + OVERHEAD
}

#[derive(Default)]
pub(crate) struct Large {
    values: Slab<Arc<Vec<u8>>>,
    weight: usize,
}

impl Large {
    pub fn items(&self) -> usize {
        self.values.len()
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    pub fn insert(&mut self, mut value: Vec<u8>) -> u32 {
        if value.capacity() > value.len() + value.len() / 16 {
            value.shrink_to_fit();
        }
        self.weight += weight(value.capacity());
        u32::try_from(self.values.insert(Arc::new(value))).expect("memory ends long before the numbers do")
    }

    pub fn get(&self, number: usize) -> &Arc<Vec<u8>> {
        &self.values[number]
    }

    pub fn weight_of(&self, number: usize) -> usize {
        weight(self.values[number].capacity())
    }

    /// The weight that came free. A reader that still sends the value keeps it a while; connections bound that.
    pub fn remove(&mut self, number: usize) -> usize {
        let value = self.values.remove(number);
        let weight = weight(value.capacity());
        self.weight -= weight;
        weight
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// # Panics
    /// When the weight is wrong.
    pub fn validate(&self) {
        let sum: usize = self.values.iter().map(|(_, value)| weight(value.capacity())).sum();
        assert_eq!(self.weight, sum, "large values are weighed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighs_what_it_holds() {
        let mut large = Large::default();
        let numbers = [large.insert(vec![1; 10_000]), large.insert(vec![2; 200_000])];
        let mut roomy = Vec::with_capacity(100_000);
        roomy.push(3);
        large.insert(roomy);
        assert!(large.weight() < 216_000, "spare capacity is given back: {}", large.weight());
        large.validate();
        let freed = large.remove(numbers[0] as usize);
        assert_eq!(freed, weight(10_000));
        large.validate();
        assert_eq!((large.items(), large.get(numbers[1] as usize).len()), (2, 200_000));
    }
}
