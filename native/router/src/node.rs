//! A node as all workers see it: is it up, how many failures in a row, and what each worker counted.
//! Knows no connection and no topology; it outlives both as long as its name and address stay the same.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use reactor::Address;

/// Latency buckets: bucket i counts answers that took less than 2^i microseconds; the last one takes the rest.
pub const LATENCY_BUCKETS: usize = 24;

/// One server.
pub struct Node {
    /// Never given to another node.
    pub id: usize,
    /// What people call it.
    pub name: String,
    /// Where it listens, as written.
    pub address_text: String,
    /// Where it listens.
    pub address: Address,
    is_down: AtomicBool,
    failures_in_a_row: AtomicU32,
    /// How often it went down.
    pub downs: AtomicU64,
    counters: Box<[Counters]>,
}

/// What one worker counts; only that worker writes.
#[derive(Default)]
#[repr(align(128))]
pub struct Counters {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Requests that ended without an answer, the refused ones of a down node included.
    pub errors: AtomicU64,
    /// Connections given up because an answer took too long.
    pub timeouts: AtomicU64,
    /// Connections begun.
    pub connects: AtomicU64,
    /// Requests that wait for an answer now.
    pub outstanding: AtomicU64,
    /// Bytes sent.
    pub bytes_sent: AtomicU64,
    /// Bytes of answers.
    pub bytes_received: AtomicU64,
    /// Answers by how long they took.
    pub latency: [AtomicU64; LATENCY_BUCKETS],
}

/// Adds to a counter that only this thread writes: no locked instruction is needed.
#[inline]
pub fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed);
}

impl Node {
    /// A node that counts as up.
    #[must_use]
    pub fn new(id: usize, name: &str, address_text: &str, address: Address, workers: usize) -> Self {
        Self {
            id,
            name: name.to_owned(),
            address_text: address_text.to_owned(),
            address,
            is_down: AtomicBool::new(false),
            failures_in_a_row: AtomicU32::new(0),
            downs: AtomicU64::new(0),
            counters: (0..workers).map(|_| Counters::default()).collect(),
        }
    }

    /// Marked down: it is asked nothing.
    #[inline]
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.is_down.load(Relaxed)
    }

    /// Failures since the last answer.
    #[must_use]
    pub fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row.load(Relaxed)
    }

    /// It has answered.
    #[inline]
    pub fn answered(&self) {
        if self.failures_in_a_row.load(Relaxed) != 0 {
            self.failures_in_a_row.store(0, Relaxed);
        }
    }

    /// A connection to it failed; true if that marked it down.
    #[must_use]
    pub fn failed(&self, limit: u32) -> bool {
        let failures = self.failures_in_a_row.fetch_add(1, Relaxed) + 1;
        failures >= limit && self.mark(false)
    }

    /// Sets its state; true if it was another one.
    pub fn mark(&self, is_up: bool) -> bool {
        if is_up {
            self.failures_in_a_row.store(0, Relaxed);
        }
        let changed = self.is_down.swap(!is_up, Relaxed) == is_up;
        if changed && !is_up {
            self.downs.fetch_add(1, Relaxed);
        }
        changed
    }

    /// What one worker counts.
    #[inline]
    #[must_use]
    pub fn counters(&self, worker: usize) -> &Counters {
        &self.counters[worker]
    }

    /// One counter over all workers.
    pub fn sum(&self, counter: impl Fn(&Counters) -> &AtomicU64) -> u64 {
        self.counters.iter().fold(0, |sum, counters| sum.wrapping_add(counter(counters).load(Relaxed)))
    }

    /// Microseconds within which this share (0 to 1) of the answers came; an upper bound, to a power of two.
    #[must_use]
    pub fn latency_us(&self, share: f64) -> u64 {
        let counts: Vec<u64> =
            (0..LATENCY_BUCKETS).map(|bucket| self.sum(|counters| &counters.latency[bucket])).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
        let mut seen = 0;
        let bucket = counts.iter().position(|&count| {
            seen += count;
            seen >= wanted && seen > 0
        });
        bucket.map_or(0, |bucket| 1 << bucket)
    }
}

impl Counters {
    /// An answer came after so many microseconds.
    #[inline]
    pub fn took(&self, microseconds: u32) {
        let bucket = (u32::BITS - microseconds.leading_zeros()) as usize;
        add(&self.latency[bucket.min(LATENCY_BUCKETS - 1)], 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        let address = Address::resolve("127.0.0.1:1").expect("a numeric address");
        Node::new(0, "a", "127.0.0.1:1", address, 2)
    }

    #[test]
    fn failures_in_a_row_mark_it_down_once() {
        let node = node();
        assert!(!node.failed(3) && !node.failed(3));
        node.answered();
        assert!(!node.failed(3) && !node.failed(3) && node.failed(3));
        assert!(node.is_down() && !node.failed(3));
        assert!(node.mark(true) && !node.is_down() && node.failures_in_a_row() == 0);
        assert_eq!(node.downs.load(Relaxed), 1);
    }

    #[test]
    fn latency_is_read_from_its_buckets() {
        let node = node();
        for microseconds in [3, 3, 3, 3, 3, 3, 3, 3, 3, 900] {
            node.counters(1).took(microseconds);
        }
        assert_eq!((node.latency_us(0.5), node.latency_us(0.99)), (4, 1024));
    }
}
