//! The table against a model; walks over tables that change meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn hasher(number: &u32) -> u64 {
    hash(&number.to_le_bytes())
}

/// The same in every process (splitmix64's steps).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn insert(table: &mut Table<u32>, number: u32) {
    table.insert(hasher(&number), number, hasher);
}

fn remove(table: &mut Table<u32>, number: u32) -> bool {
    table.remove(hasher(&number), |other| *other == number, hasher).is_some()
}

fn filled(numbers: impl IntoIterator<Item = u32>) -> Table<u32> {
    let mut table = Table::default();
    numbers.into_iter().for_each(|number| insert(&mut table, number));
    table
}

#[test]
fn grows_and_shrinks() {
    let mut table = filled(0..20_000);
    table.validate(hasher);
    let full = table.weight();
    assert!(full < 20_000 * 4 * 4, "{full}");
    (0..19_990).for_each(|number| assert!(remove(&mut table, number)));
    table.validate(hasher);
    assert!(table.weight() < full / 100, "{} of {full}", table.weight());
}

#[test]
fn room_that_is_made_is_hardly_more_than_what_growing_takes() {
    for len in [100, 1000, 4096, 5000, 6500, 9000, 12_000_u32] {
        // How evenly the elements are shared out is chance: what is asked about is the mean of many tables.
        let (mut grown_bytes, mut made_bytes) = (0, 0);
        for draw in 0..32_u64 {
            let hasher = |number: &u32| mixed(draw << 32 | u64::from(*number));
            let (mut grown, mut made) = (Table::default(), Table::default());
            made.reserve(len as usize, hasher);
            let before = made.weight();
            for number in 0..len {
                grown.insert(hasher(&number), number, hasher);
                made.insert(hasher(&number), number, hasher);
            }
            made.validate(hasher);
            assert!(made.weight() <= before * 3 / 2, "{len}: {} of {before}", made.weight());
            grown_bytes += grown.weight();
            made_bytes += made.weight();
        }
        assert!(made_bytes <= grown_bytes * 8 / 7, "{len}: {made_bytes} and {grown_bytes}");
    }
}

#[test]
fn picks_are_fair() {
    let table = filled(0..500);
    let mut seen = BTreeMap::<u32, u32>::new();
    let mut state = 7_u64;
    for _ in 0..100_000 {
        let draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        };
        *seen.entry(*table.random(draw).expect("it is not empty")).or_default() += 1;
    }
    assert_eq!(seen.len(), 500);
    assert!(seen.values().all(|times| (100..=320).contains(times)), "{seen:?}");
}

#[test]
fn a_walk_of_a_table_at_rest_meets_each_once() {
    for len in [0, 1, 63, 64, 65, 200, 5000] {
        let table = filled(0..len);
        let (mut cursor, mut met) = (0, Vec::new());
        loop {
            let before = met.len();
            cursor = table.scan(cursor, 10, hasher, |number| met.push(*number));
            assert!(met.len() <= before + 12, "a step stays near its count");
            if cursor == 0 {
                break;
            }
        }
        met.sort_unstable();
        assert_eq!(met, (0..len).collect::<Vec<_>>());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Remove(u32, u32),
    Reserve(usize),
    Scan(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1000..9000_u32, 1..400_u32).prop_map(|(from, count)| Step::Insert(from, count)),
        (1000..9000_u32, 1..2000_u32).prop_map(|(from, count)| Step::Remove(from, count)),
        (1..40_000_usize).prop_map(Step::Reserve),
        (1..40_usize).prop_map(Step::Scan),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn is_a_set_and_walks_keep_their_promise(steps in prop::collection::vec(step(), 1..150)) {
        // Those below 1000 stay: each walk must meet them, once.
        let mut model: BTreeSet<u32> = (0..300).collect();
        let mut table = filled(0..300);
        let (mut cursor, mut met) = (0, BTreeMap::<u32, usize>::new());
        for step in steps {
            match step {
                Step::Insert(from, count) => for number in from..from + count {
                    if model.insert(number) {
                        insert(&mut table, number);
                    }
                },
                Step::Remove(from, count) => for number in from..from + count {
                    prop_assert_eq!(remove(&mut table, number), model.remove(&number));
                },
                Step::Reserve(count) => table.reserve(count, hasher),
                Step::Scan(count) => {
                    cursor = table.scan(cursor, count, hasher, |number| *met.entry(*number).or_default() += 1);
                    if cursor == 0 {
                        prop_assert!((0..300).all(|number| met.get(&number) == Some(&1)));
                        met.clear();
                    }
                }
            }
            table.validate(hasher);
            prop_assert_eq!(table.len(), model.len());
        }
        prop_assert_eq!(table.iter().copied().collect::<BTreeSet<_>>(), model);
    }
}
