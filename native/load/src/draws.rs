//! Which key is asked for next.

use crate::random::Random;
use crate::zipf::Zipf;
use crate::{Error, Popularity, Settings, trace};

/// Key numbers below `count`, as often as the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    count: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Uniform,
    Zipf(Zipf),
    /// So many keys are hot; a request is for one of them when 32 random bits are below `share`.
    Hotspot {
        hot: u64,
        share: u64,
    },
    Sequential {
        next: u64,
    },
    Recorded {
        keys: Vec<u64>,
        next: usize,
    },
}

impl Draws {
    /// Those of worker number `worker`: in an order that is fixed, workers begin at different places.
    pub(crate) fn new(settings: &Settings, worker: usize) -> Result<Self, Error> {
        let begin = |length: u64| (u128::from(length) * worker as u128 / settings.threads as u128) as u64;
        let kind = match &settings.popularity {
            Popularity::Uniform => Kind::Uniform,
            Popularity::Zipf { exponent } => Kind::Zipf(Zipf::new(settings.keys, *exponent)),
            Popularity::Hotspot { keys, requests } => Kind::Hotspot {
                hot: ((settings.keys as f64 * keys) as u64).clamp(1, settings.keys),
                share: (requests * (1u64 << 32) as f64) as u64,
            },
            Popularity::Sequential => Kind::Sequential { next: begin(settings.keys) },
            Popularity::Recorded { file } => {
                let keys = trace::read(file, usize::MAX)?;
                if keys.is_empty() {
                    return Err(Error::Setting(format!("popularity: {} holds no key number", file.display())));
                }
                Kind::Recorded { next: begin(keys.len() as u64) as usize, keys }
            }
        };
        Ok(Self { count: settings.keys, kind })
    }

    #[inline]
    pub(crate) fn draw(&mut self, random: &mut Random) -> u64 {
        match &mut self.kind {
            Kind::Uniform => random.below(self.count),
            Kind::Zipf(zipf) => zipf.draw(random),
            Kind::Hotspot { hot, share } if *hot == self.count || random.next() >> 32 < *share => random.below(*hot),
            Kind::Hotspot { hot, .. } => *hot + random.below(self.count - *hot),
            Kind::Sequential { next } => {
                let key = *next;
                *next = if key + 1 == self.count { 0 } else { key + 1 };
                key
            }
            Kind::Recorded { keys, next } => {
                let key = keys[*next];
                *next = if *next + 1 == keys.len() { 0 } else { *next + 1 };
                key % self.count
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(popularity: Popularity, worker: usize, draws: usize) -> Vec<u64> {
        let settings = Settings { keys: 1000, threads: 2, popularity, ..Settings::default() };
        let (mut draw, mut random) = (Draws::new(&settings, worker).expect("readable"), Random::new(5));
        (0..draws).map(|_| draw.draw(&mut random)).collect()
    }

    #[test]
    fn a_hotspot_gets_its_share() {
        let keys = draw(Popularity::Hotspot { keys: 0.1, requests: 0.9 }, 0, 100_000);
        let hot = keys.iter().filter(|&&key| key < 100).count();
        assert!((89_500..90_500).contains(&hot), "{hot}");
        assert!(keys.iter().all(|&key| key < 1000) && keys.contains(&99) && keys.contains(&999));
    }

    #[test]
    fn in_sequence_every_key_comes_in_turn_from_each_workers_place() {
        assert_eq!(draw(Popularity::Sequential, 0, 3), [0, 1, 2]);
        assert_eq!(draw(Popularity::Sequential, 1, 502)[498..], [998, 999, 0, 1]);
    }

    #[test]
    fn recorded_keys_come_as_recorded_and_again() {
        let file = std::env::temp_dir().join(format!("load-recorded-{}", std::process::id()));
        let numbers = [7u32, 1, 1001];
        std::fs::write(&file, numbers.iter().flat_map(|key| key.to_be_bytes()).collect::<Vec<u8>>()).expect("written");
        assert_eq!(draw(Popularity::Recorded { file: file.clone() }, 0, 5), [7, 1, 1, 7, 1]);
        std::fs::remove_file(&file).expect("it was there");
        let settings = Settings { popularity: Popularity::Recorded { file }, ..Settings::default() };
        assert!(Draws::new(&settings, 0).is_err(), "a file that is not there");
    }
}
