//! How many nodes Redis's radix tree would take for the blocks: XINFO STREAM tells it, and it is the only trace of that tree here.

use super::{Id, Stream};

/// Bytes of an id as a key.
const KEY: usize = 16;

impl Stream {
    /// Nodes of a radix tree that holds the first ids of the blocks, big-endian, runs of bytes in one node.
    #[must_use]
    pub fn radix_nodes(&self) -> usize {
        let keys: Vec<[u8; KEY]> = self.blocks.keys().map(|id| bytes(*id)).collect();
        nodes(&keys, 0)
    }
}

fn bytes(id: Id) -> [u8; KEY] {
    let mut key = [0; KEY];
    key[..8].copy_from_slice(&id.ms.to_be_bytes());
    key[8..].copy_from_slice(&id.seq.to_be_bytes());
    key
}

/// Nodes of the tree of these keys, in order, of which so many bytes are behind.
fn nodes(keys: &[[u8; KEY]], behind: usize) -> usize {
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return 1 };
    let common = first.iter().zip(last).take_while(|(one, other)| one == other).count();
    let run = usize::from(common > behind);
    if common == KEY {
        return run + 1;
    }
    let branches = keys.chunk_by(|one, other| one[common] == other[common]);
    run + 1 + branches.map(|branch| nodes(branch, common + 1)).sum::<usize>()
}
