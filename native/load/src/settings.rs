//! What a run does: read from JSON, every setting with a default, unknown names refused.

use std::path::PathBuf;

use serde::Deserialize;

use crate::Error;
use crate::tally::COMMANDS_MAX;

const SECONDS_MAX: f64 = 30.0 * 24.0 * 3600.0;
/// Of a schedule: a turn of it costs some nanoseconds, also one that is late.
const RATE_MAX: f64 = 1e7;

/// One run.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `host:port` of each server; connections are dealt to them in turn.
    pub servers: Vec<String>,
    /// What they speak.
    pub protocol: Protocol,
    /// Threads, each with its own epoll loop.
    pub threads: usize,
    /// Connections over all threads.
    pub connections: usize,
    /// What is asked.
    pub workload: Workload,
    /// Instead of gets, sets and deletes (a mix in RESP only): each as often as its weight says.
    pub commands: Vec<Command>,
    /// Requests in one write; the next batch leaves when all its answers are in.
    pub pipeline: usize,
    /// Keys in one get.
    pub keys_per_get: usize,
    /// The share of requests that are sets, 0 to 1.
    pub set_share: f64,
    /// The share that are deletes.
    pub delete_share: f64,
    /// Different keys.
    pub keys: u64,
    /// Bytes of a key.
    pub key_bytes: usize,
    /// How often each key is asked for.
    pub popularity: Popularity,
    /// Bytes of the values, always the same ones for the same key.
    pub value_bytes: Sizes,
    /// Time to live sent with sets, in seconds; 0 is for ever.
    pub ttl_seconds: u32,
    /// How long a mix runs (after the warm-up).
    pub seconds: f64,
    /// Ends a mix after so many requests; 0 is no bound.
    pub requests: u64,
    /// What is done before this many seconds have passed is not counted.
    pub warm_up_seconds: f64,
    /// Ends a run without `seconds` when no byte has gone or come for so long.
    pub silence_seconds: f64,
    /// Requests a second, sent on schedule whether answered or not (open loop); 0 is as fast as answers come.
    pub rate: f64,
    /// Every value read is compared with the one that was stored.
    pub verify: bool,
    /// The same seed asks the same.
    pub seed: u64,
}

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// memcached's text protocol.
    Text,
    /// memcached's meta protocol.
    Meta,
    /// Redis's.
    Resp,
}

/// A command of any server that speaks RESP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// In them `__key__` stands for a key, `__value__` for a value, `__number__` for a random number below `keys`.
    pub words: Vec<String>,
    /// How often, beside the others.
    #[serde(default = "once")]
    pub weight: f64,
}

fn once() -> f64 {
    1.0
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Gets and sets of random keys.
    Mix,
    /// Every key set once, in order.
    Fill,
    /// Every key read once, in order.
    Scan,
}

/// How often each key is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Popularity {
    /// All alike.
    Uniform,
    /// The n-th key in proportion to n^-exponent.
    Zipf {
        /// Greater than 0.
        exponent: f64,
    },
    /// A share of the keys gets a share of the requests; within each, all alike.
    Hotspot {
        /// 0 to 1.
        keys: f64,
        /// 0 to 1.
        requests: f64,
    },
    /// One after the other, from the beginning again after the last.
    Sequential,
    /// As a file says: key numbers, big-endian 32 bits each; from the beginning again after the last.
    Recorded {
        /// Not compressed.
        file: PathBuf,
    },
}

/// A distribution of value sizes; a key's own size follows from a hash of the key.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Sizes {
    /// All alike.
    Fixed {
        /// Of each value.
        bytes: usize,
    },
    /// Any from `min` to `max`, both included.
    Uniform {
        /// Smallest.
        min: usize,
        /// Largest.
        max: usize,
    },
    /// Its logarithm is normal; cut at `min` and `max`.
    Lognormal {
        /// Half are smaller.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Smallest.
        min: usize,
        /// Largest.
        max: usize,
    },
    /// As measured: so many bytes, so often.
    Table {
        /// Bytes and weight; the weights need not add up to anything.
        rows: Vec<(usize, f64)>,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: vec!["127.0.0.1:11211".to_owned()],
            protocol: Protocol::Text,
            threads: 1,
            connections: 50,
            workload: Workload::Mix,
            commands: Vec::new(),
            pipeline: 1,
            keys_per_get: 1,
            set_share: 0.0,
            delete_share: 0.0,
            keys: 20_000,
            key_bytes: 23,
            popularity: Popularity::Uniform,
            value_bytes: Sizes::Fixed { bytes: 100 },
            ttl_seconds: 0,
            seconds: 10.0,
            requests: 0,
            warm_up_seconds: 0.0,
            silence_seconds: 30.0,
            rate: 0.0,
            verify: false,
            seed: 1,
        }
    }
}

impl Settings {
    /// Reads and checks a JSON object.
    ///
    /// # Errors
    /// `Error::Setting`, which names the setting.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let settings: Self = serde_json::from_str(text).map_err(|error| Error::Setting(error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), Error> {
        let rows = [
            (!self.servers.is_empty(), "servers: name at least one, as host:port"),
            ((1..=1024).contains(&self.threads), "threads: from 1 to 1024"),
            (self.connections >= self.threads, "connections: at least one a thread"),
            ((1..=100_000).contains(&self.pipeline), "pipeline: from 1 to 100000"),
            ((1..=10_000).contains(&self.keys_per_get), "keys_per_get: from 1 to 10000"),
            ((0.0..=1.0).contains(&self.set_share), "set_share: from 0 to 1"),
            ((0.0..=1.0).contains(&self.delete_share), "delete_share: from 0 to 1"),
            (self.set_share + self.delete_share <= 1.0 + 1e-9, "delete_share: with set_share more than 1"),
            (self.keys >= 1, "keys: at least 1"),
            ((1..=250).contains(&self.key_bytes), "key_bytes: from 1 to 250"),
            (digits(self.keys - self.keys.min(1)) <= self.key_bytes, "key_bytes: too few to write so many keys"),
            (self.value_bytes.max() <= 1 << 30, "value_bytes: at most 1 GiB"),
            (self.value_bytes.min() <= self.value_bytes.max(), "value_bytes: min is greater than max"),
            (self.seconds > 0.0 || self.requests > 0, "seconds: greater than 0, or give requests"),
            ((0.0..=SECONDS_MAX).contains(&self.seconds), "seconds: at most 2592000, 30 days"),
            ((0.0..=SECONDS_MAX).contains(&self.warm_up_seconds), "warm_up_seconds: at most 2592000, 30 days"),
            ((0.0..=SECONDS_MAX).contains(&self.silence_seconds), "silence_seconds: at most 2592000, 30 days"),
            ((0.0..=RATE_MAX).contains(&self.rate), "rate: from 0 to 10000000"),
            (self.value_bytes.has_weight(), "value_bytes: the weights of a table are at least 0, and one is greater"),
            (self.commands.is_empty() || self.protocol == Protocol::Resp, "commands: only with protocol resp"),
            (self.commands.len() <= COMMANDS_MAX, "commands: at most 32"),
            (self.commands.iter().all(Command::is_possible), "commands: each has words, and a weight greater than 0"),
            (self.popularity.is_possible(), "popularity: exponent greater than 0, shares from 0 to 1"),
        ];
        match rows.iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(Error::Setting((*what).to_owned())),
            None => Ok(()),
        }
    }
}

impl Command {
    fn is_possible(&self) -> bool {
        self.words.first().is_some_and(|word| !word.is_empty()) && self.weight > 0.0 && self.weight.is_finite()
    }
}

impl Popularity {
    fn is_possible(&self) -> bool {
        match self {
            Self::Zipf { exponent } => *exponent > 0.0 && exponent.is_finite(),
            Self::Hotspot { keys, requests } => (0.0..=1.0).contains(keys) && (0.0..=1.0).contains(requests),
            Self::Uniform | Self::Sequential | Self::Recorded { .. } => true,
        }
    }
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_the_defaults() {
        let settings = Settings::from_json("{}").expect("defaults hold");
        assert_eq!((settings.connections, settings.workload), (50, Workload::Mix));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (json, named) in [
            (r#"{"pipelin": 3}"#, "pipelin"),
            (r#"{"pipeline": 0}"#, "pipeline"),
            (r#"{"keys": 100000, "key_bytes": 4}"#, "key_bytes"),
            (r#"{"value_bytes": {"kind": "uniform", "min": 3, "max": 2}}"#, "value_bytes"),
            (r#"{"popularity": {"kind": "zipf", "exponent": 0.0}}"#, "popularity"),
            (r#"{"popularity": {"kind": "hotspot", "keys": 2.0, "requests": 0.5}}"#, "popularity"),
            (r#"{"value_bytes": {"kind": "table", "rows": []}}"#, "value_bytes"),
            (r#"{"protocol": "http"}"#, "http"),
            (r#"{"commands": [{"words": ["PING"]}]}"#, "commands"),
            (r#"{"protocol": "resp", "commands": [{"words": []}]}"#, "commands"),
            (r#"{"set_share": 0.6, "delete_share": 0.6}"#, "delete_share"),
            (r#"{"seconds": 1e300}"#, "seconds"),
            (r#"{"warm_up_seconds": -1.0}"#, "warm_up_seconds"),
            (r#"{"rate": 1e12}"#, "rate"),
            (r#"{"threads": 100000, "connections": 100000}"#, "threads"),
        ] {
            let error = Settings::from_json(json).expect_err(json).to_string();
            assert!(error.contains(named), "{json}: {error}");
        }
    }
}
