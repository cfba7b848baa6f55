//! The header and the registers of a HyperLogLog, in both encodings.

use super::estimate::{Histogram, estimate};
use super::sparse::{self, Run};
use crate::fault::Fault;

/// Bits of a hash that choose a register.
pub(super) const REGISTER_BITS: u32 = 14;
pub(super) const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bytes before the registers.
pub(super) const HEAD: usize = 16;

const MAGIC: &[u8] = b"HYLL";
const ENCODING: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// Where the cardinality stands; the highest bit of its last byte says that it is not known.
const CARDINALITY: std::ops::Range<usize> = 8..16;
const UNKNOWN: u8 = 0x80;
/// Bits of a register.
const WIDTH: usize = 6;
const DENSE_BYTES: usize = HEAD + REGISTERS * WIDTH / 8;

const NOT_ONE: Fault = Fault::of("WRONGTYPE Key is not a valid HyperLogLog string value.");
pub(super) const CORRUPTED: Fault = Fault::of("INVALIDOBJ Corrupted HLL object detected");

/// An empty one.
pub(super) fn empty() -> Vec<u8> {
    let mut bytes = vec![0; HEAD];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[ENCODING] = SPARSE;
    Run::zeros(REGISTERS).write(&mut bytes);
    bytes
}

/// The string is one, as far as its head tells.
pub(super) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let is_one = bytes.len() >= HEAD
        && bytes.starts_with(MAGIC)
        && match bytes[ENCODING] {
            DENSE => bytes.len() == DENSE_BYTES,
            encoding => encoding == SPARSE,
        };
    if is_one { Ok(()) } else { Err(NOT_ONE) }
}

pub(super) fn is_dense(bytes: &[u8]) -> bool {
    bytes[ENCODING] == DENSE
}

/// The cardinality, if it is known.
pub(super) fn cardinality(bytes: &[u8]) -> Option<u64> {
    let known: [u8; 8] = bytes[CARDINALITY].try_into().ok()?;
    Some(u64::from_le_bytes(known)).filter(|_| known[7] & UNKNOWN == 0)
}

pub(super) fn set_cardinality(bytes: &mut [u8], cardinality: u64) {
    bytes[CARDINALITY].copy_from_slice(&cardinality.to_le_bytes());
}

pub(super) fn forget_cardinality(bytes: &mut [u8]) {
    bytes[CARDINALITY.end - 1] |= UNKNOWN;
}

/// Raises a register; false if it is as high already. `sparse_max`: a sparse one that becomes longer becomes dense.
pub(super) fn raise(bytes: &mut Vec<u8>, register: usize, value: u8, sparse_max: usize) -> Result<bool, Fault> {
    if is_dense(bytes) {
        return Ok(raise_dense(&mut bytes[HEAD..], register, value));
    }
    match sparse::raise(bytes, register, value, sparse_max).ok_or(CORRUPTED)? {
        sparse::Raised::No => Ok(false),
        sparse::Raised::Yes => {
            forget_cardinality(bytes);
            Ok(true)
        }
        sparse::Raised::NeedsDense => {
            make_dense(bytes)?;
            Ok(raise_dense(&mut bytes[HEAD..], register, value))
        }
    }
}

fn raise_dense(registers: &mut [u8], register: usize, value: u8) -> bool {
    let (byte, shift) = (register * WIDTH / 8, register * WIDTH % 8);
    let mut pair = [registers[byte], registers.get(byte + 1).copied().unwrap_or(0)];
    let both = u16::from_le_bytes(pair);
    let mask = ((1 << WIDTH) - 1) << shift;
    if (both & mask) >> shift >= u16::from(value) {
        return false;
    }
    pair = (both & !mask | u16::from(value) << shift).to_le_bytes();
    registers[byte] = pair[0];
    if let Some(next) = registers.get_mut(byte + 1) {
        *next = pair[1];
    }
    true
}

/// Encodes a sparse one densely.
pub(super) fn make_dense(bytes: &mut Vec<u8>) -> Result<(), Fault> {
    if is_dense(bytes) {
        return Ok(());
    }
    let mut dense = vec![0; DENSE_BYTES];
    dense[..HEAD].copy_from_slice(&bytes[..HEAD]);
    dense[ENCODING] = DENSE;
    let mut register = 0;
    for run in sparse::runs(&bytes[HEAD..]) {
        if run.value > 0 {
            let last = register + run.length;
            (register..last.min(REGISTERS))
                .for_each(|register| _ = raise_dense(&mut dense[HEAD..], register, run.value));
        }
        register += run.length;
    }
    if register != REGISTERS {
        return Err(CORRUPTED);
    }
    *bytes = dense;
    Ok(())
}

/// The values of a dense one's registers: four lie in three bytes.
fn dense_values(registers: &[u8]) -> impl Iterator<Item = u8> {
    registers.as_chunks::<3>().0.iter().flat_map(|[one, two, three]| {
        let four = u32::from_le_bytes([*one, *two, *three, 0]);
        [0, 6, 12, 18].map(|shift| (four >> shift) as u8 & 63)
    })
}

/// Raises registers that lie in a byte each to the values of these.
pub(super) fn merge(into: &mut [u8; REGISTERS], bytes: &[u8]) -> Result<(), Fault> {
    if is_dense(bytes) {
        into.iter_mut().zip(dense_values(&bytes[HEAD..])).for_each(|(into, value)| *into = value.max(*into));
        return Ok(());
    }
    let mut register = 0;
    for run in sparse::runs(&bytes[HEAD..]) {
        let end = register + run.length;
        if run.value > 0 {
            let raised = into.get_mut(register..end).ok_or(CORRUPTED)?;
            raised.iter_mut().for_each(|into| *into = run.value.max(*into));
        }
        register = end;
    }
    if register == REGISTERS { Ok(()) } else { Err(CORRUPTED) }
}

/// About how many things were added.
pub(super) fn count(bytes: &[u8]) -> Result<u64, Fault> {
    let mut histogram: Histogram = [0; 64];
    if is_dense(bytes) {
        dense_values(&bytes[HEAD..]).for_each(|value| histogram[usize::from(value)] += 1);
        return Ok(estimate(&histogram));
    }
    let mut registers = 0;
    for run in sparse::runs(&bytes[HEAD..]) {
        histogram[usize::from(run.value)] += run.length as u32;
        registers += run.length;
    }
    if registers == REGISTERS { Ok(estimate(&histogram)) } else { Err(CORRUPTED) }
}

/// The same of registers that lie in a byte each.
pub(super) fn count_merged(registers: &[u8; REGISTERS]) -> u64 {
    let mut histogram: Histogram = [0; 64];
    registers.iter().for_each(|value| histogram[usize::from(value & 63)] += 1);
    estimate(&histogram)
}
