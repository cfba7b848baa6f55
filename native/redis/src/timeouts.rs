//! How long a blocking command waits, as it stands in a request.

use dataset::Millis;

use crate::extended::Extended;
use crate::fault::Fault;
use crate::numbers;
use crate::words;

const NEGATIVE: Fault = Fault::of("ERR timeout is negative");
const OUT_OF_RANGE: Fault = Fault::of("ERR timeout is out of range");

/// Seconds, with a fraction (BLPOP, BZMPOP …); milliseconds are returned, 0 for ever.
pub(crate) fn seconds(word: &[u8], now: Millis) -> Result<u64, Fault> {
    let seconds = numbers::double(word).or_else(|| beyond_doubles(word));
    let seconds = seconds.ok_or(Fault::of("ERR timeout is not a float or out of range"))?;
    let milliseconds = (seconds * 1000.0).ceil();
    if milliseconds > i64::MAX as f64 {
        return Err(OUT_OF_RANGE);
    }
    checked(milliseconds as i64, now)
}

/// What only a long double holds, which Redis reads here, as the double that stands for it: too much, or next to nothing.
fn beyond_doubles(word: &[u8]) -> Option<f64> {
    Extended::parse(word)?;
    let nearest: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    Some(if nearest == 0.0 { f64::MIN_POSITIVE.copysign(nearest) } else { nearest })
}

/// Milliseconds (XREAD BLOCK), 0 for ever.
pub(crate) fn milliseconds(word: &[u8], now: Millis) -> Result<u64, Fault> {
    let value = words::canonical(word).ok_or(Fault::of("ERR timeout is not an integer or out of range"))?;
    checked(value, now)
}

fn checked(milliseconds: i64, now: Millis) -> Result<u64, Fault> {
    let milliseconds = u64::try_from(milliseconds).map_err(|_| NEGATIVE)?;
    if milliseconds > (i64::MAX as u64).saturating_sub(now) { Err(OUT_OF_RANGE) } else { Ok(milliseconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_fractions_and_bounds() {
        assert_eq!(seconds(b"0", 5), Ok(0));
        assert_eq!(seconds(b"1.5", 5), Ok(1500));
        assert_eq!(seconds(b"0.0001", 5), Ok(1));
        assert_eq!(seconds(b"-1", 5), Err(NEGATIVE));
        assert_eq!(seconds(b"1e300", 5), Err(OUT_OF_RANGE));
        assert_eq!(seconds(b"inf", 5), Err(OUT_OF_RANGE));
        assert_eq!(seconds(b"1e400", 5), Err(OUT_OF_RANGE));
        assert_eq!(seconds(b"-1e400", 5), Err(NEGATIVE));
        assert_eq!(seconds(b"1e-400", 5), Ok(1));
        assert_eq!(milliseconds(b"9223372036854775807", 5), Err(OUT_OF_RANGE));
        assert!(seconds(b"x", 5).is_err() && milliseconds(b"1.5", 5).is_err());
    }
}
