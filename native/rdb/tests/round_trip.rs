//! What is written is read, however the bytes arrive; and a single byte that has changed or is missing is found.

use std::io::{BufReader, Read};

use proptest::prelude::*;
use rdb::{Crc64, Event, Id, Key, Kind, Options, Type, Writer, payload, read};

/// A value as a test knows it.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(Vec<Vec<u8>>),
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    SortedSet(Vec<(Vec<u8>, f64)>),
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    database: u64,
    name: Vec<u8>,
    expires_at: Option<u64>,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
    value: Value,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(0u8..3, 0..600),
        (any::<i64>(), 0u32..64).prop_map(|(value, shift)| (value >> shift).to_string().into_bytes()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let score = prop_oneof![any::<f64>().prop_filter("a number", |score| !score.is_nan()), Just(f64::INFINITY)];
    prop_oneof![
        bytes().prop_map(Value::String),
        prop::collection::vec(bytes(), 0..10).prop_map(Value::List),
        prop::collection::vec(bytes(), 0..10).prop_map(Value::Set),
        prop::collection::vec((bytes(), bytes()), 0..10).prop_map(Value::Hash),
        prop::collection::vec((bytes(), score), 0..10).prop_map(Value::SortedSet),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let attributes = (prop::option::of(0u64..1 << 50), prop::option::of(any::<u32>()), prop::option::of(any::<u8>()));
    (0u64..3, bytes(), attributes, value()).prop_map(|(database, name, (expires_at, idle, frequency), value)| Item {
        database,
        name,
        expires_at,
        idle_seconds: idle.map(u64::from),
        frequency,
        value,
    })
}

fn write_value(writer: &mut Writer, name: &[u8], value: &Value) {
    match value {
        Value::String(bytes) => {
            writer.key(Type::String, name);
            writer.string(bytes);
        }
        Value::List(elements) | Value::Set(elements) => {
            writer.key(if matches!(value, Value::List(_)) { Type::List } else { Type::Set }, name);
            writer.length(elements.len() as u64);
            elements.iter().for_each(|element| writer.string(element));
        }
        Value::Hash(pairs) => {
            writer.key(Type::Hash, name);
            writer.length(pairs.len() as u64);
            pairs.iter().flat_map(|(field, value)| [field, value]).for_each(|word| writer.string(word));
        }
        Value::SortedSet(members) => {
            writer.key(Type::SortedSet, name);
            writer.length(members.len() as u64);
            for (member, score) in members {
                writer.string(member);
                writer.score(*score);
            }
        }
    }
}

fn write(items: &[Item], options: Options, piece: usize) -> Vec<u8> {
    let (mut writer, mut out) = (Writer::new(options), Vec::new());
    writer.aux("redis-ver", b"7.2.4");
    for item in items {
        writer.database(item.database);
        writer.sizes(1, item.expires_at.is_some().into());
        item.expires_at.into_iter().for_each(|at| writer.expires_at(at));
        item.idle_seconds.into_iter().for_each(|seconds| writer.idle(seconds));
        item.frequency.into_iter().for_each(|counter| writer.frequency(counter));
        write_value(&mut writer, &item.name, &item.value);
        if writer.bytes().len() >= piece {
            let mut taken = Vec::new();
            writer.take(&mut taken);
            out.extend(taken);
        }
    }
    writer.end();
    writer.take(&mut out);
    assert_eq!(writer.written(), out.len() as u64);
    out
}

/// Makes items of events again.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    database: u64,
    is_complete: bool,
}

impl Found {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Database(number) => self.database = number,
            Event::Key(Key { name, kind, expires_at, idle_seconds, frequency, .. }) => {
                let value = match kind {
                    Kind::String => Value::String(Vec::new()),
                    Kind::List => Value::List(Vec::new()),
                    Kind::Set => Value::Set(Vec::new()),
                    Kind::Hash => Value::Hash(Vec::new()),
                    Kind::SortedSet => Value::SortedSet(Vec::new()),
                    Kind::Stream => panic!("no streams here"),
                };
                let (database, name) = (self.database, name.to_vec());
                self.items.push(Item { database, name, expires_at, idle_seconds, frequency, value });
            }
            Event::End { .. } => self.is_complete = true,
            Event::Begin { .. }
            | Event::Aux { .. }
            | Event::Sizes { .. }
            | Event::EndOfKey
            | Event::Library(_)
            | Event::Passed(_) => {}
            event => self.part(event),
        }
    }

    fn part(&mut self, event: Event<'_>) {
        match (&mut self.items.last_mut().expect("a value follows its key").value, event) {
            (Value::String(value), Event::String(bytes)) => *value = bytes.to_vec(),
            (Value::List(all) | Value::Set(all), Event::Element(bytes)) => all.push(bytes.to_vec()),
            (Value::Hash(all), Event::Field { field, value }) => all.push((field.to_vec(), value.to_vec())),
            (Value::SortedSet(all), Event::Member { member, score }) => all.push((member.to_vec(), score)),
            (value, event) => panic!("{event:?} within {value:?}"),
        }
    }
}

fn read_back(source: impl Read, capacity: usize) -> Result<Vec<Item>, rdb::Error> {
    let mut found = Found::default();
    read(BufReader::with_capacity(capacity, source), |event| {
        found.event(event);
        Ok(())
    })?;
    assert!(found.is_complete);
    Ok(found.items)
}

/// All of it is a file: a version that has no checksum would leave one unread.
fn is_right(mut bytes: &[u8]) -> bool {
    read(&mut bytes, |_| Ok(())).is_ok() && bytes.is_empty()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        items in prop::collection::vec(item(), 0..8), compresses: bool, sums_up: bool, capacity in 1usize..64, piece in 1usize..200,
    ) {
        let file = write(&items, Options { compresses, sums_up }, piece);
        prop_assert_eq!(read_back(&file[..], capacity).expect("it is right"), items);
    }

    #[test]
    fn a_changed_or_missing_byte_is_found(items in prop::collection::vec(item(), 0..3), flip in 1u8..=255) {
        let file = write(&items, Options::default(), usize::MAX);
        for at in 0..file.len() {
            prop_assert!(!is_right(&file[..at]), "cut at {}", at);
            let mut changed = file.clone();
            changed[at] ^= flip;
            prop_assert!(!is_right(&changed), "byte {} changed", at);
        }
    }

    #[test]
    fn any_bytes_are_no_danger(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0u8..30) {
        let file = [b"REDIS0012".as_slice(), &[kind], b"\x01k", &bytes].concat();
        let _ = read(&file[..], |_| Ok(()));
        let _ = read(&bytes[..], |_| Ok(()));
        let mut sealed = [&[kind][..], &bytes, &[11, 0]].concat();
        sealed.extend_from_slice(&Crc64::of(&sealed).to_le_bytes());
        let _ = payload::open(&sealed).expect("it is sealed").read(|_| Ok(()));
    }

    #[test]
    fn a_payload_comes_back_and_a_changed_one_does_not(value in value(), flip in 1u8..=255) {
        let mut writer = Writer::bare(Options::default());
        // As a key without a name would be written, without the name.
        write_value(&mut writer, b"", &value);
        let mut bytes = Vec::new();
        writer.take(&mut bytes);
        let mut writer = Writer::bare(Options::default());
        writer.kind(kind_of(&value));
        let mut sealed = Vec::new();
        writer.take(&mut sealed);
        sealed.extend_from_slice(&bytes[2..]);
        sealed.extend_from_slice(&9u16.to_le_bytes());
        sealed.extend_from_slice(&Crc64::of(&sealed).to_le_bytes());
        let mut found = Found::default();
        payload::open(&sealed).expect("it is sealed").read(|event| { found.event(event); Ok(()) }).expect("it is right");
        prop_assert_eq!(&found.items[0].value, &value);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= flip;
            prop_assert!(payload::open(&changed).is_none());
        }
    }
}

fn kind_of(value: &Value) -> Type {
    match value {
        Value::String(_) => Type::String,
        Value::List(_) => Type::List,
        Value::Set(_) => Type::Set,
        Value::Hash(_) => Type::Hash,
        Value::SortedSet(_) => Type::SortedSet,
    }
}

/// An element of a listpack that is a short string or a small number.
fn short(out: &mut Vec<u8>, text: &str) {
    match text.parse::<u8>() {
        Ok(number) if number < 128 => out.extend_from_slice(&[number, 1]),
        _ => {
            out.push(0x80 | text.len() as u8);
            out.extend_from_slice(text.as_bytes());
            out.push(text.len() as u8 + 1);
        }
    }
}

#[test]
fn a_stream_is_read_with_its_groups() {
    let (master, last) = (Id { ms: 5, seq: 1 }, Id { ms: 7, seq: 0 });
    let mut node = Vec::new();
    // Two entries and a deleted one: with the first one's field, with fields of its own.
    for element in ["2", "1", "1", "f", "0", "2", "0", "0", "v", "4", "3", "0", "1", "x", "4", "0", "2"] {
        short(&mut node, element);
    }
    // Two milliseconds on, and the number 0: one less than the first one's, which is 13 bits of ones.
    node.extend_from_slice(&[0xdf, 0xff, 2]);
    for element in ["2", "a", "b", "c", "9", "8"] {
        short(&mut node, element);
    }
    let mut writer = Writer::new(Options::default());
    writer.key(Type::Stream3, b"s");
    writer.length(1);
    writer.stream_node(master, &node);
    writer.length(2);
    writer.id(last);
    writer.id(master);
    writer.id(Id { ms: 5, seq: 2 });
    writer.length(9);
    writer.length(1);
    writer.string(b"group");
    writer.id(last);
    writer.length(u64::MAX);
    writer.length(1);
    writer.id_bytes(last);
    writer.millis(1000);
    writer.length(3);
    writer.length(1);
    writer.string(b"consumer");
    writer.millis(2000);
    writer.millis(u64::MAX);
    writer.length(1);
    writer.id_bytes(last);
    writer.end();
    let mut told = Vec::new();
    read(writer.bytes(), |event| {
        told.push(format!("{event:?}"));
        Ok(())
    })
    .expect("it is right");
    let entry = |id: Id, words: &[&[u8]], begins, shares| format!("{:?}", Event::Entry { id, words, begins, shares });
    let (seen_at, active_at, id, delivered_at, deliveries) = (2000, None, last, 1000, 3);
    assert_eq!(
        told[2..8],
        [
            entry(master, &[b"f", b"v"], true, true),
            entry(last, &[b"a", b"b", b"c", b"9"], false, false),
            format!(
                "{:?}",
                Event::Stream {
                    generation: 3,
                    last_id: last,
                    max_deleted_id: Some(Id { ms: 5, seq: 2 }),
                    entries_added: Some(9)
                }
            ),
            format!("{:?}", Event::Group { name: b"group", last_id: last, entries_read: None }),
            format!("{:?}", Event::Consumer { name: b"consumer", seen_at, active_at }),
            format!("{:?}", Event::Pending { id, delivered_at, deliveries }),
        ]
    );
}
