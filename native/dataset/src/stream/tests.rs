//! A stream against a model: a map from ids to words.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Cut, Group, Id, Keep, Stream, Trim};

type Words = Vec<Vec<u8>>;

#[derive(Clone, Debug)]
enum Step {
    Append { ms: u64, seq: u64, fields: usize, size: usize },
    Delete(prop::sample::Index),
    Trim { keep: u64, is_approximate: bool },
    TrimTo(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0u64..3, 0u64..3, 1usize..5, 0usize..90)
            .prop_map(|(ms, seq, fields, size)| Step::Append { ms, seq, fields, size }),
        6 => any::<prop::sample::Index>().prop_map(Step::Delete),
        1 => (0u64..300, any::<bool>()).prop_map(|(keep, is_approximate)| Step::Trim { keep, is_approximate }),
        1 => any::<prop::sample::Index>().prop_map(Step::TrimTo),
    ]
}

fn words(fields: usize, size: usize, number: usize) -> Words {
    (0..fields)
        .flat_map(|field| {
            let value = if size.is_multiple_of(2) { number.to_string().into_bytes() } else { vec![b'v'; size] };
            [format!("field{field}").into_bytes(), value]
        })
        .collect()
}

fn check(stream: &Stream, model: &BTreeMap<Id, Words>) {
    stream.validate();
    let read = |entry: super::Entry<'_>| {
        (entry.id, entry.flat_map(|(field, value)| [field.to_bytes(), value.to_bytes()]).collect::<Words>())
    };
    let expected: Vec<_> = model.iter().map(|(id, words)| (*id, words.clone())).collect();
    assert_eq!(stream.ascending(Id::ZERO..=Id::MAX).map(read).collect::<Vec<_>>(), expected);
    let mut backwards: Vec<_> = stream.descending(Id::ZERO..=Id::MAX).map(read).collect();
    backwards.reverse();
    assert_eq!(backwards, expected);
    assert_eq!(stream.len(), model.len());
    assert_eq!(stream.first_id(), model.keys().next().copied().unwrap_or_default());
    if model.len() > 4 {
        let (from, to) = (expected[model.len() / 4].0, expected[model.len() / 2].0);
        let part: Vec<_> = model.range(from..=to).map(|(id, _)| *id).collect();
        assert_eq!(stream.ascending(from..=to).map(|entry| entry.id).collect::<Vec<_>>(), part);
        assert!(stream.descending(from..=to).map(|entry| entry.id).eq(part.into_iter().rev()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]
    #[test]
    fn a_stream_is_a_map_in_order(steps in prop::collection::vec(step(), 1..500)) {
        let (mut stream, mut model) = (Stream::default(), BTreeMap::<Id, Words>::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append { ms, seq, fields, size } => {
                    let last = stream.last_id();
                    let id = Id::new(last.ms + ms, if ms > 0 { seq } else { last.seq + 1 + seq });
                    let words = words(fields, size, number);
                    let borrowed: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                    stream.append(id, &borrowed);
                    model.insert(id, words);
                }
                Step::Delete(at) if !model.is_empty() => {
                    let id = *model.keys().nth(at.index(model.len())).expect("the index is below the length");
                    model.remove(&id);
                    prop_assert!(stream.delete(id));
                    prop_assert!(!stream.delete(id));
                }
                Step::Delete(_) => {}
                Step::Trim { keep, is_approximate } => {
                    let removed = stream.trim(Trim { keep: Keep::Count(keep), is_approximate, limit: 0 });
                    let excess = model.len().saturating_sub(keep as usize);
                    prop_assert!(removed == excess || is_approximate && removed < excess);
                    (0..removed).for_each(|_| _ = model.pop_first());
                }
                Step::TrimTo(at) if !model.is_empty() => {
                    let id = *model.keys().nth(at.index(model.len())).expect("the index is below the length");
                    let kept = model.split_off(&id);
                    let removed = stream.trim(Trim { keep: Keep::From(id), is_approximate: false, limit: 0 });
                    prop_assert_eq!(removed, model.len());
                    model = kept;
                }
                Step::TrimTo(_) => {}
            }
            if number % 16 == 0 {
                check(&stream, &model);
            }
        }
        check(&stream, &model);
        // Blocks that were cut by somebody else.
        let mut taken_over = Stream::default();
        for (number, (id, words)) in model.iter().enumerate() {
            let borrowed: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            taken_over.append_cut(*id, &borrowed, if number % 150 == 0 { Cut::Begins } else { Cut::Follows });
        }
        check(&taken_over, &model);
    }

    #[test]
    fn a_group_knows_what_each_consumer_has(
        steps in prop::collection::vec((0u8..4, 0u64..20, 0u8..4), 1..200)
    ) {
        let mut stream = Stream::default();
        stream.add_group(b"group", Group::new(Id::ZERO, None));
        let mut model = BTreeMap::<Id, u8>::new();
        for (action, id, consumer) in steps {
            let (id, name) = (Id::new(id, 0), [b'a' + consumer]);
            stream.change_group(b"group", |group| match action {
                0 => {
                    group.add_consumer(&name, 1);
                }
                1 => {
                    if group.consumer(&name).is_some() {
                        group.give(id, &name, 2, 1);
                        model.insert(id, consumer);
                    }
                }
                2 => assert_eq!(group.acknowledge(id), model.remove(&id).is_some()),
                _ => {
                    let gone = group.remove_consumer(&name);
                    let before = model.len();
                    model.retain(|_, its| *its != consumer);
                    assert_eq!(gone.unwrap_or(0), before - model.len());
                }
            });
            stream.validate();
            let group = stream.group(b"group").expect("the group stays");
            prop_assert!(group.pending().keys().eq(model.keys()));
        }
        stream.remove_group(b"group");
        stream.validate();
    }
}

#[test]
fn blocks_hold_a_hundred_entries_or_four_kilobytes() {
    let mut stream = Stream::default();
    (1..=250).for_each(|number| stream.append(Id::new(number, 0), &[b"f", b"v"]));
    assert_eq!(stream.blocks(), 3);
    let mut stream = Stream::default();
    (1..=10).for_each(|number| stream.append(Id::new(number, 0), &[b"f", &[b'v'; 1000]]));
    assert_eq!(stream.blocks(), 3);
    stream.validate();
}

#[test]
fn ids_far_apart_stand_in_one_block() {
    let mut stream = Stream::default();
    let ids = [Id::new(1, u64::MAX), Id::new(2, 0), Id::new(u64::MAX, 5), Id::MAX];
    ids.iter().for_each(|id| stream.append(*id, &[b"f", b"v"]));
    stream.validate();
    assert!(stream.ascending(Id::ZERO..=Id::MAX).map(|entry| entry.id).eq(ids));
}
