//! Numbers with 64 bits of mantissa: x86's long double, in which Redis computes INCRBYFLOAT and HINCRBYFLOAT. Reading, adding and
//! writing round to the nearest and, between two, to the even one, as the processor and C's library do; so all digits agree with a Redis
//! on x86. Where it differs: numbers below 1e-4932, which both write as 0, have all their bits here.

use crate::fault::Fault;
use crate::natural::Natural;

/// A sum is too large, or none at all.
pub(crate) const NOT_FINITE: Fault = Fault::of("ERR increment would produce NaN or Infinity");

/// Longer texts are no numbers.
const TEXT_MAX: usize = 5 * 1024 - 1;
/// The largest number is just below 2 to this.
const EXPONENT_MAX: i64 = 16_384;
/// Below 2 to this there is nothing but zero.
const EXPONENT_MIN: i64 = -16_445;
/// Digits behind the point that are written.
const FRACTION: u32 = 17;
/// A decimal exponent beyond this is infinity or zero, whatever the digits before it.
const DECIMAL_MAX: i64 = 20_000;

/// A number: `mantissa` times 2 to `exponent`. The mantissa is 0 or has its highest bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extended {
    is_negative: bool,
    mantissa: u64,
    exponent: i64,
    is_infinite: bool,
}

impl Extended {
    pub(crate) const ZERO: Self = Self { is_negative: false, mantissa: 0, exponent: 0, is_infinite: false };

    /// What `strtold` takes, without spaces, `nan`, and what is too large or too small.
    pub(crate) fn parse(word: &[u8]) -> Option<Self> {
        if word.len() > TEXT_MAX {
            return None;
        }
        let (is_negative, word) = match word {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, word),
        };
        if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
            return Some(Self { is_negative, is_infinite: true, ..Self::ZERO });
        }
        let magnitude = match word {
            [b'0', b'x' | b'X', rest @ ..] => hexadecimal(rest)?,
            _ => decimal(word)?,
        };
        (!magnitude.is_infinite).then_some(Self { is_negative, ..magnitude })
    }

    pub(crate) fn is_infinite(self) -> bool {
        self.is_infinite
    }

    /// A finite number, whose magnitude is `bits` and something less than 1 more, if `is_more`, times 2 to `exponent`.
    fn rounded(bits: u128, is_more: bool, exponent: i64) -> Self {
        let Some(excess) = 64_u32.checked_sub(bits.leading_zeros()).filter(|_| bits != 0) else {
            let shift = bits.leading_zeros().saturating_sub(64);
            return if bits == 0 {
                Self::ZERO
            } else {
                Self { mantissa: (bits << shift) as u64, exponent: exponent - i64::from(shift), ..Self::ZERO }
            };
        };
        let half = if excess == 0 { 0 } else { 1_u128 << (excess - 1) };
        let (mut mantissa, rest) = (bits >> excess, bits & ((1_u128 << excess) - 1));
        let is_up = excess > 0 && (rest > half || (rest == half && (is_more || mantissa & 1 == 1)));
        mantissa += u128::from(is_up);
        let carry = (mantissa >> 64) as u32;
        let exponent = exponent + i64::from(excess + carry);
        Self { mantissa: (mantissa >> carry) as u64, exponent, is_infinite: exponent + 64 > EXPONENT_MAX, ..Self::ZERO }
    }

    /// The sum; `None` when it is not finite.
    pub(crate) fn add(self, other: Self) -> Option<Self> {
        if self.is_infinite || other.is_infinite {
            return None;
        }
        let (large, small) = if self.order() >= other.order() { (self, other) } else { (other, self) };
        let distance = large.exponent.saturating_sub(small.exponent);
        // Bits below the 63 that are kept free only matter as a remainder.
        let wide = u128::from(large.mantissa) << 62;
        let (part, is_more) = match u32::try_from(distance) {
            _ if small.mantissa == 0 => (0, false),
            Ok(distance @ 0..=125) => {
                let shifted = u128::from(small.mantissa) << 62;
                (shifted >> distance, shifted & ((1 << distance) - 1) != 0)
            }
            _ => (0, true),
        };
        let is_difference = large.is_negative != small.is_negative;
        let bits = if is_difference { wide - part - u128::from(is_more) } else { wide + part };
        let sum = Self::rounded(bits, is_more, large.exponent - 62);
        (!sum.is_infinite).then_some(Self { is_negative: large.is_negative && bits != 0, ..sum })
    }

    fn order(self) -> (bool, i64, u64) {
        (self.mantissa != 0, self.exponent, self.mantissa)
    }

    /// As Redis writes it for people: up to 17 digits behind the point, no zeros at the end.
    pub(crate) fn text(self) -> Vec<u8> {
        let (whole, fraction) = if self.exponent >= 0 {
            (Natural::of(self.mantissa.into()).shifted(self.exponent as usize).digits(), 0)
        } else {
            let scaled = shifted_right(u128::from(self.mantissa) * 10_u128.pow(FRACTION), self.exponent.unsigned_abs());
            ((scaled / 10_u128.pow(FRACTION)).to_string().into_bytes(), scaled % 10_u128.pow(FRACTION))
        };
        let mut text = Vec::with_capacity(whole.len() + 2 + FRACTION as usize);
        if self.is_negative && (whole != b"0" || fraction != 0) {
            text.push(b'-');
        }
        text.extend_from_slice(&whole);
        if fraction != 0 {
            let digits = format!(".{fraction:0width$}", width = FRACTION as usize);
            text.extend_from_slice(digits.trim_end_matches('0').as_bytes());
        }
        text
    }

    /// The nearest double, if it is told from infinity and zero.
    pub(crate) fn to_double(self) -> Option<f64> {
        if self.mantissa == 0 {
            return Some(0.0);
        }
        // Doubles below 2 to -1022 have fewer bits, and none below half of 2 to -1074.
        let bits = u32::try_from(self.exponent + 64 + 1074).ok()?.min(53);
        let dropped = 64 - bits;
        let exponent = (self.exponent + i64::from(dropped)).min(1024);
        let power = |exponent: i64| f64::from_bits(((exponent + 1023) as u64) << 52);
        let kept = shifted_right(self.mantissa.into(), dropped.into()) as f64;
        let magnitude = kept * power(exponent / 2) * power(exponent - exponent / 2);
        let value = if self.is_negative { -magnitude } else { magnitude };
        (value.is_finite() && value != 0.0).then_some(value)
    }
}

/// Divided by 2 to `shift`, rounded.
fn shifted_right(bits: u128, shift: u64) -> u128 {
    if shift == 0 {
        return bits;
    }
    if shift > 127 {
        return 0;
    }
    let (kept, rest, half) = (bits >> shift, bits & ((1 << shift) - 1), 1_u128 << (shift - 1));
    kept + u128::from(rest > half || (rest == half && kept & 1 == 1))
}

/// Digits around at most one point, and what follows them: the digits' values, how many stand behind the point, the rest.
fn digits(word: &[u8], is_digit: fn(&u8) -> bool) -> Option<(Vec<u8>, i64, &[u8])> {
    let whole = word.iter().take_while(|byte| is_digit(byte)).count();
    let mut found = word[..whole].to_vec();
    let (mut rest, mut behind) = (&word[whole..], 0);
    if let [b'.', after @ ..] = rest {
        behind = after.iter().take_while(|byte| is_digit(byte)).count();
        found.extend_from_slice(&after[..behind]);
        rest = &after[behind..];
    }
    (!found.is_empty()).then_some((found, behind as i64, rest))
}

/// What follows the digits: nothing, or this letter and an integer.
fn exponent(rest: &[u8], letter: u8) -> Option<i64> {
    let [first, rest @ ..] = rest else { return Some(0) };
    let (sign, rest) = match rest {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, rest),
    };
    if first | 32 != letter || rest.is_empty() || !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = rest.iter().fold(0_i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(sign * value)
}

fn decimal(word: &[u8]) -> Option<Extended> {
    let (digits, behind, rest) = digits(word, u8::is_ascii_digit)?;
    let exponent = exponent(rest, b'e')?.checked_sub(behind)?;
    let digits = &digits[digits.iter().take_while(|&&digit| digit == b'0').count()..];
    if digits.is_empty() {
        return Some(Extended::ZERO);
    }
    if (exponent + digits.len() as i64).abs() > DECIMAL_MAX {
        return None;
    }
    let number = Natural::from_digits(digits);
    let (bits, is_more, shift) = if exponent >= 0 {
        number.times_ten_to(exponent as usize).top()
    } else {
        number.over(&Natural::of(1).times_ten_to(exponent.unsigned_abs() as usize))
    };
    in_range(Extended::rounded(bits, is_more, shift))
}

fn hexadecimal(word: &[u8]) -> Option<Extended> {
    let (digits, behind, rest) = digits(word, u8::is_ascii_hexdigit)?;
    let mut number = Natural::of(0);
    for digit in digits {
        number = number.times_plus(16, (digit as char).to_digit(16)?);
    }
    let exponent = exponent(rest, b'p')? - 4 * behind;
    let (bits, is_more, shift) = number.top();
    if bits == 0 {
        Some(Extended::ZERO)
    } else {
        in_range(Extended::rounded(bits, is_more, exponent.checked_add(shift)?))
    }
}

fn in_range(value: Extended) -> Option<Extended> {
    (!value.is_infinite && value.exponent + 64 > EXPONENT_MIN).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(one: &str, other: &str) -> Option<String> {
        let sum = Extended::parse(one.as_bytes())?.add(Extended::parse(other.as_bytes())?)?;
        Some(String::from_utf8(sum.text()).expect("digits are text"))
    }

    #[test]
    fn sums_have_the_digits_that_redis_gives() {
        let rows = [
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0", "0.3", "0.3"),
            ("3", "1.000000000000000005", "4.00000000000000001"),
            ("0.1", "0.2", "0.3"),
            ("1e17", "0.1", "100000000000000000.1015625"),
            ("1", "-1", "0"),
            ("-0", "-0", "0"),
            ("1e-300", "0", "0"),
            ("-1e-300", "0", "0"),
            ("1.5e-17", "0", "0.00000000000000002"),
            ("0x10", "0x.8", "16.5"),
            ("1e20", "0", "100000000000000000000"),
            ("18446744073709551615", "1", "18446744073709551616"),
            ("18446744073709551616", "1", "18446744073709551616"),
        ];
        for (one, other, expected) in rows {
            assert_eq!(sum(one, other).as_deref(), Some(expected), "{one} + {other}");
        }
    }

    #[test]
    fn what_is_no_number_or_not_finite_is_refused() {
        for word in ["", "nan", "1e4933", "1e-4970", "1e99999999999999999999", "1 ", " 1", "0x", "0xp1", "1e", ".e1"] {
            assert_eq!(Extended::parse(word.as_bytes()), None, "{word}");
        }
        assert_eq!(sum("1e4932", "1e4932"), None);
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("inf", "-inf"), None);
    }

    proptest! {
        #[test]
        fn doubles_are_read_to_the_last_place(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let text = format!("{value:e}");
            let read = Extended::parse(text.as_bytes()).and_then(Extended::to_double).expect("a number");
            // Rounded twice, to the long double and to the double, it may come to lie beside.
            prop_assert!(read == value || read.to_bits().abs_diff(value.to_bits()) == 1, "{read:e} for {text}");
        }

        #[test]
        fn sums_of_integers_are_exact(one in -i64::MAX / 2..i64::MAX / 2, other in -i64::MAX / 2..i64::MAX / 2) {
            prop_assert_eq!(sum(&one.to_string(), &other.to_string()), Some((one + other).to_string()));
        }
    }
}
