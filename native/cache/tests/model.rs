//! The store against a map: random operations under a clock that moves. Eviction may lose items; it may never give a wrong
//! or an old value, nor a CAS value twice.

use cache::{Attributes, Cache, Key, NewValue, Room, Seconds, Settings};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Clone, Debug)]
enum Step {
    Set { key: u16, length: usize, flags: u32, lifetime: Seconds, way: Way },
    Get { key: u16, ways: u8 },
    Fetch { key: u16 },
    Extend { key: u16, length: usize },
    Renew { key: u16, given: bool },
    Touch { key: u16, lifetime: Seconds },
    Mark { key: u16, stale: bool, won: bool },
    Remove { key: u16 },
    Flush { delay: Seconds },
    Tick { seconds: Seconds },
    Sweep,
    Memory { kilobytes: usize },
    Walk,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Written,
    Given,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    value: Vec<u8>,
    flags: u32,
    expires_at: Seconds,
    cas: Option<u64>,
    stale: bool,
    won: bool,
    fetched: bool,
    accessed_at: Seconds,
}

/// What must be true of the store, and the store.
struct Trial {
    cache: Cache,
    now: Seconds,
    flush_at: Option<Seconds>,
    /// An item here may have been evicted; one that is not here must not be found.
    model: HashMap<u16, Version>,
    /// CAS values that the store chose and told.
    told: HashSet<u64>,
    /// The greatest of each key.
    highest: HashMap<u16, u64>,
    /// How many versions of a key there were.
    versions: HashMap<u16, u64>,
    /// Which version a CAS value was shown for, by a walk too.
    shown: HashMap<u64, (u16, u64)>,
    given: u64,
    serial: u8,
    evicts: bool,
}

const LENGTHS: [usize; 14] = [0, 1, 9, 10, 30, 54, 100, 200, 300, 511, 512, 600, 3000, 40_000];

fn key_bytes(key: u16) -> Vec<u8> {
    let mut bytes = format!("{key}-").into_bytes();
    bytes.resize(bytes.len() + usize::from(key) * 7 % 60, b'k');
    bytes
}

impl Trial {
    fn new(memory: usize, shards: usize, evicts: bool) -> Self {
        let settings = Settings { memory, item_size_max: 1 << 20, evict: evicts, shards: Some(shards) };
        Self {
            cache: Cache::new(&settings),
            now: 1,
            flush_at: None,
            model: HashMap::new(),
            told: HashSet::new(),
            highest: HashMap::new(),
            versions: HashMap::new(),
            shown: HashMap::new(),
            given: 1 << 60,
            serial: 0,
            evicts,
        }
    }

    fn value(&mut self, length: usize) -> Vec<u8> {
        self.serial = self.serial.wrapping_add(1);
        (0..length).map(|at| self.serial ^ at as u8).collect()
    }

    fn expiry(&self, lifetime: Seconds) -> Seconds {
        if lifetime == 0 { 0 } else { self.now + lifetime - 1 }
    }

    /// Forgets what time has taken.
    fn settle(&mut self) {
        let now = self.now;
        self.model.retain(|_, version| version.expires_at == 0 || now < version.expires_at);
        if self.flush_at.is_some_and(|at| now >= at) {
            self.model.clear();
            self.flush_at = None;
        }
    }

    fn begin_version(&mut self, key: u16) {
        *self.versions.entry(key).or_default() += 1;
    }

    fn show(&mut self, key: u16, cas: u64) {
        let version = (key, self.versions[&key]);
        assert_eq!(*self.shown.entry(cas).or_insert(version), version, "a CAS value shown is never another version's");
    }

    fn tell(&mut self, key: u16, cas: u64) {
        assert_ne!(cas, 0);
        self.show(key, cas);
        let known = self.model.get_mut(&key).expect("the item is there");
        if let Some(before) = known.cas {
            assert_eq!(cas, before, "a version's CAS value is stable");
            return;
        }
        known.cas = Some(cas);
        assert!(self.told.insert(cas), "a CAS value is never given twice");
        let highest = self.highest.insert(key, cas);
        assert!(highest.is_none_or(|before| before < cas), "a newer version has a greater CAS value");
    }

    fn step(&mut self, step: Step) {
        self.settle();
        match step {
            Step::Set { key, length, flags, lifetime, way } => self.set(key, length, flags, lifetime, way),
            Step::Get { key, ways } => self.get(key, ways),
            Step::Fetch { key } => self.fetch(key),
            Step::Extend { key, length } => self.extend(key, length),
            Step::Renew { key, given } => self.renew(key, given),
            Step::Touch { key, lifetime } => self.change(key, Some(lifetime), None),
            Step::Mark { key, stale, won } => self.change(key, None, Some((stale, won))),
            Step::Remove { key } => {
                let bytes = key_bytes(key);
                let removed = self.cache.alter(&self.cache.key(&bytes), self.now).remove();
                self.know(key, removed);
                self.model.remove(&key);
            }
            Step::Flush { delay } => {
                self.flush_at = Some(self.now + delay);
                self.cache.flush(self.now + delay, self.now);
                self.settle();
            }
            Step::Tick { seconds } => self.now += seconds,
            Step::Sweep => drop(self.cache.sweep(self.now)),
            Step::Memory { kilobytes } => self.cache.set_memory(kilobytes << 10, self.now),
            Step::Walk => self.walk(),
        }
    }

    /// Reconciles presence: what is found must be known; what is not found was evicted, where that is allowed.
    fn know(&mut self, key: u16, found: bool) -> bool {
        if found {
            assert!(self.model.contains_key(&key), "key {key} was found but must be gone at {}", self.now);
        } else if self.model.remove(&key).is_some() {
            assert!(self.evicts, "key {key} was lost");
        }
        found
    }

    fn set(&mut self, key: u16, length: usize, flags: u32, lifetime: Seconds, way: Way) {
        let (value, expires_at, now) = (self.value(length), self.expiry(lifetime), self.now);
        let bytes = key_bytes(key);
        let cas = matches!(way, Way::Given).then(|| {
            self.given += 1;
            self.given
        });
        let place: Key<'_> = self.cache.key(&bytes);
        let new = if length.is_multiple_of(2) { NewValue::Copied(&value) } else { NewValue::Owned(value.clone()) };
        let stored = match way {
            Way::Plain => self.cache.set(&place, new, flags, expires_at, now).is_ok(),
            Way::Written | Way::Given => {
                match self.cache.write(&place, Room::Value(length + usize::from(flags as u8)), now) {
                    Ok(mut entry) => {
                        entry.put(new, Attributes { flags, expires_at, cas, ..Attributes::default() });
                        true
                    }
                    Err(_) => false,
                }
            }
        };
        assert!(stored || !self.evicts, "there is always something to evict");
        if stored {
            let version =
                Version { value, flags, expires_at, cas, stale: false, won: false, fetched: false, accessed_at: now };
            self.model.insert(key, version);
            self.begin_version(key);
            self.settle();
        } else if matches!(way, Way::Plain) {
            self.model.remove(&key);
        }
    }

    fn get(&mut self, key: u16, ways: u8) {
        let bytes = key_bytes(key);
        let place = self.cache.key(&bytes);
        self.cache.prefetch(&place);
        let seen = self.cache.read(&place, self.now).map(|mut found| {
            let seen = version(&found.item());
            if ways & 1 != 0 {
                found.hit();
            }
            (seen, (ways & 2 != 0).then(|| found.cas()))
        });
        if !self.know(key, seen.is_some()) {
            return;
        }
        let (seen, cas) = seen.expect("it was found");
        let known = self.model.get_mut(&key).expect("it is known");
        assert_eq!(seen, Version { cas: None, ..known.clone() });
        if ways & 1 != 0 {
            (known.fetched, known.accessed_at) = (true, self.now);
        }
        if let Some(cas) = cas {
            self.tell(key, cas);
        }
    }

    fn fetch(&mut self, key: u16) {
        let bytes = key_bytes(key);
        let seen = self.cache.fetch(&self.cache.key(&bytes), self.now, version);
        if self.know(key, seen.is_some()) {
            let known = self.model.get_mut(&key).expect("it is known");
            (known.fetched, known.accessed_at) = (true, self.now);
            assert_eq!(seen, Some(Version { cas: None, ..known.clone() }));
        }
    }

    fn extend(&mut self, key: u16, length: usize) {
        let (front, back, bytes) = (self.value(length / 2), self.value(length), key_bytes(key));
        let place = self.cache.key(&bytes);
        let Ok(mut entry) = self.cache.write(&place, Room::Added(front.len() + back.len()), self.now) else {
            return assert!(!self.evicts);
        };
        let found = entry.found().is_some();
        if found {
            entry.extend(&front, &back, None);
        }
        drop(entry);
        if self.know(key, found) {
            let known = self.model.get_mut(&key).expect("it is known");
            known.value = [&front[..], &known.value, &back].concat();
            (known.cas, known.fetched, known.accessed_at) = (None, false, self.now);
            (known.stale, known.won) = (false, false);
            self.begin_version(key);
        }
    }

    fn renew(&mut self, key: u16, given: bool) {
        let bytes = key_bytes(key);
        self.given += 1;
        let given = given.then_some(self.given);
        let mut entry = self.cache.alter(&self.cache.key(&bytes), self.now);
        entry.renew_cas(given);
        let cas = entry.found().map(|mut found| found.cas());
        drop(entry);
        if self.know(key, cas.is_some()) {
            self.model.get_mut(&key).expect("it is known").cas = given;
            self.begin_version(key);
            self.tell(key, cas.expect("it was found"));
        }
    }

    fn change(&mut self, key: u16, lifetime: Option<Seconds>, marks: Option<(bool, bool)>) {
        let bytes = key_bytes(key);
        let expires_at = lifetime.map(|lifetime| self.expiry(lifetime));
        let found = self.cache.alter(&self.cache.key(&bytes), self.now).found().map(|mut found| {
            expires_at.into_iter().for_each(|at| found.set_expires_at(at));
            marks.into_iter().for_each(|(stale, won)| found.set_marks(stale, won));
        });
        if self.know(key, found.is_some()) {
            let known = self.model.get_mut(&key).expect("it is known");
            known.expires_at = expires_at.unwrap_or(known.expires_at);
            (known.stale, known.won) = marks.unwrap_or((known.stale, known.won));
        }
    }

    fn walk(&mut self) {
        let mut seen = HashMap::new();
        let mut cursor = Some(0);
        while let Some(at) = cursor {
            cursor = self.cache.walk(at, self.now, &mut |walked| {
                let found = (version(&walked.item), walked.cas());
                assert!(seen.insert(walked.key.to_vec(), found).is_none(), "an item is walked once");
            });
        }
        let mut count = 0;
        for (key, known) in self.model.clone() {
            let Some((found, cas)) = seen.remove(&key_bytes(key)) else { continue };
            assert_eq!(found, Version { cas: None, ..known.clone() });
            assert!(known.cas.is_none_or(|known| known == cas), "a CAS value told is the one that a walk shows");
            self.show(key, cas);
            count += 1;
        }
        assert!(seen.is_empty(), "walked but not known: {seen:?}");
        assert!(self.evicts || count == self.model.len(), "walked {count} of {}", self.model.len());
    }

    fn check(&self) {
        self.cache.validate();
        let statistics = self.cache.statistics();
        assert!(self.evicts || statistics.items >= self.model.len() as u64);
        assert_eq!(statistics.bytes, statistics.small_bytes + statistics.main_bytes);
    }
}

fn version(item: &cache::Item<'_>) -> Version {
    Version {
        value: item.value.as_slice().to_vec(),
        flags: item.flags,
        expires_at: item.expires_at,
        cas: None,
        stale: item.stale,
        won: item.won,
        fetched: item.fetched,
        accessed_at: item.accessed_at,
    }
}

fn steps(keys: u16) -> impl Strategy<Value = Step> {
    let key = 0..keys;
    let length = prop::sample::select(&LENGTHS[..]);
    let lifetime = prop_oneof![4 => Just(0), 1 => 1..20u32];
    let way = prop_oneof![4 => Just(Way::Plain), 1 => Just(Way::Written), 1 => Just(Way::Given)];
    let flags = prop_oneof![Just(0), Just(1), Just(u32::MAX)];
    prop_oneof![
        30 => (key.clone(), length.clone(), flags, lifetime.clone(), way)
            .prop_map(|(key, length, flags, lifetime, way)| Step::Set { key, length, flags, lifetime, way }),
        20 => (key.clone(), any::<u8>()).prop_map(|(key, ways)| Step::Get { key, ways }),
        20 => key.clone().prop_map(|key| Step::Fetch { key }),
        5 => (key.clone(), length).prop_map(|(key, length)| Step::Extend { key, length }),
        5 => (key.clone(), any::<bool>()).prop_map(|(key, given)| Step::Renew { key, given }),
        5 => (key.clone(), lifetime).prop_map(|(key, lifetime)| Step::Touch { key, lifetime }),
        5 => (key.clone(), any::<bool>(), any::<bool>()).prop_map(|(key, stale, won)| Step::Mark { key, stale, won }),
        8 => key.prop_map(|key| Step::Remove { key }),
        1 => (0..5u32).prop_map(|delay| Step::Flush { delay }),
        5 => (1..4u32).prop_map(|seconds| Step::Tick { seconds }),
        4 => Just(Step::Sweep),
        1 => (300..800usize).prop_map(|kilobytes| Step::Memory { kilobytes }),
        1 => Just(Step::Walk),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_small_store_agrees_with_a_map(steps in prop::collection::vec(steps(60), 1..400)) {
        let mut trial = Trial::new(400 << 10, 2, true);
        for step in steps {
            trial.step(step);
            trial.check();
        }
    }

    #[test]
    fn a_store_that_may_not_evict_loses_nothing(steps in prop::collection::vec(steps(40), 1..400)) {
        let mut trial = Trial::new(400 << 10, 1, false);
        for step in steps {
            trial.step(step);
            trial.check();
        }
    }
}

#[test]
fn a_million_operations_agree_with_a_map() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut trial = Trial::new(1500 << 10, 4, true);
    let strategy = steps(3000);
    for number in 1..=1_000_000 {
        let step = strategy.new_tree(&mut runner).expect("steps need no filter").current();
        // A flush every hundred steps would keep the store empty.
        if matches!(step, Step::Flush { .. }) && number % 64 != 0 || matches!(step, Step::Memory { .. } | Step::Walk) {
            continue;
        }
        trial.step(step);
        if number % 20_000 == 0 {
            trial.check();
            trial.walk();
        }
    }
    let statistics = trial.cache.statistics();
    assert!(
        statistics.evictions > 10_000 && statistics.expired > 1000 && statistics.compacted_segments > 10,
        "{statistics:?}"
    );
}
