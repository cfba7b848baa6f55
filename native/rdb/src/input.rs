//! Bytes as they come, counted and summed up: lengths, numbers and strings are read from here.
//!
//! The source keeps what lies behind the file: not a byte more is taken than belongs to it, so that a stream can go on behind it.

use std::io::{BufRead, ErrorKind};

use crate::format::length;
use crate::lzf;
use crate::{Crc64, Id, Wrong};

/// Room is taken for so much of a string at a time, whatever length it claims.
const PIECE: u64 = 1 << 20;

/// A length, or how a string is encoded.
enum Head {
    Length(u64),
    Encoded(u8),
}

pub(crate) struct Input<S> {
    source: S,
    /// Bytes of the source's buffer that have been used and not given back to it.
    used: usize,
    /// Bytes before that buffer.
    before: u64,
    sum: Crc64,
    packed: Vec<u8>,
}

impl<S: BufRead> Input<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, used: 0, before: 0, sum: Crc64::default(), packed: Vec::new() }
    }

    /// Bytes read.
    pub(crate) fn offset(&self) -> u64 {
        self.before + self.used as u64
    }

    /// The checksum of all that was read; the source has it all back.
    pub(crate) fn settle(&mut self) -> Result<u64, Wrong> {
        if self.used > 0 {
            let held = self.source.fill_buf().map_err(Wrong::Io)?;
            self.sum.add(&held[..self.used]);
            self.source.consume(self.used);
            self.before += self.used as u64;
            self.used = 0;
        }
        Ok(self.sum.value())
    }

    /// Makes at least one more byte available.
    #[cold]
    fn refill(&mut self) -> Result<(), Wrong> {
        self.settle()?;
        loop {
            match self.source.fill_buf() {
                Ok([]) => return Err(Wrong::Truncated),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Wrong::Io(error)),
            }
        }
    }

    /// What is there, at least one byte.
    #[inline]
    fn available(&mut self) -> Result<&[u8], Wrong> {
        let is_spent = self.source.fill_buf().map_or(true, |held| held.len() <= self.used);
        if is_spent {
            self.refill()?;
        }
        let held = self.source.fill_buf().map_err(Wrong::Io)?;
        Ok(&held[self.used..])
    }

    /// Nothing follows.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Wrong> {
        match self.available() {
            Ok(_) => Ok(false),
            Err(Wrong::Truncated) => Ok(true),
            Err(wrong) => Err(wrong),
        }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Wrong> {
        let byte = self.available()?[0];
        self.used += 1;
        Ok(byte)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        if let Some(bytes) = self.available()?.first_chunk::<N>() {
            let bytes = *bytes;
            self.used += N;
            return Ok(bytes);
        }
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// Eight bytes of milliseconds.
    pub(crate) fn millis(&mut self) -> Result<i64, Wrong> {
        self.array().map(i64::from_le_bytes)
    }

    /// An id as eight bytes of each part, the highest first.
    pub(crate) fn id_bytes(&mut self) -> Result<Id, Wrong> {
        let (ms, seq) = (self.array().map(u64::from_be_bytes)?, self.array().map(u64::from_be_bytes)?);
        Ok(Id { ms, seq })
    }

    /// An id as two lengths.
    pub(crate) fn id(&mut self) -> Result<Id, Wrong> {
        Ok(Id { ms: self.length()?, seq: self.length()? })
    }

    fn head(&mut self) -> Result<Head, Wrong> {
        let byte = self.byte()?;
        Ok(match byte >> 6 {
            0 => Head::Length(byte.into()),
            1 => Head::Length(u64::from(byte & 0x3f) << 8 | u64::from(self.byte()?)),
            3 => Head::Encoded(byte),
            _ if byte == length::BITS_32 => Head::Length(self.array().map(u32::from_be_bytes)?.into()),
            _ if byte == length::BITS_64 => Head::Length(self.array().map(u64::from_be_bytes)?),
            _ => return Err(Wrong::Corrupt("this byte begins no length")),
        })
    }

    pub(crate) fn length(&mut self) -> Result<u64, Wrong> {
        match self.head()? {
            Head::Length(length) => Ok(length),
            Head::Encoded(_) => Err(Wrong::Corrupt("a length should stand here, but the encoding of a string does")),
        }
    }

    /// A string in place of what `out` holds.
    pub(crate) fn string(&mut self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        out.clear();
        match self.head()? {
            Head::Length(length) => self.append(length, out),
            Head::Encoded(length::INT8) => number(self.array().map(i8::from_le_bytes)?, out),
            Head::Encoded(length::INT16) => number(self.array().map(i16::from_le_bytes)?, out),
            Head::Encoded(length::INT32) => number(self.array().map(i32::from_le_bytes)?, out),
            Head::Encoded(length::LZF) => self.compressed(out),
            Head::Encoded(_) => Err(Wrong::Corrupt("no string is encoded so")),
        }
    }

    /// So many bytes, as they come.
    pub(crate) fn append(&mut self, count: u64, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let mut left = count;
        while left > 0 {
            let held = self.available()?;
            let taken = left.min(held.len() as u64) as usize;
            out.reserve(left.min(PIECE).max(taken as u64) as usize);
            out.extend_from_slice(&held[..taken]);
            self.used += taken;
            left -= taken as u64;
        }
        Ok(())
    }

    fn compressed(&mut self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let (packed, length) = (self.length()?, self.length()?);
        if length > packed.saturating_mul(lzf::EXPANSION_MAX) {
            return Err(Wrong::Corrupt("a compressed string claims to be longer than its bytes can make it"));
        }
        let mut bytes = std::mem::take(&mut self.packed);
        bytes.clear();
        self.append(packed, &mut bytes)?;
        let unpacked = lzf::decompress(&bytes, length as usize, out);
        bytes.shrink_to(PIECE as usize);
        self.packed = bytes;
        unpacked.ok_or(Wrong::Corrupt("a compressed string does not unpack to the length that it claims"))
    }
}

fn number(value: impl itoa::Integer, out: &mut Vec<u8>) -> Result<(), Wrong> {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    Ok(())
}
