//! The relay as its owner sees it: bound on construction, pointed, started, stopped.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use reactor::{Address, Census, Server, Waker};

use crate::shared::Shared;
use crate::worker::Worker;
use crate::{Settings, Statistics};

/// How often deadlines are looked at, and a target that refused is asked again.
const TICK: Duration = Duration::from_millis(20);

/// A listener and its threads.
#[derive(Debug)]
pub struct Relay {
    server: Mutex<Server>,
    shared: Arc<Shared>,
    census: Census,
    wakers: Vec<Waker>,
    address: String,
}

impl Relay {
    /// Binds the socket; clients are accepted from `start` on.
    ///
    /// # Errors
    /// The address that can't be bound, by name.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let reactor = reactor::Settings {
            name: "relay",
            threads: settings.threads.max(1),
            connections_max: settings.connections_max,
            backlog: settings.backlog,
            output_limit: settings.buffer_max,
            tick: TICK,
            full: settings.full,
            ..reactor::Settings::default()
        };
        let server = Server::bind(reactor, &[Address::resolve(&settings.listen)?], 0)?;
        let census = server.census();
        let address = server.addresses()[0].to_string();
        let (shared, wakers) = (Arc::new(Shared::new(settings)), census.wakers());
        Ok(Self { server: Mutex::new(server), shared, census, wakers, address })
    }

    /// Where it listens, the port filled in.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Accepts from now on. Without a target, clients wait for one.
    ///
    /// # Errors
    /// When a thread can't be had.
    pub fn start(&self) -> io::Result<()> {
        self.server.lock().start(|_| Worker::new(self.shared.clone()))
    }

    /// Relays to these servers from now on, to the least connected of several. Connections to others are closed at once.
    ///
    /// # Errors
    /// An address that is none; nothing has changed then.
    pub fn point(&self, targets: &[String]) -> io::Result<()> {
        let addresses = targets.iter().map(|text| Address::resolve(text)).collect::<io::Result<Vec<_>>>()?;
        if self.shared.point(addresses) {
            self.wakers.iter().for_each(Waker::wake);
        }
        Ok(())
    }

    /// Where it points.
    #[must_use]
    pub fn targets(&self) -> Vec<(String, usize)> {
        let count = |target: &Arc<crate::shared::Target>| target.connections.load(Ordering::Relaxed);
        self.shared.targets().0.iter().map(|target| (target.address.to_string(), count(target))).collect()
    }

    /// What it has counted so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (bytes_read, bytes_written) = self.census.traffic();
        Statistics {
            connections: self.census.connections() as u64,
            connections_total: self.census.connections_total(),
            rejected: self.census.rejected(),
            switches: self.shared.installs(),
            cut: self.shared.cut.load(Ordering::Relaxed),
            unreachable: self.shared.unreachable.load(Ordering::Relaxed),
            expired: self.shared.expired.load(Ordering::Relaxed),
            bytes_read,
            bytes_written,
        }
    }

    /// Why a thread ended by itself, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.census.failure()
    }

    /// Closes everything and joins the threads.
    pub fn stop(&self) {
        self.server.lock().stop(Duration::ZERO);
    }
}
