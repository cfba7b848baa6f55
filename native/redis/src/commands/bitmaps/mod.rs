//! Bitmaps: strings as bits, the highest of each byte first; behind their end all bits are 0.

pub(super) mod bits;
pub(super) mod combine;
pub(super) mod fields;
mod integers;
pub(super) mod search;

use crate::call::Call;
use crate::fault::Fault;
use crate::words;

/// The position of a bit; `#3` for integers of 8 bits is 24.
fn position(call: &Call<'_, '_>, word: &[u8], unit: Option<u32>) -> Result<u64, Fault> {
    const INVALID: Fault = Fault::of("ERR bit offset is not an integer or out of range");
    let (digits, factor) = match (word, unit) {
        ([b'#', digits @ ..], Some(bits)) => (digits, i64::from(bits)),
        _ => (word, 1),
    };
    let position = words::canonical(digits).and_then(|value| value.checked_mul(factor));
    let position = position.and_then(|value| u64::try_from(value).ok());
    position.filter(|value| value >> 3 < call.server.limits().bulk_max as u64).ok_or(INVALID)
}
