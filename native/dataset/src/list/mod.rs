//! Lists: elements in order. A small list is one node, that is one allocation; a larger one is a chain of nodes, pushed and popped at
//! both ends, whose counts skip the way to an index.

mod chain;
mod node;

use chain::Chain;
use node::{NODE_BYTES, Node, entry_bytes};

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Index 0.
    Front,
    /// Index -1.
    Back,
}

/// Elements in order.
#[derive(Clone, Debug)]
pub struct List(Shape);

#[derive(Clone, Debug)]
enum Shape {
    /// At most `NODE_BYTES`.
    Packed(Node),
    Chain(Box<Chain>),
}

impl Default for List {
    fn default() -> Self {
        Self(Shape::Packed(Node::default()))
    }
}

impl List {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Shape::Packed(node) => node.len(),
            Shape::Chain(chain) => chain.len(),
        }
    }

    /// Without elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.0 {
            Shape::Packed(node) => node.capacity(),
            Shape::Chain(chain) => size_of::<Chain>() + chain.weight(),
        }
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Shape::Packed(_) => "listpack",
            Shape::Chain(_) => "quicklist",
        }
    }

    /// The element at one end.
    #[must_use]
    pub fn end(&self, end: End) -> Option<&[u8]> {
        match &self.0 {
            Shape::Packed(node) => node.end(end),
            Shape::Chain(chain) => chain.end(end),
        }
    }

    /// The element at an index that is less than `len`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.range(index, 1).next()
    }

    /// Every element, from either end.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let (first, second) = self.nodes();
        first.iter().chain(second).flat_map(Node::elements)
    }

    /// At most `count` elements from the `start`-th on.
    pub fn range(&self, start: usize, count: usize) -> impl Iterator<Item = &[u8]> {
        let (at, offset) = self.place(start);
        let (first, second) = self.nodes();
        let (first, second) = if at < first.len() {
            (&first[at..], second)
        } else {
            (&second[(at - first.len()).min(second.len())..], &[][..])
        };
        let (elements, first) = match first.split_first() {
            Some((node, rest)) => (node.elements_from(offset), rest),
            None => Default::default(),
        };
        elements.chain(first.iter().chain(second).flat_map(Node::elements)).take(count)
    }

    /// The nodes in order, as two slices.
    fn nodes(&self) -> (&[Node], &[Node]) {
        match &self.0 {
            Shape::Packed(node) => (std::slice::from_ref(node), &[]),
            Shape::Chain(chain) => chain.nodes(),
        }
    }

    /// Where an element stands: its node, and its place there.
    fn place(&self, index: usize) -> (usize, usize) {
        match &self.0 {
            Shape::Packed(node) => (0, index.min(node.len())),
            Shape::Chain(chain) => chain.place(index),
        }
    }

    /// Adds one more at an end.
    pub fn push(&mut self, end: End, element: &[u8]) {
        match &mut self.0 {
            Shape::Packed(node) if node.fits(element) => node.push(end, element),
            _ => self.chain().push(end, element),
        }
    }

    /// Drops so many, at most all, at an end.
    pub fn drop_end(&mut self, end: End, count: usize) {
        match &mut self.0 {
            Shape::Packed(node) => node.drop_end(end, count.min(node.len())),
            Shape::Chain(chain) => chain.drop_end(end, count),
        }
        self.settle();
    }

    /// Puts an element in place of the one at an index; false if there is none.
    pub fn set(&mut self, index: usize, element: &[u8]) -> bool {
        let is_there = index < self.len();
        if is_there {
            self.splice(index, 1, element);
        }
        is_there
    }

    /// Inserts an element before the first one that equals `pivot`, or behind it; false if there is none.
    pub fn insert(&mut self, is_before: bool, pivot: &[u8], element: &[u8]) -> bool {
        let Some(index) = self.iter().position(|found| found == pivot) else { return false };
        self.splice(index + usize::from(!is_before), 0, element);
        true
    }

    /// Removes at most `limit` elements equal to this one, those nearest to an end; returns how many.
    pub fn remove(&mut self, end: End, limit: usize, element: &[u8]) -> usize {
        let removed = match &mut self.0 {
            Shape::Packed(node) => chain::remove_within(node, end, limit, element),
            Shape::Chain(chain) => chain.remove(end, limit, element),
        };
        self.settle();
        removed
    }

    /// Removes so many (0 or 1) elements at an index, and inserts one there.
    fn splice(&mut self, index: usize, removed: usize, element: &[u8]) {
        if let Shape::Packed(node) = &mut self.0
            && entry_bytes(element) <= NODE_BYTES
            && node.splice(index, removed, element)
        {
            return;
        }
        self.chain().splice(index, removed, element);
        self.settle();
    }

    fn chain(&mut self) -> &mut Chain {
        if let Shape::Packed(node) = &mut self.0 {
            self.0 = Shape::Chain(Box::new(Chain::of(std::mem::take(node))));
        }
        match &mut self.0 {
            Shape::Chain(chain) => chain,
            Shape::Packed(_) => unreachable!("it has just been made a chain"),
        }
    }

    /// One node that is half empty needs no chain. Only half, so that a list at the border does not go back and forth.
    fn settle(&mut self) {
        if let Shape::Chain(chain) = &mut self.0
            && let Some(node) = chain.take_single()
        {
            self.0 = Shape::Packed(node);
        }
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        match &self.0 {
            Shape::Packed(node) => {
                node.validate();
                assert!(node.used() <= NODE_BYTES, "a packed list is one node that is not overfull");
            }
            Shape::Chain(chain) => chain.validate(),
        }
    }
}
