//! What all workers share: the topology of the day, the nodes behind it, the settings.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use reactor::{Address, Census};
use rustix::event::{EventfdFlags, eventfd};

use crate::Settings;
use crate::node::Node;
use crate::routing::Routing;
use crate::topology::TopologyError;

/// Who gets what, and the nodes to ask: immutable, replaced as a whole.
#[derive(Clone)]
pub struct Topology {
    /// Who gets a key.
    pub routing: Arc<Routing>,
    /// The nodes, in the document's order.
    pub nodes: Arc<[Arc<Node>]>,
}

/// What `config get cluster` answers.
#[derive(Default)]
pub struct ClusterConfig {
    /// Counts changes.
    pub version: u64,
    /// The nodes, as the clients' libraries read them.
    pub payload: String,
}

/// What one worker counts of its clients.
#[derive(Default)]
#[repr(align(128))]
pub struct Tally {
    /// Requests of any kind.
    pub requests: AtomicU64,
    /// Requests refused by the parser or by the proxy.
    pub refused: AtomicU64,
}

/// What all workers share.
pub struct Shared {
    /// The router's settings.
    pub settings: Settings,
    /// When it was made.
    pub began: Instant,
    /// Client connections, once the sockets are bound.
    pub census: Census,
    /// See `Router::set_cluster_config`.
    pub cluster_config: RwLock<ClusterConfig>,
    /// One for each worker.
    pub tallies: Box<[Tally]>,
    /// Readable once a node went down.
    pub changes: OwnedFd,
    /// Counts installs; a worker that sees another number takes the new topology.
    installs: AtomicU64,
    topology: Mutex<Topology>,
    /// Every node there has been, the latest last: one that comes back is the same node.
    known: Mutex<Vec<Arc<Node>>>,
}

/// Nodes remembered after they have left; those that left first are forgotten first.
const KNOWN_MAX: usize = 4096;

impl Shared {
    /// The first topology is installed on the way.
    ///
    /// # Errors
    /// Of the document, or of the system.
    pub fn new(settings: Settings, census: Census, topology: &str) -> Result<Self, TopologyError> {
        let changes = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC);
        let changes = changes.map_err(|error| TopologyError(format!("no descriptor for its changes: {error}")))?;
        let mut known = Vec::new();
        let topology = compile(topology, &mut known, settings.threads)?;
        Ok(Self {
            began: Instant::now(),
            census,
            cluster_config: RwLock::default(),
            tallies: (0..settings.threads).map(|_| Tally::default()).collect(),
            changes,
            installs: AtomicU64::new(0),
            topology: Mutex::new(topology),
            known: Mutex::new(known),
            settings,
        })
    }

    /// Replaces the topology. Nodes with the same name and address are the same nodes.
    ///
    /// # Errors
    /// What is wrong with the new one; the old one stays.
    pub fn install(&self, document: &str) -> Result<(), TopologyError> {
        let topology = compile(document, &mut self.known.lock(), self.settings.threads)?;
        *self.topology.lock() = topology;
        self.installs.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The topology of the day.
    #[must_use]
    pub fn topology(&self) -> Topology {
        self.topology.lock().clone()
    }

    /// The node of that name that was last in a topology.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<Arc<Node>> {
        self.known.lock().iter().rev().find(|node| node.name == name).cloned()
    }

    /// How many topologies have been installed.
    #[inline]
    #[must_use]
    pub fn installs(&self) -> u64 {
        self.installs.load(Ordering::Acquire)
    }

    /// Makes `changes` readable.
    pub fn tell_change(&self) {
        // A full counter is readable just as well.
        let _ = rustix::io::write(&self.changes, &1_u64.to_ne_bytes());
    }
}

/// The number of the next node that is not known yet.
static NEXT_NODE: AtomicU64 = AtomicU64::new(0);

fn compile(document: &str, known: &mut Vec<Arc<Node>>, workers: usize) -> Result<Topology, TopologyError> {
    let routing = Routing::parse(document)?;
    let nodes = routing.nodes.iter().map(|row| {
        let same = known.iter().find(|node| node.name == row.name && node.address_text == row.address);
        if let Some(node) = same {
            return Ok(Arc::clone(node));
        }
        let address = Address::resolve(&row.address).map_err(|error| {
            TopologyError(format!(
                "node `{}`: address `{}`: {error}; expected host:port or /path",
                row.name, row.address
            ))
        })?;
        let id = NEXT_NODE.fetch_add(1, Ordering::Relaxed) as usize;
        Ok(Arc::new(Node::new(id, &row.name, &row.address, address, workers)))
    });
    let nodes = nodes.collect::<Result<Arc<[Arc<Node>]>, TopologyError>>()?;
    known.retain(|node| nodes.iter().all(|present| present.id != node.id));
    known.extend(nodes.iter().cloned());
    let surplus = known.len().saturating_sub(KNOWN_MAX.max(nodes.len()));
    known.drain(..surplus);
    Ok(Topology { routing: Arc::new(routing), nodes })
}
