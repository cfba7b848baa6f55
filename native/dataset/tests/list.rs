//! A list against a plain vector: the same elements after every step, and every invariant kept.

use dataset::{End, List};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push(End, Vec<u8>, usize),
    Drop(End, usize),
    Set(usize, Vec<u8>),
    Insert(bool, usize, Vec<u8>),
    Remove(End, usize, usize),
    Range(usize, usize),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Front), Just(End::Back)]
}

/// Few different ones, so that some are equal; now and then one that fills a node or more.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let of_size = |size| (0..6u8).prop_map(move |byte| vec![byte; size]);
    prop_oneof![
        8 => (0..12usize).prop_flat_map(of_size),
        3 => prop_oneof![Just(253usize), Just(254), Just(255), Just(256), Just(700)].prop_flat_map(of_size),
        1 => (4000..9000usize).prop_flat_map(of_size),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (end(), element(), 1..40usize).prop_map(|(end, element, times)| Step::Push(end, element, times)),
        4 => (end(), 0..30usize).prop_map(|(end, count)| Step::Drop(end, count)),
        1 => (end(), Just(100_000usize)).prop_map(|(end, count)| Step::Drop(end, count)),
        2 => (any::<usize>(), element()).prop_map(|(index, element)| Step::Set(index, element)),
        2 => (any::<bool>(), any::<usize>(), element()).prop_map(|(before, at, element)| Step::Insert(before, at, element)),
        2 => (end(), 0..9usize, any::<usize>()).prop_map(|(end, limit, at)| Step::Remove(end, limit, at)),
        2 => (any::<usize>(), 0..300usize).prop_map(|(start, count)| Step::Range(start, count)),
    ]
}

/// One of the elements, or one that is not there.
fn pick(model: &[Vec<u8>], at: usize) -> Vec<u8> {
    model.get(at % (model.len() + 1)).cloned().unwrap_or_else(|| b"no such element".to_vec())
}

fn remove(model: &mut Vec<Vec<u8>>, end: End, limit: usize, element: &[u8]) -> usize {
    let mut places: Vec<usize> = (0..model.len()).filter(|&at| model[at] == element).collect();
    if end == End::Back {
        places.reverse();
    }
    places.truncate(limit);
    places.sort_unstable();
    places.iter().rev().for_each(|&at| drop(model.remove(at)));
    places.len()
}

fn apply(list: &mut List, model: &mut Vec<Vec<u8>>, step: Step) {
    match step {
        Step::Push(end, element, times) => {
            for _ in 0..times {
                list.push(end, &element);
                model.insert(if end == End::Front { 0 } else { model.len() }, element.clone());
            }
        }
        Step::Drop(end, count) => {
            list.drop_end(end, count);
            let count = count.min(model.len());
            model.drain(if end == End::Front { 0..count } else { model.len() - count..model.len() });
        }
        Step::Set(index, element) => {
            let index = index % (model.len() + 1);
            assert_eq!(list.set(index, &element), index < model.len());
            if let Some(slot) = model.get_mut(index) {
                *slot = element;
            }
        }
        Step::Insert(is_before, at, element) => {
            let pivot = pick(model, at);
            let place = model.iter().position(|found| *found == pivot);
            assert_eq!(list.insert(is_before, &pivot, &element), place.is_some());
            if let Some(place) = place {
                model.insert(place + usize::from(!is_before), element);
            }
        }
        Step::Remove(end, limit, at) => {
            let (element, limit) = (pick(model, at), if limit == 0 { usize::MAX } else { limit });
            assert_eq!(list.remove(end, limit, &element), remove(model, end, limit, &element));
        }
        Step::Range(start, count) => {
            let start = start % (model.len() + 2);
            let wanted: Vec<_> = model.iter().skip(start).take(count).map(Vec::as_slice).collect();
            assert_eq!(list.range(start, count).collect::<Vec<_>>(), wanted);
            assert_eq!(list.get(start), model.get(start).map(Vec::as_slice));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_is_a_vector(steps in prop::collection::vec(step(), 1..120)) {
        let (mut list, mut model) = (List::default(), Vec::new());
        for step in steps {
            apply(&mut list, &mut model, step);
            list.validate();
            assert!(list.iter().eq(model.iter().map(Vec::as_slice)));
            assert!(list.iter().rev().eq(model.iter().rev().map(Vec::as_slice)));
            assert_eq!(list.len(), model.len());
            assert_eq!(list.end(End::Front), model.first().map(Vec::as_slice));
            assert_eq!(list.end(End::Back), model.last().map(Vec::as_slice));
        }
    }
}

#[test]
fn a_list_is_one_node_until_that_is_full_and_again_when_half_is_enough() {
    let mut list = List::default();
    while list.encoding() == "listpack" {
        list.push(End::Back, b"0123456789");
    }
    assert_eq!(list.len(), 8192 / 12 + 1);
    list.drop_end(End::Front, 100);
    assert_eq!(list.encoding(), "quicklist");
    list.drop_end(End::Back, 300);
    assert_eq!(list.encoding(), "listpack");
    assert!(list.weight() <= 5120);
}

#[test]
fn a_copy_weighs_what_it_holds() {
    let mut list = List::default();
    (0..2000).for_each(|_| list.push(End::Back, b"0123456789"));
    let mut copy = list.clone();
    copy.validate();
    assert!(copy.weight() <= list.weight());
    copy.drop_end(End::Back, 2000);
    copy.validate();
}

#[test]
fn a_queue_keeps_its_size() {
    let mut list = List::default();
    for round in 0..100_000 {
        list.push(End::Front, b"0123456789");
        if round >= 100 {
            list.drop_end(End::Back, 1);
        }
        assert!(list.weight() < 3000, "{}", list.weight());
    }
}
