//! What to ask next: writes batches of requests and tells the answers what to expect.

use std::sync::Arc;

use crate::answers::{Answers, Truth};
use crate::draws::Draws;
use crate::keys::Keys;
use crate::random::Random;
use crate::values::Values;
use crate::{Error, Settings, Workload};

/// The requests of one worker.
#[derive(Debug)]
pub(crate) struct Source {
    keys: Keys,
    draws: Draws,
    values: Arc<Values>,
    random: Random,
    workload: Workload,
    pipeline: usize,
    keys_per_get: usize,
    /// A request is a set when 32 random bits are below this.
    set_below: u64,
    /// Else a delete when they are below this.
    delete_below: u64,
    /// ` <flags> <exptime> ` of a set.
    set_middle: Vec<u8>,
    verify: bool,
    /// Key numbers (fill, scan) or requests (mix) still to be asked: `from..to`.
    from: u64,
    to: u64,
    asked: Vec<u64>,
}

impl Source {
    /// The share of worker number `worker`.
    pub(crate) fn new(settings: &Settings, values: Arc<Values>, worker: usize) -> Result<Self, Error> {
        let whole = match settings.workload {
            Workload::Mix if settings.requests == 0 => u64::MAX,
            Workload::Mix => settings.requests,
            Workload::Fill | Workload::Scan => settings.keys,
        };
        let edge = |worker: usize| (u128::from(whole) * worker as u128 / settings.threads as u128) as u64;
        let below = |share: f64| (share * (1u64 << 32) as f64) as u64;
        Ok(Self {
            keys: Keys::new(settings),
            draws: Draws::new(settings, worker)?,
            values,
            random: Random::new(settings.seed.wrapping_mul(1_000_003).wrapping_add(worker as u64)),
            workload: settings.workload,
            pipeline: settings.pipeline,
            keys_per_get: settings.keys_per_get,
            set_below: below(settings.set_share),
            delete_below: below(settings.set_share + settings.delete_share),
            set_middle: format!(" 0 {} ", settings.ttl_seconds).into_bytes(),
            verify: settings.verify,
            from: edge(worker),
            to: edge(worker + 1),
            asked: Vec::new(),
        })
    }

    /// What values must be, if that is checked.
    pub(crate) fn truth(&self) -> Option<Truth<'_>> {
        self.verify.then_some(Truth { keys: &self.keys, values: &self.values })
    }

    /// All has been asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// Appends a batch to `out`; nothing once all has been asked.
    pub(crate) fn write_batch(&mut self, out: &mut Vec<u8>, answers: &mut Answers) {
        for _ in 0..self.pipeline {
            if self.is_empty() {
                return;
            }
            match self.workload {
                Workload::Fill => self.write_set(self.from, out, answers),
                Workload::Scan => self.write_scan(out, answers),
                Workload::Mix => self.write_mixed(out, answers),
            }
        }
    }

    fn write_mixed(&mut self, out: &mut Vec<u8>, answers: &mut Answers) {
        if self.delete_below > 0 {
            let chance = self.random.next() >> 32;
            if chance < self.delete_below {
                let key = self.draws.draw(&mut self.random);
                let write = if chance < self.set_below { Self::write_set } else { Self::write_delete };
                return write(self, key, out, answers);
            }
        }
        self.from += 1;
        self.asked.clear();
        out.extend_from_slice(b"get");
        for _ in 0..self.keys_per_get {
            let key = self.draws.draw(&mut self.random);
            self.write_key(key, out);
        }
        self.end_get(self.keys_per_get, out, answers);
    }

    fn write_scan(&mut self, out: &mut Vec<u8>, answers: &mut Answers) {
        let end = self.to.min(self.from + self.keys_per_get as u64);
        let count = (end - self.from) as usize;
        self.asked.clear();
        out.extend_from_slice(b"get");
        for key in self.from..end {
            self.write_key(key, out);
        }
        self.from = end;
        self.end_get(count, out, answers);
    }

    #[inline]
    fn write_key(&mut self, key: u64, out: &mut Vec<u8>) {
        out.push(b' ');
        self.keys.write(key, out);
        if self.verify {
            self.asked.push(key);
        }
    }

    fn end_get(&mut self, keys: usize, out: &mut Vec<u8>, answers: &mut Answers) {
        out.extend_from_slice(b"\r\n");
        answers.expect_get(keys as u32, &self.asked);
    }

    fn write_set(&mut self, key: u64, out: &mut Vec<u8>, answers: &mut Answers) {
        self.from += 1;
        let value = self.values.of(key);
        out.extend_from_slice(b"set ");
        self.keys.write(key, out);
        out.extend_from_slice(&self.set_middle);
        out.extend_from_slice(value.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
        answers.expect_set();
    }

    fn write_delete(&mut self, key: u64, out: &mut Vec<u8>, answers: &mut Answers) {
        self.from += 1;
        out.extend_from_slice(b"delete ");
        self.keys.write(key, out);
        out.extend_from_slice(b"\r\n");
        answers.expect_delete();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;

    fn source(settings: &Settings, worker: usize) -> Source {
        Source::new(settings, Arc::new(Values::new(settings.value_bytes.clone())), worker).expect("nothing to read")
    }

    fn all(settings: &Settings) -> (Vec<u8>, usize) {
        let (mut out, mut requests) = (Vec::new(), 0);
        for worker in 0..settings.threads {
            let mut source = source(settings, worker);
            loop {
                let mut answers = Answers::default();
                source.write_batch(&mut out, &mut answers);
                if answers.is_complete() {
                    break;
                }
                requests += answers.waiting();
            }
        }
        (out, requests)
    }

    #[test]
    fn a_fill_sets_every_key_once() {
        let sizes = Sizes::Fixed { bytes: 3 };
        let settings = Settings {
            workload: Workload::Fill,
            keys: 101,
            key_bytes: 3,
            threads: 3,
            connections: 3,
            pipeline: 7,
            value_bytes: sizes,
            ..Settings::default()
        };
        let (out, requests) = all(&settings);
        let text = String::from_utf8(out).expect("printable");
        assert_eq!(requests, 101);
        assert!((0..101).all(|key| text.matches(&format!("set {key:03} 0 0 3\r\n")).count() == 1));
    }

    #[test]
    fn a_scan_reads_every_key_once() {
        let settings =
            Settings { workload: Workload::Scan, keys: 10, key_bytes: 1, keys_per_get: 4, ..Settings::default() };
        let (out, requests) = all(&settings);
        assert_eq!((out.as_slice(), requests), (&b"get 0 1 2 3\r\nget 4 5 6 7\r\nget 8 9\r\n"[..], 3));
    }

    #[test]
    fn a_mix_keeps_its_share_and_its_bound() {
        let settings = Settings {
            requests: 10_000,
            set_share: 0.3,
            delete_share: 0.1,
            threads: 2,
            pipeline: 16,
            ..Settings::default()
        };
        let (out, requests) = all(&settings);
        let sets = memchr::memmem::find_iter(&out, b"set key:").count();
        assert_eq!(requests, 10_000);
        assert!((2_800..3_200).contains(&sets), "{sets}");
        let deletes = memchr::memmem::find_iter(&out, b"delete key:").count();
        assert!((900..1_100).contains(&deletes), "{deletes}");
    }
}
