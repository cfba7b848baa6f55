//! A sorted set against a model: a list kept in order.

use proptest::prelude::*;

use super::SortedSet;
use super::packed::order;

#[derive(Clone, Debug)]
enum Step {
    Insert(u16, f64),
    Remove(u16),
    RemoveRanks(usize, usize),
}

fn step(members: u16) -> impl Strategy<Value = Step> {
    let score = prop_oneof![
        (-5i32..5).prop_map(f64::from),
        any::<i32>().prop_map(f64::from),
        Just(f64::INFINITY),
        Just(-0.5),
        Just(1e300)
    ];
    prop_oneof![
        20 => (0..members, score).prop_map(|(member, score)| Step::Insert(member, score)),
        8 => (0..members).prop_map(Step::Remove),
        1 => (any::<prop::sample::Index>(), 0usize..40).prop_map(|(at, count)| Step::RemoveRanks(at.index(1000), count)),
    ]
}

fn name(member: u16) -> Vec<u8> {
    if member % 97 == 5 { vec![b'm'; 64 + usize::from(member % 3)] } else { member.to_string().into_bytes() }
}

fn check(set: &SortedSet, model: &[(Vec<u8>, f64)]) {
    set.validate();
    assert_eq!(set.len(), model.len());
    assert!(set.iter().eq(model.iter().map(|(member, score)| (&member[..], *score))));
    assert!(set.descending(0..set.len()).eq(model.iter().rev().map(|(member, score)| (&member[..], *score))));
    let (from, to) = (set.len() / 3, set.len() - set.len() / 4);
    let part = model[from..to].iter().map(|(member, score)| (&member[..], *score));
    assert!(set.ascending(from..to).eq(part.clone()));
    assert!(set.descending(from..to).eq(part.rev()));
    for (rank, (member, score)) in model.iter().enumerate().step_by(7) {
        assert_eq!(set.find(member), Some((rank, *score)));
        assert_eq!(set.score(member), Some(*score));
        assert_eq!(set.at(rank), Some((&member[..], *score)));
        assert_eq!(set.rank_by_score(|other| other < *score), model.partition_point(|(_, other)| other < score));
    }
}

fn scanned(set: &SortedSet, count: usize) -> usize {
    let (mut cursor, mut met) = (0, 0);
    loop {
        cursor = set.scan(cursor, count, |_, _| met += 1);
        if cursor == 0 {
            return met;
        }
    }
}

fn run(steps: Vec<Step>) {
    let (mut set, mut model) = (SortedSet::default(), Vec::<(Vec<u8>, f64)>::new());
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Insert(member, score) => {
                let member = name(member);
                let former = model.iter().position(|(other, _)| *other == member).map(|at| model.remove(at).1);
                assert_eq!(set.insert(&member, score), former);
                let at = model.partition_point(|(other, its)| order((*its, other), (score, &member)).is_lt());
                model.insert(at, (member, score));
            }
            Step::Remove(member) => {
                let member = name(member);
                let at = model.iter().position(|(other, _)| *other == member);
                at.map(|at| model.remove(at));
                assert_eq!(set.remove(&member), at.is_some());
            }
            Step::RemoveRanks(at, count) => {
                let from = at.min(model.len());
                let to = (from + count).min(model.len());
                model.drain(from..to);
                set.remove_ranks(from..to);
            }
        }
        if number % 16 == 0 {
            check(&set, &model);
        } else {
            assert_eq!(set.len(), model.len());
        }
    }
    check(&set, &model);
    assert_eq!(scanned(&set, 10), model.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 5))]
    #[test]
    fn a_small_set_is_a_list_in_order(steps in prop::collection::vec(step(40), 1..300)) {
        run(steps);
    }

    #[test]
    fn a_large_set_is_a_list_in_order(steps in prop::collection::vec(step(3000), 1..3000)) {
        run(steps);
    }
}

fn numbered(numbers: impl Iterator<Item = u32>) -> SortedSet {
    let mut set = SortedSet::default();
    numbers.for_each(|number| assert_eq!(set.insert(format!("member:{number}").as_bytes(), f64::from(number)), None));
    set.validate();
    set
}

#[test]
fn a_set_grows_and_shrinks_at_either_end() {
    for numbers in [(0..20_000).collect::<Vec<u32>>(), (0..20_000).rev().collect()] {
        let mut set = numbered(numbers.into_iter());
        assert_eq!(set.encoding(), "skiplist");
        let full = set.weight();
        while set.len() > 10 {
            let (front, back) = (set.len() / 4, set.len() - set.len() / 4);
            set.remove_ranks(back..set.len());
            set.remove_ranks(0..front);
            set.validate();
        }
        assert!(set.weight() < full / 20, "a shrunken set gives its memory back");
    }
}

#[test]
fn many_of_128_members_of_64_bytes_are_packed() {
    let mut set = numbered(0..128);
    assert_eq!(set.encoding(), "listpack");
    assert_eq!(set.insert(b"member:5", 1000.0), Some(5.0));
    assert_eq!(set.encoding(), "listpack");
    set.insert(b"one more", 0.0);
    assert_eq!(set.encoding(), "skiplist");
    let mut set = SortedSet::default();
    set.insert(&[b'x'; 64], 0.1);
    assert_eq!(set.encoding(), "listpack");
    set.insert(&[b'x'; 65], 0.1);
    assert_eq!(set.encoding(), "skiplist");
}

#[test]
fn a_scan_meets_who_is_there_all_the_time() {
    let mut set = numbered(0..5000);
    let mut met = std::collections::HashSet::new();
    let mut cursor = 0;
    loop {
        cursor = set.scan(cursor, 50, |member, _| _ = met.insert(member.to_vec()));
        if cursor == 0 {
            break;
        }
        // Everything but each tenth goes away meanwhile: numbers are given anew.
        let gone = (met.len() as u32 * 7..).take(200).filter(|number| number % 10 != 0);
        gone.for_each(|number| _ = set.remove(format!("member:{number}").as_bytes()));
        set.validate();
    }
    assert!((0..5000).step_by(10).all(|number| met.contains(format!("member:{number}").as_bytes())));
}

#[test]
fn scores_of_every_width_keep_their_value() {
    let scores =
        [0.0, 1.0, -1.0, 32767.0, 32768.0, -32769.0, 2147483647.0, 2147483648.0, 0.1, 1e308, f64::NEG_INFINITY];
    let mut set = SortedSet::default();
    scores.iter().enumerate().for_each(|(number, score)| _ = set.insert(number.to_string().as_bytes(), *score));
    for (number, score) in scores.iter().enumerate() {
        assert_eq!(set.score(number.to_string().as_bytes()), Some(*score));
    }
    set.validate();
}
