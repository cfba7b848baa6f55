//! Any bytes as an RDB file and as a payload: never a panic, no more memory than the bytes warrant, and the same however few bytes come
//! at a time.
#![no_main]

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader};

use libfuzzer_sys::fuzz_target;
use rdb::{Crc64, Event, payload, read};

/// What a byte of input may become: 88 bytes by the longest repetition of a compressed string, and those three digits each.
const EXPANSION_MAX: usize = 300;
/// Bytes that come at a time, at most.
const PIECE_MAX: usize = 16;

/// Takes text into a hash as it is made.
struct Hashed<'h>(&'h mut DefaultHasher);

impl Write for Hashed<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// What a file tells: how many bytes of values, but for streams, whose entries share their fields; a hash of everything, and what is
/// wrong with it, which is nothing that is looked for here.
fn told(source: impl BufRead) -> (usize, u64, Option<String>) {
    let (mut bytes, mut hasher) = (0, DefaultHasher::new());
    let read = read(source, |event| {
        let mut put = |part: &[u8]| {
            bytes += part.len();
            hasher.write(part);
            hasher.write_usize(part.len());
        };
        match event {
            Event::String(value) | Event::Element(value) => put(value),
            Event::Field { field, value } => [field, value].into_iter().for_each(put),
            Event::Member { member, score } => [member, &score.to_le_bytes()].into_iter().for_each(put),
            Event::Entry { words, .. } => words.iter().for_each(|word| hasher.write(word)),
            other => return write!(Hashed(&mut hasher), "{other:?}").map_err(|error| error.to_string()),
        }
        Ok(())
    });
    (bytes, hasher.finish(), read.err().map(|error| error.to_string()))
}

fuzz_target!(|bytes: &[u8]| {
    let is_even = bytes.len() % 2 == 0;
    for (magic, is_in_pieces) in [("REDIS0012", !is_even), ("VALKEY080", is_even)] {
        let file = [magic.as_bytes(), bytes].concat();
        let whole = told(&file[..]);
        assert!(whole.0 <= EXPANSION_MAX * file.len());
        assert!(!is_in_pieces || told(BufReader::with_capacity(1 + bytes.len() % PIECE_MAX, &file[..])) == whole);
    }
    let _ = read(bytes, |_| Ok(()));
    let version = if is_even { [80, 0] } else { [11, 0] };
    let mut sealed = [bytes, &version].concat();
    sealed.extend_from_slice(&Crc64::of(&sealed).to_le_bytes());
    if let Some(opened) = payload::open(&sealed) {
        let _ = opened.read(|_| Ok(()));
        let _ = opened.libraries();
    }
});
