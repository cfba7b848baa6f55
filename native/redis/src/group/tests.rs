//! Orders to a member of a group and what its clients see of them, by the words of both.

use crate::outbox::Mail;
use crate::scene::{Answer, Scene, free};
use crate::session::Session;

/// A member with a directory of its own, a connection for orders and one for a client.
struct Member {
    scene: Scene,
    directory: String,
    orders: Session,
    client: Session,
}

impl Member {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("memc-group-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("a directory");
        Self::start(directory.to_str().expect("a name").to_owned())
    }

    fn start(directory: String) -> Self {
        let mut scene = Scene::new(&[("dir", &directory), ("memc-name", "n1")]);
        let (orders, client) = (scene.open(), scene.open());
        Self { scene, directory, orders, client }
    }

    fn restart(self) -> Self {
        Self::start(self.directory)
    }

    fn order(&mut self, words: &str) -> String {
        self.scene.say(&mut self.orders, words).reply
    }

    fn ask(&mut self, words: &str) -> Answer {
        self.scene.say(&mut self.client, words)
    }

    /// Who is to be closed, by the hosts' names.
    fn closed(&mut self) -> Vec<u64> {
        let mail = self.scene.worker.outbox().take();
        mail.into_iter().filter(|(_, mail)| *mail == Mail::Close).map(|(to, _)| to.token).collect()
    }

    /// What STATUS says of something.
    fn status(&mut self, of: &str) -> String {
        let status = self.order("MEMC.STATUS");
        let lines: Vec<&str> = status.split("\r\n").collect();
        let at = lines.iter().position(|line| *line == of).expect(of);
        let value = lines[at + 1];
        if value.starts_with('$') { lines[at + 2].to_owned() } else { value.trim_start_matches(':').to_owned() }
    }
}

const OK: &str = "+OK\r\n";

fn starts(reply: &str, with: &str) {
    assert!(reply.starts_with(with), "{reply:?} does not begin with {with:?}");
}

#[test]
fn a_member_serves_nobody_before_it_is_told() {
    let mut member = Member::new("fenced");
    starts(&member.ask("SET a 1").reply, "-READONLY this member");
    starts(&member.ask("GET a").reply, "-MASTERDOWN");
    starts(&member.ask("EVAL \"return 1\" 0").reply, "-MASTERDOWN");
    assert_eq!(member.ask("CLIENT ID"), free(":2\r\n"));
    assert_eq!((member.status("role"), member.status("lease_left_ms")), ("fenced".to_owned(), "0".to_owned()));
    assert_eq!((member.status("name"), member.status("epoch")), ("n1".to_owned(), "0".to_owned()));
    starts(&member.order("MEMC.LEASE 1 9999"), "-NOTPRIMARY");
}

#[test]
fn a_primary_writes_when_its_replicas_are_named_and_says_where_its_epoch_begins() {
    let mut member = Member::new("promoted");
    starts(&member.order("MEMC.PROMOTE 3 900"), "-LEASEPAST");
    assert_eq!(member.order("MEMC.PROMOTE 3 2000"), OK);
    starts(&member.ask("SET a 1").reply, "-NOREPLICAS this primary");
    assert_eq!(member.ask("GET a"), free("$-1\r\n"));
    assert_eq!(member.order("MEMC.INSYNC 3 1 async"), OK);
    assert_eq!(member.ask("SET a 1"), free(OK));
    let mut log = Vec::new();
    member.scene.server.journal.read(0, &mut log, usize::MAX).expect("is there");
    starts(&String::from_utf8_lossy(&log), "*2\r\n$4\r\nPING\r\n$12\r\nMEMC:epoch:3\r\n*2\r\n$6\r\nSELECT");
    assert_eq!((member.status("role"), member.status("log_epoch")), ("primary".to_owned(), "3".to_owned()));
    assert_eq!(member.status("lease_left_ms"), "1000");
    starts(&member.order("MEMC.INSYNC 3 0 async"), "-STALEVERSION seen 1");
    starts(&member.order("MEMC.INSYNC 2 5 async"), "-STALEEPOCH seen 3");
    assert_eq!(member.order("MEMC.INSYNC 3 2 sync:1 n2 n3"), OK);
    assert_eq!(member.ask("SET a 2").holds.len(), 1);
    assert_eq!((member.status("durability"), member.status("in_sync_version")), ("sync:1".to_owned(), "2".to_owned()));
    starts(&member.ask("CONFIG SET durability async").reply, "-ERR CONFIG SET failed");
    assert_eq!(member.ask("CONFIG GET durability"), free("*2\r\n$10\r\ndurability\r\n$6\r\nsync:1\r\n"));
}

#[test]
fn a_lease_that_runs_out_fences_whoever_looks_first() {
    let mut member = Member::new("lease");
    assert_eq!(member.order("MEMC.PROMOTE 1 2000"), OK);
    assert_eq!(member.order("MEMC.INSYNC 1 1 async"), OK);
    member.scene.pass(600);
    assert_eq!(member.order("MEMC.LEASE 1 3000"), OK);
    member.scene.pass(1300);
    assert_eq!(member.ask("SET a 1"), free(OK));
    member.scene.pass(100);
    // The requests that have come are not served any more, and their connection is closed behind the answers.
    starts(
        &member.ask("SET a 2").reply,
        "-READONLY this member of a group is fenced: it has no lease, and the last epoch that it has seen is 1 ",
    );
    assert!(member.client.is_closing);
    assert_eq!(member.closed(), [], "it was the only one but the one that orders come over");
    starts(&member.order("MEMC.LEASE 1 3000"), "-LEASEPAST");
    assert_eq!(member.status("role"), "fenced");
    // The group has not done without it: the epoch goes on.
    assert_eq!(member.order("MEMC.LEASE 1 4000"), OK);
    member.client = member.scene.open();
    assert_eq!(member.ask("GET a"), free("$1\r\n1\r\n"));
    member.scene.pass(1000);
    member.scene.worker.tick(1);
    assert_eq!(member.closed(), [2, 3], "a tick is enough");
}

#[test]
fn older_orders_are_refused_also_after_a_restart() {
    let mut member = Member::new("restart");
    starts(&member.order("MEMC.SEAL 4"), "*3\r\n:0\r\n:0\r\n$40\r\n");
    let mut member = member.restart();
    assert_eq!(member.status("epoch"), "4");
    starts(&member.order("MEMC.PROMOTE 3 2000"), "-STALEEPOCH seen 4");
    starts(&member.order("MEMC.FOLLOW 3 127.0.0.1 7000"), "-STALEEPOCH seen 4");
    starts(&member.order("MEMC.SEAL 3"), "-STALEEPOCH seen 4");
    starts(&member.order("MEMC.PAUSE 3 100"), "-STALEEPOCH seen 4");
    assert_eq!(member.order("MEMC.PROMOTE 4 2000"), OK);
    starts(&member.order("MEMC.SEAL 4"), "-ISPRIMARY");
    starts(&member.order("MEMC.SEAL 5"), "*3\r\n:4\r\n");
    starts(&member.ask("GET a").reply, "-MASTERDOWN");
    assert_eq!(member.status("role"), "fenced");
}

#[test]
fn a_primary_of_an_older_epoch_steps_down_when_it_hears_so() {
    let mut member = Member::new("deposed");
    assert_eq!(member.order("MEMC.PROMOTE 1 5000"), OK);
    assert_eq!(member.order("MEMC.INSYNC 1 1 async"), OK);
    assert_eq!(member.ask("SET a 1"), free(OK));
    let mut replica = member.scene.open();
    assert_eq!(member.scene.say(&mut replica, "REPLCONF memc-name n2 memc-epoch 2"), free(OK));
    assert_eq!(member.closed(), [2], "its client is sent away");
    starts(&member.ask("SET a 2").reply, "-READONLY");
    starts(&member.order("MEMC.LEASE 1 9000"), "-STALEEPOCH seen 2");
}

#[test]
fn a_pause_holds_writes_and_the_log_stands_still() {
    let mut member = Member::new("pause");
    assert_eq!(member.order("MEMC.PROMOTE 1 5000"), OK);
    assert_eq!(member.order("MEMC.INSYNC 1 1 async"), OK);
    assert_eq!(member.ask("SET a 1"), free(OK));
    let end = member.scene.end();
    assert_eq!(member.order("MEMC.PAUSE 1 500"), format!("*1\r\n:{end}\r\n"));
    assert_eq!(member.ask("SET a 2"), free(""), "it waits");
    assert_eq!(member.ask("GET a"), free("$1\r\n1\r\n"));
    assert_eq!(member.order("MEMC.RESUME 1"), OK);
    let mail = member.scene.worker.outbox().take();
    assert!(mail.iter().any(|(to, mail)| to.token == 2 && *mail == Mail::GoOn), "{mail:?}");
    assert_eq!(member.ask("SET a 2"), free(OK));
}

#[test]
fn to_follow_twice_is_to_follow_once() {
    let mut member = Member::new("follow");
    assert_eq!(member.order("MEMC.FOLLOW 2 127.0.0.1 7001"), OK);
    let order = member.scene.server.replication.order(std::time::Duration::ZERO).expect("there is one").0;
    assert_eq!(member.order("MEMC.FOLLOW 2 127.0.0.1 7001"), OK);
    assert!(member.scene.server.replication.is_current(order), "the link stays");
    assert_eq!((member.status("role"), member.status("primary")), ("replica".to_owned(), "127.0.0.1:7001".to_owned()));
    starts(&member.ask("SET a 1").reply, "-READONLY You can't write");
    starts(&member.order("MEMC.PROMOTE 2 9000"), "-NOTPRIMARY");
    starts(&member.order("MEMC.SEAL 3"), "*3\r\n:0\r\n");
    assert!(!member.scene.server.replication.is_current(order), "the link is cut");
    assert_eq!((member.status("role"), member.status("link")), ("replica".to_owned(), "none".to_owned()));
    assert_eq!(member.order("MEMC.PROMOTE 3 9000"), OK);
    assert_eq!(member.status("role"), "primary");
}

#[test]
fn what_the_group_goes_on_without_is_set_aside_once() {
    let mut member = Member::new("lost");
    assert_eq!(member.order("MEMC.PROMOTE 1 5000"), OK);
    assert_eq!(member.order("MEMC.INSYNC 1 1 async"), OK);
    assert_eq!(member.ask("SET a 1"), free(OK));
    let shared = member.scene.end();
    assert_eq!(member.ask("SET b 2"), free(OK));
    let lost = member.scene.end() - shared;
    member.scene.server.set_aside(shared + lost);
    assert_eq!(member.status("lost_bytes"), "0", "nothing is beyond its end");
    member.scene.server.set_aside(shared);
    member.scene.server.set_aside(shared);
    assert_eq!(member.status("lost_bytes"), lost.to_string());
    let file = std::fs::read_to_string(format!("{}/lost-1.aof", member.directory)).expect("is there");
    let (head, bytes) = file.split_once("\r\n").expect("a line");
    assert!(head.starts_with(&format!("#bytes {shared}..{} of the log", shared + lost)), "{head}");
    assert_eq!(bytes, "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n");
    let name = String::from_utf8_lossy(&member.scene.server.journal.history().replid).into_owned();
    let mut replica = member.scene.open();
    let answer = member.scene.say(&mut replica, &format!("REPLCONF memc-name n2 memc-epoch 1 memc-log {name}"));
    assert_eq!(answer, free(&format!("+OK {}\r\n", member.scene.end())));
}
