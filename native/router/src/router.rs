//! The router as its owner sees it: bound on construction, started, told what to route where, stopped.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reactor::{Address, Server};

use crate::Settings;
use crate::report::{self, Rows};
use crate::shared::{ClusterConfig, Shared};
use crate::topology::TopologyError;
use crate::worker::Worker;

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(20);

/// A proxy's data path.
pub struct Router {
    /// Only starting and stopping needs it: everything else is asked while a stop waits for clients.
    server: Mutex<Server>,
    shared: Arc<Shared>,
    addresses: Vec<String>,
}

impl fmt::Display for RouterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topology(error) => error.fmt(f),
            Self::Socket(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RouterError {}

/// Why a router could not be made.
#[derive(Debug)]
pub enum RouterError {
    /// The document is wrong.
    Topology(TopologyError),
    /// A socket could not be bound.
    Socket(io::Error),
}

impl Router {
    /// Binds the sockets; nothing is served before `start`.
    ///
    /// # Errors
    /// What is wrong in the topology, or which address can't be bound.
    pub fn new(settings: Settings, topology: &str) -> Result<Self, RouterError> {
        let mut addresses = (settings.listen.iter())
            .map(|text| Address::resolve(text).map_err(|error| with_name(text, error)))
            .collect::<io::Result<Vec<_>>>()
            .map_err(RouterError::Socket)?;
        addresses.extend(settings.unix_socket.iter().map(|path| Address::Unix(path.into())));
        let reactor = reactor::Settings {
            name: "router",
            threads: settings.threads.max(1),
            connections_max: settings.connections_max,
            clients_memory: settings.clients_memory,
            backlog: settings.backlog,
            idle_timeout: settings.idle_timeout,
            tick: TICK,
            ..reactor::Settings::default()
        };
        let settings = Settings { threads: reactor.threads, ..settings };
        let mode = settings.unix_mask;
        let server = Server::bind(reactor, &addresses, mode).map_err(RouterError::Socket)?;
        let shared = Shared::new(settings, server.census(), topology).map_err(RouterError::Topology)?;
        let addresses = server.addresses().iter().map(Address::to_string).collect();
        Ok(Self { server: Mutex::new(server), shared: Arc::new(shared), addresses })
    }

    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread can't be had.
    pub fn start(&self) -> io::Result<()> {
        let shared = &self.shared;
        self.server.lock().start(|index| Worker::new(index, Arc::clone(shared)))
    }

    /// Stops accepting, lets what is begun end, closes the rest at the timeout, joins the threads.
    pub fn stop(&self, timeout: Duration) {
        self.server.lock().stop(timeout);
    }

    /// Replaces the topology; requests under way end under the old one.
    ///
    /// # Errors
    /// What is wrong in the new one; the old one stays.
    pub fn install(&self, topology: &str) -> Result<(), TopologyError> {
        self.shared.install(topology)
    }

    /// JSON: a row a node, with state and counters.
    #[must_use]
    pub fn nodes(&self) -> String {
        report::nodes_json(&self.shared)
    }

    /// What `stats` says of the proxy itself: `""`, `proxy` or `settings`.
    #[must_use]
    pub fn stats(&self, group: &str) -> Rows {
        match group {
            "" => report::general(&self.shared),
            "settings" => report::settings(&self.shared),
            _ => report::proxy(&self.shared),
        }
    }

    /// A probe's verdict on a node, also on one that has been taken out of the topology; false if there never was such a node.
    pub fn set_node_state(&self, name: &str, is_up: bool) -> bool {
        let found = self.shared.node(name);
        if found.as_ref().is_some_and(|node| node.mark(is_up)) && !is_up {
            self.shared.tell_change();
        }
        found.is_some()
    }

    /// What `config get cluster` answers from now on.
    pub fn set_cluster_config(&self, version: u64, payload: &str) {
        *self.shared.cluster_config.write() = ClusterConfig { version, payload: payload.to_owned() };
    }

    /// Readable once a node went down; eight bytes read from it rearm it.
    #[must_use]
    pub fn changes_fd(&self) -> BorrowedFd<'_> {
        self.shared.changes.as_fd()
    }

    /// Why it ended by itself, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.census.failure()
    }
}

fn with_name(text: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("listen `{text}`: {error}"))
}
