//! A member as it is handed out: bytes, wherever they lie.

use std::ops::Deref;

/// Longest digits of an integer, with its sign.
const DIGITS_MAX: usize = 20;

/// A member of a set.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a>(Form<'a>);

#[derive(Clone, Copy, Debug)]
enum Form<'a> {
    Bytes(&'a [u8]),
    /// An integer as its digits, and how many these are.
    Digits([u8; DIGITS_MAX], u8),
}

impl From<i64> for Member<'_> {
    fn from(value: i64) -> Self {
        let mut digits = [0; DIGITS_MAX];
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(value).as_bytes();
        digits[..text.len()].copy_from_slice(text);
        Self(Form::Digits(digits, text.len() as u8))
    }
}

impl<'a> From<&'a [u8]> for Member<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Form::Bytes(bytes))
    }
}

impl Deref for Member<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::Bytes(bytes) => bytes,
            Form::Digits(digits, length) => &digits[..usize::from(*length)],
        }
    }
}

/// The integer that these bytes are the canonical digits of: no sign but `-`, no leading zeros.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > DIGITS_MAX {
        return None;
    }
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_canonical = match digits.first()? {
        b'0' => bytes.len() == 1,
        _ => digits.iter().all(u8::is_ascii_digit),
    };
    if !is_canonical {
        return None;
    }
    let is_negative = digits.len() < bytes.len();
    digits.iter().try_fold(0i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        value.checked_mul(10)?.checked_add(if is_negative { -digit } else { digit })
    })
}
