//! Hashes against a model: every encoding, every change, and the way from one to the other.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const SMALL: Packing = Packing { entries: 8, bytes: 300 };

fn word(number: u16, length: usize) -> Vec<u8> {
    let mut word = number.to_string().into_bytes();
    word.resize(word.len().max(length), b'x');
    word
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16, u16, usize),
    Remove(u16),
}

fn step(fields: u16) -> impl Strategy<Value = Step> {
    let length = prop_oneof![4 => 0..20_usize, 1 => 250..260_usize, 1 => 290..310_usize];
    prop_oneof![
        3 => (0..fields, any::<u16>(), length).prop_map(|(field, value, length)| Step::Set(field, value, length)),
        2 => (0..fields).prop_map(Step::Remove),
    ]
}

fn follows_its_model(steps: Vec<Step>, packing: Packing) {
    let (mut hash, mut model, mut was_large) = (Hash::default(), HashMap::<Vec<u8>, Vec<u8>>::new(), false);
    for step in steps {
        match step {
            Step::Set(field, value, length) => {
                let (field, value) = (word(field, 0), word(value, length));
                was_large |= value.len() > packing.bytes;
                assert_eq!(hash.set(&field, &value, packing), model.insert(field, value).is_none());
            }
            Step::Remove(field) => {
                let field = word(field, 0);
                assert_eq!(hash.remove(&field), model.remove(&field).is_some());
            }
        }
        was_large |= model.len() > packing.entries;
        hash.validate();
        assert_eq!(hash.len(), model.len());
        assert_eq!(hash.encoding(), if was_large { "hashtable" } else { "listpack" });
        assert!(model.iter().all(|(field, value)| hash.get(field) == Some(value)));
        let all: HashMap<Vec<u8>, Vec<u8>> =
            hash.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect();
        assert_eq!(all, model);
    }
}

proptest! {
    #[test]
    fn a_hash_follows_its_model(steps in prop::collection::vec(step(12), 0..200)) {
        follows_its_model(steps, SMALL);
    }

    #[test]
    fn a_small_hash_follows_its_model(steps in prop::collection::vec(step(12), 0..200)) {
        follows_its_model(steps, Packing { entries: 12, bytes: 1000 });
    }

    #[test]
    fn a_large_hash_follows_its_model(steps in prop::collection::vec(step(500), 0..600)) {
        follows_its_model(steps, Packing { entries: 0, bytes: 0 });
    }
}

#[test]
fn a_small_hash_keeps_its_order() {
    let mut hash = Hash::default();
    for field in [3, 1, 2, 5] {
        hash.set(&word(field, 0), b"long before", Packing::DEFAULT);
    }
    hash.set(b"1", b"short", Packing::DEFAULT);
    hash.remove(b"2");
    let fields: Vec<&[u8]> = hash.iter().map(|(field, _)| field).collect();
    assert_eq!(fields, [b"3", b"1", b"5"]);
    let mut seen = Vec::new();
    hash.each(|field, value| seen.push((field, value)));
    assert_eq!(seen, hash.iter().collect::<Vec<_>>());
}

#[test]
fn a_walk_meets_every_field_once() {
    let mut hash = Hash::default();
    (0..1000).for_each(|number| _ = hash.set(&word(number, 0), b"", Packing::DEFAULT));
    let (mut cursor, mut seen) = (0, Vec::new());
    loop {
        cursor = hash.scan(cursor, 10, |field, _| seen.push(field.to_vec()));
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen.len(), 1000);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 1000);
}

#[test]
fn a_random_field_is_any_of_them() {
    let (mut hash, mut state) = (Hash::default(), 1_u64);
    (0..5).for_each(|number| _ = hash.set(&word(number, 0), b"", Packing::DEFAULT));
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state
    };
    let seen: std::collections::BTreeSet<Vec<u8>> =
        (0..200).filter_map(|_| Some(hash.random(&mut draw)?.0.to_vec())).collect();
    assert_eq!(seen.len(), 5);
    assert_eq!(Hash::default().random(draw), None);
}

proptest! {
    #[test]
    fn fields_set_at_once_are_as_set_one_by_one(
        fields in prop::collection::vec((0..30_u16, 0..9_u16), 0..12),
        more in prop::collection::vec((0..30_u16, 0..9_u16), 0..12),
    ) {
        let (mut at_once, mut one_by_one) = (Hash::default(), Hash::default());
        for part in [fields, more] {
            let words: Vec<[Vec<u8>; 2]> = part.iter().map(|(field, value)| [word(*field, 0), word(*value, 0)]).collect();
            let pairs: Vec<[&[u8]; 2]> = words.iter().map(|[field, value]| [&field[..], &value[..]]).collect();
            let new = pairs.iter().filter(|[field, value]| one_by_one.set(field, value, SMALL)).count();
            prop_assert_eq!(at_once.set_all(&pairs, SMALL), new);
            at_once.validate();
            prop_assert!(at_once.iter().eq(one_by_one.iter()));
            prop_assert_eq!(at_once.encoding(), one_by_one.encoding());
        }
    }
}
