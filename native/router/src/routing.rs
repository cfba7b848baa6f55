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
    /// How long a node may be silent while an answer is awaited; ten times as long for all of it.
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

    /// The pool of a key and its place: by its longest prefix, else the default one.
    #[inline]
    #[must_use]
    pub fn pool(&self, key: &[u8]) -> (u32, &Pool) {
        let found = self.routes.iter().find(|(prefix, _)| key.starts_with(prefix));
        let place = found.map_or(self.default_pool, |(_, pool)| *pool);
        (place as u32, &self.pools[place])
    }

    /// The key's pool and the names of its nodes, first choice first.
    #[must_use]
    pub fn locate(&self, key: &[u8]) -> (&str, Vec<&str>) {
        let (_, pool) = self.pool(key);
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

    /// The same for several keys, at most `hash::BATCH` of them.
    pub fn first_of_many(&self, keys: &[&[u8]], nodes: &mut [usize]) {
        let mut parts: [&[u8]; hash::BATCH] = [&[]; hash::BATCH];
        keys.iter().zip(&mut parts).for_each(|(key, part)| *part = self.hashed_part(key));
        self.placement.first_of_many(&parts[..keys.len()], nodes);
        nodes[..keys.len()].iter_mut().for_each(|node| *node = self.nodes[*node]);
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
                // A jump pool without an ejected node names another node twice.
                let is_taken = chosen.iter().any(|&other| self.nodes[other] == self.nodes[member]);
                if chosen.len() < self.replicas && !is_taken && !(spread && is_near) {
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
            Placement::Continuum(Continuum::new(
                hash(&name),
                hash::many_by_name(&name),
                lookup == Lookup::Above,
                &points,
            ))
        }
        PlacementRow::Jump { hash: name, seed } => {
            let seed = Some(seed).filter(|_| name == "xxh3_64");
            Placement::Jump { hash: hash(&name), seed, nodes }
        }
        PlacementRow::Rendezvous { names } => Placement::Rendezvous(Rendezvous::new(&names)),
        PlacementRow::Modula { hash: name, slots: given } => {
            Placement::Modula { hash: hash(&name), slots: slots(given) }
        }
        PlacementRow::Random { slots: given } => Placement::Random { slots: slots(given), state: AtomicU64::new(0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = r#"[{"name": "10.0.0.1:11211", "address": "10.0.0.1:11211", "zone": "a"},
        {"name": "10.0.0.2:11211", "address": "10.0.0.2:11211", "zone": "a"},
        {"name": "10.0.0.3:11212", "address": "10.0.0.3:11212", "zone": "b"}]"#;

    fn document(placement: &str, more: &str) -> String {
        format!(
            r#"{{"version": 1, "nodes": {NODES}, "pools": [
                {{"name": "main", "nodes": [0, 1, 2], "placement": {placement}{more}}},
                {{"name": "other", "nodes": [2], "placement": {{"kind": "random", "slots": [0]}}}}],
                "routes": [{{"prefix": "o:", "pool": 1}}, {{"prefix": "o:main:", "pool": 0}}]}}"#
        )
    }

    fn routing(placement: &str, more: &str) -> Routing {
        Routing::parse(&document(placement, more)).expect("a right document")
    }

    /// The ring that twemproxy builds for three nodes of equal weight: MD5 of `name-i`, four points each, the default port
    /// not part of the name.
    fn ketama(hash: &str, lookup: &str) -> String {
        let mut points: Vec<(u32, usize)> = Vec::new();
        for (node, name) in ["10.0.0.1", "10.0.0.2", "10.0.0.3:11212"].iter().enumerate() {
            for index in 0..40 {
                let digest = md5::compute(format!("{name}-{index}")).0;
                let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                points.extend(digest.chunks(4).map(|bytes| (word(bytes), node)));
            }
        }
        points.sort_unstable();
        let points = serde_json::to_string(&points).expect("numbers");
        format!(r#"{{"kind": "continuum", "hash": "{hash}", "match": "{lookup}", "points": {points}}}"#)
    }

    const NAMES: &str = r#"{"kind": "rendezvous", "names": ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"]}"#;

    /// Key, and its node by twemproxy's ketama with md5 and with fnv1a_64, and by pymemcache's rendezvous.
    const GOLDEN: &[(&str, [usize; 3])] = &[
        ("foo", [1, 1, 0]),
        ("bar", [1, 2, 1]),
        ("user:1", [1, 0, 1]),
        ("user:2", [1, 0, 0]),
        ("a", [1, 1, 1]),
        ("session:deadbeef", [2, 0, 2]),
        ("k0", [2, 2, 0]),
        ("k1", [2, 2, 0]),
        ("k2", [2, 2, 0]),
        ("k3", [0, 2, 2]),
    ];

    #[test]
    fn keys_go_where_the_libraries_send_them() {
        let routings = [
            routing(&ketama("md5", "at_or_above"), ""),
            routing(&ketama("fnv1a_64", "at_or_above"), ""),
            routing(NAMES, ""),
        ];
        for (key, nodes) in GOLDEN {
            for (routing, node) in routings.iter().zip(nodes) {
                let expected = routing.nodes[*node].name.as_str();
                assert_eq!(routing.locate(key.as_bytes()), ("main", vec![expected]), "{key}");
            }
        }
    }

    #[test]
    fn a_ring_is_searched_upwards_and_around() {
        let ring = |lookup: &str| {
            let hash = hash::by_name("crc16").expect("known")(b"key");
            let points = format!("[[{}, 0], [{hash}, 1], [{}, 2]]", hash - 1, hash + 1);
            routing(
                &format!(r#"{{"kind": "continuum", "hash": "crc16", "match": "{lookup}", "points": {points}}}"#),
                "",
            )
        };
        assert_eq!(ring("at_or_above").pools[0].first(b"key"), 1);
        assert_eq!(ring("above").pools[0].first(b"key"), 2);
        let low = routing(r#"{"kind": "continuum", "hash": "md5", "match": "above", "points": [[0, 1]]}"#, "");
        assert_eq!(low.pools[0].first(b"key"), 1);
    }

    #[test]
    fn jump_moves_only_what_it_must() {
        let pool =
            |nodes: usize| Placement::Jump { hash: hash::by_name("xxh3_64").expect("known"), seed: Some(0), nodes };
        for index in 0..1000 {
            let key = format!("key:{index}");
            let (before, after) = (pool(9).first(key.as_bytes()), pool(10).first(key.as_bytes()));
            assert!(after == before || after == 9);
        }
    }

    #[test]
    fn tags_hash_what_stands_between_them() {
        let routing = routing(NAMES, r#", "hash_tag": "{}""#);
        let node = |key: &str| routing.pools[0].first(key.as_bytes());
        for index in 0..50 {
            assert_eq!(node(&format!("a{{user:{index}}}x")), node(&format!("user:{index}")));
            assert_eq!(node(&format!("b{{{{user:{index}}}")), node(&format!("{{user:{index}")));
        }
        let pool = &routing.pools[0];
        for whole in ["x{}y", "x{y", "x}y{", "plain"] {
            assert_eq!(pool.hashed_part(whole.as_bytes()), whole.as_bytes());
        }
    }

    #[test]
    fn the_longest_prefix_decides_the_pool() {
        let routing = routing(NAMES, "");
        assert_eq!(routing.locate(b"o:1"), ("other", vec!["10.0.0.3:11212"]));
        assert_eq!(routing.locate(b"o:main:1").0, "main");
        assert_eq!(routing.locate(b"x").0, "main");
    }

    #[test]
    fn replicas_are_spread_over_zones_and_read_nearby() {
        let routing = routing(NAMES, r#", "replicas": 2, "zone": "b""#);
        let pool = &routing.pools[0];
        for index in 0..100 {
            let key = format!("key:{index}");
            let (holders, readers) = (pool.holders(key.as_bytes()), pool.readers(key.as_bytes()));
            assert_eq!(holders[0], pool.first(key.as_bytes()));
            assert!(holders.contains(&2), "the one node of the other zone is always among them");
            assert_eq!(readers[0], 2);
        }
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        for (placement, more, said) in [
            (r#"{"kind": "jump", "hash": "md6"}"#, "", "pool `main`: placement.hash: `md6` is not one of"),
            (r#"{"kind": "modula", "hash": "md5", "slots": []}"#, "", "pool `main`: placement.slots: empty"),
            (r#"{"kind": "random", "slots": [3]}"#, "", "pool `main`: placement.slots: 3 is no node of this pool"),
            (r#"{"kind": "rendezvous", "names": ["a"]}"#, "", "pool `main`: placement.names: one for each of the 3"),
            (NAMES, r#", "replicas": 4"#, "pool `main`: replicas: 1 to the number of nodes (3), not 4"),
            (NAMES, r#", "hash_tag": "{""#, "pool `main`: hash_tag: two characters"),
            (NAMES, r#", "failure_limit": 0"#, "pool `main`: failure_limit: at least 1"),
            (NAMES, r#", "colour": 1"#, "unknown field `colour`"),
            (NAMES, r#", "down": "up""#, "unknown variant `up`, expected one of `fail`, `miss`, `eject`"),
        ] {
            let Err(error) = Routing::parse(&document(placement, more)) else { panic!("{placement} {more} is wrong") };
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
