//! Numbers as memcached reads them: most are strict (digits, perhaps a minus), while the flags and the expiry of a storage line
//! are read as C's `strtoull` would: blanks and a sign before, a blank behind, and cut to 32 bits.

/// Digits only.
#[inline]
#[must_use]
pub fn unsigned(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for &byte in word {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Digits, perhaps behind a minus, in 32 bits.
#[inline]
#[must_use]
pub fn signed(word: &[u8]) -> Option<i32> {
    match word.split_first()? {
        (b'-', digits) => i32::try_from(-i64::try_from(unsigned(digits)?).ok()?).ok(),
        _ => i32::try_from(unsigned(word)?).ok(),
    }
}

/// Client flags of a storage line: `+5`, `\t5`, 2^32 + 5 are all 5.
#[inline]
#[must_use]
pub fn loose_flags(word: &[u8]) -> Option<u32> {
    loose_unsigned(word).map(|value| value as u32)
}

/// A stored value that is to be counted on: ` 12`, `007` and `1 2` are 12, 7 and 1.
#[inline]
#[must_use]
pub fn loose_unsigned(word: &[u8]) -> Option<u64> {
    let (negative, digits) = loose(word)?;
    let value = unsigned(digits)?;
    (!negative || value == 0).then_some(value)
}

/// The expiry of a storage line.
#[inline]
#[must_use]
pub fn loose_expiry(word: &[u8]) -> Option<i32> {
    let (negative, digits) = loose(word)?;
    let value = i64::try_from(unsigned(digits)?).ok()?;
    Some(if negative { -value } else { value } as i32)
}

#[inline]
fn loose(word: &[u8]) -> Option<(bool, &[u8])> {
    if word.iter().all(u8::is_ascii_digit) {
        return Some((false, word));
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 9..=13);
    let word = word.trim_ascii_start();
    let (negative, word) = match word.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, word),
    };
    Some((negative, &word[..word.iter().position(blank).unwrap_or(word.len())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_numbers() {
        assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["", "+5", "-1", "5x", "0x10", "18446744073709551616", "\t5"] {
            assert_eq!(unsigned(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(signed(b"-2147483648"), Some(i32::MIN));
        assert_eq!(signed(b"-0"), Some(0));
        for bad in ["", "-", "+5", "2147483648", "-2147483649", "5\t"] {
            assert_eq!(signed(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn loose_numbers() {
        for (word, flags, expiry) in [
            ("+5", Some(5), Some(5)),
            ("\t5", Some(5), Some(5)),
            ("5\t", Some(5), Some(5)),
            ("-0", Some(0), Some(0)),
            ("-1", None, Some(-1)),
            ("4294967301", Some(5), Some(5)),
            ("2147483648", Some(1 << 31), Some(i32::MIN)),
            ("18446744073709551615", Some(u32::MAX), None),
            ("5x", None, None),
            ("", None, None),
        ] {
            assert_eq!((loose_flags(word.as_bytes()), loose_expiry(word.as_bytes())), (flags, expiry), "{word:?}");
        }
    }
}
