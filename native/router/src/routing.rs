//! Who gets a key: the topology's document in the form that the data path asks. Pure; nodes are indices into the document.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::hash;
use crate::placement::{Continuum, Placement, Rendezvous};
use crate::topology::{Document, Down, Lookup, NodeRow, PlacementRow, PoolRow, TopologyError};

/// Pools and the prefixes that lead to them.
pub struct Routing {
    /// Counts installs.
    pub version: u64,
    /// The nodes as given.
    pub nodes: Vec<NodeRow>,
    /// The pools.
    pub pools: Vec<Pool>,
    /// Longest prefix first.
    routes: Vec<(Vec<u8>, usize)>,
    default_pool: usize,
}

/// A pool, ready to be asked.
pub struct Pool {
    /// Its name in statistics and errors.
    pub name: String,
    /// What happens to a down node's keys.
    pub down: Down,
    /// On how many nodes a value is kept.
    pub replicas: usize,
    /// Time for a connection to stand.
    pub connect_timeout: Duration,
    /// Time for an answer to be complete.
    pub request_timeout: Duration,
    /// So many failures in a row mark a node down.
    pub failure_limit: u32,
    /// Connections to each node, per worker thread.
    pub connections_per_node: usize,
    /// Its nodes, as indices into the document.
    pub nodes: Vec<usize>,
    zones: Vec<Option<String>>,
    zone: Option<String>,
    hash_tag: Option<(u8, u8)>,
    placement: Placement,
}

impl Routing {
    /// Reads a document and prepares its pools.
    ///
    /// # Errors
    /// What is wrong in the document.
    pub fn parse(json: &str) -> Result<Self, TopologyError> {
        let document = Document::parse(json)?;
        let mut routes: Vec<(Vec<u8>, usize)> =
            document.routes.into_iter().map(|route| (route.prefix.into_bytes(), route.pool)).collect();
        routes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        let pools = document.pools.into_iter().map(|pool| Pool::new(pool, &document.nodes)).collect();
        Ok(Self {
            version: document.version,
            nodes: document.nodes,
            pools,
            routes,
            default_pool: document.default_pool,
        })
    }

    /// The pool of a key: by its longest prefix, else the default one.
    #[inline]
    #[must_use]
    pub fn pool(&self, key: &[u8]) -> &Pool {
        let found = self.routes.iter().find(|(prefix, _)| key.starts_with(prefix));
        &self.pools[found.map_or(self.default_pool, |(_, pool)| *pool)]
    }

    /// The key's pool and the names of its nodes, first choice first.
    #[must_use]
    pub fn locate(&self, key: &[u8]) -> (&str, Vec<&str>) {
        let pool = self.pool(key);
        (&pool.name, pool.holders(key).into_iter().map(|node| self.nodes[node].name.as_str()).collect())
    }
}

impl Pool {
    fn new(row: PoolRow, nodes: &[NodeRow]) -> Self {
        let tag = row.hash_tag.as_deref().map(str::as_bytes);
        Self {
            name: row.name,
            down: row.down,
            replicas: row.replicas,
            connect_timeout: Duration::from_millis(row.connect_timeout_ms),
            request_timeout: Duration::from_millis(row.request_timeout_ms),
            failure_limit: row.failure_limit,
            connections_per_node: row.connections_per_node,
            zones: row.nodes.iter().map(|&node| nodes[node].zone.clone()).collect(),
            zone: row.zone,
            hash_tag: tag.map(|tag| (tag[0], tag[1])),
            placement: place(row.placement, row.nodes.len()),
            nodes: row.nodes,
        }
    }

    /// The node that comes first for a key.
    #[inline]
    #[must_use]
    pub fn first(&self, key: &[u8]) -> usize {
        self.nodes[self.placement.first(self.hashed_part(key))]
    }

    /// The nodes that keep a key's value: the first choice, then the next ones of other zones as far as there are any.
    #[must_use]
    pub fn holders(&self, key: &[u8]) -> Vec<usize> {
        if self.replicas == 1 {
            return vec![self.first(key)];
        }
        self.members(key).into_iter().map(|member| self.nodes[member]).collect()
    }

    /// The same nodes in the order in which a read tries them: those of the proxy's zone first.
    #[must_use]
    pub fn readers(&self, key: &[u8]) -> Vec<usize> {
        let mut members = self.members(key);
        if self.zone.is_some() {
            members.sort_by_key(|&member| self.zones[member] != self.zone);
        }
        members.into_iter().map(|member| self.nodes[member]).collect()
    }

    fn members(&self, key: &[u8]) -> Vec<usize> {
        let ranked = self.placement.ranked(self.hashed_part(key), self.nodes.len());
        let mut chosen: Vec<usize> = Vec::with_capacity(self.replicas);
        for spread in [true, false] {
            for &member in &ranked {
                let zone = &self.zones[member];
                let is_near = zone.is_some() && chosen.iter().any(|&other| self.zones[other] == *zone);
                if chosen.len() < self.replicas && !chosen.contains(&member) && !(spread && is_near) {
                    chosen.push(member);
                }
            }
        }
        chosen
    }

    /// What stands between the tag's first opening and the next closing character; the whole key if that is nothing.
    #[inline]
    fn hashed_part<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        let Some((open, close)) = self.hash_tag else { return key };
        let tagged = memchr::memchr(open, key).map(|at| &key[at + 1..]);
        let part = tagged.and_then(|rest| memchr::memchr(close, rest).map(|end| &rest[..end]));
        part.filter(|part| !part.is_empty()).unwrap_or(key)
    }
}

fn place(row: PlacementRow, nodes: usize) -> Placement {
    // The document has been checked: names are known and indices fit.
    let hash = |name: &str| hash::by_name(name).unwrap_or(|_| 0);
    let slots = |slots: Vec<usize>| slots.into_iter().map(|node| node as u16).collect();
    match row {
        PlacementRow::Continuum { hash: name, lookup, points } => {
            let points: Vec<(u32, u16)> = points.into_iter().map(|(value, node)| (value, node as u16)).collect();
            Placement::Continuum(Continuum::new(hash(&name), lookup == Lookup::Above, &points))
        }
        PlacementRow::Jump { hash: name, seed } => {
            let seed = Some(seed).filter(|_| name == "xxh3_64");
            Placement::Jump { hash: hash(&name), seed, nodes }
        }
        PlacementRow::Rendezvous { names } => Placement::Rendezvous(Rendezvous::new(&names)),
        PlacementRow::Modula { hash: name, slots: given } => {
            Placement::Modula { hash: hash(&name), slots: slots(given) }
        }
        PlacementRow::Random { slots: given } => {
            Placement::Random { slots: slots(given), state: AtomicU64::new(0) }
        }
    }
}
