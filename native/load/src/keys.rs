//! How key number n is written.

use crate::Settings;

const PREFIX: &[u8] = b"key:";

/// The decimal digits of 0 to 99, two bytes each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The eight decimal digits of a number below 10^8, as bytes from the lowest up: its first half and its second, then pairs, then
/// digits are divided beside each other. Measured: 20 instructions less than two digits at a time.
#[inline]
fn eight_digits(number: u64) -> [u8; 8] {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // x * 10,486 / 2^20 is x / 100 below 10,000, and y * 103 / 2^10 is y / 10 below 100.
    let upper = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = upper | (halves - upper * 100) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | (pairs - tens * 10) << 8;
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}

/// The keys of a run: `key:0000000000000000042`, all of the same length.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Key number 0.
    template: Vec<u8>,
    /// Digits in which keys differ.
    digits: usize,
    /// A key ends in eight digits at least, of which no more than these differ.
    has_eight_digits: bool,
}

impl Keys {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut template = vec![b'0'; settings.key_bytes];
        let digits = (settings.keys - 1).checked_ilog10().map_or(1, |log| log as usize + 1);
        let prefix = PREFIX.len().min(settings.key_bytes - digits);
        template[..prefix].copy_from_slice(&PREFIX[..prefix]);
        let has_eight_digits = digits <= 8 && settings.key_bytes - prefix >= 8;
        Self { template, digits, has_eight_digits }
    }

    /// Bytes of every key.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.template.len()
    }

    /// Key number 0, over which others are written.
    pub(crate) fn template(&self) -> &[u8] {
        &self.template
    }

    /// Makes key number `key` of the key that ends at `end`: only the digits in which keys differ are written.
    #[inline]
    pub(crate) fn write_over(&self, key: u64, out: &mut [u8], end: usize) {
        if self.has_eight_digits {
            out[end - 8..end].copy_from_slice(&eight_digits(key));
            return;
        }
        let mut rest = key;
        let (first, pairs) = out[end - self.digits..end].as_rchunks_mut::<2>();
        for pair in pairs.iter_mut().rev() {
            *pair = PAIRS[(rest % 100) as usize];
            rest /= 100;
        }
        if let [digit] = first {
            *digit = b'0' + (rest % 10) as u8;
        }
    }

    /// Whether `text` is key number `key`.
    #[inline]
    pub(crate) fn is(&self, key: u64, text: &[u8]) -> bool {
        let Some(same) = self.template.len().checked_sub(self.digits).filter(|_| text.len() == self.template.len())
        else {
            return false;
        };
        let digits = text[same..].iter();
        let number =
            digits.fold(0u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0'))));
        number == key && text[..same] == self.template[..same] && text[same..].iter().all(u8::is_ascii_digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(keys: &Keys, key: u64) -> String {
        let mut out = keys.template().to_vec();
        let end = out.len();
        keys.write_over(key, &mut out, end);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn keys_have_the_length_asked_for() {
        let keys = Keys::new(&Settings { keys: 1_500_000, key_bytes: 23, ..Settings::default() });
        assert_eq!(written(&keys, 0), "key:0000000000000000000");
        assert_eq!(written(&keys, 1_499_999), "key:0000000000001499999");
        assert!(keys.is(42, b"key:0000000000000000042") && !keys.is(42, b"key:0000000000000000043"));
    }

    #[test]
    fn only_the_very_key_is_the_key() {
        let keys = Keys::new(&Settings { keys: 1000, key_bytes: 8, ..Settings::default() });
        assert!(keys.is(42, b"key:0042"));
        for other in [&b"key:0043"[..], b"key:042", b"kex:0042", b"key:1042", b"key:003<", b"key:00042", b""] {
            assert!(!keys.is(42, other), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        let edges = [0, 9, 10, 99, 100, 9_999, 10_000, 99_999_999];
        for number in (0..100_000_000).step_by(9_973).chain(0..10_100).chain(edges) {
            assert_eq!(eight_digits(number), *format!("{number:08}").as_bytes());
        }
    }

    #[test]
    fn a_key_is_written_over_another() {
        let keys = Keys::new(&Settings { keys: 12_345, key_bytes: 9, ..Settings::default() });
        let mut out = b"get key:99999 ".to_vec();
        keys.write_over(70, &mut out, 13);
        assert_eq!(out, b"get key:00070 ");
    }

    #[test]
    fn short_keys_keep_their_digits() {
        let keys = Keys::new(&Settings { keys: 1000, key_bytes: 4, ..Settings::default() });
        assert_eq!((written(&keys, 0), written(&keys, 999)), ("k000".to_owned(), "k999".to_owned()));
    }
}
