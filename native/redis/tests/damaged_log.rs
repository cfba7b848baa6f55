//! A log whose bytes are not those that were written: whatever has changed, wherever, the start is refused, or all data is there.

mod talk;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use redis::{Server, Settings, Sweeper};
use talk::{NOW, Talk};

/// A working directory, removed at the end.
struct Home(PathBuf);

/// The files of a log, by their names.
type Files = Vec<(String, Vec<u8>)>;

impl Home {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let path = std::env::temp_dir().join(format!("memc-damaged-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("appendonlydir")).expect("a folder");
        Self(path)
    }

    fn of(files: &Files) -> Self {
        let home = Self::new();
        files.iter().for_each(|(name, bytes)| fs::write(home.path(name), bytes).expect("a file"));
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join("appendonlydir").join(name)
    }

    fn files(&self) -> Files {
        let entries = fs::read_dir(self.0.join("appendonlydir")).expect("a folder");
        let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("text"));
        let mut files: Files = names.map(|name| (name.clone(), fs::read(self.path(&name)).expect("a file"))).collect();
        files.sort();
        files
    }

    fn start(&self) -> Result<Arc<Server>, String> {
        let config = [
            ("dir", self.0.to_str().expect("text")),
            ("appendonly", "yes"),
            ("aof-timestamp-enabled", "yes"),
            ("enable-debug-command", "yes"),
        ];
        let config = config.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let server = Arc::new(Server::new(Settings { config, ..Settings::default() }).configured().expect("right"));
        server.begin_log(NOW).map(|_| server)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// All that there is, and where the stream is.
fn data(server: &Arc<Server>) -> Vec<Vec<u8>> {
    let mut talk = Talk::to(server.clone());
    let mut all = vec![talk.ask(1, &[b"DEBUG", b"DIGEST"])];
    for database in ["0", "3", "7"] {
        talk.ask(1, &[b"SELECT", database.as_bytes()]);
        all.push(talk.ask(1, &[b"DBSIZE"]));
        all.push(talk.ask(1, &[b"XINFO", b"STREAM", b"stream", b"FULL"]));
    }
    all
}

/// Changes of every kind in several databases, with values that look like parts of a log.
fn write(talk: &mut Talk, round: usize) {
    let number = round.to_string();
    let number = number.as_bytes();
    let (binary, long): (Vec<u8>, _) = ((0..=255).collect(), vec![b'x'; 300]);
    let like_a_mark = b"\r\n#MC:e=0,off=100,crc=00000000\r\n";
    let like_a_command = b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n";
    let requests: &[&[&[u8]]] = &[
        &[b"SELECT", b"0"],
        &[b"SET", b"a", number],
        &[b"RPUSH", b"list", number, &binary, b"", like_a_mark],
        &[b"SELECT", b"3"],
        &[b"XADD", b"stream", b"*", b"field", number, b"other", like_a_command],
        &[b"XADD", b"stream", b"*", b"field", &binary, b"other", b"12"],
        &[b"XGROUP", b"CREATE", b"stream", number, b"0"],
        &[b"XREADGROUP", b"GROUP", number, b"me", b"COUNT", b"1", b"STREAMS", b"stream", b">"],
        &[b"MULTI"],
        &[b"SET", number, like_a_mark],
        &[b"HSET", b"hash", number, &long],
        &[b"SELECT", b"7"],
        &[b"ZADD", b"sorted", b"1.5", number],
        &[b"EXEC"],
        &[b"SADD", b"set", number, b"1", b"2"],
        &[b"SET", number, b"expiring", b"EX", b"1000"],
        &[b"INCR", b"count"],
    ];
    for request in requests {
        let reply = talk.ask(1, request);
        assert!(!reply.starts_with(b"-"), "{}", reply.escape_ascii());
    }
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A base, two increments, and the manifest that names them; with the data.
fn prepared() -> (Files, Vec<Vec<u8>>) {
    let home = Home::new();
    let server = home.start().expect("it begins");
    let mut talk = Talk::to(server.clone());
    let step = |talk: &mut Talk, round| {
        write(talk, round);
        // A group of its own.
        let end = server.journal().end.get();
        wait_for("the file", || server.journal().written.get() == end);
    };
    (0..3).for_each(|round| step(&mut talk, round));
    talk.ask(1, &[b"BGREWRITEAOF"]);
    let mut sweeper = Sweeper::new(server.clone());
    sweeper.sweep(NOW);
    wait_for("the base", || server.info("persistence", NOW).contains(&("aof_rewrites".to_owned(), "1".to_owned())));
    (3..6).for_each(|round| step(&mut talk, round));
    server.end_log();
    // Torn: the next server begins another file.
    let (last, bytes) = home.files().into_iter().rfind(|(name, _)| name.ends_with(".incr.aof")).expect("an increment");
    fs::write(home.path(&last), [&bytes[..], b"#TS:7\r\n*3\r\n$3"].concat()).expect("a file");
    let server = home.start().expect("it goes on");
    let mut talk = Talk::to(server.clone());
    (6..9).for_each(|round| write(&mut talk, round));
    let data = data(&server);
    server.end_log();
    let files = home.files();
    assert_eq!(files.len(), 4, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    (files, data)
}

#[derive(Clone, Debug)]
enum Damage {
    /// Other bytes in place of some.
    Flip(Vec<u8>),
    /// Bytes that the disk has lost.
    Zero(usize),
    Cut(usize),
    Repeat(usize),
    End,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (0..8_u32).prop_map(|bit| Damage::Flip(vec![1 << bit])),
        4 => (1..=255_u8).prop_map(|flip| Damage::Flip(vec![flip])),
        2 => prop::collection::vec(any::<u8>(), 2..6).prop_map(Damage::Flip),
        1 => (1..600_usize).prop_map(Damage::Zero),
        1 => (1..600_usize).prop_map(Damage::Cut),
        1 => (1..600_usize).prop_map(Damage::Repeat),
        1 => Just(Damage::End),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>, at: usize) {
        let until = |length: &usize| bytes.len().min(at + length);
        match self {
            Self::Flip(flips) => bytes[at..].iter_mut().zip(flips).for_each(|(byte, flip)| *byte ^= flip),
            Self::Zero(length) => {
                let end = until(length);
                bytes[at..end].fill(0);
            }
            Self::Cut(length) => drop(bytes.drain(at..until(length))),
            Self::Repeat(length) => {
                let twice = bytes[at..until(length)].to_vec();
                drop(bytes.splice(at..at, twice));
            }
            Self::End => bytes.truncate(at),
        }
    }
}

#[test]
fn whatever_has_changed_is_said_or_means_nothing() {
    let (files, right) = prepared();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let place = (0..files.len(), any::<prop::sample::Index>(), damage());
    proptest!(config, |((file, at, damage) in place)| {
        let mut files = files.clone();
        let is_last = files[file].0.ends_with(".4.incr.aof");
        let at = at.index(files[file].1.len());
        // A manifest is a few lines, written in one go and put there whole.
        if files[file].0.ends_with(".manifest") && !matches!(damage, Damage::Flip(_)) {
            return Ok(());
        }
        damage.apply(&mut files[file].1, at);
        let home = Home::of(&files);
        match home.start() {
            Err(why) => prop_assert!(!why.is_empty()),
            Ok(server) => {
                let data = data(&server);
                server.end_log();
                // Of what was written last nobody can tell that there was more.
                let is_cut = is_last && matches!(damage, Damage::Cut(_) | Damage::End);
                prop_assert!(data == right || is_cut, "{} of {}, {damage:?} at {at}", file, files[file].0);
            }
        }
    });
}
