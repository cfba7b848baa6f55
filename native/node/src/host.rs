//! What the protocol asks of the process: connections from the reactor's census, processor time from the kernel.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use memcached::{Connection, Connections, Usage};
use reactor::Census;

use crate::Settings;

/// The node as its `stats` and `shutdown` see it.
#[derive(Debug)]
pub(crate) struct Host {
    census: Census,
    settings: Settings,
    verbosity: AtomicU32,
}

impl Host {
    pub(crate) fn new(census: Census, settings: Settings) -> Self {
        let verbosity = AtomicU32::new(settings.verbosity);
        Self { census, settings, verbosity }
    }

    fn port(&self) -> &str {
        let tcp = self.census.listeners().iter().find(|listener| !listener.starts_with('/'));
        tcp.and_then(|listener| listener.rsplit(':').next()).unwrap_or("0")
    }
}

impl memcached::Host for Host {
    fn connections(&self) -> Connections {
        let (bytes_read, bytes_written) = self.census.traffic();
        let current = self.census.connections() as u64;
        Connections {
            max: self.settings.connections_max as u64,
            current,
            total: self.census.connections_total(),
            rejected: self.census.rejected(),
            accepting_paused: self.census.listen_pauses(),
            is_accepting: current < self.settings.connections_max as u64,
            idle_kicks: self.census.idle_closed(),
            yields: self.census.yields(),
            held_bytes: self.census.held(),
            shed: self.census.shed(),
            bytes_read,
            bytes_written,
        }
    }

    fn each_connection(&self, visit: &mut dyn FnMut(&Connection<'_>)) {
        let listeners = self.census.listeners();
        for (listener, number) in listeners.iter().zip(1_u64 << 32..) {
            let address = scheme(listener);
            let state = "conn_listening";
            visit(&Connection { number, address: &address, local: None, state, idle_seconds: 0 });
        }
        for seated in self.census.seated() {
            let local = listeners.get(seated.listener).map(|listener| scheme(listener));
            let address = scheme(&seated.peer);
            visit(&Connection {
                number: u64::from(seated.descriptor.unsigned_abs()),
                address: &address,
                local: local.as_deref(),
                state: "conn_read",
                idle_seconds: u64::from(seated.idle_seconds),
            });
        }
    }

    fn usage(&self) -> Usage {
        let (user_us, system_us) = processor_ticks();
        Usage { user_us, system_us }
    }

    fn threads(&self) -> usize {
        self.settings.threads
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let interfaces =
            if self.settings.listen.is_empty() { "NULL".to_owned() } else { self.settings.listen.join(",") };
        vec![
            ("tcpport", self.port().to_owned()),
            ("udpport", "0".to_owned()),
            ("inter", interfaces),
            ("verbosity", self.verbosity.load(Ordering::Relaxed).to_string()),
            ("domain_socket", self.settings.unix_socket.clone().unwrap_or_else(|| "NULL".to_owned())),
            ("umask", format!("{:o}", self.settings.unix_mask)),
            ("num_threads", self.settings.threads.to_string()),
            ("reqs_per_event", self.settings.requests_per_turn.to_string()),
            ("clients_memory", self.settings.clients_memory.unwrap_or(0).to_string()),
            ("tcp_backlog", self.settings.backlog.to_string()),
            ("idle_timeout", self.settings.idle_timeout.map_or(0, |timeout| timeout.as_secs()).to_string()),
        ]
    }

    fn shutdown(&self, _graceful: bool) {
        // Either way what is begun ends first: the owner of the node drains it.
        self.census.request_end();
    }

    fn set_verbosity(&self, level: u32) {
        self.verbosity.store(level, Ordering::Relaxed);
    }
}

/// Microseconds of processor time in its own code and in the kernel, from `/proc/self/stat`; none where that can't be read.
pub(crate) fn processor_ticks() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, the program's name, may hold spaces and brackets: count from its end.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second();
    let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * tick_us;
    (field(11), field(12))
}

fn scheme(address: &str) -> String {
    if address == "unix" || address.starts_with('/') { format!("unix:{address}") } else { format!("tcp:{address}") }
}
