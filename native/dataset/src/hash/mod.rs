//! Hashes: fields and their values. Small ones are packed in one allocation, in the order in which fields came; a hash that has become
//! large stays so, as in Redis, and is in no order.

mod large;
mod packed;
#[cfg(test)]
mod tests;

use large::Large;
use packed::{PAIRS_MAX, Packed};

/// Up to where a hash is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Fields (`hash-max-listpack-entries`).
    pub entries: usize,
    /// Bytes of a field or a value (`hash-max-listpack-value`).
    pub bytes: usize,
}

impl Packing {
    /// Unless something else is set.
    pub const DEFAULT: Self = Self { entries: 128, bytes: 64 };
}

/// So many fields of a new hash are written at once, in one allocation, when they are all different.
const AT_ONCE_MAX: usize = 64;

/// Fields and their values; as large as two pointers, so that it lies in its `Value`.
#[derive(Clone, Debug, Default)]
pub struct Hash(Form);

const _: () = assert!(size_of::<Hash>() == 2 * size_of::<usize>());

#[derive(Clone, Debug)]
enum Form {
    Packed(Packed),
    Large(Box<Large>),
}

impl Default for Form {
    fn default() -> Self {
        Self::Packed(Packed::default())
    }
}

impl Hash {
    /// Fields.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len(),
            Form::Large(large) => large.len(),
        }
    }

    /// Without fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.weight(),
            Form::Large(large) => size_of::<Large>() + large.weight(),
        }
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Large(_) => "hashtable",
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match &self.0 {
            Form::Packed(packed) => packed.get(field),
            Form::Large(large) => large.get(field),
        }
    }

    /// Sets a field; true if it is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], packing: Packing) -> bool {
        if let Form::Packed(packed) = &mut self.0 {
            let fits = field.len().max(value.len()) <= packing.bytes;
            if fits && (packed.len() < packing.entries.min(PAIRS_MAX) || packed.get(field).is_some()) {
                return packed.set(field, value);
            }
        }
        self.large().set(field, value)
    }

    /// Sets fields, one after the other; returns how many are new.
    pub fn set_all(&mut self, pairs: &[[&[u8]; 2]], packing: Packing) -> usize {
        if let Form::Packed(packed) = &mut self.0
            && packed.len() == 0
            && (1..=packing.entries.min(AT_ONCE_MAX)).contains(&pairs.len())
            && pairs.as_flattened().iter().all(|word| word.len() <= packing.bytes)
            && are_different(pairs)
        {
            packed.append(pairs);
            return pairs.len();
        }
        pairs.iter().filter(|[field, value]| self.set(field, value, packing)).count()
    }

    fn large(&mut self) -> &mut Large {
        if let Form::Packed(packed) = &self.0 {
            let mut large = Box::<Large>::default();
            packed.pairs().for_each(|(field, value)| _ = large.set(field, value));
            self.0 = Form::Large(large);
        }
        let Form::Large(large) = &mut self.0 else { unreachable!("it has just been made large") };
        large
    }

    /// Removes a field; false if it was not there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(packed) => packed.remove(field),
            Form::Large(large) => large.remove(field),
        }
    }

    /// Every field with its value; in the order in which they came while the hash is small.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (small, large) = match &self.0 {
            Form::Packed(packed) => (Some(packed.pairs()), None),
            Form::Large(large) => (None, Some(large.iter())),
        };
        small.into_iter().flatten().chain(large.into_iter().flatten())
    }

    /// Every field with its value, as `iter`, without a choice at each step.
    pub fn each<'h>(&'h self, mut visit: impl FnMut(&'h [u8], &'h [u8])) {
        match &self.0 {
            Form::Packed(packed) => packed.pairs().for_each(|(field, value)| visit(field, value)),
            Form::Large(large) => large.iter().for_each(|(field, value)| visit(field, value)),
        }
    }

    /// The next fields of a walk, about `count` of them, from `cursor` on (0 at first); a small hash is walked at once. Returns the
    /// cursor to go on with, 0 at the end.
    pub fn scan<'h>(&'h self, cursor: u64, count: usize, mut visit: impl FnMut(&'h [u8], &'h [u8])) -> u64 {
        match &self.0 {
            Form::Packed(packed) => {
                packed.pairs().for_each(|(field, value)| visit(field, value));
                0
            }
            Form::Large(large) => large.scan(cursor, count, visit),
        }
    }

    /// Any field with its value, each as likely as the others; `draw` gives random numbers.
    pub fn random(&self, mut draw: impl FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        match &self.0 {
            Form::Packed(packed) => {
                let number = (u128::from(draw()) * packed.len() as u128) >> 64;
                packed.pairs().nth(number as usize)
            }
            Form::Large(large) => large.random(draw),
        }
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        match &self.0 {
            Form::Packed(packed) => packed.validate(),
            Form::Large(large) => large.validate(),
        }
    }
}

fn are_different(pairs: &[[&[u8]; 2]]) -> bool {
    pairs.iter().enumerate().all(|(at, [field, _])| pairs[..at].iter().all(|[other, _]| other != field))
}
