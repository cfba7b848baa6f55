//! Floating-point numbers as Redis reads and writes them: what C's `strtod` takes, and the fewest digits that read back as the same
//! number, laid out as Redis 7.2 does. `extended` has the wider numbers of INCRBYFLOAT.
//!
//! Redis 7.2 finds the digits with Grisu2, which in one of a thousand numbers takes one digit more than needed; here it is always the
//! fewest. Both read back the same.

use crate::extended::Extended;
use crate::fault::Fault;

/// Doubles without a fraction are written as integers up to this: half of the largest 64-bit one.
const INTEGER_MAX: f64 = 4_611_686_018_427_387_904.0;

/// Any integer of so many digits is a double.
const EXACT_DIGITS_MAX: usize = 15;

/// A number: digits with or without a fraction and an exponent, `inf`, `infinity`, or hexadecimal. Not with spaces, not `nan`, not one
/// too large or too small to be told from infinity or zero.
pub(crate) fn double(word: &[u8]) -> Option<f64> {
    // Most scores are so few digits that they are exact: such a one takes 150 instructions less.
    if (1..=EXACT_DIGITS_MAX).contains(&word.len()) && word.iter().all(u8::is_ascii_digit) {
        let value = word.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        return Some(value as f64);
    }
    let unsigned = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    if unsigned.len() > 1 && unsigned[..2].eq_ignore_ascii_case(b"0x") {
        return Extended::parse(word)?.to_double();
    }
    let value: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    let is_named = unsigned.first().is_some_and(u8::is_ascii_alphabetic);
    let is_zero = |&byte: &u8| !byte.is_ascii_digit() || byte == b'0';
    let is_lost = match value {
        value if value.is_nan() => true,
        value if value.is_infinite() => !is_named,
        0.0 => !unsigned.iter().take_while(|&&byte| byte | 32 != b'e').all(is_zero),
        _ => false,
    };
    (!is_lost).then_some(value)
}

/// The same, or `ERR value is not a valid float`.
pub(crate) fn float(word: &[u8]) -> Result<f64, Fault> {
    double(word).ok_or(Fault::NOT_FLOAT)
}

/// Appends a number as Redis 7.2 writes scores and RESP3 doubles.
pub(crate) fn write_double(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else if value.is_infinite() {
        out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if value.abs() <= INTEGER_MAX && value.trunc() == value {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        write_digits(value, out);
    }
}

/// A number as Redis 7.2 writes it.
pub(crate) fn double_text(value: f64) -> Vec<u8> {
    let mut text = Vec::with_capacity(24);
    write_double(value, &mut text);
    text
}

/// Digits with a point where that stays short, else with an exponent.
fn write_digits(value: f64, out: &mut Vec<u8>) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').expect("that is what this format writes");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    let digits: Vec<u8> = mantissa.bytes().filter(|&byte| byte != b'.').collect();
    let scale = exponent + 1 - digits.len() as i32;
    if value < 0.0 {
        out.push(b'-');
    }
    if scale >= 0 && exponent < digits.len() as i32 + 7 {
        out.extend_from_slice(&digits);
        out.resize(out.len() + scale as usize, b'0');
    } else if scale < 0 && (scale > -7 || exponent.abs() < 4) {
        let point = digits.len() as i32 + scale;
        if point <= 0 {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(&digits);
        } else {
            let (whole, fraction) = digits.split_at(point as usize);
            out.extend_from_slice(whole);
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
    } else {
        out.extend_from_slice(mantissa.as_bytes());
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        out.extend_from_slice(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_what_strtod_takes() {
        let rows: [(&str, Option<f64>); 24] = [
            ("3", Some(3.0)),
            ("+3.5", Some(3.5)),
            ("-.5", Some(-0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1E-3", Some(0.001)),
            ("inf", Some(f64::INFINITY)),
            ("-INFINITY", Some(f64::NEG_INFINITY)),
            ("+inf", Some(f64::INFINITY)),
            ("0x10", Some(16.0)),
            ("-0x1.8p1", Some(-3.0)),
            ("0e999999", Some(0.0)),
            ("5e-324", Some(5e-324)),
            ("nan", None),
            ("1e999", None),
            ("1e-999", None),
            ("", None),
            (" 1", None),
            ("1 ", None),
            ("1e", None),
            (".", None),
            ("0x", None),
            ("1,5", None),
            ("--1", None),
        ];
        for (word, value) in rows {
            assert_eq!(double(word.as_bytes()), value, "{word}");
        }
    }

    #[test]
    fn numbers_are_laid_out_as_redis_does() {
        let rows = [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (3.0, "3"),
            (1e15, "1000000000000000"),
            (4_503_599_627_370_497.0, "4503599627370497"),
            (1e18, "1000000000000000000"),
            (1e19, "1e+19"),
            (12_345_678_901_234_568_000_000.0, "12345678901234568000000"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_000_1, "1e-7"),
            (0.000_012_5, "1.25e-5"),
            (123.456, "123.456"),
            (-1.5e-9, "-1.5e-9"),
            (17_179_869_184.000_004, "17179869184.000004"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in rows {
            assert_eq!(String::from_utf8_lossy(&double_text(value)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in any::<f64>()) {
            prop_assume!(!value.is_nan());
            prop_assert_eq!(double(&double_text(value)), Some(value));
        }
    }
}
