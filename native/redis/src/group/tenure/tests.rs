//! Orders in any order, late ones among them: never two who serve one epoch by one order, never back to an older one.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[test]
fn a_member_is_fenced_until_it_is_told() {
    let mut node = Tenure::member(3);
    assert_eq!(node.lease(3, 100, 0), Err(Refusal::IsNotPrimary(3)), "whoever it was before it was started");
    assert_eq!(node.promote(2, 100, 0), Err(Refusal::Stale(3)));
    assert_eq!(node.promote(4, 100, 0), Ok(Grant::Begun));
    assert_eq!(node.lease(4, 150, 50), Ok(Grant::Renewed));
    assert_eq!(node.lease(4, 120, 60), Ok(Grant::Renewed), "an earlier end changes nothing");
    assert_eq!(node.deadline(), Some(150));
    assert_eq!(node.lease(5, 200, 60), Err(Refusal::IsNotPrimary(5)));
}

#[test]
fn an_order_that_has_lain_in_a_socket_grants_nothing() {
    let mut node = Tenure::member(0);
    assert_eq!(node.promote(1, 100, 100), Err(Refusal::Past));
    assert_eq!((node.standing(), node.seen()), (Standing::Fenced, 0), "it does nothing");
    assert_eq!(node.promote(1, 100, 0), Ok(Grant::Begun));
    assert!(!node.pass(99));
    assert!(node.pass(100));
    assert_eq!(node.standing(), Standing::Fenced);
    assert_eq!(node.lease(1, 100, 101), Err(Refusal::Past));
    assert_eq!(node.lease(1, 200, 101), Ok(Grant::Renewed), "the epoch's own lease unfences it");
    // Nobody has ticked in between.
    assert_eq!(node.lease(1, 400, 500), Err(Refusal::Past));
    assert_eq!(node.standing(), Standing::Fenced);
}

#[test]
fn who_is_sealed_takes_no_older_order_and_may_be_promoted() {
    let mut node = Tenure::member(0);
    node.follow(1, 0).expect("is accepted");
    node.seal(2, 0).expect("is accepted");
    node.seal(2, 0).expect("once more");
    assert_eq!(node.follow(1, 0), Err(Refusal::Stale(2)));
    assert_eq!(node.lease(2, 100, 0), Err(Refusal::IsNotPrimary(2)));
    assert_eq!(node.promote(2, 100, 0), Ok(Grant::Begun));
    assert_eq!(node.promote(2, 110, 10), Ok(Grant::Renewed), "the answer was lost, the order comes again");
    assert_eq!(node.seal(2, 20), Err(Refusal::IsPrimary(2)));
    assert_eq!(node.follow(2, 20), Err(Refusal::IsPrimary(2)));
    assert_eq!(node.follow(3, 20), Ok(()));
    assert_eq!(node.promote(3, 100, 30), Err(Refusal::IsNotPrimary(3)), "another one serves it");
    node.seal(3, 40).expect("a late one");
    assert_eq!(node.standing(), Standing::Following, "it goes on to follow");
}

#[test]
fn a_primary_that_hears_of_a_higher_epoch_is_deposed() {
    let mut node = Tenure::member(0);
    assert_eq!(node.promote(1, 100, 0), Ok(Grant::Begun));
    assert!(!node.hear(1));
    assert!(node.hear(2));
    assert_eq!((node.standing(), node.seen()), (Standing::Fenced, 2));
    assert_eq!(node.lease(1, 200, 1), Err(Refusal::Stale(2)));
}

#[derive(Clone, Debug)]
enum Order {
    /// Until so long after now, or before it.
    Lease(Epoch, i64),
    Promote(Epoch, i64),
    Seal(Epoch),
    Follow(Epoch),
    Hear(Epoch),
    Wait(u64),
    Restart,
}

fn order() -> impl Strategy<Value = Order> {
    let (epoch, until) = (|| 1..8_u64, || -10..40_i64);
    prop_oneof![
        (epoch(), until()).prop_map(|(epoch, until)| Order::Lease(epoch, until)),
        (epoch(), until()).prop_map(|(epoch, until)| Order::Promote(epoch, until)),
        epoch().prop_map(Order::Seal),
        epoch().prop_map(Order::Follow),
        epoch().prop_map(Order::Hear),
        (0..40_u64).prop_map(Order::Wait),
        Just(Order::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 2))]

    /// Whatever arrives in whatever order: the epoch never falls; a node serves only what it was told to serve, and no longer than it
    /// was told; an epoch that was left for another one is never served again.
    #[test]
    fn nobody_goes_back(orders in vec(order(), 1..150)) {
        let (mut node, mut now) = (Tenure::member(0), 1000_u64);
        let (mut told_until, mut left) = (std::collections::BTreeMap::<Epoch, Moment>::new(), 0);
        for order in orders {
            let before = node;
            match order {
                Order::Lease(epoch, until) => {
                    let until = now.saturating_add_signed(until);
                    if node.lease(epoch, until, now).is_ok() {
                        prop_assert!(told_until.contains_key(&epoch), "nobody begins by a lease");
                        told_until.entry(epoch).and_modify(|told| *told = until.max(*told));
                    }
                }
                Order::Promote(epoch, until) => {
                    let until = now.saturating_add_signed(until);
                    if node.promote(epoch, until, now).is_ok() {
                        told_until.entry(epoch).and_modify(|told| *told = until.max(*told)).or_insert(until);
                    }
                }
                Order::Seal(epoch) => drop(node.seal(epoch, now)),
                Order::Follow(epoch) => drop(node.follow(epoch, now)),
                Order::Hear(epoch) => _ = node.hear(epoch),
                Order::Wait(time) => {
                    now += time;
                    node.pass(now);
                }
                Order::Restart => node = Tenure::member(node.seen()),
            }
            prop_assert!(node.seen() >= before.seen());
            if let Some(deadline) = node.deadline() {
                prop_assert!(deadline > now && Some(&deadline) <= told_until.get(&node.seen()));
                prop_assert!(node.seen() > left, "epoch {} was left before", node.seen());
            }
            if node.seen() > before.seen() && before.is_primary_of(before.seen()) {
                left = before.seen();
            }
        }
    }
}
