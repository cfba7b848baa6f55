//! Commands without a key: what goes to every node, what the proxy answers by itself, and what it refuses.

use memcached::request::Admin;
use reactor::{Links, Reply};

use crate::answer::Expect;
use crate::body::Body;
use crate::join::{AllNodes, Join, Manner, Silent, Statistics, Target, put_rows};
use crate::report::{self, Rows};
use crate::serve::Raw;
use crate::shared::Shared;
use crate::spelling;
use crate::worker::Worker;

/// One command without a key, being served.
struct Order<'a, 'b> {
    worker: &'a mut Worker,
    client: usize,
    words: &'a Admin<'b>,
    raw: Raw<'a>,
    reply: &'a mut Reply,
    links: &'a mut Links,
}

type Run = fn(Order<'_, '_>);

/// What the router knows of; everything else is refused by name.
const ORDERS: &[(&str, Run)] = &[
    ("version", version),
    ("quit", quit),
    ("mn", no_operation),
    ("flush_all", all_nodes),
    ("verbosity", all_nodes),
    ("stats", stats),
    ("config", config),
];

/// The key under which clients of old engines ask for the cluster's nodes.
const OLD_CONFIG_KEY: &[u8] = b"AmazonElastiCache:cluster";

impl Worker {
    pub(crate) fn admin(
        &mut self,
        client: usize,
        words: &Admin<'_>,
        raw: Raw<'_>,
        reply: &mut Reply,
        links: &mut Links,
    ) {
        let row = ORDERS.iter().find(|(name, _)| *name == words.command.name);
        let order = Order { worker: self, client, words, raw, reply, links };
        row.map_or(refuse as Run, |(_, run)| *run)(order);
    }

    /// Answers a get of the old key for the cluster's nodes; false if it is not that, or nothing is known.
    pub(crate) fn is_cluster_config(&mut self, client: usize, key: &[u8], reply: &mut Reply) -> bool {
        if key != OLD_CONFIG_KEY {
            return false;
        }
        let Some(payload) = self.cluster_payload() else { return false };
        let head = format!("VALUE {} 0 {}\r\n", String::from_utf8_lossy(key), payload.len());
        self.clients[client].say(Body::keep(format!("{head}{payload}\r\nEND\r\n").into_bytes()), reply);
        true
    }

    fn cluster_payload(&self) -> Option<String> {
        let config = self.shared.cluster_config.read();
        (!config.payload.is_empty()).then(|| format!("{}\n{}\n", config.version, config.payload.trim_end()))
    }

    /// Every node once, as the first pool that has it sees it.
    fn every_node(&self) -> (Vec<Target>, Vec<String>) {
        let pools = &self.topology.routing.pools;
        let first = |node: usize| pools.iter().position(|pool| pool.nodes.contains(&node));
        let nodes = self.topology.nodes.iter().enumerate();
        nodes
            .filter_map(|(node, row)| Some((Target { pool: first(node)? as u32, node: node as u32 }, row.name.clone())))
            .unzip()
    }
}

impl Order<'_, '_> {
    fn say(self, body: Body) {
        self.worker.clients[self.client].say(body, self.reply);
    }

    fn join(self, join: Box<dyn Join>) {
        self.worker.join(self.client, join, false, self.links);
    }

    fn rows(self, report: fn(&Shared) -> Rows) {
        let mut text = Reply::with_limit(usize::MAX);
        put_rows(&report(&self.worker.shared), &mut text);
        self.say(Body::keep(std::mem::take(text.buffer())));
    }
}

fn version(order: Order<'_, '_>) {
    let text = format!("VERSION {}\r\n", order.worker.shared.settings.version);
    order.say(Body::Bytes(text.into_bytes()));
}

fn quit(order: Order<'_, '_>) {
    order.worker.end(order.client);
}

fn no_operation(order: Order<'_, '_>) {
    order.say(Body::Fixed(b"MN\r\n"));
}

fn all_nodes(order: Order<'_, '_>) {
    let (targets, _) = order.worker.every_node();
    let request = spelling::for_every_node(&order.raw.bytes[..order.raw.line]);
    let join = Box::new(AllNodes::new(targets, request, Expect::Okay));
    if order.words.noreply { order.join(Box::new(Silent(join))) } else { order.join(join) }
}

fn config(order: Order<'_, '_>) {
    let mut words = order.words.words;
    match (words.next(), words.next()) {
        (Some(b"get"), Some(name)) => {
            let payload = order.worker.cluster_payload().filter(|_| name == b"cluster");
            let text = payload.map_or_else(
                || "END\r\n".to_owned(),
                |payload| format!("CONFIG cluster 0 {}\r\n{payload}\r\nEND\r\n", payload.len()),
            );
            order.say(Body::keep(text.into_bytes()));
        }
        (Some(b"set" | b"delete"), Some(_)) => {
            order.say(Body::Fixed(b"CLIENT_ERROR the proxy's configuration follows its topology\r\n"));
        }
        _ => order.say(Body::Fixed(b"ERROR\r\n")),
    }
}

/// As on a node, `noreply` is no exception here but a group that there is not.
fn stats(order: Order<'_, '_>) {
    let mut words = order.words.words;
    let (targets, names) = order.worker.every_node();
    let request = order.raw.bytes[..order.raw.line].to_vec();
    match words.next() {
        None => {
            let own = report::general(&order.worker.shared);
            order.join(Box::new(Statistics::new(targets, names, request, Manner::Summed(own))));
        }
        Some(b"proxy") => order.rows(report::proxy),
        Some(b"settings") => order.rows(report::settings),
        Some(b"reset") => order.join(Box::new(AllNodes::new(targets, request, Expect::Stats))),
        // Neither answers in lines of statistics, and both mean one server.
        Some(b"cachedump") => refuse(order),
        Some(b"detail") if words.next() == Some(b"dump") => refuse(order),
        Some(b"detail") => order.join(Box::new(AllNodes::new(targets, request, Expect::Stats))),
        Some(_) => order.join(Box::new(Statistics::new(targets, names, request, Manner::Named))),
    }
}

fn refuse(order: Order<'_, '_>) {
    let name = order.words.command.name;
    let text = format!("CLIENT_ERROR {name} is not served by the proxy: ask a node\r\n");
    order.say(Body::Bytes(text.into_bytes()));
}
