//! How much fits and how fast it is: `cargo run --release -p cache --example speed`.
//!
//! First, how many of 1,500,000 items of each size stay readable in 64 MiB, and what the process takes for it; then
//! nanoseconds of processor time a call, on one thread, with few keys (in the processor's caches) and with five million.
#![allow(clippy::print_stdout)]

use cache::{Cache, Key, NewValue, Settings};
use std::hint::black_box;

const ITEMS: u64 = 1_500_000;
const OPERATIONS: usize = 4_000_000;
const BATCH: usize = 32;

fn main() {
    for length in [54, 300, 1000] {
        fill(length);
    }
    for (keys, megabytes) in [(1000, 64), (5_000_000, 2048)] {
        speed(keys, megabytes);
    }
}

fn store(megabytes: usize) -> Cache {
    Cache::new(&Settings { memory: megabytes << 20, item_size_max: 1 << 20, evict: true, shards: None })
}

fn name(number: u64) -> [u8; 23] {
    let mut name = *b"memory-test:00000000000";
    let mut rest = number;
    for digit in name[12..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    name
}

fn fill(length: usize) {
    let before = resident_kilobytes();
    let cache = store(64);
    let value = vec![b'v'; length];
    let begin = processor_nanoseconds();
    for number in 0..ITEMS {
        let name = name(number);
        let _ = black_box(cache.set(&cache.key(&name), NewValue::Copied(&value), 0, 0, 1));
    }
    let time = processor_nanoseconds() - begin;
    let readable = (0..ITEMS).filter(|number| cache.read(&cache.key(&name(*number)), 1).is_some()).count();
    let resident = resident_kilobytes() - before;
    println!("value {length}: {readable} readable, {resident} KiB more resident, {} ns a set", time / ITEMS);
    println!("  {:?}", cache.statistics());
}

fn speed(keys: u64, megabytes: usize) {
    let cache = store(megabytes);
    let value = [b'v'; 100];
    let set = |number| {
        let name = name(number);
        let _ = black_box(cache.set(&cache.key(&name), NewValue::Copied(&value), 0, 0, 1));
    };
    let time = |what: &str, run: &mut dyn FnMut(&[u64])| {
        let numbers: Vec<u64> = (1..=OPERATIONS as u64).map(|at| mixed(at) % keys).collect();
        let begin = processor_nanoseconds();
        numbers.chunks(BATCH).for_each(&mut *run);
        println!("{keys} keys, {what}: {:.1} ns", (processor_nanoseconds() - begin) as f64 / OPERATIONS as f64);
    };
    let begin = processor_nanoseconds();
    (0..keys).for_each(set);
    println!("{keys} keys, first set: {:.1} ns", (processor_nanoseconds() - begin) as f64 / keys as f64);
    let get = |key: &Key<'_>| {
        if let Some(mut found) = cache.read(key, 1) {
            found.hit();
            black_box(found.item().value.as_slice().first());
        }
    };
    time("set", &mut |batch| batch.iter().for_each(|number| set(*number)));
    time("get", &mut |batch| batch.iter().for_each(|number| get(&cache.key(&name(*number)))));
    time("get, prefetched", &mut |batch| {
        let names: [[u8; 23]; BATCH] = std::array::from_fn(|at| name(batch[at % batch.len()]));
        let keys = names.each_ref().map(|name| cache.key(name));
        keys.iter().for_each(|key| cache.prefetch(key));
        keys.iter().for_each(get);
    });
    time("get, prefetched twice", &mut |batch| {
        let names: [[u8; 23]; BATCH] = std::array::from_fn(|at| name(batch[at % batch.len()]));
        let keys = names.each_ref().map(|name| cache.key(name));
        keys.iter().for_each(|key| cache.prefetch(key));
        keys.iter().for_each(|key| cache.prefetch_item(key));
        keys.iter().for_each(get);
    });
    time("hash only", &mut |batch| {
        batch.iter().for_each(|number| {
            black_box(cache.key(&name(*number)).hash);
        });
    });
}

fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

/// What this thread has run, so that other processes on the machine count little.
fn processor_nanoseconds() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    status.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn resident_kilobytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
