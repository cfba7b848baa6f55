//! Nodes in a row, for lists that outgrow one. None is empty; only the two at the ends are likely to have room.

use std::collections::VecDeque;

use super::End;
use super::node::{NODE_BYTES, Node, entry_bytes};

/// A new node at an end begins with an eighth of what the chain holds already, between these bounds.
const ROOM_MIN: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Chain {
    nodes: VecDeque<Node>,
    /// Elements.
    len: usize,
    /// Bytes of all nodes' allocations.
    held: usize,
}

impl Clone for Chain {
    /// A copy has no room to grow in: it may weigh less.
    fn clone(&self) -> Self {
        let nodes = self.nodes.clone();
        Self { len: self.len, held: nodes.iter().map(Node::capacity).sum(), nodes }
    }
}

impl Chain {
    pub(super) fn of(node: Node) -> Self {
        let mut chain = Self::default();
        chain.insert_node(0, node);
        chain
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn weight(&self) -> usize {
        self.held + self.nodes.capacity() * size_of::<Node>()
    }

    pub(super) fn nodes(&self) -> (&[Node], &[Node]) {
        self.nodes.as_slices()
    }

    fn node(&self, end: End) -> Option<&Node> {
        match end {
            End::Front => self.nodes.front(),
            End::Back => self.nodes.back(),
        }
    }

    pub(super) fn end(&self, end: End) -> Option<&[u8]> {
        self.node(end)?.end(end)
    }

    /// The node of an element and its place there; behind the last node if the index is too large.
    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        if index > self.len / 2 {
            return self.place_from_back(index);
        }
        let mut left = index;
        for (at, node) in self.nodes.iter().enumerate() {
            if left < node.len() {
                return (at, left);
            }
            left -= node.len();
        }
        (self.nodes.len(), 0)
    }

    fn place_from_back(&self, index: usize) -> (usize, usize) {
        let Some(mut left) = self.len.checked_sub(index).filter(|left| *left > 0) else {
            return (self.nodes.len(), 0);
        };
        for (at, node) in self.nodes.iter().enumerate().rev() {
            if left <= node.len() {
                return (at, node.len() - left);
            }
            left -= node.len();
        }
        (0, 0)
    }

    /// Changes a node in place; what it weighs and counts is accounted for.
    fn change<R>(&mut self, at: usize, change: impl FnOnce(&mut Node) -> R) -> R {
        let node = &mut self.nodes[at];
        let (len, held) = (node.len(), node.capacity());
        let result = change(node);
        self.len = self.len + node.len() - len;
        self.held = self.held + node.capacity() - held;
        result
    }

    fn insert_node(&mut self, at: usize, node: Node) {
        if node.len() > 0 {
            self.len += node.len();
            self.held += node.capacity();
            self.nodes.insert(at, node);
        }
    }

    fn remove_node(&mut self, at: usize) -> Option<Node> {
        let node = self.nodes.remove(at)?;
        self.len -= node.len();
        self.held -= node.capacity();
        Some(node)
    }

    pub(super) fn push(&mut self, end: End, element: &[u8]) {
        let at = match end {
            End::Front => 0,
            End::Back => self.nodes.len().saturating_sub(1),
        };
        if self.node(end).is_some_and(|node| node.fits(element)) {
            self.change(at, |node| node.push(end, element));
        } else {
            let mut node = Node::with_room(end, (self.held / 8).clamp(ROOM_MIN, NODE_BYTES).max(entry_bytes(element)));
            node.push(end, element);
            self.insert_node(if end == End::Front { 0 } else { self.nodes.len() }, node);
        }
    }

    pub(super) fn drop_end(&mut self, end: End, count: usize) {
        let mut left = count;
        while let Some(node) = self.node(end).filter(|_| left > 0) {
            let at = if end == End::Front { 0 } else { self.nodes.len() - 1 };
            let within = node.len();
            if within <= left {
                self.remove_node(at);
            } else {
                self.change(at, |node| node.drop_end(end, left));
            }
            left = left.saturating_sub(within);
        }
        if self.nodes.len() < self.nodes.capacity() / 4 {
            self.nodes.shrink_to(self.nodes.len() * 2);
        }
    }

    /// Removes so many (0 or 1) elements at an index and inserts one there, dividing a node that would become too full.
    pub(super) fn splice(&mut self, index: usize, removed: usize, element: &[u8]) {
        let (at, place) = self.place(index);
        if at == self.nodes.len() {
            return self.push(End::Back, element);
        }
        if self.change(at, |node| node.splice(place, removed, element)) {
            return;
        }
        let mut behind = self.change(at, |node| node.split_off(place));
        behind.drop_end(End::Front, removed);
        let mut between = Node::with_room(End::Back, entry_bytes(element));
        between.push(End::Back, element);
        let parts = [self.remove_node(at).unwrap_or_default(), between, behind];
        for (offset, part) in joined(parts).into_iter().enumerate() {
            self.insert_node(at + offset, part);
        }
    }

    /// Removes elements equal to this one, those nearest to an end; returns how many.
    pub(super) fn remove(&mut self, end: End, limit: usize, element: &[u8]) -> usize {
        let mut removed = 0;
        for step in 0..self.nodes.len() {
            let at = if end == End::Front { step } else { self.nodes.len() - 1 - step };
            removed += self.change(at, |node| remove_within(node, end, limit - removed, element));
            if removed == limit {
                break;
            }
        }
        if removed > 0 {
            let nodes = joined(std::mem::take(&mut self.nodes));
            self.held = nodes.iter().map(Node::capacity).sum();
            self.nodes = nodes.into();
        }
        removed
    }

    /// The only node, or an empty one if there is none, when half a node is enough for it.
    pub(super) fn take_single(&mut self) -> Option<Node> {
        let is_enough = match self.nodes.len() {
            0 => true,
            1 => self.nodes[0].used() <= NODE_BYTES / 2,
            _ => false,
        };
        is_enough.then(|| self.nodes.pop_front().unwrap_or_default())
    }

    /// # Panics
    /// When an invariant is broken.
    pub(super) fn validate(&self) {
        self.nodes.iter().for_each(Node::validate);
        assert!(self.nodes.iter().all(|node| node.len() > 0), "no node of a chain is empty");
        assert_eq!(self.nodes.iter().map(Node::len).sum::<usize>(), self.len, "a chain's elements are counted");
        assert_eq!(self.nodes.iter().map(Node::capacity).sum::<usize>(), self.held, "a chain's bytes are counted");
    }
}

/// Removes within one node; see `Chain::remove`.
pub(super) fn remove_within(node: &mut Node, end: End, limit: usize, element: &[u8]) -> usize {
    let equal = node.elements().filter(|found| *found == element).count();
    let removed = equal.min(limit);
    if removed > 0 {
        node.remove(element, if end == End::Front { 0 } else { equal - removed }, removed);
    }
    removed
}

/// The same elements in as few nodes as joining neighbours makes of them; none is empty.
fn joined(nodes: impl IntoIterator<Item = Node>) -> Vec<Node> {
    let mut joined: Vec<Node> = Vec::new();
    for node in nodes.into_iter().filter(|node| node.len() > 0) {
        match joined.last_mut() {
            Some(last) if last.used() + node.used() <= NODE_BYTES => last.append(&node),
            _ => joined.push(node),
        }
    }
    joined
}
