//! Replays recorded accesses cache-aside: look the key up; on a miss, store it. Says how many missed.
//!
//! One connection, strictly in order: what an access finds depends on all before it. A set leaves in one write with the
//! next get, which changes nothing in the order that the server sees. With `pipeline` greater than 1 so many are looked up
//! at once and what they missed is stored after, as a batching client would: a key that comes twice in a batch may miss
//! twice, so all policies look worse.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::answers::Answers;
use crate::connection::dial;
use crate::dialect::{Dialect, Text};
use crate::keys::Keys;
use crate::ledger::Truth;
use crate::source::InOrder;
use crate::tally::{Counts, Kind};
use crate::template::Template;
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
    /// Look-ups in one write.
    pub pipeline: usize,
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
            pipeline: 1,
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
    /// Values that were not the ones stored.
    pub wrong: u64,
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
    let limit = if replay.accesses == 0 { usize::MAX } else { replay.accesses };
    let accesses = read(&replay.file, limit)?;
    let mut client = Client::connect(replay)?;
    let (mut misses, start) = (0u64, Instant::now());
    let mut missed = Vec::new();
    for batch in accesses.chunks(replay.pipeline.max(1)) {
        missed = client.access(&missed, batch)?;
        misses += missed.len() as u64;
    }
    Ok(ReplayReport {
        accesses: accesses.len() as u64,
        misses,
        miss_ratio: misses as f64 / accesses.len().max(1) as f64,
        wrong: client.counts.wrong,
        errors: client.counts.errors,
        first_error: client.counts.first_error,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The first key numbers of a file of recorded accesses.
pub(crate) fn read(file: &Path, limit: usize) -> Result<Vec<u64>, Error> {
    let bytes = std::fs::read(file).map_err(Error::io(file.display().to_string()))?;
    let numbers = bytes.as_chunks::<4>().0.iter().take(limit);
    Ok(numbers.map(|number| u64::from(u32::from_be_bytes(*number))).collect())
}

struct Client {
    stream: TcpStream,
    keys: Keys,
    values: Values,
    get: Template,
    set: Template,
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
        let keys = Keys::new(&numbers);
        Ok(Self {
            stream,
            get: Text::get(&keys, 1),
            set: Text::set(&keys, 0),
            keys,
            values: Values::new(replay.value_bytes.clone()),
            out: Vec::new(),
            buffer: vec![0; 1 << 20],
            counts: Counts::new(Kind::names(&numbers).len()),
        })
    }

    /// Stores the keys that were missed before, then looks `keys` up; those that are missed now.
    fn access(&mut self, missed: &[u64], keys: &[u64]) -> Result<Vec<u64>, Error> {
        let mut answers = Answers::<Text>::with_misses();
        self.out.clear();
        for &key in missed {
            self.set.write(&mut self.out, &self.keys, &self.values, &mut InOrder::new(key, None));
            answers.asked.request(Kind::SET, 1);
        }
        for &key in keys {
            let mut ink = InOrder::new(key, Some(&mut answers.asked));
            self.get.write(&mut self.out, &self.keys, &self.values, &mut ink);
            answers.asked.request(Kind::GET, 1);
        }
        self.stream.write_all(&self.out).map_err(Error::io("send"))?;
        let truth = Truth { keys: &self.keys, values: &self.values };
        while !answers.is_complete() {
            let received = self.stream.read(&mut self.buffer).map_err(Error::io("receive"))?;
            answers.feed(&self.buffer[..received], &self.keys, Some(truth), &mut self.counts);
            if received == 0 || answers.is_broken() {
                return Err(Error::io("receive")(std::io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(answers.into_missed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    /// A server that remembers which keys were set and answers with wrong values.
    fn serve_wrongly(listener: &TcpListener) {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut lines = BufReader::new(stream.try_clone().expect("a socket can be cloned")).lines();
        let mut stored = HashSet::new();
        while let Some(Ok(line)) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            let answer = if words[0] == "set" {
                lines.next();
                stored.insert(words[1].to_owned());
                "STORED\r\n".to_owned()
            } else if stored.contains(words[1]) {
                format!("VALUE {} 0 5\r\nwrong\r\nEND\r\n", words[1])
            } else {
                "END\r\n".to_owned()
            };
            stream.write_all(answer.as_bytes()).expect("the client reads");
        }
    }

    fn replay_of(keys: &[u32], pipeline: usize) -> ReplayReport {
        let file = std::env::temp_dir().join(format!("load-trace-{}-{pipeline}", std::process::id()));
        std::fs::write(&file, keys.iter().flat_map(|key| key.to_be_bytes()).collect::<Vec<u8>>()).expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = listener.local_addr().expect("bound").to_string();
        let thread = thread::spawn(move || serve_wrongly(&listener));
        let settings = Replay { server, file: file.clone(), pipeline, ..Replay::default() };
        let report = replay(&settings).expect("the server answers");
        thread.join().expect("the server ends with its client");
        std::fs::remove_file(file).expect("it was there");
        report
    }

    #[test]
    fn what_is_missed_is_stored_before_the_next_look_up() {
        let report = replay_of(&[1, 2, 1, 1, 3, 2], 1);
        assert_eq!((report.accesses, report.misses, report.errors), (6, 3, 0));
        assert_eq!(report.wrong, 3, "every value found was wrong");
    }

    #[test]
    fn a_batch_stores_after_all_its_look_ups() {
        assert_eq!(replay_of(&[1, 1, 2, 1, 2, 3], 3).misses, 4);
    }
}
