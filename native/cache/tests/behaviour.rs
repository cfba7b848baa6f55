//! What a store promises beyond single operations: how much fits, what is never evicted, what comes back, and that
//! nothing breaks under many threads.

use cache::{Attributes, Cache, NewValue, NoRoom, Room, Settings};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const MIB: usize = 1 << 20;

fn store(memory: usize, evict: bool) -> Cache {
    Cache::new(&Settings { memory, item_size_max: MIB, evict, shards: None })
}

fn set(cache: &Cache, key: &str, value: Vec<u8>) -> Result<(), NoRoom> {
    cache.set(&cache.key(key.as_bytes()), NewValue::Owned(value), 0, 0, 1)
}

fn has(cache: &Cache, key: &str) -> bool {
    cache.read(&cache.key(key.as_bytes()), 1).is_some()
}

fn used(cache: &Cache) -> usize {
    cache.statistics().used_bytes as usize
}

#[test]
fn an_empty_store_takes_nothing() {
    let cache = store(64 * MIB, true);
    assert_eq!(used(&cache), 0);
    set(&cache, "one", vec![1; 10]).expect("there is room");
    assert!(used(&cache) < 8192);
}

#[test]
fn many_small_items_stay_readable() {
    for (length, wanted) in [(54, 640_000), (300, 187_000), (1000, 61_000)] {
        let cache = store(64 * MIB, true);
        let value = vec![b'v'; length];
        let name = |number: usize| format!("memory-test:{number:011}");
        for number in 0..1_500_000 {
            let key = name(number);
            cache.set(&cache.key(key.as_bytes()), NewValue::Copied(&value), 0, 0, 1).expect("old items give way");
        }
        let readable = (0..1_500_000).filter(|number| has(&cache, &name(*number))).count();
        assert!(readable >= wanted, "{readable} items of {length} bytes");
        assert_eq!(readable as u64, cache.statistics().items);
        assert!(used(&cache) <= 64 * MIB);
        cache.validate();
    }
}

#[test]
fn a_working_set_that_fits_is_never_evicted_however_often_it_is_overwritten() {
    for length in [40, 200, 1500] {
        let cache = store(16 * MIB, true);
        let keys = 12 * MIB / (length + 35);
        let mut random = 1u64;
        for turn in 0..keys * 6 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = if turn < keys { turn } else { (random >> 33) as usize % keys };
            let key = format!("key:{number:07}");
            // Once somebody knows a version's CAS value, the next version lies elsewhere.
            let _ = cache.read(&cache.key(key.as_bytes()), 1).map(|mut found| found.cas());
            set(&cache, &key, vec![7; length - turn * 7 % 13]).expect("it fits");
        }
        let statistics = cache.statistics();
        assert_eq!((statistics.evictions, statistics.items), (0, keys as u64), "{statistics:?}");
        assert!(statistics.compacted_segments > 0, "{length}: {statistics:?}");
        cache.validate();
    }
}

#[test]
fn any_mix_of_sizes_finds_room() {
    let cache = store(64 * MIB, true);
    let mut random = 1u64;
    for turn in 0..6000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = match turn % 500 {
            250 => 32 * MIB - 100,
            _ => 1 << ((random >> 33) % 21),
        };
        let key = format!("key:{turn}");
        set(&cache, &key, vec![7; length]).expect("something can be evicted");
        assert!(has(&cache, &key) && used(&cache) <= 64 * MIB, "turn {turn}: {}", used(&cache));
    }
    cache.validate();
    for number in 0..400_000 {
        set(&cache, &format!("small:{number}"), vec![7; 90]).expect("something can be evicted");
    }
    assert!(set(&cache, "half", vec![7; 32 * MIB]).is_ok() && has(&cache, "half"));
    assert_eq!(set(&cache, "too large", vec![7; 65 * MIB]), Err(NoRoom));
    assert!(has(&cache, "half"), "what can never fit evicts nothing");
    cache.validate();
}

#[test]
fn a_store_that_may_not_evict_refuses_and_recovers() {
    let cache = store(4 * MIB, false);
    let mut stored = 0;
    while set(&cache, &format!("key:{stored}"), vec![7; 500]).is_ok() {
        stored += 1;
    }
    assert!(stored > 7000, "{stored} items");
    assert_eq!(cache.statistics().items, stored);
    assert!((0..stored).all(|number| has(&cache, &format!("key:{number}"))), "nothing was lost");
    assert_eq!(set(&cache, "large", vec![7; MIB]), Err(NoRoom));
    (0..stored).filter(|number| number % 2 == 0).for_each(|number| {
        let key = format!("key:{number}");
        assert!(cache.alter(&cache.key(key.as_bytes()), 1).remove());
    });
    set(&cache, "large", vec![7; MIB]).expect("dead space was squeezed out");
    assert!((0..stored).filter(|number| number % 2 == 1).all(|number| has(&cache, &format!("key:{number}"))));
    assert_eq!(cache.statistics().evictions, 0);
    cache.validate();
}

#[test]
fn what_is_refused_leaves_no_older_version() {
    let cache = store(4 * MIB, false);
    set(&cache, "key", b"old".to_vec()).expect("there is room");
    assert_eq!(set(&cache, "key", vec![7; 5 * MIB]), Err(NoRoom));
    assert!(!has(&cache, "key"));
}

#[test]
fn expired_memory_comes_back_without_a_read() {
    let cache = store(64 * MIB, true);
    for number in 0..200_000 {
        let key = format!("key:{number}");
        let expires_at = 2 + number % 50;
        cache.set(&cache.key(key.as_bytes()), NewValue::Copied(&[7; 100]), 0, expires_at, 1).expect("it fits");
    }
    let full = used(&cache);
    let sweep = |now| (0..8).map(|_| cache.sweep(now)).sum::<usize>();
    sweep(26);
    cache.validate();
    let half = cache.statistics().items;
    assert!((96_000..125_000).contains(&half), "{half} items left at half time");
    assert!(used(&cache) < full * 3 / 4, "{} of {full} bytes in use", used(&cache));
    sweep(51);
    let statistics = cache.statistics();
    assert_eq!((statistics.items, statistics.expired, statistics.expired_unfetched), (0, 200_000, 200_000));
    assert!(used(&cache) < full / 50, "{} of {full} bytes in use", used(&cache));
    cache.validate();
}

#[test]
fn a_flush_gives_memory_back_now_or_when_it_is_due() {
    let cache = store(64 * MIB, true);
    let fill = || (0..1000).for_each(|number| set(&cache, &format!("key:{number}"), vec![7; 9000]).expect("it fits"));
    fill();
    cache.flush(1, 1);
    assert_eq!((used(&cache), cache.statistics().items), (0, 0));
    fill();
    cache.flush(5, 1);
    assert!(cache.read(&cache.key(b"key:7"), 4).is_some());
    assert!(cache.read(&cache.key(b"key:7"), 5).is_none());
    let _ = (0..4).map(|_| cache.sweep(5)).sum::<usize>();
    assert_eq!(used(&cache), 0);
    fill();
    assert!(cache.read(&cache.key(b"key:7"), 6).is_some(), "what is stored afterwards stays");
    cache.validate();
}

#[test]
fn the_limit_changes_at_run_time() {
    let cache = store(64 * MIB, true);
    (0..200_000).for_each(|number| set(&cache, &format!("key:{number}"), vec![7; 200]).expect("it fits"));
    cache.set_memory(8 * MIB, 1);
    assert!(used(&cache) <= 8 * MIB && cache.statistics().items > 10_000);
    cache.set_memory(64 * MIB, 1);
    (0..200_000).for_each(|number| set(&cache, &format!("key:{number}"), vec![7; 200]).expect("it fits"));
    assert_eq!(cache.statistics().items, 200_000);
    cache.validate();
}

#[test]
fn a_reader_keeps_a_large_value_that_is_gone_from_the_store() {
    let cache = store(64 * MIB, true);
    set(&cache, "large", vec![7; 100_000]).expect("it fits");
    let held = match cache.read(&cache.key(b"large"), 1).expect("it is there").item().value {
        cache::Value::Shared(value) => std::sync::Arc::clone(value),
        cache::Value::Inline(_) => panic!("a large value is shared"),
    };
    assert!(cache.alter(&cache.key(b"large"), 1).remove());
    assert!(held.iter().all(|byte| *byte == 7) && !has(&cache, "large"));
}

#[test]
fn room_that_was_made_and_not_used_is_given_back() {
    let cache = store(64 * MIB, true);
    drop(cache.write(&cache.key(b"key"), Room::Value(10 * MIB), 1).expect("there is room"));
    cache.validate();
    let mut entry = cache.write(&cache.key(b"key"), Room::Value(10 * MIB), 1).expect("there is room");
    entry.put(NewValue::Copied(b"short"), Attributes::default());
    drop(entry);
    cache.validate();
    assert!(used(&cache) < 32 * 1024);
}

/// Every value says which key it belongs to and how often that key was written; nobody may see anything else.
#[test]
fn threads_never_see_a_torn_or_foreign_value() {
    const KEYS: u64 = 3000;
    let cache = store(4 * MIB, true);
    let hits = AtomicU64::new(0);
    let work = |seed: u64| {
        let mut random = seed;
        for turn in 0..60_000u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = (random >> 33) % KEYS;
            let name = format!("key:{number}");
            let key = cache.key(name.as_bytes());
            let now = 1 + (turn / 10_000) as u32;
            match (random >> 50) % 8 {
                0..4 => {
                    if let Some(mut found) = cache.read(&key, now) {
                        found.hit();
                        let item = found.item();
                        let value = item.value.as_slice();
                        assert!(value.iter().all(|byte| u64::from(*byte) == number % 251), "a value of {name}");
                        hits.fetch_add(1, Relaxed);
                    }
                }
                4..6 => {
                    let length = [20, 300, 700, 30_000][(random >> 20) as usize % 4];
                    let expires_at = if turn % 5 == 0 { now + 2 } else { 0 };
                    let value = NewValue::Owned(vec![(number % 251) as u8; length]);
                    cache.set(&key, value, 0, expires_at, now).expect("something can be evicted");
                }
                6 => {
                    let mut entry = cache.write(&key, Room::Added(10), now).expect("something can be evicted");
                    entry.extend(&[], &[(number % 251) as u8; 10], None);
                }
                _ if turn % 100 == 0 => assert!(cache.sweep(now) <= KEYS as usize),
                _ => assert!(!cache.alter(&key, now).remove() || turn > 0),
            }
        }
    };
    std::thread::scope(|scope| (1..=4).for_each(|seed| drop(scope.spawn(move || work(seed)))));
    cache.validate();
    assert!(hits.load(Relaxed) > 1000 && used(&cache) <= 4 * MIB);
}

#[test]
fn threads_that_store_halves_of_the_memory_wait_for_each_other() {
    let cache = store(16 * MIB, true);
    let work = |thread: usize| {
        for turn in 0..30 {
            let length = if turn % 3 == 0 { 8 * MIB } else { 900_000 };
            let key = format!("key:{thread}:{turn}");
            set(&cache, &key, vec![7; length]).expect("something can be evicted");
            (0..200).for_each(|number| set(&cache, &format!("{key}:{number}"), vec![7; 300]).expect("it fits"));
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|thread| drop(scope.spawn(move || work(thread)))));
    cache.validate();
    assert!(used(&cache) <= 16 * MIB);
}

#[test]
fn whoever_observes_evictions_is_told_what_left_and_how() {
    let cache = store(MIB, true);
    let fill = |from: u32, now| {
        for number in from..from + 30_000 {
            let key = format!("key:{number}");
            let expires_at = if number.is_multiple_of(3) { now + 500 } else { 0 };
            cache
                .set(&cache.key(key.as_bytes()), NewValue::Copied(b"value"), 0, expires_at, now)
                .expect("old items go");
            if number.is_multiple_of(2) {
                cache.read(&cache.key(key.as_bytes()), now).expect("it was just stored").hit();
            }
        }
    };
    fill(0, 1);
    assert_eq!(cache.take_evicted(&mut |_| panic!("nobody observed")), 0);
    cache.observe_evictions(true);
    let before = cache.statistics().evictions;
    fill(100_000, 7);
    let (mut told, mut fetched) = (0, 0);
    let dropped = cache.take_evicted(&mut |evicted| {
        let number: u32 = std::str::from_utf8(&evicted.key[4..]).expect("text").parse().expect("a number");
        let stored_at = if number < 100_000 { 1 } else { 7 };
        assert_eq!(evicted.expires_at, if number.is_multiple_of(3) { stored_at + 500 } else { 0 });
        assert_eq!((evicted.at, evicted.accessed_at, evicted.value_length), (7, stored_at, 5));
        assert_eq!(evicted.fetched, number.is_multiple_of(2));
        assert!(!has(&cache, &format!("key:{number}")));
        (told, fetched) = (told + 1, fetched + u64::from(evicted.fetched));
    });
    assert!(told > 1000 && fetched > 100 && dropped > 100, "{told} told, {fetched} fetched, {dropped} dropped");
    assert_eq!(told + dropped, cache.statistics().evictions - before, "what had no room in the queue is counted");
    cache.observe_evictions(false);
    fill(200_000, 8);
    cache.observe_evictions(true);
    assert_eq!(cache.take_evicted(&mut |_| panic!("nobody observed")), 0);
}

#[test]
fn a_large_value_that_is_evicted_tells_its_own_length() {
    let cache = store(MIB, true);
    cache.observe_evictions(true);
    (0..100).for_each(|number| set(&cache, &format!("key:{number}"), vec![7; 100_000]).expect("old items go"));
    let mut told = 0;
    cache.take_evicted(&mut |evicted| {
        assert_eq!(evicted.value_length, 100_000);
        told += 1;
    });
    assert_eq!(told, cache.statistics().evictions);
}

#[test]
fn what_was_asked_for_after_its_time_is_counted_apart_from_what_was_swept() {
    let cache = store(MIB, true);
    for number in 0..10 {
        let key = format!("key:{number}");
        cache.set(&cache.key(key.as_bytes()), NewValue::Copied(b"value"), 0, 5, 1).expect("it fits");
    }
    for key in ["key:0", "key:0", "key:1", "absent"] {
        assert!(cache.read(&cache.key(key.as_bytes()), 5).is_none());
    }
    while cache.statistics().items > 0 {
        cache.sweep(5);
    }
    assert_eq!((cache.statistics().expired_met, cache.statistics().expired), (2, 10));
}

#[test]
fn a_cas_value_that_a_walk_showed_never_fits_a_later_version() {
    let cache = store(MIB, true);
    let key = cache.key(b"key");
    let shown = || {
        let mut cas = 0;
        cache.walk(0, 1, &mut |walked| cas = walked.cas());
        cas
    };
    set(&cache, "key", vec![7; 10]).expect("it fits");
    let first = shown();
    assert_eq!(cache.read(&key, 1).expect("it is there").cas(), first);
    set(&cache, "key", vec![8; 10]).expect("it fits");
    let second = shown();
    assert!(second > first);
    cache.alter(&key, 1).renew_cas(None);
    assert!(cache.read(&key, 1).expect("it is there").cas() > second);
}
