//! A primary and a replica without sockets: bytes go from one to the other as far as the test lets them, links are cut at any byte, roles
//! change, and in the end both hold the same.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use redis::replication::{Filled, Follower, Over, Saver};
use redis::{OutputLimits, Progress, Server, Session, Settings, Worker};

const NOW: u64 = 1_700_000_000_000;
const LIMITS: OutputLimits = OutputLimits { hard: usize::MAX, soft: usize::MAX, soft_seconds: u64::MAX };
/// Connections of a node: a client's, and a replica's.
const CLIENT: u64 = 1;
const REPLICA: u64 = 2;

struct Node {
    server: Arc<Server>,
    worker: Worker,
    client: Option<Session>,
    follower: Follower,
    saver: Saver,
}

/// A link between two of them; what is on its way in each direction.
struct Wire {
    session: Option<Session>,
    /// Not yet understood by the primary.
    up: Vec<u8>,
    /// Not yet understood by the replica.
    down: Vec<u8>,
}

fn request(words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split(' ').collect();
    let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), words.collect::<String>()).into_bytes()
}

impl Node {
    fn new() -> Self {
        let config = [("enable-debug-command", "yes"), ("repl-backlog-size", "3000")];
        let config = config.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let settings = Settings { config, databases: 4, ..Settings::default() };
        let server = Arc::new(Server::new(settings).configured().expect("the directives are right"));
        let mut worker = Worker::new(server.clone(), 0);
        let client = Some(worker.open(CLIENT));
        let (follower, saver) = (Follower::new(server.clone()), Saver::new(server.clone(), |_| {}));
        Self { server, worker, client, follower, saver }
    }

    fn serve(&mut self, session: &mut Session, input: &[u8]) -> (usize, Vec<u8>) {
        let mut out = Vec::new();
        match self.worker.serve(session, input, &mut out, usize::MAX, NOW) {
            Progress::Consumed(done) | Progress::Yield(done) | Progress::Blocked(done) => (done, out),
            Progress::Close => (input.len(), out),
        }
    }

    fn ask(&mut self, words: &str) -> String {
        let mut client = self.client.take().expect("it is there between two requests");
        let (_, answer) = self.serve(&mut client, &request(words));
        self.client = Some(client);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn info(&mut self, name: &str) -> String {
        let info = self.server.info("replication", NOW);
        info.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
    }
}

/// The replica connects to the primary.
fn connect(replica: &mut Node, primary: &mut Node) -> Wire {
    let target = replica.follower.order(Duration::ZERO).expect("it has been ordered to follow");
    let up = replica.follower.begin(&target);
    Wire { session: Some(primary.worker.open(REPLICA)), up, down: Vec::new() }
}

impl Wire {
    /// Lets so many bytes through in each direction, and the servers do what they can with them. False when the link is over.
    fn pass(&mut self, primary: &mut Node, replica: &mut Node, bytes: usize) -> bool {
        let mut session = self.session.take().expect("the link stands");
        let count = self.up.len().min(bytes);
        let (done, mut out) = primary.serve(&mut session, &self.up[..count]);
        self.up.drain(..done);
        primary.saver.serve(Duration::ZERO);
        if let Some(fed) = primary.worker.replicas().first() {
            let filled = fed.fill(out.len(), &mut out, LIMITS, NOW);
            if filled == Filled::Hopeless {
                self.session = Some(session);
                return false;
            }
        }
        self.down.extend(out);
        self.session = Some(session);
        let count = self.down.len().min(bytes);
        match replica.follower.receive(&self.down[..count], &mut self.up, NOW, &mut || {}) {
            Ok(done) => drop(self.down.drain(..done)),
            Err(Over::Superseded) => return false,
            Err(Over::Failed(why) | Over::Lost(why) | Over::Vain(why)) => panic!("{why}"),
        }
        true
    }

    fn cut(self, primary: &mut Node, replica: &mut Node) {
        if let Some(session) = self.session {
            primary.worker.close(session);
        }
        replica.follower.lost("cut", NOW);
    }
}

/// Everything goes through, and the positions are the same.
fn level(primary: &mut Node, replica: &mut Node, wire: &mut Wire) {
    for _ in 0..10_000 {
        assert!(wire.pass(primary, replica, usize::MAX), "the link stands");
        // Acknowledgements are said when it is time: that is always here.
        replica.follower.tick(&mut wire.up, NOW + 100_000);
        let offset = primary.info("master_repl_offset");
        if replica.info("master_link_status") == "up" && replica.info("slave_repl_offset") == offset {
            return;
        }
    }
    panic!("{:?} / {:?}", replica.server.info("replication", NOW), primary.server.info("replication", NOW));
}

fn command() -> impl Strategy<Value = String> {
    let commands = vec![
        "SET s 1",
        "APPEND s x",
        "INCR n",
        "RPUSH l a b c",
        "LPOP l",
        "SADD e 1 2 3 4",
        "SPOP e",
        "HSET h f v g w",
        "HDEL h f",
        "ZADD z 1 a 2 b",
        "ZPOPMIN z",
        "XADD x * f v",
        "PEXPIREAT s 1800000000000",
        "DEL l h",
        "SELECT 1",
        "SELECT 0",
        "SWAPDB 0 1",
        "MULTI",
        "EXEC",
        "EVAL return{redis.call('INCR','n'),redis.call('SADD','e',9)} 0",
        "FLUSHDB",
        "COPY z y",
        "PUBLISH c m",
    ];
    prop_oneof![8 => prop::sample::select(commands).prop_map(str::to_owned), 1 => "[a-z]{500}".prop_map(|text| format!("SET big {text}"))]
}

#[derive(Clone, Debug)]
enum Step {
    Write(String),
    Pass(usize),
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => command().prop_map(Step::Write),
        6 => (1..200_usize).prop_map(Step::Pass),
        2 => Just(Step::Pass(usize::MAX)),
        1 => Just(Step::Cut),
    ]
}

fn equal(primary: &mut Node, replica: &mut Node) {
    for node in [&mut *primary, &mut *replica] {
        // What a transaction has queued is of no interest any more.
        node.ask("RESET");
        node.server.validate();
        node.server.journal().validate();
    }
    assert_eq!(primary.ask("DEBUG DIGEST"), replica.ask("DEBUG DIGEST"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_cut_the_replica_ends_equal(steps in prop::collection::vec(step(), 1..120), late in prop::collection::vec(command(), 1..4)) {
        let (mut primary, mut replica) = (Node::new(), Node::new());
        primary.ask("SET before all");
        replica.ask("REPLICAOF primary 1");
        let mut wire = connect(&mut replica, &mut primary);
        for step in steps {
            match step {
                Step::Write(words) => drop(primary.ask(&words)),
                Step::Pass(bytes) if wire.pass(&mut primary, &mut replica, bytes) => {}
                Step::Pass(_) | Step::Cut => {
                    wire.cut(&mut primary, &mut replica);
                    wire = connect(&mut replica, &mut primary);
                }
            }
        }
        level(&mut primary, &mut replica, &mut wire);
        equal(&mut primary, &mut replica);
        // Roles change, and the former primary goes on from where it is.
        wire.cut(&mut primary, &mut replica);
        prop_assert!(replica.ask("SET a b").contains("READONLY"));
        replica.ask("REPLICAOF NO ONE");
        primary.ask("REPLICAOF replica 1");
        for words in late {
            replica.ask(&words);
        }
        let mut wire = connect(&mut primary, &mut replica);
        level(&mut replica, &mut primary, &mut wire);
        equal(&mut replica, &mut primary);
        let full = ("sync_full".to_owned(), "0".to_owned());
        prop_assert!(replica.server.info("stats", NOW).contains(&full), "it went on where it was");
    }
}
