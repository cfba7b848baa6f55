//! What operators ask: INFO, MONITOR, SLOWLOG, LATENCY HISTOGRAM, ACL files, and settings at the start.

mod talk;

use std::sync::Arc;

use redis::{Host, Server, Settings, host};
use talk::{NOW, Talk};

struct Quiet;

impl Host for Quiet {
    fn moment(&self) -> u64 {
        0
    }

    fn connections(&self) -> host::Connections {
        host::Connections { total: 7, ..host::Connections::default() }
    }

    fn usage(&self) -> host::Usage {
        host::Usage::default()
    }

    fn threads(&self) -> usize {
        1
    }

    fn port(&self) -> u16 {
        6379
    }

    fn shut_down(&self) {}
}

fn started(directives: &[(&str, &str)]) -> Result<Arc<Server>, String> {
    let config = directives.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Settings { config, ..Settings::default() }, Arc::new(Quiet)).map(Arc::new)
}

fn ask(talk: &mut Talk, number: u64, line: &str) -> String {
    talk.send(number, format!("{line}\r\n").as_bytes());
    String::from_utf8_lossy(&talk.answers(number)).into_owned()
}

#[test]
fn settings_at_the_start_are_applied_or_named() {
    let server = started(&[("requirepass", "secret"), ("user", "bob on nopass ~* +@all"), ("maxmemory", "1gb")]);
    let mut talk = Talk::to(server.expect("these are right"));
    assert!(ask(&mut talk, 1, "PING").starts_with("-NOAUTH"));
    assert_eq!(ask(&mut talk, 1, "AUTH bob x"), "+OK\r\n");
    assert!(ask(&mut talk, 1, "CONFIG GET maxmemory").contains("1073741824"));
    let wrong = [
        ("maxmemory", "much", "maxmemory: argument must be a memory value"),
        ("nosuch", "1", "nosuch: no such directive is served here"),
        (
            "aof-use-rdb-preamble",
            "no",
            "aof-use-rdb-preamble: a base is always a snapshot: every version that reads a log in parts reads it",
        ),
        ("user", "bob wrong", "user: Error in ACL SETUSER modifier 'wrong': Syntax error"),
    ];
    for (name, value, error) in wrong {
        assert_eq!(started(&[(name, value)]).err().as_deref(), Some(error));
    }
    assert!(redis::config::describe().iter().any(|row| row[0] == "maxmemory" && row[2] == "0"));
}

#[test]
fn info_counts_what_was_done() {
    let mut talk = Talk::to(started(&[]).expect("no directives"));
    ask(&mut talk, 1, "SET key value");
    ask(&mut talk, 1, "GET key");
    ask(&mut talk, 1, "GET none");
    ask(&mut talk, 1, "LPUSH key x");
    ask(&mut talk, 1, "GET");
    let info = ask(&mut talk, 1, "INFO everything");
    for line in [
        "redis_version:7.2.4",
        "server_name:memcluster",
        "total_connections_received:7",
        "keyspace_hits:1",
        "keyspace_misses:1",
        "connected_clients:1",
        "errorstat_WRONGTYPE:count=1",
        "errorstat_ERR:count=1",
        "db0:keys=1,expires=0,avg_ttl=0",
        "role:master",
        "loading:0",
    ] {
        assert!(info.contains(&format!("\r\n{line}\r\n")), "{line}\n{info}");
    }
    let of = |name: &str| info.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(of("cmdstat_get:").contains("calls=2,") && of("cmdstat_get:").contains("rejected_calls=1"), "{info}");
    assert!(of("cmdstat_lpush:").contains("failed_calls=1"), "{info}");
    assert!(of("latency_percentiles_usec_get:").contains("p99.9="), "{info}");
    let part = ask(&mut talk, 1, "INFO cpu keyspace");
    assert!(part.contains("# CPU") && part.contains("# Keyspace") && !part.contains("# Server"));
    ask(&mut talk, 1, "CONFIG RESETSTAT");
    assert!(ask(&mut talk, 1, "INFO stats").contains("keyspace_hits:0"));
}

#[test]
fn monitors_are_told_everything_but_secrets() {
    let mut talk = Talk::to(started(&[]).expect("no directives"));
    assert_eq!(ask(&mut talk, 9, "MONITOR"), "+OK\r\n");
    ask(&mut talk, 1, "SET \"a\\\"b\" \"\\x01\\n\"");
    ask(&mut talk, 1, "AUTH default secret");
    ask(&mut talk, 1, "CONFIG GET save");
    ask(&mut talk, 1, "MULTI");
    ask(&mut talk, 1, "GET key");
    ask(&mut talk, 1, "EXEC");
    let told = String::from_utf8_lossy(&talk.answers(9)).into_owned();
    let told: Vec<&str> = told.lines().map(|line| line.split_once("] ").map_or(line, |(_, words)| words)).collect();
    let expected = [
        "\"SET\" \"a\\\"b\" \"\\x01\\n\"",
        "\"AUTH\" \"(redacted)\" \"(redacted)\"",
        "\"MULTI\"",
        "\"GET\" \"key\"",
        "\"EXEC\"",
    ];
    assert_eq!(told, expected);
    ask(&mut talk, 9, "RESET");
    ask(&mut talk, 1, "PING");
    assert!(talk.answers(9).is_empty());
}

#[test]
fn slow_commands_are_remembered_shortened() {
    let mut talk = Talk::to(started(&[("slowlog-log-slower-than", "0")]).expect("it is right"));
    ask(&mut talk, 1, "CLIENT SETNAME me");
    let words = (0..40).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    ask(&mut talk, 1, &format!("DEL {} {words}", "k".repeat(200)));
    let log = ask(&mut talk, 1, "SLOWLOG GET 1");
    assert!(log.contains("... (72 more bytes)") && log.contains("... (11 more arguments)"), "{log}");
    assert!(log.ends_with("$2\r\nme\r\n"), "{log}");
    let histogram = ask(&mut talk, 1, "LATENCY HISTOGRAM del");
    assert!(
        histogram.starts_with("*2\r\n$3\r\ndel\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n"),
        "{histogram}"
    );
}

#[test]
fn users_are_kept_in_a_file() {
    let path = std::env::temp_dir().join(format!("users-{}.acl", std::process::id()));
    let text = path.display().to_string();
    let missing = started(&[("aclfile", &text)]).err().expect("there is no such file yet");
    assert!(missing.starts_with("aclfile: Error loading ACLs, opening file"), "{missing}");
    std::fs::write(&path, "").expect("it can be written");
    let mut talk = Talk::to(started(&[("aclfile", &text)]).expect("an empty file is right"));
    ask(&mut talk, 1, "ACL SETUSER bob on >secret ~b* +@read -get (+set ~c*)");
    assert_eq!(ask(&mut talk, 1, "ACL SAVE"), "+OK\r\n");
    let saved = std::fs::read_to_string(&path).expect("it was saved");
    assert!(saved.starts_with("user bob on sanitize-payload #2bb80d"), "{saved}");
    assert!(saved.contains(" ~b* resetchannels -@all +@read -get (~c* resetchannels -@all +set)\n"), "{saved}");
    let before = ask(&mut talk, 1, "ACL LIST");
    ask(&mut talk, 1, "ACL SETUSER bob reset");
    ask(&mut talk, 1, "ACL SETUSER eve on");
    assert_eq!(ask(&mut talk, 1, "ACL LOAD"), "+OK\r\n");
    assert_eq!(ask(&mut talk, 1, "ACL LIST"), before);
    std::fs::write(&path, "user bob on\nuser bob off\n").expect("it can be written");
    assert!(ask(&mut talk, 1, "ACL LOAD").contains(":2: Duplicate user found"));
    assert_eq!(ask(&mut talk, 1, "ACL LIST"), before);
    std::fs::remove_file(&path).expect("it is there");
}

#[test]
fn a_connection_is_listed_with_what_it_does() {
    let mut talk = Talk::to(started(&[]).expect("no directives"));
    ask(&mut talk, 1, "CLIENT SETNAME first");
    ask(&mut talk, 2, "SELECT 3");
    ask(&mut talk, 2, "MULTI");
    ask(&mut talk, 2, "PING");
    talk.now = NOW + 5000;
    let list = ask(&mut talk, 1, "CLIENT LIST");
    let line = |number: &str| list.lines().find(|line| line.starts_with(&format!("id={number} "))).unwrap_or_default();
    assert!(line("1").contains(" name=first ") && line("1").contains(" cmd=client|list "), "{list}");
    let second = line("2");
    for part in [" idle=5 ", " flags=x ", " db=3 ", " multi=1 ", " user=default ", " resp=2 "] {
        assert!(second.contains(part), "{part}: {second}");
    }
}

/// What redis-server 7.0.15 says of the same data.
#[test]
fn the_digest_is_the_real_servers() {
    let mut talk = Talk::to(started(&[("enable-debug-command", "yes")]).expect("it is right"));
    assert!(ask(&mut talk, 1, "DEBUG DIGEST").starts_with("+0000000000000000000000000000000000000000"));
    for line in
        ["RPUSH l a b 1", "SADD s a 2", "ZADD z 0.1 a 1e20 b", "HSET h f v", "SET k v PX 100000000", "XADD x 1-1 f 5"]
    {
        ask(&mut talk, 1, line);
    }
    assert_eq!(ask(&mut talk, 1, "DEBUG DIGEST"), "+57bec5b57555968c73cb77397584e83d706e6096\r\n");
}

#[test]
fn strangers_are_not_let_in_without_a_password() {
    let server = started(&[]).expect("no directives");
    let mut worker = redis::Worker::new(server, 0);
    let peer = |address: &str| redis::Peer { address: address.to_owned(), ..redis::Peer::default() };
    let mut near = worker.open_from(1, peer("127.0.0.1:5000"), NOW);
    let mut far = worker.open_from(2, peer("192.0.2.1:5000"), NOW);
    let mut serve = |session: &mut redis::Session, line: &str| {
        let mut out = Vec::new();
        worker.serve(session, format!("{line}\r\n").as_bytes(), &mut out, usize::MAX, NOW);
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(serve(&mut near, "PING"), "+PONG\r\n");
    assert!(serve(&mut far, "HELLO 3").starts_with("-DENIED"));
    assert!(serve(&mut far, "PING").starts_with("-DENIED"));
    assert_eq!(serve(&mut near, "CONFIG SET protected-mode no"), "+OK\r\n");
    assert_eq!(serve(&mut far, "PING"), "+PONG\r\n");
}

#[test]
fn bounds_of_requests_may_change() {
    let mut talk = Talk::to(started(&[("proto-max-bulk-len", "1mb")]).expect("it is right"));
    assert!(ask(&mut talk, 1, "SETRANGE key 2000000 x").starts_with("-ERR string exceeds maximum allowed size"));
    assert_eq!(ask(&mut talk, 1, "CONFIG SET proto-max-bulk-len 4mb"), "+OK\r\n");
    assert_eq!(ask(&mut talk, 1, "SETRANGE key 2000000 x"), ":2000001\r\n");
}
