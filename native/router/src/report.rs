//! What the router says about itself: rows of statistics, and the nodes as JSON.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::node::Node;
use crate::shared::{Shared, Tally, Topology};

/// Name and value.
pub type Rows = Vec<(String, String)>;

/// The proxy's own part of the general statistics: what a sum over its nodes would say wrongly.
#[must_use]
pub fn general(shared: &Shared) -> Rows {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let census = &shared.census;
    let (bytes_read, bytes_written) = census.traffic();
    let usage = rustix::process::getpid();
    rows(&[
        ("pid", &usage.as_raw_nonzero()),
        ("uptime", &shared.began.elapsed().as_secs()),
        ("time", &now),
        ("version", &shared.settings.version),
        ("max_connections", &shared.settings.connections_max),
        ("curr_connections", &census.connections()),
        ("total_connections", &census.connections_total()),
        ("rejected_connections", &census.rejected()),
        ("bytes_read", &bytes_read),
        ("bytes_written", &bytes_written),
        ("threads", &shared.settings.threads),
        ("accepting_conns", &1),
        ("listen_disabled_num", &census.listen_pauses()),
        ("idle_kicks", &census.idle_closed()),
        ("response_obj_bytes", &census.held()),
        ("response_obj_oom", &census.shed()),
    ])
}

/// `stats settings`.
#[must_use]
pub fn settings(shared: &Shared) -> Rows {
    let settings = &shared.settings;
    let idle_timeout = settings.idle_timeout.map_or(0, |timeout| timeout.as_secs());
    rows(&[
        ("listen", &settings.listen.join(",")),
        ("domain_socket", &settings.unix_socket.as_deref().unwrap_or("NULL")),
        ("maxconns", &settings.connections_max),
        ("num_threads", &settings.threads),
        ("clients_memory", &settings.clients_memory.unwrap_or(0)),
        ("tcp_backlog", &settings.backlog),
        ("item_size_max", &settings.item_size_max),
        ("idle_timeout", &idle_timeout),
        ("outstanding_max", &settings.outstanding_max),
        ("queued_bytes_max", &settings.queued_bytes_max),
        ("line_max", &settings.line_max),
    ])
}

/// `stats proxy`: the router, its pools, and every node.
#[must_use]
pub fn proxy(shared: &Shared) -> Rows {
    let Topology { routing, nodes } = shared.topology();
    let tally = |counter: fn(&Tally) -> u64| shared.tallies.iter().map(counter).sum::<u64>();
    let mut all = rows(&[
        ("topology_version", &routing.version),
        ("installs", &shared.installs()),
        ("requests", &tally(|tally| tally.requests.load(Relaxed))),
        ("refused", &tally(|tally| tally.refused.load(Relaxed))),
        ("curr_connections", &shared.census.connections()),
    ]);
    for pool in &routing.pools {
        let names: Vec<&str> = pool.nodes.iter().map(|&node| nodes[node].name.as_str()).collect();
        let down = format!("{:?}", pool.down).to_lowercase();
        let rows = rows(&[("nodes", &names.join(",")), ("down", &down), ("replicas", &pool.replicas)]);
        all.extend(rows.into_iter().map(|(name, value)| (format!("pool:{}:{name}", pool.name), value)));
    }
    for node in nodes.iter() {
        let row = Row::of(node);
        let rows = rows(&[
            ("state", &row.state),
            ("failures_in_a_row", &row.failures_in_a_row),
            ("downs", &row.downs),
            ("requests", &row.requests),
            ("errors", &row.errors),
            ("timeouts", &row.timeouts),
            ("connects", &row.connects),
            ("outstanding", &row.outstanding),
            ("bytes_sent", &row.bytes_sent),
            ("bytes_received", &row.bytes_received),
            ("latency_p50_us", &row.latency_p50_us),
            ("latency_p99_us", &row.latency_p99_us),
        ]);
        all.extend(rows.into_iter().map(|(name, value)| (format!("node:{}:{name}", node.name), value)));
    }
    all
}

/// A node in the nodes' JSON.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    address: &'a str,
    state: &'static str,
    failures_in_a_row: u32,
    downs: u64,
    requests: u64,
    errors: u64,
    timeouts: u64,
    connects: u64,
    outstanding: u64,
    bytes_sent: u64,
    bytes_received: u64,
    latency_p50_us: u64,
    latency_p99_us: u64,
}

impl<'a> Row<'a> {
    fn of(node: &'a Node) -> Self {
        Self {
            name: &node.name,
            address: &node.address_text,
            state: if node.is_down() { "down" } else { "up" },
            failures_in_a_row: node.failures_in_a_row(),
            downs: node.downs.load(Relaxed),
            requests: node.sum(|counters| &counters.requests),
            errors: node.sum(|counters| &counters.errors),
            timeouts: node.sum(|counters| &counters.timeouts),
            connects: node.sum(|counters| &counters.connects),
            outstanding: node.sum(|counters| &counters.outstanding),
            bytes_sent: node.sum(|counters| &counters.bytes_sent),
            bytes_received: node.sum(|counters| &counters.bytes_received),
            latency_p50_us: node.latency_us(0.5),
            latency_p99_us: node.latency_us(0.99),
        }
    }
}

/// Every node of the topology, a JSON list.
#[must_use]
pub fn nodes_json(shared: &Shared) -> String {
    let topology = shared.topology();
    let rows: Vec<Row<'_>> = topology.nodes.iter().map(|node| Row::of(node)).collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn rows(pairs: &[(&str, &dyn ToString)]) -> Rows {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
}
