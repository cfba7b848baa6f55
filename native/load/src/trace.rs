//! Replays recorded accesses cache-aside: look the key up; on a miss, store it. Says how many missed.
//!
//! One connection, strictly in order: what an access finds depends on all before it. A set leaves in one write with the
//! next get, which changes nothing in the order that the server sees.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::answers::Answers;
use crate::connection::dial;
use crate::keys::Keys;
use crate::tally::Counts;
use crate::values::Values;
use crate::{Error, Settings, Sizes};

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A replay.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// `host:port`.
    pub server: String,
    /// Key numbers, big-endian 32 bits each, not compressed.
    pub file: PathBuf,
    /// Only so many from the beginning; 0 is all.
    pub accesses: usize,
    /// Bytes of a key.
    pub key_bytes: usize,
    /// Bytes of the values, by a hash of the key.
    pub value_bytes: Sizes,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            server: "127.0.0.1:11211".to_owned(),
            file: PathBuf::new(),
            accesses: 0,
            key_bytes: 16,
            value_bytes: Sizes::Lognormal { median: 9_600.0, sigma: 1.0, min: 32, max: 900_000 },
        }
    }
}

/// What a replay found.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayReport {
    /// Look-ups.
    pub accesses: u64,
    /// Of them not found.
    pub misses: u64,
    /// Misses in accesses.
    pub miss_ratio: f64,
    /// Answers that were errors, most often refused sets.
    pub errors: u64,
    /// The first of them.
    pub first_error: Option<String>,
    /// From first to last.
    pub seconds: f64,
}

impl Replay {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// `Error::Setting`, which names the setting.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Setting(error.to_string()))
    }
}

impl ReplayReport {
    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain numbers and strings")
    }
}

/// Replays to the end, blocking.
///
/// # Errors
/// A file or server that cannot be read, an answer that makes no sense or does not come.
pub fn replay(replay: &Replay) -> Result<ReplayReport, Error> {
    let accesses = read_accesses(replay)?;
    let mut client = Client::connect(replay)?;
    let (mut misses, start) = (0u64, Instant::now());
    let mut missed = None;
    for &key in &accesses {
        let is_hit = client.access(missed, key)?;
        missed = (!is_hit).then_some(key);
        misses += u64::from(!is_hit);
    }
    Ok(ReplayReport {
        accesses: accesses.len() as u64,
        misses,
        miss_ratio: misses as f64 / accesses.len().max(1) as f64,
        errors: client.counts.errors,
        first_error: client.counts.first_error,
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn read_accesses(replay: &Replay) -> Result<Vec<u64>, Error> {
    let bytes = std::fs::read(&replay.file).map_err(Error::io(replay.file.display().to_string()))?;
    let limit = if replay.accesses == 0 { usize::MAX } else { replay.accesses };
    let numbers = bytes.as_chunks::<4>().0.iter().take(limit);
    Ok(numbers.map(|number| u64::from(u32::from_be_bytes(*number))).collect())
}

struct Client {
    stream: TcpStream,
    keys: Keys,
    values: Values,
    out: Vec<u8>,
    buffer: Vec<u8>,
    counts: Counts,
}

impl Client {
    fn connect(replay: &Replay) -> Result<Self, Error> {
        let stream = dial(&replay.server)
            .and_then(|stream| stream.set_read_timeout(Some(ANSWER_TIMEOUT)).map(|()| stream))
            .map_err(|source| Error::Connect { server: replay.server.clone(), source })?;
        let numbers = Settings { keys: 1 << 32, key_bytes: replay.key_bytes.max(10), ..Settings::default() };
        Ok(Self {
            stream,
            keys: Keys::new(&numbers),
            values: Values::new(replay.value_bytes),
            out: Vec::new(),
            buffer: vec![0; 1 << 20],
            counts: Counts::default(),
        })
    }

    /// Stores the key that was missed before, then looks `key` up.
    fn access(&mut self, missed: Option<u64>, key: u64) -> Result<bool, Error> {
        let mut answers = Answers::default();
        self.out.clear();
        if let Some(missed) = missed {
            self.write_set(missed);
            answers.expect_set();
        }
        self.out.extend_from_slice(b"get ");
        self.keys.write(key, &mut self.out);
        self.out.extend_from_slice(b"\r\n");
        answers.expect_get(1, &[]);
        let hits_before = self.counts.hits;
        self.stream.write_all(&self.out).map_err(Error::io("send"))?;
        while !answers.is_complete() {
            let received = self.stream.read(&mut self.buffer).map_err(Error::io("receive"))?;
            answers.feed(&self.buffer[..received], None, &mut self.counts);
            if received == 0 || answers.is_broken() {
                return Err(Error::io("receive")(std::io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(self.counts.hits > hits_before)
    }

    fn write_set(&mut self, key: u64) {
        let value = self.values.of(key);
        self.out.extend_from_slice(b"set ");
        self.keys.write(key, &mut self.out);
        self.out.extend_from_slice(format!(" 0 0 {}\r\n", value.len()).as_bytes());
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(b"\r\n");
    }
}
