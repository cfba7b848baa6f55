//! A snapshot of a dataset that goes on changing is the state at its cut: every item of then, once, as it was then.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dataset::{Dataset, End, Item, List, Locked, Shards, Value, View, hash};
use proptest::prelude::*;

const DATABASES: usize = 3;
const USED_SHARDS: usize = 2;

#[derive(Clone, Debug)]
enum Change {
    SetString(Vec<u8>, usize),
    Insert(Vec<u8>, usize),
    Rewrite(Vec<u8>, usize),
    Append(Vec<u8>),
    Push(Vec<u8>),
    Pop(Vec<u8>),
    Expire(Vec<u8>, Option<u64>),
    Remove(Vec<u8>),
    Discard(Vec<u8>),
    Touch(Vec<u8>),
    /// As RENAME does.
    Move(Vec<u8>, Vec<u8>),
    Clear,
    Swap(usize),
}

/// Keys of the first two shards, so that tables are large enough for a walk to stand within them.
static KEYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let dataset = Dataset::<()>::new(1);
    let all = (0..).map(|number| format!("key:{number}").into_bytes());
    all.filter(|key| dataset.shard_of(key) < USED_SHARDS).take(150).collect()
});

fn key() -> impl Strategy<Value = Vec<u8>> {
    (0..150usize).prop_map(|number| KEYS[number].clone())
}

fn change() -> impl Strategy<Value = (usize, Change)> {
    let len = || prop_oneof![0..90_usize, 4090..4100_usize];
    let change = prop_oneof![
        8 => (key(), len()).prop_map(|(key, len)| Change::SetString(key, len)),
        4 => (key(), len()).prop_map(|(key, len)| Change::Insert(key, len)),
        4 => (key(), len()).prop_map(|(key, len)| Change::Rewrite(key, len)),
        4 => key().prop_map(Change::Append),
        8 => key().prop_map(Change::Push),
        4 => key().prop_map(Change::Pop),
        4 => (key(), prop::option::of(1..1000u64)).prop_map(|(key, at)| Change::Expire(key, at)),
        2 => key().prop_map(Change::Remove),
        4 => key().prop_map(Change::Discard),
        2 => key().prop_map(Change::Touch),
        4 => (key(), key()).prop_map(|(from, to)| Change::Move(from, to)),
        1 => Just(Change::Clear),
        1 => (0..DATABASES).prop_map(Change::Swap),
    ];
    (0..DATABASES, change)
}

/// An item as text: what a snapshot has to keep of it.
fn shown(item: &Item) -> String {
    let value = match item.view() {
        View::String(bytes) => format!("{} bytes, hash {}", bytes.len(), hash(bytes)),
        View::List(list) => format!("{:?}", list.iter().map(<[u8]>::to_vec).collect::<Vec<_>>()),
        view => format!("{view:?}"),
    };
    format!("{value} until {:?}", item.expires_at())
}

type State = BTreeMap<(usize, Vec<u8>), String>;

fn state(data: &Locked<'_, ()>) -> State {
    let all = (0..DATABASES).flat_map(|number| data.parts(number).map(move |(_, part)| (number, part)));
    all.flat_map(|(number, part)| part.items().map(move |item| ((number, item.key().to_vec()), shown(item)))).collect()
}

fn perform(data: &mut Locked<'_, ()>, number: usize, change: &Change, step: usize) {
    let text = |len: usize| format!("{step}").into_bytes().into_iter().cycle().take(len).collect::<Vec<_>>();
    match change {
        Change::SetString(key, len) => {
            let (database, hash) = data.at_mut(number, key);
            database.set_string(hash, key, &text(*len), 1, drop);
        }
        Change::Insert(key, len) => {
            let (database, hash) = data.at_mut(number, key);
            database.insert(hash, key, Value::String(text(*len)), 1, drop);
        }
        Change::Rewrite(key, len) => {
            let (database, hash) = data.at_mut(number, key);
            database.rewrite_string(hash, key, &text(*len), 1);
        }
        Change::Append(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.change(hash, key, |value| match value {
                Value::String(bytes) => bytes.push(b'x'),
                Value::List(list) => list.push(End::Front, b"x"),
                _ => {}
            });
        }
        Change::Push(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.change_typed(hash, key, |_| 1, |list: &mut List| list.push(End::Back, &text(3)));
        }
        Change::Pop(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.change_typed(hash, key, |_| 1, |list: &mut List| list.drop_end(End::Front, 1));
        }
        Change::Expire(key, at) => {
            let (database, hash) = data.at_mut(number, key);
            database.set_expires_at(hash, key, *at);
        }
        Change::Remove(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.remove(hash, key);
        }
        Change::Discard(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.discard(hash, key, drop);
        }
        Change::Touch(key) => {
            let (database, hash) = data.at_mut(number, key);
            database.touch(hash, key, 0, |access| access + 1);
        }
        Change::Move(from, to) => {
            let (database, hash) = data.at_mut(number, from);
            let Some(item) = database.remove_item(hash, from) else { return };
            let (expires_at, (database, hash)) = (item.expires_at(), data.at_mut(number, to));
            database.insert(hash, to, item.into_value(), 1, drop);
            database.set_expires_at(hash, to, expires_at);
        }
        Change::Clear => data.parts_mut(number).for_each(|(_, part, _)| drop(part.take())),
        Change::Swap(other) => data.swap(number, *other),
    }
}

/// Where a snapshot is.
#[derive(Default)]
struct Walk {
    database: usize,
    shard: usize,
    found: State,
}

fn note(found: &mut State, database: usize, item: &Item) {
    let name = (database, item.key().to_vec());
    assert!(found.insert(name, shown(item)).is_none(), "an item is met once");
}

impl Walk {
    fn is_over(&self) -> bool {
        self.database == DATABASES
    }

    fn step(&mut self, dataset: &Dataset<()>, count: usize) {
        let Self { database, shard, found } = self;
        let mut data = dataset.lock(Shards::one(*shard));
        let step = data.snapshot_step(*database, count, |item| note(found, *database, item));
        data.validate();
        step.former.iter().for_each(|item| note(found, *database, item));
        if let Some(mut taken) = step.taken {
            while taken.step(count, |item| note(found, *database, item)) {}
        }
        if step.is_last {
            *shard += 1;
        }
        if *shard == USED_SHARDS {
            (*database, *shard) = (*database + 1, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn a_snapshot_is_the_state_at_its_cut(
        before in prop::collection::vec(change(), 0..300),
        during in prop::collection::vec((change(), 0..4usize), 0..400),
        count in 1..8usize,
    ) {
        let dataset = Dataset::<()>::new(DATABASES);
        for (at, (number, change)) in before.iter().enumerate() {
            perform(&mut dataset.lock(Shards::ALL), *number, change, at);
        }
        // The second snapshot begins where the first one has left marks, if it has.
        for round in 0..2 {
            let mut walk = Walk::default();
            let mut data = dataset.lock(Shards::ALL);
            let (cut, sizes) = (state(&data), data.cut());
            prop_assert_eq!(sizes.iter().map(|(keys, _)| keys).sum::<usize>(), cut.len());
            drop(data);
            for (at, ((number, change), steps)) in during.iter().enumerate() {
                let mut data = dataset.lock(Shards::ALL);
                perform(&mut data, *number, change, 1000 * (round + 1) + at);
                data.validate();
                drop(data);
                (0..*steps).for_each(|_| if !walk.is_over() { walk.step(&dataset, count) });
            }
            while !walk.is_over() {
                walk.step(&dataset, count);
            }
            prop_assert_eq!(&walk.found, &cut);
        }
    }
}
