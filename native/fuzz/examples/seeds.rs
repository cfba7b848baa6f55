//! Writes what the fuzzers begin with into `corpus`: what the conversations of the tests send, the values they leave behind, and bytes of
//! forms that nobody finds by chance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rdb::{Id, Options, Type, Writer};
use redis::{Server, Settings, Worker};

/// Milliseconds since 1970.
const NOW: u64 = 1_700_000_000_000;
/// Requests of one seed: long ones are slow to try and slow to become shorter.
const REQUESTS_MAX: usize = 12;
/// As the fuzzer of the server has it.
const CLIENTS: usize = 3;
const NEXT_CLIENT: u8 = 0xff;
/// The version and the checksum behind a payload, which the fuzzers put there themselves.
const FOOTER: usize = 10;
const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn write(target: &str, seeds: impl IntoIterator<Item = Vec<u8>>) {
    let folder = at("corpus").join(target);
    std::fs::create_dir_all(&folder).expect("the corpus can be written");
    for (number, seed) in seeds.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:04}")), seed).expect("the corpus can be written");
    }
}

/// What is sent in each conversation of a folder, a line each, and by which client.
fn sent(folder: &str) -> Vec<Vec<(usize, String)>> {
    let paths = std::fs::read_dir(at(folder)).expect("conversations are there").flatten().map(|entry| entry.path());
    let paths: BTreeSet<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a conversation is text");
    let line = |line: &str| line.split_once("> ").map(|(who, line)| (who.parse().unwrap_or(1), line.to_owned()));
    paths.iter().map(|path| text(path).lines().filter_map(line).collect()).collect()
}

/// Conversations in pieces, each behind some bytes that choose how the fuzzer reads it.
fn pieces(conversations: &[Vec<(usize, String)>], before: &[u8]) -> Vec<Vec<u8>> {
    let line = |(_, line): &(usize, String)| format!("{line}\r\n").into_bytes();
    let piece = |lines: &[_]| [before.to_vec()].into_iter().chain(lines.iter().map(line)).collect::<Vec<_>>().concat();
    conversations.iter().flat_map(|lines| lines.chunks(REQUESTS_MAX).map(piece)).collect()
}

/// The same as a primary's stream, which knows no lines of words.
fn streams(conversations: &[Vec<(usize, String)>]) -> Vec<Vec<u8>> {
    let word = |word: &str| format!("${}\r\n{word}\r\n", word.len());
    let request = |(_, line): &(usize, String)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("*{}\r\n{}", words.len(), words.into_iter().map(word).collect::<String>())
    };
    let piece = |lines: &[_]| [b"\0", lines.iter().map(request).collect::<String>().as_bytes()].concat();
    conversations.iter().flat_map(|lines| lines.chunks(REQUESTS_MAX).map(piece)).collect()
}

/// The same with the byte that hands over to the next client.
fn turns(conversations: &[Vec<(usize, String)>]) -> Vec<Vec<u8>> {
    let piece = |lines: &[(usize, String)]| {
        let (mut bytes, mut turn) = (Vec::new(), 0);
        for (who, line) in lines {
            while turn % CLIENTS != (who - 1) % CLIENTS {
                bytes.push(NEXT_CLIENT);
                turn += 1;
            }
            bytes.extend_from_slice(format!("{line}\r\n").as_bytes());
        }
        bytes
    };
    conversations.iter().flat_map(|lines| lines.chunks(REQUESTS_MAX).map(piece)).collect()
}

fn ask(worker: &mut Worker, request: &[u8]) -> Vec<u8> {
    let (mut session, mut reply) = (worker.open(1), Vec::new());
    worker.serve(&mut session, request, &mut reply, usize::MAX, NOW);
    worker.close(session);
    reply
}

/// Values as DUMP gives them while these requests are served, one of each type and length.
fn values(conversations: &[Vec<(usize, String)>]) -> Vec<Vec<u8>> {
    let mut found = BTreeMap::new();
    for lines in conversations {
        let mut worker = Worker::new(Arc::new(Server::new(Settings { databases: 1, ..Settings::default() })), 0);
        for (_, line) in lines {
            ask(&mut worker, format!("{line}\r\n").as_bytes());
            let keys = String::from_utf8_lossy(&ask(&mut worker, b"KEYS *\r\n")).into_owned();
            for key in keys.lines().filter(|line| !line.starts_with(['*', '$'])) {
                let dumped = ask(&mut worker, format!("DUMP \"{key}\"\r\n").as_bytes());
                let start = dumped.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                if let Some(value) = dumped[start..].get(..dumped.len().saturating_sub(start + 2 + FOOTER)) {
                    found.insert((value.first().copied(), value.len()), value.to_vec());
                }
            }
        }
    }
    found.into_values().filter(|value| !value.is_empty()).collect()
}

/// A stream as Redis 7.2 writes it: two entries and a deleted one, a group, a consumer, and what it has pending.
fn stream() -> Vec<u8> {
    let (master, last) = (Id { ms: 5, seq: 1 }, Id { ms: 7, seq: 1 });
    let entries = [
        &b"\x02\x01\x01\x01\x01\x01\x81f\x02\x00\x01"[..],
        b"\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01",
        b"\x03\x01\x00\x01\x01\x01\x81x\x02\x04\x01",
        b"\x00\x01\x02\x01\x00\x01\x01\x01\x81a\x02\x81b\x02\x06\x01",
    ];
    let mut writer = Writer::bare(Options::default());
    writer.kind(Type::Stream3);
    writer.length(1);
    writer.stream_node(master, &entries.concat());
    writer.length(2);
    [last, master, Id { ms: 5, seq: 2 }].into_iter().for_each(|id| writer.id(id));
    writer.length(3);
    writer.length(1);
    writer.string(b"group");
    writer.id(last);
    writer.length(2);
    writer.length(1);
    writer.id_bytes(last);
    writer.millis(NOW);
    writer.length(1);
    writer.length(1);
    writer.string(b"consumer");
    writer.millis(NOW);
    writer.millis(NOW);
    writer.length(1);
    writer.id_bytes(last);
    writer.bytes().to_vec()
}

/// A set in a listpack, of one member that is so long that its length behind it takes two bytes, or three.
fn set_of_one(length: usize) -> Vec<u8> {
    let member = [&[0xf0][..], &(length as u32).to_le_bytes(), &vec![b'm'; length]].concat();
    let groups = [member.len() >> 14, member.len() >> 7 & 127, member.len() & 127].map(|group| group as u8);
    let behind = match groups {
        [0, middle, low] => vec![middle, low | 0x80],
        [high, middle, low] => vec![high, middle | 0x80, low | 0x80],
    };
    let whole = (6 + member.len() + behind.len() + 1) as u32;
    let listpack = [&whole.to_le_bytes(), &b"\x01\0"[..], &member, &behind, &[0xff]].concat();
    let mut writer = Writer::bare(Options::default());
    writer.kind(Type::SetListpack);
    writer.string(&listpack);
    writer.bytes().to_vec()
}

/// Forms that are read and never written here.
fn foreign_values() -> Vec<Vec<u8>> {
    let packed: [(Type, &[u8]); 8] = [
        (Type::SetIntset, b"\x0c\x02\0\0\0\x02\0\0\0\xff\xff\x05\0"),
        (Type::SetIntset, b"\x18\x08\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\x80\x05\0\0\0\0\0\0\0"),
        (Type::SetListpack, b"\x0f\x0f\0\0\0\x03\0\x81a\x02\x05\x01\xdf\xff\x02\xff"),
        (Type::SortedSetListpack, b"\x0c\x0c\0\0\0\x02\0\x81a\x02\x05\x01\xff"),
        (Type::ListQuicklist2, b"\x02\x01\x02xy\x02\x0c\x0c\0\0\0\x02\0\x81a\x02\x05\x01\xff"),
        (Type::HashListpackEx, b"\0\0\0\0\0\0\0\0\x0f\x0f\0\0\0\x03\0\x81f\x02\x81v\x02\x00\x01\xff"),
        (Type::HashZipmap, b"\x13\x02\x01a\x02\x00bc\x02de\x01\x03f___\xff"),
        (Type::HashZiplist, b"\x13\x13\0\0\0\x0f\0\0\0\x02\0\0\x03abc\x04\xfe\x05\xff"),
    ];
    let values = packed.into_iter().map(|(kind, value)| [&[kind as u8], value].concat());
    values.chain([stream(), set_of_one(200), set_of_one(20_000)]).collect()
}

/// A file of one key behind the magic, with no checksum.
fn file(value: &Vec<u8>) -> Vec<u8> {
    [&value[..1], b"\x01k", &value[1..], &[0xff, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
}

/// What a primary says, behind the bytes that choose who listens, how far the link is and how long the pieces are.
fn links() -> Vec<Vec<u8>> {
    let stream = "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\r\n\r\n";
    let full = format!("+FULLRESYNC {ID} 1\r\n");
    let answers = "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK 17\r\n";
    [
        (2, format!("{answers}+CONTINUE {ID}\r\n{stream}")),
        (1, format!("+PONG\r\n-ERR what\r\n\n-NOPERM\r\n{full}")),
        (3, format!("{full}$5\r\nhello{stream}")),
        (3, format!("{full}\n$EOF:{ID}\r\nhello{ID}{stream}")),
        (3, "-NOMASTERLINK no\r\n".to_owned()),
        (10, stream.to_owned()),
        (13, format!("$1\r\nb\r\n$1\r\nc\r\n{stream}")),
    ]
    .into_iter()
    .flat_map(|(first, said)| [6, 255].map(|length| [&[first, length], said.as_bytes()].concat()))
    .collect()
}

/// A log whose marks want their checksums, and a manifest.
fn logs() -> Vec<Vec<u8>> {
    let set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n";
    let whole = format!("#MC:id={ID}\r\n#MC:id2={ID},end=0\r\n#MC:e=1,off=0\n{set}#TS:1\r\n#MC:e=1,off=27\n");
    let open = format!("{whole}*1\r\n$5\r\nMULTI\r\n{set}*1\r\n$4\r\nEXEC\r\n#MC:e=1,off=83\n{set}");
    let manifest = "file a.2.base.rdb seq 2 type b\nfile \"a\\x20b\" seq 1 type h\nfile 'c d' seq 2 type i\n";
    [whole.clone(), open, format!("{whole}*3\r\n$9\r\nSET\r\n"), manifest.to_owned()].map(String::into_bytes).into()
}

fn main() {
    let redis = sent("../redis/tests/conversations");
    let memcached = sent("../../tests/conversations");
    let mut values = values(&redis);
    values.extend(foreign_values());
    write("rdb_read", values.iter().map(file));
    let snapshots = values.iter().map(|value| [b"\x01", &file(value)[..]].concat());
    write("replica_follow", snapshots.chain(streams(&redis)));
    write("restore", values);
    write("redis_serve", turns(&redis));
    write("resp_request", pieces(&redis, &[0, 9]).into_iter().chain([b"\x02\x03$1\r\na\r\n$2\r\nbc\r\n".to_vec()]));
    write("memcached_serve", pieces(&memcached, &[40]));
    write("memcached_request", pieces(&memcached, b""));
    write("replication_link", links());
    write("aof_read", logs());
}
