//! Numbers as C's `printf` writes them with `%.<digits>g`: Lua's own way, and that of its libraries.

/// Appends the number with so many significant digits at most.
pub(super) fn write(value: f64, digits: usize, out: &mut Vec<u8>) {
    if !value.is_finite() || value == 0.0 {
        let sign = if value.is_sign_negative() { "-" } else { "" };
        let name = if value.is_nan() {
            "nan"
        } else if value.is_infinite() {
            "inf"
        } else {
            "0"
        };
        out.extend_from_slice(sign.as_bytes());
        return out.extend_from_slice(name.as_bytes());
    }
    if value.trunc() == value && value.abs() < 1e14 && digits >= 14 {
        return out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    }
    let digits = digits.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("that is what this format writes");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    if exponent < -4 || exponent >= digits as i32 {
        out.extend_from_slice(trimmed(mantissa).as_bytes());
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.unsigned_abs()).as_bytes());
    } else {
        let places = (digits as i32 - 1 - exponent).unsigned_abs() as usize;
        out.extend_from_slice(trimmed(&format!("{value:.places$}")).as_bytes());
    }
}

/// The same as a text of its own.
pub(super) fn text(value: f64, digits: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    write(value, digits, &mut out);
    out
}

/// Without zeros at the end of a fraction.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_c_does() {
        let rows: [(f64, usize, &str); 20] = [
            (0.0, 14, "0"),
            (-0.0, 17, "-0"),
            (1.0, 14, "1"),
            (-3.5, 14, "-3.5"),
            (0.1, 14, "0.1"),
            (0.1, 17, "0.10000000000000001"),
            (1e15, 14, "1e+15"),
            (1e13, 14, "10000000000000"),
            (123_456_789_012_345_678.0, 14, "1.2345678901235e+17"),
            (12_345_678_901_234_567_890.0, 17, "1.2345678901234567e+19"),
            (1e100, 17, "1e+100"),
            (0.0001, 14, "0.0001"),
            (0.00001, 14, "1e-05"),
            (9.999_999_999_999_999e9, 14, "10000000000"),
            (99_999.9, 3, "1e+05"),
            (2.5, 1, "2"),
            (f64::INFINITY, 14, "inf"),
            (f64::NEG_INFINITY, 14, "-inf"),
            (-f64::NAN, 14, "-nan"),
            (5e-324, 17, "4.9406564584124654e-324"),
        ];
        for (value, digits, expected) in rows {
            assert_eq!(String::from_utf8(text(value, digits)).as_deref(), Ok(expected), "{value:?}");
        }
    }
}
