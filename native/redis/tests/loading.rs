//! What a file that is loaded claims, and what comes: keys that stand there twice, counts that are wrong, databases.

use std::sync::Arc;

use rdb::{Options, Type, Writer};
use redis::load::Expired;
use redis::{Server, Settings};

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
