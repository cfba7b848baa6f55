//! Sets: different members. Integers only: sorted and as narrow as may be; few and short members: one allocation; else a table. A set
//! never goes back to a smaller form while members are removed.

mod integers;
mod large;
mod member;
mod packed;

use integers::Integers;
use large::Large;
pub use member::Member;
use member::integer;
use packed::Packed;

use crate::Packing;

/// Up to where a set is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetBounds {
    /// So many integers are kept as integers.
    pub integers: usize,
    /// Up to where other members are in one allocation; more than 255 of them, or longer ones, never are.
    pub packed: Packing,
}

impl SetBounds {
    /// Redis's own.
    pub const DEFAULT: Self = Self { integers: 512, packed: Packing { entries: 128, bytes: 64 } };
}

/// Different members.
#[derive(Clone, Debug)]
pub struct Set(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Integers(Integers),
    Packed(Packed),
    Large(Box<Large>),
}

impl Default for Set {
    fn default() -> Self {
        Self(Shape::Integers(Integers::default()))
    }
}

impl Set {
    /// An empty one that is about to get `count` members, beginning with this one: Redis chooses the form by that.
    #[must_use]
    pub fn expecting(first: &[u8], count: usize, bounds: SetBounds) -> Self {
        Self(if integer(first).is_some() && count <= bounds.integers {
            Shape::Integers(Integers::default())
        } else if count <= bounds.packed.entries {
            Shape::Packed(Packed::default())
        } else {
            Shape::Large(Box::default())
        })
    }

    /// Members.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Shape::Integers(integers) => integers.len(),
            Shape::Packed(packed) => packed.len(),
            Shape::Large(large) => large.len(),
        }
    }

    /// Without members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.0 {
            Shape::Integers(integers) => integers.weight(),
            Shape::Packed(packed) => packed.weight(),
            Shape::Large(large) => size_of::<Large>() + large.weight(),
        }
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Shape::Integers(_) => "intset",
            Shape::Packed(_) => "listpack",
            Shape::Large(_) => "hashtable",
        }
    }

    /// Every member: integers ascending, few in the order in which they came, many in any.
    pub fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        let (integers, packed, large) = match &self.0 {
            Shape::Integers(integers) => (Some(integers), None, None),
            Shape::Packed(packed) => (None, Some(packed), None),
            Shape::Large(large) => (None, None, Some(large)),
        };
        let integers = integers.into_iter().flat_map(|integers| (0..integers.len()).filter_map(|at| integers.get(at)));
        let packed = packed.into_iter().flat_map(Packed::iter);
        let large = large.into_iter().flat_map(|large| large.iter());
        integers.map(Member::from).chain(packed.chain(large).map(Member::from))
    }

    /// It is a member.
    #[must_use]
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.0 {
            Shape::Integers(integers) => integer(member).is_some_and(|value| integers.contains(value)),
            Shape::Packed(packed) => packed.contains(member),
            Shape::Large(large) => large.contains(member),
        }
    }

    /// Adds a member; false if it was one.
    pub fn insert(&mut self, member: &[u8], bounds: SetBounds) -> bool {
        match &mut self.0 {
            Shape::Integers(integers) => {
                let Some(value) = integer(member) else {
                    self.leave_integers(member, bounds.packed);
                    return self.insert(member, bounds);
                };
                let is_new = integers.insert(value);
                if integers.len() > bounds.integers {
                    self.enlarge();
                }
                is_new
            }
            Shape::Packed(packed) if packed.contains(member) => false,
            Shape::Packed(packed) if packed.fits(member, bounds.packed) => {
                packed.push(member);
                true
            }
            Shape::Packed(_) => self.enlarge().insert(member),
            Shape::Large(large) => large.insert(member),
        }
    }

    /// Removes a member; false if it was none.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.0 {
            Shape::Integers(integers) => integer(member).is_some_and(|value| integers.remove(value)),
            Shape::Packed(packed) => packed.remove(member),
            Shape::Large(large) => large.remove(member),
        }
    }

    /// Takes the form that takes this member, which is no integer, too.
    fn leave_integers(&mut self, member: &[u8], packing: Packing) {
        let mut packed = Packed::default();
        for member in self.iter() {
            if !packed.fits(&member, packing) {
                break;
            }
            packed.push(&member);
        }
        if packed.len() == self.len() && packed.fits(member, packing) {
            self.0 = Shape::Packed(packed);
        } else {
            self.enlarge();
        }
    }

    fn enlarge(&mut self) -> &mut Large {
        let mut large = Box::<Large>::default();
        for member in self.iter() {
            large.insert(&member);
        }
        self.0 = Shape::Large(large);
        match &mut self.0 {
            Shape::Large(large) => large,
            _ => unreachable!("it has just been made large"),
        }
    }

    /// The next members of a walk, about `count` of them, from `cursor` on (0 at first). Returns the cursor to go on with, 0 at the
    /// end. Who is a member all the while is met.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8])) -> u64 {
        if let Shape::Large(large) = &self.0 {
            return large.scan(cursor, count, visit);
        }
        self.iter().for_each(|member| visit(&member));
        0
    }

    /// Any member, each as likely as the others; `draw` gives random numbers.
    pub fn random(&self, mut draw: impl FnMut() -> u64) -> Option<Member<'_>> {
        let mut below = |bound: usize| ((u128::from(draw()) * bound as u128) >> 64) as usize;
        match &self.0 {
            Shape::Integers(integers) => integers.get(below(integers.len())).map(Member::from),
            Shape::Packed(packed) => packed.iter().nth(below(packed.len())).map(Member::from),
            Shape::Large(large) => large.random(draw).map(Member::from),
        }
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        match &self.0 {
            Shape::Integers(integers) => integers.validate(),
            Shape::Packed(packed) => packed.validate(),
            Shape::Large(large) => large.validate(),
        }
    }
}
