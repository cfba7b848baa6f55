//! Many new items at once: they are there as if each had come by itself, whatever room was made, and none is there twice.

use std::collections::BTreeMap;

use dataset::{Dataset, Item, SHARDS, Shards, Value};
use proptest::prelude::*;

fn items(numbers: std::ops::Range<u16>) -> Vec<Item> {
    let item = |number: u16| {
        let key = format!("key:{number}");
        let item = if number.is_multiple_of(3) {
            Item::new(key.as_bytes(), Value::String(vec![b'x'; 5000]), 7)
        } else {
            Item::string(key.as_bytes(), &number.to_le_bytes(), 7)
        };
        if number.is_multiple_of(4) { item.expiring(1000 + u64::from(number)) } else { item }
    };
    numbers.map(item).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_of_them_are_there(
        runs in prop::collection::vec((1..600_u16, prop::option::of(0..20_000_usize)), 1..12),
        cut_at in 0..12_usize,
    ) {
        let dataset = Dataset::<()>::new(2);
        let (mut from, mut at_cut) = (0, 0);
        for (number, &(count, room)) in runs.iter().enumerate() {
            if number == cut_at {
                // A snapshot meets none of those that come behind it.
                at_cut = from;
                _ = dataset.lock(Shards::ALL).cut();
            }
            room.into_iter().for_each(|room| dataset.make_room(1, room));
            let mut waiting = items(from..from + count);
            prop_assert!(dataset.fill(1, &mut waiting).is_ok());
            prop_assert!(waiting.is_empty());
            from += count;
            dataset.lock(Shards::ALL).validate();
        }
        let data = dataset.lock(Shards::ALL);
        for number in 0..from {
            let key = format!("key:{number}");
            let (database, hash) = data.at(1, key.as_bytes());
            let item = database.item(hash, key.as_bytes()).expect("it was added");
            prop_assert_eq!(item.expires_at(), number.is_multiple_of(4).then_some(1000 + u64::from(number)));
        }
        let volatile: usize = data.parts(1).map(|(_, part)| part.volatile()).sum();
        prop_assert_eq!(volatile, usize::from(from.div_ceil(4)));
        prop_assert_eq!(data.parts(0).map(|(_, part)| part.len()).sum::<usize>(), 0);
        drop(data);
        if cut_at < runs.len() {
            let mut met = BTreeMap::new();
            for shard in 0..SHARDS {
                let mut note = |item: &Item| *met.entry(item.key().to_vec()).or_insert(0) += 1;
                while !dataset.lock(Shards::one(shard)).snapshot_step(1, 50, &mut note).is_last {}
            }
            prop_assert_eq!(met.len(), usize::from(at_cut));
            prop_assert!(met.values().all(|times| *times == 1));
        }
    }
}

#[test]
fn one_that_is_there_already_comes_back() {
    let dataset = Dataset::<()>::new(1);
    let mut twice = items(0..40);
    twice.extend(items(17..19));
    let (before, refused) = dataset.fill(0, &mut twice).expect_err("two are there already");
    assert_eq!((before, refused.key()), (40, &b"key:17"[..]));
    let data = dataset.lock(Shards::ALL);
    data.validate();
    assert_eq!(data.parts(0).map(|(_, part)| part.len()).sum::<usize>(), 40);
}

#[test]
fn what_expires_is_found() {
    let dataset = Dataset::<()>::new(1);
    dataset.make_room(0, 500);
    assert!(dataset.fill(0, &mut items(0..500)).is_ok());
    let mut found = Vec::new();
    for (_, part, ()) in dataset.lock(Shards::ALL).parts_mut(0) {
        part.expired(1100, usize::MAX, &mut found);
    }
    assert_eq!(found.len(), 26, "0, 4, 8 … 100");
}
