//! The elements of Redis's listpacks: integers and strings, one behind the other, each with its length behind it too. A stream's blocks
//! are written so: they take what Redis's take, are cut where Redis cuts them (which `XTRIM ~` shows), and can be dumped as they are.
//!
//! It knows neither the head (six bytes) nor the end (one byte) of a listpack, only what stands between.

/// An integer, or bytes that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// An integer in its canonical form.
    Integer(i64),
    /// Anything else.
    Bytes(&'a [u8]),
}

impl<'a> Element<'a> {
    /// What these bytes are.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        integer(bytes).map_or(Self::Bytes(bytes), Self::Integer)
    }

    /// It is these bytes.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        *self == Element::of(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Integer(value) => value.to_string().into_bytes(),
            Self::Bytes(bytes) => bytes.to_vec(),
        }
    }
}

/// The integer that these bytes are the canonical form of.
fn integer(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_canonical = match digits {
        [b'0'] => bytes.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_canonical.then(|| std::str::from_utf8(bytes).ok()?.parse().ok()).flatten()
}

const INT13: u8 = 0b1100_0000;
const INT16: u8 = 0b1111_0001;
const INT24: u8 = 0b1111_0010;
const INT32: u8 = 0b1111_0011;
const INT64: u8 = 0b1111_0100;
const STRING6: u8 = 0b1000_0000;
const STRING12: u8 = 0b1110_0000;
const STRING32: u8 = 0b1111_0000;

/// Appends an element.
pub(super) fn put(out: &mut Vec<u8>, element: Element<'_>) {
    let start = out.len();
    match element {
        Element::Integer(value) => put_integer(out, value),
        Element::Bytes(bytes) => {
            match bytes.len() {
                length @ ..64 => out.push(STRING6 | length as u8),
                length @ ..4096 => out.extend_from_slice(&[STRING12 | (length >> 8) as u8, length as u8]),
                length => {
                    out.push(STRING32);
                    out.extend_from_slice(&(length as u32).to_le_bytes());
                }
            }
            out.extend_from_slice(bytes);
        }
    }
    put_length(out, out.len() - start);
}

fn put_integer(out: &mut Vec<u8>, value: i64) {
    let bytes = value.to_le_bytes();
    let (kind, width) = match value {
        0..=127 => return out.push(value as u8),
        -4096..=4095 => {
            let value = (value & 0x1fff) as u16;
            return out.extend_from_slice(&[INT13 | (value >> 8) as u8, value as u8]);
        }
        -32_768..=32_767 => (INT16, 2),
        -8_388_608..=8_388_607 => (INT24, 3),
        -2_147_483_648..=2_147_483_647 => (INT32, 4),
        _ => (INT64, 8),
    };
    out.push(kind);
    out.extend_from_slice(&bytes[..width]);
}

/// The length of an element, to be read backwards: seven bits a byte, marked where more follow to the left.
fn put_length(out: &mut Vec<u8>, length: usize) {
    let groups = length_size(length);
    for group in (0..groups).rev() {
        let mark = if group + 1 == groups { 0 } else { 0x80 };
        out.push((length >> (7 * group)) as u8 & 0x7f | mark);
    }
}

fn length_size(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..0x3fff => 2,
        0x3fff..0x1f_ffff => 3,
        0x1f_ffff..0xfff_ffff => 4,
        _ => 5,
    }
}

/// The element at this offset, and the offset behind it.
pub(super) fn read(bytes: &[u8], at: usize) -> (Element<'_>, usize) {
    let head = bytes[at];
    let string = |from: usize, length: usize| (Element::Bytes(&bytes[from..from + length]), from + length - at);
    let whole = |width: usize| {
        let mut value = [0; 8];
        value[8 - width..].copy_from_slice(&bytes[at + 1..=at + width]);
        (Element::Integer(i64::from_le_bytes(value) >> (64 - 8 * width)), 1 + width)
    };
    let (element, length) = match head {
        0..=127 => (Element::Integer(head.into()), 1),
        STRING6..INT13 => string(at + 1, usize::from(head & 0x3f)),
        INT13..STRING12 => {
            let value = i64::from(head & 0x1f) << 8 | i64::from(bytes[at + 1]);
            (Element::Integer(value << 51 >> 51), 2)
        }
        STRING12..STRING32 => string(at + 2, usize::from(head & 0x0f) << 8 | usize::from(bytes[at + 1])),
        INT16 => whole(2),
        INT24 => whole(3),
        INT32 => whole(4),
        INT64 => whole(8),
        STRING32.. => {
            let length = u32::from_le_bytes([bytes[at + 1], bytes[at + 2], bytes[at + 3], bytes[at + 4]]);
            string(at + 5, length as usize)
        }
    };
    (element, at + length + length_size(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(bytes: &[u8]) -> usize {
        let mut out = vec![9];
        put(&mut out, Element::of(bytes));
        let (element, end) = read(&out, 1);
        assert_eq!(element.to_bytes(), bytes);
        assert_eq!(end, out.len());
        out.len() - 1
    }

    #[test]
    fn elements_take_what_redis_says() {
        let rows = [
            ("0", 2),
            ("127", 2),
            ("128", 3),
            ("-1", 3),
            ("-4096", 3),
            ("4096", 4),
            ("32768", 5),
            ("8388608", 6),
            ("2147483648", 10),
            ("-9223372036854775808", 10),
            ("", 2),
            ("a", 3),
            ("-0", 4),
            ("9223372036854775808", 21),
        ];
        for (text, size) in rows {
            assert_eq!(round(text.as_bytes()), size, "{text}");
        }
        assert_eq!(round(&[b'x'; 63]), 65);
        assert_eq!(round(&[b'x'; 64]), 67);
        assert_eq!(round(&[b'x'; 4095]), 4099);
        assert_eq!(round(&[b'x'; 4096]), 4103);
        assert_eq!(round(&vec![b'x'; 300_000]), 300_008);
    }

    proptest! {
        #[test]
        fn integers_come_back(value in any::<i64>(), shift in 0u32..64) {
            round((value >> shift).to_string().as_bytes());
        }

        #[test]
        fn strings_come_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            round(&bytes);
        }
    }
}
