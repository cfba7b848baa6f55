//! Brings memory near that will soon be looked at, so that the waits for it overlap: a hint, which changes nothing.
#![allow(unsafe_code)]

/// Bytes that come together.
pub(crate) const LINE: usize = 64;

/// The line at this address, which may be any.
#[inline]
pub(crate) fn line(address: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch never faults and changes nothing but the caches; SSE is part of x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
