//! The topology as it arrives: a JSON document, checked field by field. What it becomes stands in `route.rs`.

use std::fmt;

use serde::Deserialize;

use crate::hash;

/// Most nodes a pool may have: points name them in 16 bits.
pub const POOL_NODES_MAX: usize = 1 << 16;

/// Who is there and who gets what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Counts installs.
    pub version: u64,
    /// Every node of every pool.
    pub nodes: Vec<NodeRow>,
    /// The pools.
    pub pools: Vec<PoolRow>,
    /// Key prefixes that go to another pool than the default one.
    #[serde(default)]
    pub routes: Vec<RouteRow>,
    /// The pool of all other keys.
    #[serde(default)]
    pub default_pool: usize,
}

/// One server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRow {
    /// What people call it.
    pub name: String,
    /// `host:port` or a unix socket's path.
    pub address: String,
    /// Where it stands, if replicas shall be spread.
    #[serde(default)]
    pub zone: Option<String>,
}

/// One pool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolRow {
    /// Its name in statistics and errors.
    pub name: String,
    /// Indices into the document's nodes.
    pub nodes: Vec<usize>,
    /// Who gets a key.
    pub placement: PlacementRow,
    /// Two characters: only what stands between them in a key is hashed.
    #[serde(default)]
    pub hash_tag: Option<String>,
    /// What happens to a down node's keys.
    #[serde(default)]
    pub down: Down,
    /// On how many nodes a value is kept.
    #[serde(default = "one")]
    pub replicas: usize,
    /// Where the proxy stands: reads prefer this zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// Time for a connection to stand.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// How long a node may be silent while an answer is awaited; ten times as long for all of it.
    #[serde(default = "request_timeout_ms")]
    pub request_timeout_ms: u64,
    /// So many failures in a row mark a node down.
    #[serde(default = "failure_limit")]
    pub failure_limit: u32,
    /// Connections to each node, per worker thread.
    #[serde(default = "one")]
    pub connections_per_node: usize,
}

/// What happens to the keys of a node that is down.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Down {
    /// An immediate error.
    #[default]
    Fail,
    /// Reads miss, writes are refused.
    Miss,
    /// A topology without the node follows; until then an immediate error.
    Eject,
}

/// How a pool places keys.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum PlacementRow {
    /// Points on a ring, sorted.
    Continuum {
        /// Hash of keys.
        hash: String,
        /// Which point is a key's.
        #[serde(rename = "match")]
        lookup: Lookup,
        /// Hash value and index into the pool's nodes.
        points: Vec<(u32, usize)>,
    },
    /// Jump hash.
    Jump {
        /// Hash of keys.
        hash: String,
        /// Seed, for xxh3_64.
        #[serde(default)]
        seed: u64,
    },
    /// Highest random weight.
    Rendezvous {
        /// The nodes' names as hashed.
        names: Vec<String>,
    },
    /// Hash modulo slots.
    Modula {
        /// Hash of keys.
        hash: String,
        /// Node of each slot.
        slots: Vec<usize>,
    },
    /// Any slot.
    Random {
        /// Node of each slot.
        slots: Vec<usize>,
    },
}

/// Which point of a ring is a key's.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// The first that is not below the hash.
    AtOrAbove,
    /// The first above the hash.
    Above,
}

/// Keys with this prefix go to that pool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteRow {
    /// The key's first bytes.
    pub prefix: String,
    /// Index into the document's pools.
    pub pool: usize,
}

/// What is wrong with a document, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct TopologyError(pub String);

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "topology: {}", self.0)
    }
}

impl std::error::Error for TopologyError {}

impl Document {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// Names the place and what is expected there.
    pub fn parse(json: &str) -> Result<Self, TopologyError> {
        let document: Self = serde_json::from_str(json).map_err(|error| TopologyError(error.to_string()))?;
        document.check().map_err(TopologyError)?;
        Ok(document)
    }

    fn check(&self) -> Result<(), String> {
        for (index, node) in self.nodes.iter().enumerate() {
            if self.nodes[..index].iter().any(|other| other.name == node.name) {
                return Err(format!("nodes[{index}].name: `{}` is there twice; names must differ", node.name));
            }
        }
        for pool in &self.pools {
            pool.check(self.nodes.len()).map_err(|what| format!("pool `{}`: {what}", pool.name))?;
        }
        let pools = self.pools.len();
        if self.default_pool >= pools {
            return Err(format!("default_pool: {} is no pool; there are {pools}", self.default_pool));
        }
        for route in &self.routes {
            if route.pool >= pools {
                return Err(format!("route `{}`: pool {} is no pool; there are {pools}", route.prefix, route.pool));
            }
        }
        Ok(())
    }
}

impl PoolRow {
    fn check(&self, nodes: usize) -> Result<(), String> {
        if self.nodes.is_empty() || self.nodes.len() > POOL_NODES_MAX {
            return Err(format!("nodes: a pool has 1 to {POOL_NODES_MAX} nodes, not {}", self.nodes.len()));
        }
        if let Some(node) = self.nodes.iter().find(|&&node| node >= nodes) {
            return Err(format!("nodes: {node} is no node; there are {nodes}"));
        }
        if self.hash_tag.as_ref().is_some_and(|tag| tag.len() != 2) {
            return Err("hash_tag: two characters, such as {}, or null".into());
        }
        if !(1..=self.nodes.len()).contains(&self.replicas) {
            return Err(format!("replicas: 1 to the number of nodes ({}), not {}", self.nodes.len(), self.replicas));
        }
        let counts = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
            ("failure_limit", u64::from(self.failure_limit)),
            ("connections_per_node", self.connections_per_node as u64),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{name}: at least 1"));
        }
        self.placement.check(self.nodes.len()).map_err(|what| format!("placement.{what}"))
    }
}

impl PlacementRow {
    fn check(&self, nodes: usize) -> Result<(), String> {
        match self {
            Self::Continuum { hash, points, .. } => {
                if !points.is_sorted_by_key(|point| point.0) {
                    return Err("points: must be sorted by value".into());
                }
                check_hash(hash)?;
                check_members("points", points.iter().map(|point| point.1), nodes)
            }
            Self::Jump { hash, .. } => check_hash(hash),
            Self::Rendezvous { names } if names.len() != nodes => {
                Err(format!("names: one for each of the {nodes} nodes, not {}", names.len()))
            }
            Self::Rendezvous { .. } => Ok(()),
            Self::Modula { hash, slots } => {
                check_hash(hash)?;
                check_members("slots", slots.iter().copied(), nodes)
            }
            Self::Random { slots } => check_members("slots", slots.iter().copied(), nodes),
        }
    }
}

fn check_hash(name: &str) -> Result<(), String> {
    if hash::by_name(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = hash::HASHES.iter().map(|(name, _)| *name).collect();
    Err(format!("hash: `{name}` is not one of {}", known.join(" ")))
}

fn check_members(field: &str, mut members: impl ExactSizeIterator<Item = usize>, nodes: usize) -> Result<(), String> {
    if members.len() == 0 {
        return Err(format!("{field}: empty; every node needs at least one"));
    }
    match members.find(|&node| node >= nodes) {
        Some(node) => Err(format!("{field}: {node} is no node of this pool; it has {nodes}")),
        None => Ok(()),
    }
}

fn one() -> usize {
    1
}

fn connect_timeout_ms() -> u64 {
    500
}

fn request_timeout_ms() -> u64 {
    1000
}

fn failure_limit() -> u32 {
    3
}
