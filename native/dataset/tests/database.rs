//! A database against a model: insertions, changes, removals, expiry and walks, across growth and shrinking, valid after each step.

use std::collections::{BTreeMap, BTreeSet};

use dataset::{Database, Value, View, hash};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Keys from a number on, so many, with values so long.
    Set {
        from: u16,
        count: u16,
        len: usize,
    },
    Append {
        key: u16,
        len: usize,
    },
    Remove {
        from: u16,
        count: u16,
    },
    Expire {
        from: u16,
        count: u16,
        at: Option<u64>,
    },
    Sweep {
        now: u64,
        limit: usize,
    },
    Scan {
        count: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![0..100_usize, 4000..4200_usize];
    let at = prop_oneof![1..1000_u64, 1..1000_u64].prop_flat_map(|at| prop_oneof![Just(None), Just(Some(at))]);
    prop_oneof![
        (0..3000_u16, 1..400_u16, len.clone()).prop_map(|(from, count, len)| Step::Set { from, count, len }),
        (0..3000_u16, len).prop_map(|(key, len)| Step::Append { key, len }),
        (0..3000_u16, 1..900_u16).prop_map(|(from, count)| Step::Remove { from, count }),
        (0..3000_u16, 1..400_u16, at).prop_map(|(from, count, at)| Step::Expire { from, count, at }),
        (0..1000_u64, 1..300_usize).prop_map(|(now, limit)| Step::Sweep { now, limit }),
        (1..60_usize).prop_map(|count| Step::Scan { count }),
    ]
}

/// What the database should hold, and the walk that is on its way.
#[derive(Default)]
struct Model {
    items: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>,
    cursor: u64,
    /// What has been there since the walk began, and has not been met.
    owed: BTreeSet<Vec<u8>>,
}

fn key(number: u16) -> Vec<u8> {
    format!("key:{number}").into_bytes()
}

impl Model {
    fn remove(&mut self, key: &[u8]) -> bool {
        self.owed.remove(key);
        self.items.remove(key).is_some()
    }

    fn set(&mut self, database: &mut Database, number: u16, len: usize) {
        let (key, bytes) = (key(number), vec![b'v'; len]);
        let was_there = if number.is_multiple_of(2) {
            database.set_string(hash(&key), &key, &bytes, 1, drop)
        } else {
            database.insert(hash(&key), &key, Value::String(bytes.clone()), 1, drop)
        };
        assert_eq!(was_there, self.items.insert(key, (bytes, None)).is_some());
    }

    fn append(&mut self, database: &mut Database, number: u16, len: usize) {
        let key = key(number);
        let changed = database.change(hash(&key), &key, |value| {
            if let Value::String(bytes) = value {
                bytes.extend(std::iter::repeat_n(b'a', len));
            }
        });
        let item = self.items.get_mut(&key);
        assert_eq!(changed.is_some(), item.is_some());
        item.into_iter().for_each(|(bytes, _)| bytes.extend(std::iter::repeat_n(b'a', len)));
    }

    fn expire(&mut self, database: &mut Database, number: u16, at: Option<u64>) {
        let key = key(number);
        let is_done = database.set_expires_at(hash(&key), &key, at);
        let item = self.items.get_mut(&key);
        assert_eq!(is_done, item.is_some());
        item.into_iter().for_each(|(_, expires_at)| *expires_at = at);
    }

    fn sweep(&mut self, database: &mut Database, now: u64, limit: usize) {
        let is_due = |(_, at): &(Vec<u8>, Option<u64>)| at.is_some_and(|at| at <= now);
        loop {
            let mut found = Vec::new();
            let is_more = database.expired(now, limit, &mut found);
            for key in found {
                assert!(is_due(&self.items[&*key]), "only what has expired is found");
                assert!(database.remove(hash(&key), &key).is_some() && self.remove(&key));
            }
            database.validate();
            if !is_more {
                break;
            }
        }
        assert!(!self.items.values().any(is_due), "all that has expired is found");
    }

    fn scan(&mut self, database: &Database, count: usize) {
        if self.cursor == 0 {
            self.owed = self.items.keys().cloned().collect();
        }
        self.cursor = database.scan(self.cursor, count, |item| {
            self.owed.remove(item.key());
        });
        if self.cursor == 0 {
            assert!(self.owed.is_empty(), "what stays is met");
        }
    }

    fn compare(&self, database: &Database) {
        database.validate();
        assert_eq!(database.len(), self.items.len());
        assert_eq!(database.volatile(), self.items.values().filter(|(_, at)| at.is_some()).count());
        for (key, (bytes, at)) in &self.items {
            let item = database.item(hash(key), key).expect("what the model has is there");
            assert!(matches!(item.view(), View::String(there) if there == bytes.as_slice()));
            assert_eq!(item.expires_at(), *at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 6))]

    #[test]
    fn is_the_map_that_it_should_be(steps in prop::collection::vec(step(), 1..80)) {
        let (mut database, mut model) = (Database::default(), Model::default());
        for step in steps {
            match step {
                Step::Set { from, count, len } => (from..from + count).for_each(|key| model.set(&mut database, key, len)),
                Step::Append { key, len } => model.append(&mut database, key, len),
                Step::Remove { from, count } => for number in from..from + count {
                    let key = key(number);
                    assert_eq!(database.remove(hash(&key), &key).is_some(), model.remove(&key));
                },
                Step::Expire { from, count, at } => (from..from + count).for_each(|key| model.expire(&mut database, key, at)),
                Step::Sweep { now, limit } => model.sweep(&mut database, now, limit),
                Step::Scan { count } => model.scan(&database, count),
            }
            model.compare(&database);
        }
    }
}

#[test]
fn picks_among_few_with_an_expiry() {
    let mut database = Database::default();
    for number in 0..5000 {
        database.set_string(hash(&key(number)), &key(number), b"", 0, drop);
    }
    assert!(database.random_volatile(|| 1).is_none());
    database.set_expires_at(hash(&key(77)), &key(77), Some(5));
    let mut draws = 0_u64;
    let draw = || {
        draws += 1;
        draws.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    };
    assert_eq!(database.random_volatile(draw).map(dataset::Item::key), Some(&key(77)[..]));
}
