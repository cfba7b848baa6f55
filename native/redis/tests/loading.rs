//! What a file that is loaded claims, and what comes: keys that stand there twice, counts that are wrong, databases.

mod talk;

use std::sync::Arc;

use rdb::{Id, Options, Type, Writer};
use redis::load::Expired;
use redis::{Server, Settings};
use talk::Talk;

const NOW: u64 = 1_700_000_000_000;

fn server() -> Arc<Server> {
    Arc::new(Server::new(Settings::default()))
}

/// Bytes that its data takes.
fn weight(server: &Server) -> u64 {
    let info = server.info("memory", NOW);
    let (_, bytes) = info.iter().find(|(name, _)| name == "used_memory_dataset").expect("it is told");
    bytes.parse().expect("it is a number")
}

fn string(writer: &mut Writer, name: &str) {
    writer.key(Type::String, name.as_bytes());
    writer.string(name.as_bytes());
}

fn file(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(Options::default());
    write(&mut writer);
    writer.end();
    let mut file = Vec::new();
    writer.take(&mut file);
    file
}

/// The file up to its last key, which stands there twice; with what follows in the end.
fn with_key_twice(between: usize, behind: usize) -> (usize, Vec<u8>) {
    let begun = |writer: &mut Writer| {
        writer.database(0);
        string(writer, "twice");
        (0..between).for_each(|number| string(writer, &format!("key:{number}")));
    };
    // The end takes a byte and the checksum's eight.
    let before = file(begun).len() - 9;
    let file = file(|writer| {
        begun(writer);
        string(writer, "twice");
        (0..behind).for_each(|number| string(writer, &format!("behind:{number}")));
    });
    (before, file)
}

#[test]
fn a_key_that_stands_there_twice_is_refused_by_name_and_place_near_or_far() {
    for (between, behind) in [0, 10, 254, 255, 300, 5000].into_iter().flat_map(|between| [(between, 1), (between, 600)])
    {
        let (before, file) = with_key_twice(between, behind);
        let refused = server().load(&*file, NOW, Expired::Kept).expect_err("a key stands there twice").to_string();
        assert_eq!(refused, format!("at byte {before}: the key 'twice' is there already"));
    }
}

#[test]
fn what_is_wrong_first_is_said() {
    let (before, file) = with_key_twice(10, 20);
    let refused = server().load(&file[..file.len() - 20], NOW, Expired::Kept).expect_err("it ends").to_string();
    assert_eq!(refused, format!("at byte {before}: the key 'twice' is there already"));
    let refused = server().load(&file[..before + 3], NOW, Expired::Kept).expect_err("it ends before that").to_string();
    assert!(refused.contains("the data ends here"), "{refused}");
}

#[test]
fn the_same_key_may_be_in_several_databases() {
    let file = file(|writer| {
        for database in [0, 3, 5] {
            writer.database(database);
            writer.sizes(2, 0);
            string(writer, "one");
            string(writer, "two");
        }
    });
    let server = server();
    assert_eq!(server.load(&*file, NOW, Expired::Kept).expect("it is right").keys, 6);
    server.validate();
}

#[test]
fn no_room_is_made_for_what_is_only_claimed() {
    for claimed in [0, 1, 1 << 20, 1 << 40, u64::MAX] {
        let file = file(|writer| {
            writer.database(0);
            writer.sizes(claimed, claimed);
            (0..2000).for_each(|number| string(writer, &format!("key:{number}")));
        });
        let server = server();
        assert_eq!(server.load(&*file, NOW, Expired::Kept).expect("it is right").keys, 2000);
        server.validate();
        let weight = weight(&server);
        assert!(weight < 2000 * 300, "{claimed}: {weight}");
    }
}

#[test]
fn keys_before_what_is_wrong_are_there() {
    let mut file = file(|writer| {
        writer.database(0);
        (0..700).for_each(|number| string(writer, &format!("key:{number}")));
    });
    file.truncate(file.len() - 9);
    let server = server();
    server.load(&*file, NOW, Expired::Kept).expect_err("the end is missing");
    server.validate();
    assert_eq!(server.info("keyspace", NOW), [("db0".to_owned(), "keys=700,expires=0,avg_ttl=0".to_owned())]);
}

/// A stream of one listpack, whose first entry's field, of so many bytes, is that of so many entries.
fn repeating(field: usize, entries: u16) -> Vec<u8> {
    let two = |number: u16| [0xf1, number as u8, (number >> 8) as u8, 3];
    let mut node = [&two(entries)[..], b"\x00\x01\x01\x01\xf0", &(field as u32).to_le_bytes()].concat();
    node.resize(node.len() + field, b'f');
    let length = field + 5;
    let groups = [length >> 14, length >> 7 & 127 | 128, length & 127 | 128].map(|group| group as u8);
    match groups {
        [0, middle, low] => node.extend_from_slice(&[middle & 127, low]),
        all => node.extend_from_slice(&all),
    }
    node.extend_from_slice(b"\x00\x01");
    for number in 0..entries {
        node.extend_from_slice(&[b"\x02\x01\x00\x01", &two(number)[..], b"\x05\x01\x04\x01"].concat());
    }
    file(|writer| {
        writer.key(Type::Stream, b"s");
        writer.length(1);
        writer.stream_node(Id { ms: 1, seq: 0 }, &node);
        writer.length(entries.into());
        writer.id(Id { ms: 1, seq: entries.into() });
        writer.length(0);
    })
}

/// Some kilobytes that would become 750 megabytes if each entry had the name of its field; and names longer than blocks of this server.
#[test]
fn what_entries_of_a_stream_share_is_kept_once() {
    for (field, entries) in [(150_000, 5000), (1000, 1000), (10_000, 30_000)] {
        let (server, bytes) = (server(), repeating(field, entries));
        let before = weight(&server);
        server.load(&*bytes, NOW, Expired::Kept).expect("it is right");
        let grown = (weight(&server) - before) as usize;
        assert!(grown < 3 * (field + 12 * usize::from(entries)), "{grown} bytes of {field} and {entries}");
        let mut talk = Talk::to(server);
        assert_eq!(talk.ask(1, &[b"XLEN", b"s"]), format!(":{entries}\r\n").into_bytes());
        let last = talk.ask(1, &[b"XREVRANGE", b"s", b"+", b"-", b"COUNT", b"1"]);
        assert_eq!(last.iter().filter(|byte| **byte == b'f').count(), field);
        // New entries go into blocks of this server's size.
        for _ in 0..3 {
            talk.ask(1, &[b"XADD", b"s", b"*", b"f", b"1"]);
        }
        let info = String::from_utf8(talk.ask(1, &[b"XINFO", b"STREAM", b"s"])).expect("text");
        assert!(info.contains("radix-tree-keys\r\n:2\r\n"), "{info}");
    }
}
