//! Highest random weight, as pymemcache's `HashClient` does it: murmur3_32 of `node-key`, a tie goes to the larger name.

use crate::hash::Murmur3;

/// The nodes' names, hashed up to the key.
pub struct Rendezvous {
    names: Vec<(String, Murmur3)>,
}

impl Rendezvous {
    /// Names as the client library would write them, in the pool's order of nodes.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let begin = |name: &String| {
            let mut hash = Murmur3::default();
            hash.write(name.as_bytes());
            hash.write(b"-");
            (name.clone(), hash)
        };
        Self { names: names.iter().map(begin).collect() }
    }

    /// The winner.
    #[must_use]
    pub fn first(&self, key: &[u8]) -> usize {
        (0..self.names.len()).max_by_key(|&node| self.weight(node, key)).unwrap_or(0)
    }

    /// All nodes, the winner first.
    #[must_use]
    pub fn ranked(&self, key: &[u8]) -> Vec<usize> {
        let mut nodes: Vec<usize> = (0..self.names.len()).collect();
        nodes.sort_by_key(|&node| std::cmp::Reverse(self.weight(node, key)));
        nodes
    }

    fn weight(&self, node: usize, key: &[u8]) -> (u32, &str) {
        let (name, mut hash) = (&self.names[node].0, self.names[node].1);
        hash.write(key);
        (hash.finish(), name)
    }
}
