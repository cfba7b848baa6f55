//! What to ask next: writes batches of requests and says what was asked.

use std::sync::Arc;

use crate::dialect::{Dialect, command};
use crate::draws::Draws;
use crate::keys::Keys;
use crate::ledger::{Asked, Truth};
use crate::random::Random;
use crate::tally::Kind;
use crate::template::{Ink, Template};
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
    count: u64,
    verify: bool,
    /// Key numbers (fill, scan) or requests (mix) still to be asked: `from..to`.
    from: u64,
    to: u64,
    /// A scan's get of the keys that remain.
    get: fn(&Keys, usize) -> Template,
    /// Kinds of request; the first whose bound is above 32 random bits is asked.
    shapes: Vec<Shape>,
    /// The requests written last. Where nothing but keys differs, the next ones are written over them.
    batch: Vec<u8>,
}

#[derive(Debug)]
struct Shape {
    kind: Kind,
    below: u64,
    template: Template,
}

impl Source {
    /// The share of worker number `worker`.
    pub(crate) fn new<D: Dialect>(settings: &Settings, values: Arc<Values>, worker: usize) -> Result<Self, Error> {
        let whole = match settings.workload {
            Workload::Mix if settings.requests == 0 => u64::MAX,
            Workload::Mix => settings.requests,
            Workload::Fill | Workload::Scan => settings.keys,
        };
        let edge = |worker: usize| (u128::from(whole) * worker as u128 / settings.threads as u128) as u64;
        let keys = Keys::new(settings);
        Ok(Self {
            draws: Draws::new(settings, worker)?,
            values,
            random: Random::new(settings.seed.wrapping_mul(1_000_003).wrapping_add(worker as u64)),
            workload: settings.workload,
            pipeline: settings.pipeline,
            keys_per_get: settings.keys_per_get,
            count: settings.keys,
            verify: settings.verify,
            from: edge(worker),
            to: edge(worker + 1),
            get: D::get,
            shapes: shapes::<D>(settings, &keys)?,
            batch: Vec::new(),
            keys,
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What values must be, if that is checked.
    pub(crate) fn truth(&self) -> Option<Truth<'_>> {
        self.verify.then_some(Truth { keys: &self.keys, values: &self.values })
    }

    /// All has been asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// The next batch; nothing once all has been asked.
    pub(crate) fn write_batch(&mut self, asked: &mut Asked) -> &[u8] {
        if self.workload == Workload::Mix && self.write_batch_over(asked) {
            return &self.batch;
        }
        self.batch.clear();
        for _ in 0..self.pipeline {
            if self.is_empty() {
                break;
            }
            match self.workload {
                Workload::Mix => self.write_mixed(asked),
                Workload::Fill => self.write_in_order(1, asked),
                Workload::Scan => self.write_in_order(self.keys_per_get, asked),
            }
        }
        &self.batch
    }

    /// A batch of one kind, over the last one; false if the kinds are several or have more than keys in them. Measured: a get
    /// pipelined by 64 takes the generator 236 instructions instead of 331.
    #[inline]
    fn write_batch_over(&mut self, asked: &mut Asked) -> bool {
        let [only] = &self.shapes[..] else { return false };
        let Some(text) = only.template.all_but_keys() else { return false };
        let count = (self.to - self.from).min(self.pipeline as u64) as usize;
        self.from += count as u64;
        if self.batch.len() != count * text.len() {
            self.batch = text.repeat(count);
        }
        let (draws, random) = (&mut self.draws, &mut self.random);
        let verified = self.verify && only.kind == Kind::GET;
        let mut ink = Drawn { draws, random, count: self.count, asked: verified.then_some(&mut *asked) };
        for request in self.batch.chunks_exact_mut(text.len()) {
            only.template.write_keys_over(request, &self.keys, &mut ink);
        }
        asked.requests(only.kind, only.template.keys(), count);
        true
    }

    #[inline]
    fn write_mixed(&mut self, asked: &mut Asked) {
        self.from += 1;
        let Self { shapes, random, draws, .. } = self;
        let shape = match &shapes[..] {
            [only] => only,
            all => {
                let chance = random.next() >> 32;
                all.iter().find(|shape| chance < shape.below).unwrap_or(&all[all.len() - 1])
            }
        };
        let asked_keys = if self.verify && shape.kind == Kind::GET { Some(&mut *asked) } else { None };
        let mut ink = Drawn { draws, random, count: self.count, asked: asked_keys };
        shape.template.write(&mut self.batch, &self.keys, &self.values, &mut ink);
        asked.request(shape.kind, shape.template.keys());
    }

    /// A request for the next `most` keys, or as many as remain.
    fn write_in_order(&mut self, most: usize, asked: &mut Asked) {
        let rest = self.to - self.from;
        let shape = &self.shapes[0];
        let shorter = (rest < most as u64).then(|| (self.get)(&self.keys, rest as usize));
        let template = shorter.as_ref().unwrap_or(&shape.template);
        let asked_keys = if self.verify && shape.kind == Kind::GET { Some(&mut *asked) } else { None };
        let mut ink = InOrder::new(self.from, asked_keys);
        template.write(&mut self.batch, &self.keys, &self.values, &mut ink);
        self.from = ink.next;
        asked.request(shape.kind, template.keys());
    }
}

/// Keys by their popularity.
struct Drawn<'a> {
    draws: &'a mut Draws,
    random: &'a mut Random,
    count: u64,
    /// Where keys are noted that will be verified.
    asked: Option<&'a mut Asked>,
}

impl Ink for Drawn<'_> {
    #[inline]
    fn key(&mut self) -> u64 {
        let key = self.draws.draw(self.random);
        if let Some(asked) = &mut self.asked {
            asked.key(key);
        }
        key
    }

    #[inline]
    fn number(&mut self) -> u64 {
        self.random.below(self.count)
    }
}

/// Keys one after the other.
pub(crate) struct InOrder<'a> {
    next: u64,
    /// Where keys are noted that will be verified.
    asked: Option<&'a mut Asked>,
}

impl<'a> InOrder<'a> {
    pub(crate) fn new(first: u64, asked: Option<&'a mut Asked>) -> Self {
        Self { next: first, asked }
    }
}

impl Ink for InOrder<'_> {
    fn key(&mut self) -> u64 {
        if let Some(asked) = &mut self.asked {
            asked.key(self.next);
        }
        self.next += 1;
        self.next - 1
    }

    fn number(&mut self) -> u64 {
        self.next
    }
}

/// The kinds of request of a run, each with its share.
fn shapes<D: Dialect>(settings: &Settings, keys: &Keys) -> Result<Vec<Shape>, Error> {
    let get = (Kind::GET, D::get(keys, settings.keys_per_get));
    let set = (Kind::SET, D::set(keys, settings.ttl_seconds));
    let get_share = (1.0 - settings.set_share - settings.delete_share).max(0.0);
    let rows = match settings.workload {
        Workload::Fill => vec![(1.0, set)],
        Workload::Scan => vec![(1.0, get)],
        Workload::Mix if settings.commands.is_empty() => {
            vec![(get_share, get), (settings.set_share, set), (settings.delete_share, (Kind::DELETE, D::delete(keys)))]
        }
        Workload::Mix => {
            let rows = settings.commands.iter().enumerate();
            rows.map(|(number, row)| Ok((row.weight, (Kind::command(number), command(keys, &row.words)?))))
                .collect::<Result<_, Error>>()?
        }
    };
    let total: f64 = rows.iter().map(|(share, _)| share).sum();
    let mut below = 0.0;
    let shares = rows.into_iter().filter(|(share, _)| *share > 0.0);
    Ok(shares
        .map(|(share, (kind, template))| {
            below += share / total * (1u64 << 32) as f64;
            Shape { kind, below: below as u64, template }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use crate::dialect::{Resp, Text};
    use crate::settings::Command;

    fn source(settings: &Settings, worker: usize) -> Result<Source, Error> {
        let new = if settings.commands.is_empty() { Source::new::<Text> } else { Source::new::<Resp> };
        new(settings, Arc::new(Values::new(settings.value_bytes.clone())), worker)
    }

    fn all(settings: &Settings) -> (Vec<u8>, usize) {
        let (mut out, mut requests) = (Vec::new(), 0);
        for worker in 0..settings.threads {
            let mut source = source(settings, worker).expect("nothing to read");
            loop {
                let mut asked = Asked::default();
                out.extend_from_slice(source.write_batch(&mut asked));
                if asked.len() == 0 {
                    break;
                }
                requests += asked.len();
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

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn commands_are_written_with_their_keys_values_and_numbers() {
        let command = |text, weight| Command { words: words(text), weight };
        let settings = Settings {
            commands: vec![command("LPUSH l:__key__ __value__", 1.0), command("ZADD z n__number__:__key__ x", 3.0)],
            keys: 10,
            key_bytes: 2,
            requests: 1000,
            value_bytes: Sizes::Fixed { bytes: 3 },
            ..Settings::default()
        };
        let (out, requests) = all(&settings);
        let text = String::from_utf8(out).expect("printable");
        let (pushes, adds) = (
            text.matches("*3\r\n$5\r\nLPUSH\r\n$4\r\nl:k").count(),
            text.matches("*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$5\r\nn").count(),
        );
        assert_eq!((requests, pushes + adds), (1000, 1000));
        assert!((700..800).contains(&adds), "{adds}");
        let push = text.split("*3\r\n").nth(1).and_then(|push| push.split('*').next()).expect("one was written");
        assert_eq!(push.split("\r\n").nth(4), Some("$3"));
        assert_eq!(push.split("\r\n").nth(5).map(str::len), Some(3));
    }

    #[test]
    fn a_word_with_two_things_of_unknown_length_is_refused() {
        for text in ["__value____number__", "__number__ __number__x__number__", "__value__:__value__"] {
            let commands = vec![Command { words: words(text), weight: 1.0 }];
            assert!(source(&Settings { commands, ..Settings::default() }, 0).is_err(), "{text}");
        }
    }
}
