//! Fingerprints of items evicted unread: who comes back soon deserved to stay. Bounded: a bucket forgets its oldest.

use crate::key::Print;

/// A cache line of fingerprints, the newest first; 0 = none.
#[repr(align(64))]
#[derive(Clone, Default)]
struct Bucket([u16; 32]);

#[derive(Default)]
pub(crate) struct Ghost {
    buckets: Vec<Bucket>,
}

impl Ghost {
    pub fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>()
    }

    /// The bytes of a table that remembers some `entries`.
    pub fn bytes_for(entries: usize) -> usize {
        entries.div_ceil(32) * size_of::<Bucket>()
    }

    /// Forgets all and remembers up to `entries` from now on.
    pub fn resize(&mut self, entries: usize) {
        self.buckets = vec![Bucket::default(); entries.div_ceil(32)];
    }

    fn bucket(&self, print: Print) -> usize {
        ((u64::from(print.slot) * self.buckets.len() as u64) >> 32) as usize
    }

    pub fn remember(&mut self, print: Print) {
        let number = self.bucket(print);
        if let Some(Bucket(prints)) = self.buckets.get_mut(number) {
            prints.copy_within(..31, 1);
            prints[0] = print.ghost.max(1);
        }
    }

    #[inline]
    pub fn knows(&self, print: Print) -> bool {
        self.buckets.get(self.bucket(print)).is_some_and(|Bucket(prints)| prints.contains(&print.ghost.max(1)))
    }

    pub fn forget(&mut self, print: Print) {
        let number = self.bucket(print);
        let Some(Bucket(prints)) = self.buckets.get_mut(number) else { return };
        if let Some(at) = prints.iter().position(|found| *found == print.ghost.max(1)) {
            prints.copy_within(at + 1.., at);
            prints[31] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_latest_until_told_to_forget() {
        let print = |ghost| Print { slot: 7, ghost };
        let mut ghost = Ghost::default();
        ghost.remember(print(1));
        assert!(!ghost.knows(print(1)), "without a table nothing is remembered");
        ghost.resize(32);
        (1..=40).for_each(|number| ghost.remember(print(number)));
        assert!(!ghost.knows(print(8)) && ghost.knows(print(9)) && ghost.knows(print(40)));
        ghost.forget(print(40));
        assert!(!ghost.knows(print(40)) && ghost.knows(print(39)));
        assert_eq!(ghost.bytes(), Ghost::bytes_for(32));
    }
}
