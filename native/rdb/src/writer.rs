//! Writes a file, or one value, into a buffer that is taken away as it grows. Its user says in order what there is; what a `Type` asks
//! for between `key` and the next key is his matter.

use crate::format::{FUNCTIONS_VERSION, VERSION, length, opcode};
use crate::lzf::Compressor;
use crate::packed::count;
use crate::{Crc64, Id, Millis, Type};

/// Strings up to this length are not worth compressing.
const COMPRESSED_MIN: usize = 20;
/// Longest digits of an integer of 32 bits, with its sign.
const DIGITS_MAX: usize = 11;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Long strings are compressed (`rdbcompression`).
    pub compresses: bool,
    /// There is a checksum at the end (`rdbchecksum`).
    pub sums_up: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { compresses: true, sums_up: true }
    }
}

/// A file that is being written.
pub struct Writer {
    bytes: Vec<u8>,
    options: Options,
    /// Of what has been taken away.
    sum: Crc64,
    compressor: Compressor,
    /// Bytes taken away.
    taken: u64,
}

impl Writer {
    /// One of a whole file: it begins with its magic.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut writer = Self::bare(options);
        writer.bytes.extend_from_slice(format!("REDIS{VERSION:04}").as_bytes());
        writer
    }

    /// One of a whole file with libraries of functions, which readers of older versions do not know.
    #[must_use]
    pub fn with_libraries(options: Options) -> Self {
        let mut writer = Self::bare(options);
        writer.bytes.extend_from_slice(format!("REDIS{FUNCTIONS_VERSION:04}").as_bytes());
        writer
    }

    /// One of values alone: see `payload`.
    #[must_use]
    pub fn bare(options: Options) -> Self {
        Self { bytes: Vec::new(), options, sum: Crc64::default(), compressor: Compressor::default(), taken: 0 }
    }

    /// What has been written and not taken.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes written, taken or not.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.taken + self.bytes.len() as u64
    }

    /// Appends what has been written to `out` and forgets it.
    pub fn take(&mut self, out: &mut Vec<u8>) {
        if self.options.sums_up {
            self.sum.add(&self.bytes);
        }
        self.taken += self.bytes.len() as u64;
        if out.is_empty() {
            std::mem::swap(out, &mut self.bytes);
        } else {
            out.append(&mut self.bytes);
        }
        self.bytes.clear();
    }

    /// Something about the file. Who does not know the name passes over it.
    pub fn aux(&mut self, name: &str, value: &[u8]) {
        self.bytes.push(opcode::AUX);
        self.string(name.as_bytes());
        self.string(value);
    }

    /// The code of a library of functions.
    pub fn library(&mut self, code: &[u8]) {
        self.bytes.push(opcode::FUNCTION);
        self.string(code);
    }

    /// The keys behind it are of this database.
    pub fn database(&mut self, number: u64) {
        self.bytes.push(opcode::DATABASE);
        self.length(number);
    }

    /// How many keys it has, and how many of them expire: a hint for whoever reads.
    pub fn sizes(&mut self, keys: u64, expiring: u64) {
        self.bytes.push(opcode::SIZES);
        self.length(keys);
        self.length(expiring);
    }

    /// When the next key expires.
    pub fn expires_at(&mut self, at: Millis) {
        self.bytes.push(opcode::EXPIRES_MS);
        self.millis(at);
    }

    /// For how many seconds the next key has not been used.
    pub fn idle(&mut self, seconds: u64) {
        self.bytes.push(opcode::IDLE);
        self.length(seconds);
    }

    /// How often the next key was used.
    pub fn frequency(&mut self, counter: u8) {
        self.bytes.extend_from_slice(&[opcode::FREQUENCY, counter]);
    }

    /// A key; what its type is laid out of follows.
    pub fn key(&mut self, kind: Type, name: &[u8]) {
        self.kind(kind);
        self.string(name);
    }

    /// The same without a name, as in a payload.
    pub fn kind(&mut self, kind: Type) {
        self.bytes.push(kind as u8);
    }

    /// The end, and the checksum of it all.
    pub fn end(&mut self) -> u64 {
        self.bytes.push(opcode::END);
        let mut sum = self.sum;
        if self.options.sums_up {
            sum.add(&self.bytes);
        }
        self.bytes.extend_from_slice(&sum.value().to_le_bytes());
        sum.value()
    }

    /// A length or a count.
    pub fn length(&mut self, value: u64) {
        match value {
            0..0x40 => self.bytes.push(value as u8),
            0x40..0x4000 => self.bytes.extend_from_slice(&[0x40 | (value >> 8) as u8, value as u8]),
            0x4000..=0xffff_ffff => {
                self.bytes.push(length::BITS_32);
                self.bytes.extend_from_slice(&(value as u32).to_be_bytes());
            }
            _ => {
                self.bytes.push(length::BITS_64);
                self.bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    /// Bytes: as an integer or compressed where that is shorter.
    pub fn string(&mut self, bytes: &[u8]) {
        if bytes.len() <= DIGITS_MAX
            && let Some(value) = integer(bytes)
        {
            return self.integer(value);
        }
        if bytes.len() > COMPRESSED_MIN && self.options.compresses && self.compressed(bytes) {
            return;
        }
        self.length(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn integer(&mut self, value: i32) {
        if let Ok(value) = i8::try_from(value) {
            self.bytes.extend_from_slice(&[length::INT8, value.to_le_bytes()[0]]);
        } else if let Ok(value) = i16::try_from(value) {
            self.bytes.push(length::INT16);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        } else {
            self.bytes.push(length::INT32);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// False, with nothing written, when it does not get shorter.
    fn compressed(&mut self, bytes: &[u8]) -> bool {
        let start = self.bytes.len();
        let mut packed = std::mem::take(&mut self.bytes);
        let is_shorter = self.compressor.compress(bytes, bytes.len() - 4, &mut packed);
        self.bytes = packed;
        if !is_shorter {
            return false;
        }
        // The lengths stand before what is known only now.
        let packed = self.bytes.len() - start;
        self.bytes.push(length::LZF);
        self.length(packed as u64);
        self.length(bytes.len() as u64);
        self.bytes[start..].rotate_left(packed);
        true
    }

    /// A sorted set's score, of eight bytes.
    pub fn score(&mut self, score: f64) {
        self.bytes.extend_from_slice(&score.to_le_bytes());
    }

    /// Milliseconds, of eight bytes.
    pub fn millis(&mut self, at: Millis) {
        self.bytes.extend_from_slice(&at.to_le_bytes());
    }

    /// An id as two lengths.
    pub fn id(&mut self, id: Id) {
        self.length(id.ms);
        self.length(id.seq);
    }

    /// An id as sixteen bytes.
    pub fn id_bytes(&mut self, id: Id) {
        self.bytes.extend_from_slice(&id_key(id));
    }

    /// A listpack of these elements, which stand one behind the other as listpacks have them, under the id that they count from.
    pub fn stream_node(&mut self, master: Id, elements: &[u8]) {
        const HEAD: usize = 6;
        self.string(&id_key(master));
        let mut piece = Vec::with_capacity(HEAD + elements.len() + 1);
        piece.extend_from_slice(&((HEAD + elements.len() + 1) as u32).to_le_bytes());
        let count = count(elements).and_then(|count| u16::try_from(count).ok()).unwrap_or(u16::MAX);
        piece.extend_from_slice(&count.to_le_bytes());
        piece.extend_from_slice(elements);
        piece.push(0xff);
        self.string(&piece);
    }
}

fn id_key(id: Id) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}

/// The integer that these bytes are the canonical digits of.
fn integer(bytes: &[u8]) -> Option<i32> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_canonical = match digits {
        [b'0'] => bytes.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_canonical.then(|| std::str::from_utf8(bytes).ok()?.parse().ok()).flatten()
}
