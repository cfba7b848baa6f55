//! A set against a standard one: the same members after every step, every invariant kept, and the form that Redis would choose.

use std::collections::BTreeSet;

use dataset::{Packing, Set, SetBounds};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(Vec<u8>),
    /// So many integers from this one on.
    Run(i64, usize),
    Remove(usize),
    RemoveMany(usize),
    Renew(Vec<u8>, usize),
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<i8>().prop_map(|value| value.to_string().into_bytes()),
        2 => any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        1 => any::<i32>().prop_map(|value| value.to_string().into_bytes()),
        2 => "[a-c]{0,3}".prop_map(String::into_bytes),
        1 => prop_oneof![Just("-0"), Just("007"), Just("+1"), Just("9223372036854775808"), Just("-9223372036854775808"), Just("-")]
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => (60..70usize).prop_map(|size| vec![b'x'; size]),
    ]
}

fn bounds() -> impl Strategy<Value = SetBounds> {
    let small = |(integers, entries, bytes)| SetBounds { integers, packed: Packing { entries, bytes } };
    prop_oneof![3 => Just(SetBounds::DEFAULT), 1 => (0..20usize, 0..20usize, 0..9usize).prop_map(small)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => member().prop_map(Step::Insert),
        1 => (-40_000..40_000i64, 1..200usize).prop_map(|(from, count)| Step::Run(from, count)),
        4 => any::<usize>().prop_map(Step::Remove),
        1 => (0..400usize).prop_map(Step::RemoveMany),
        1 => (member(), 0..700usize).prop_map(|(first, count)| Step::Renew(first, count)),
    ]
}

fn nth(model: &BTreeSet<Vec<u8>>, at: usize) -> Vec<u8> {
    model.iter().nth(at % (model.len() + 1)).cloned().unwrap_or_else(|| b"no such member".to_vec())
}

fn insert(set: &mut Set, model: &mut BTreeSet<Vec<u8>>, member: Vec<u8>, bounds: SetBounds) {
    assert_eq!(set.insert(&member, bounds), model.insert(member));
}

fn remove(set: &mut Set, model: &mut BTreeSet<Vec<u8>>, member: &[u8]) {
    assert_eq!(set.remove(member), model.remove(member));
}

fn apply(set: &mut Set, model: &mut BTreeSet<Vec<u8>>, step: Step, bounds: SetBounds) {
    match step {
        Step::Insert(member) => insert(set, model, member, bounds),
        Step::Run(from, count) => {
            (from..).take(count).for_each(|value| insert(set, model, value.to_string().into_bytes(), bounds));
        }
        Step::Remove(at) => remove(set, model, &nth(model, at)),
        Step::RemoveMany(count) => {
            let gone: Vec<_> = model.iter().take(count).cloned().collect();
            gone.iter().for_each(|member| remove(set, model, member));
        }
        Step::Renew(first, count) => {
            *set = Set::expecting(&first, count, bounds);
            model.clear();
        }
    }
}

fn scanned(set: &Set, count: usize) -> BTreeSet<Vec<u8>> {
    let (mut met, mut cursor) = (BTreeSet::new(), 0);
    loop {
        cursor = set.scan(cursor, count, |member| {
            met.insert(member.to_vec());
        });
        if cursor == 0 {
            return met;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_is_a_set(steps in prop::collection::vec(step(), 1..150), bounds in bounds()) {
        let (mut set, mut model) = (Set::default(), BTreeSet::new());
        for step in steps {
            apply(&mut set, &mut model, step, bounds);
            set.validate();
            assert_eq!(set.len(), model.len());
            assert_eq!(set.iter().map(|member| member.to_vec()).collect::<BTreeSet<_>>(), model);
            assert_eq!(scanned(&set, 10), model);
            assert!(set.random(|| 1 << 60).is_none_or(|member| model.contains(&*member)));
            assert!(!set.contains(b"no such member"));
            assert!(model.iter().all(|member| set.contains(member)));
        }
    }
}

#[test]
fn forms_change_where_redis_changes_them() {
    let numbers = |count: usize| (0..count).map(|value| value.to_string()).collect::<Vec<_>>();
    let rows = [
        (numbers(512), "", "intset"),
        (numbers(513), "", "hashtable"),
        (numbers(127), "a", "listpack"),
        (numbers(128), "a", "hashtable"),
        (vec!["a".to_owned()], "b", "listpack"),
        (vec!["a".to_owned()], &"b".repeat(64), "listpack"),
        (vec!["a".to_owned()], &"b".repeat(65), "hashtable"),
        (numbers(3), &"b".repeat(65), "hashtable"),
    ];
    for (members, last, encoding) in rows {
        let mut set = Set::default();
        members.iter().for_each(|member| assert!(set.insert(member.as_bytes(), SetBounds::DEFAULT)));
        if !last.is_empty() {
            assert!(set.insert(last.as_bytes(), SetBounds::DEFAULT));
        }
        assert_eq!(set.encoding(), encoding, "{} members and {last}", members.len());
        set.validate();
    }
}

#[test]
fn the_form_of_a_new_set_follows_its_first_member_and_their_number() {
    let rows = [("1", 512, "intset"), ("1", 513, "hashtable"), ("a", 128, "listpack"), ("a", 129, "hashtable")];
    for (first, count, encoding) in rows {
        assert_eq!(Set::expecting(first.as_bytes(), count, SetBounds::DEFAULT).encoding(), encoding);
    }
}

#[test]
fn small_sets_keep_their_order() {
    let mut set = Set::default();
    ["30000", "-5", "7", "100000"].iter().for_each(|member| assert!(set.insert(member.as_bytes(), SetBounds::DEFAULT)));
    let members =
        |set: &Set| set.iter().map(|member| String::from_utf8_lossy(&member).into_owned()).collect::<Vec<_>>();
    assert_eq!(members(&set), ["-5", "7", "30000", "100000"]);
    ["z", "a"].iter().for_each(|member| assert!(set.insert(member.as_bytes(), SetBounds::DEFAULT)));
    assert_eq!(members(&set), ["-5", "7", "30000", "100000", "z", "a"]);
}
