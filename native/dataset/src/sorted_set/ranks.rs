//! A sequence by rank: a B-tree that counts what is below each branch. It does not know in what order its items stand; who uses it
//! finds the rank first (`partition_point`) and then inserts there.

/// One member: its score, and its number among the entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ranked {
    pub(super) score: f64,
    pub(super) number: u32,
}

/// Items of a full leaf.
const LEAF: usize = 64;
/// Branches of a full inner node.
const INNER: usize = 32;
/// A node with less than one in so many of its places taken is joined with its neighbour.
const SPARSE: usize = 4;

/// A sequence of members.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    root: Node,
    size: Size,
}

/// Nodes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    leaves: usize,
    inners: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Vec<Ranked>),
    Inner(Vec<Branch>),
}

#[derive(Clone, Debug)]
struct Branch {
    /// Items below.
    count: usize,
    /// The first of them.
    first: Ranked,
    node: Node,
}

impl Default for Ranks {
    fn default() -> Self {
        Self { root: Node::Leaf(Vec::new()), size: Size { leaves: 1, inners: 0 } }
    }
}

impl Ranks {
    /// Bytes: a leaf below a branch has room for all its items from the beginning, so counting nodes is enough.
    pub(super) fn weight(&self) -> usize {
        match &self.root {
            Node::Leaf(items) => items.capacity() * size_of::<Ranked>(),
            Node::Inner(_) => {
                self.size.leaves * LEAF * size_of::<Ranked>() + self.size.inners * INNER * size_of::<Branch>()
            }
        }
    }

    /// How many items, from the first on, are such; these stand before all others.
    pub(super) fn partition_point(&self, is_before: impl Fn(&Ranked) -> bool) -> usize {
        let (mut node, mut before) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(items) => return before + items.partition_point(&is_before),
                Node::Inner(branches) => {
                    let at = branches.partition_point(|branch| is_before(&branch.first)).saturating_sub(1);
                    before += branches[..at].iter().map(|branch| branch.count).sum::<usize>();
                    node = &branches[at].node;
                }
            }
        }
    }

    /// The leaf of the item of this rank, and the rank of that leaf's first item.
    pub(super) fn leaf(&self, rank: usize) -> (&[Ranked], usize) {
        let (mut node, mut left) = (&self.root, rank);
        loop {
            match node {
                Node::Leaf(items) => return (items, rank - left),
                Node::Inner(branches) => {
                    let (at, below) = place(branches, left, 0);
                    (node, left) = (&branches[at].node, below);
                }
            }
        }
    }

    /// Puts an item where it will have this rank.
    pub(super) fn insert(&mut self, rank: usize, item: Ranked) {
        let Some(right) = self.root.insert(rank, item, &mut self.size) else { return };
        let left = std::mem::replace(&mut self.root, Node::Leaf(Vec::new()));
        let mut branches = Vec::with_capacity(INNER);
        branches.extend([Branch::of(left), Branch::of(right)]);
        self.size.inners += 1;
        self.root = Node::Inner(branches);
    }

    /// Takes the item of this rank out.
    pub(super) fn remove(&mut self, rank: usize) -> Ranked {
        let item = self.root.remove(rank, &mut self.size);
        while let Node::Inner(branches) = &mut self.root {
            let [_] = branches[..] else { break };
            self.root = branches.remove(0).node;
            self.size.inners -= 1;
        }
        item
    }

    pub(super) fn validate(&self, count: usize) {
        let mut size = Size::default();
        assert_eq!(self.root.validate(&mut size, true).0, count, "the tree holds every member");
        assert_eq!(size, self.size, "the nodes are counted");
    }
}

/// The branch of a rank, and the rank in it; a rank that is `behind` all of a branch still belongs to it.
fn place(branches: &[Branch], mut rank: usize, behind: usize) -> (usize, usize) {
    let mut at = 0;
    while at + 1 < branches.len() && rank >= branches[at].count + behind {
        rank -= branches[at].count;
        at += 1;
    }
    (at, rank)
}

/// Puts a thing into a node that is full with `max`; what does not fit comes back as another node's.
fn insert_into<T>(things: &mut Vec<T>, at: usize, thing: T, max: usize) -> Option<Vec<T>> {
    if things.len() < max {
        things.insert(at, thing);
        return None;
    }
    let mut right = Vec::with_capacity(max);
    right.extend(things.drain(max / 2..));
    if at <= things.len() {
        things.insert(at, thing)
    } else {
        right.insert(at - max / 2, thing)
    }
    Some(right)
}

/// Makes one node of two, or two equal ones if that would be more than full.
fn join<T>(left: &mut Vec<T>, right: &mut Vec<T>, max: usize) -> bool {
    left.reserve_exact(max.saturating_sub(left.len()));
    if left.len() + right.len() <= max {
        left.append(right);
        return true;
    }
    let half = (left.len() + right.len()) / 2;
    if left.len() > half {
        right.splice(0..0, left.drain(half..));
    } else {
        left.extend(right.drain(..half - left.len()));
    }
    false
}

impl Branch {
    fn of(node: Node) -> Self {
        let (count, first) = match &node {
            Node::Leaf(items) => (items.len(), items[0]),
            Node::Inner(branches) => (branches.iter().map(|branch| branch.count).sum(), branches[0].first),
        };
        Self { count, first, node }
    }

    fn is_sparse(&self) -> bool {
        match &self.node {
            Node::Leaf(items) => items.len() < LEAF / SPARSE,
            Node::Inner(branches) => branches.len() < INNER / SPARSE,
        }
    }
}

impl Node {
    fn first(&self) -> Ranked {
        match self {
            Self::Leaf(items) => items[0],
            Self::Inner(branches) => branches[0].first,
        }
    }

    fn insert(&mut self, rank: usize, item: Ranked, size: &mut Size) -> Option<Self> {
        match self {
            Self::Leaf(items) if rank == LEAF => {
                // At the end of a full leaf another one begins: what grows in order leaves full leaves behind.
                debug_assert_eq!(items.len(), LEAF, "a rank is at most the count");
                let mut right = Vec::with_capacity(LEAF);
                right.push(item);
                size.leaves += 1;
                Some(Self::Leaf(right))
            }
            Self::Leaf(items) => {
                let right = insert_into(items, rank, item, LEAF)?;
                size.leaves += 1;
                Some(Self::Leaf(right))
            }
            Self::Inner(branches) => {
                let (at, rank) = place(branches, rank, 1);
                let branch = &mut branches[at];
                let split = branch.node.insert(rank, item, size);
                branch.first = branch.node.first();
                branch.count += 1;
                let right = Branch::of(split?);
                branch.count -= right.count;
                let right = insert_into(branches, at + 1, right, INNER)?;
                size.inners += 1;
                Some(Self::Inner(right))
            }
        }
    }

    fn remove(&mut self, rank: usize, size: &mut Size) -> Ranked {
        let branches = match self {
            Self::Leaf(items) => return items.remove(rank),
            Self::Inner(branches) => branches,
        };
        let (at, rank) = place(branches, rank, 0);
        let branch = &mut branches[at];
        let item = branch.node.remove(rank, size);
        branch.count -= 1;
        if branch.is_sparse() {
            join_at(branches, at.saturating_sub(1), size);
        } else {
            branch.first = branch.node.first();
        }
        item
    }

    fn validate(&self, size: &mut Size, is_root: bool) -> (usize, usize) {
        match self {
            Self::Leaf(items) => {
                size.leaves += 1;
                assert!(
                    is_root || !items.is_empty() && items.capacity() == LEAF,
                    "a leaf has items, and room for more"
                );
                (items.len(), 0)
            }
            Self::Inner(branches) => {
                size.inners += 1;
                assert!(branches.len() > 1 && branches.capacity() == INNER, "an inner node has branches");
                let below: Vec<_> = branches.iter().map(|branch| branch.node.validate(size, false)).collect();
                for (branch, (count, height)) in branches.iter().zip(&below) {
                    assert_eq!(branch.count, *count, "a branch counts what is below");
                    assert_eq!(branch.first, branch.node.first(), "a branch knows its first item");
                    assert_eq!(*height, below[0].1, "all leaves are equally deep");
                }
                (below.iter().map(|(count, _)| count).sum(), below[0].1 + 1)
            }
        }
    }
}

/// Joins a branch with the next one.
fn join_at(branches: &mut Vec<Branch>, at: usize, size: &mut Size) {
    let (left, right) = branches.split_at_mut(at + 1);
    let (left, right) = (&mut left[at], &mut right[0]);
    let is_one = match (&mut left.node, &mut right.node) {
        (Node::Leaf(left), Node::Leaf(right)) => join(left, right, LEAF),
        (Node::Inner(left), Node::Inner(right)) => join(left, right, INNER),
        _ => unreachable!("neighbours are equally deep"),
    };
    let both = left.count + right.count;
    if is_one {
        size.leaves -= usize::from(matches!(left.node, Node::Leaf(_)));
        size.inners -= usize::from(matches!(left.node, Node::Inner(_)));
        (left.count, left.first) = (both, left.node.first());
        branches.remove(at + 1);
        return;
    }
    let node = std::mem::replace(&mut right.node, Node::Leaf(Vec::new()));
    *right = Branch::of(node);
    (left.count, left.first) = (both - right.count, left.node.first());
}
