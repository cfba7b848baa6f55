//! Replays a trace of key numbers against the store, cache-aside, and says what share of the accesses missed.
//!
//! `cargo run --release -p cache --example replay -- FILE MEDIAN MEMORY_MB COUNT`; FILE holds big-endian 32-bit key numbers
//! (`xz -dc FILE.xz | … -- - MEDIAN MEMORY_MB COUNT` reads them from stdin). A key's value size is lognormal with that median and
//! sigma 1, by a hash of the key, cut at 32 and 900,000 bytes.
#![allow(clippy::print_stdout)]

use cache::{Cache, NewValue, Settings};
use std::error::Error;
use std::io::Read;

const SIZES: std::ops::RangeInclusive<f64> = 32.0..=900_000.0;
/// Accesses a second of the store's clock.
const RATE: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, median, memory, count] = &arguments[..] else {
        return Err("wanted: FILE MEDIAN MEMORY_MB COUNT".into());
    };
    let (median, megabytes, count): (f64, usize, usize) = (median.parse()?, memory.parse()?, count.parse()?);
    let trace = read(file)?;
    let settings = Settings { memory: megabytes << 20, item_size_max: 1 << 20, evict: true, shards: None };
    let cache = Cache::new(&settings);
    let (mut misses, mut missed_bytes, mut bytes) = (0usize, 0, 0);
    let accesses = trace.iter().take(count);
    let total = accesses.len();
    for (at, number) in accesses.enumerate() {
        let now = (at / RATE) as u32 + 1;
        let name = format!("trace:{number:010}");
        let key = cache.key(name.as_bytes());
        let size = size_of_value(*number, median);
        bytes += size;
        if cache.read(&key, now).map(|mut found| found.hit()).is_none() {
            misses += 1;
            missed_bytes += size;
            cache.set(&key, NewValue::Owned(vec![b'v'; size]), 0, 0, now)?;
        }
    }
    println!(
        "{total} accesses, misses {:.4}, bytes missed {:.4}, resident {} KiB",
        misses as f64 / total as f64,
        missed_bytes as f64 / bytes as f64,
        resident_kilobytes()
    );
    println!("{:?}", cache.statistics());
    Ok(())
}

fn read(file: &str) -> Result<Vec<u32>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    match file {
        "-" => std::io::stdin().read_to_end(&mut bytes)?,
        path => std::fs::File::open(path)?.read_to_end(&mut bytes)?,
    };
    Ok(bytes.as_chunks().0.iter().map(|number| u32::from_be_bytes(*number)).collect())
}

fn size_of_value(number: u32, median: f64) -> usize {
    let uniform = |salt: u64| {
        let mut mixed = (u64::from(number) + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let normal = (-2.0 * (1.0 - uniform(1 << 40)).ln()).sqrt() * (std::f64::consts::TAU * uniform(1 << 41)).cos();
    (median * normal.exp()).clamp(*SIZES.start(), *SIZES.end()) as usize
}

fn resident_kilobytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
