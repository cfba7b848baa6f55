//! Lamping and Veach's jump hash, as memcached's built-in proxy uses it.

/// The bucket of a 64-bit hash among `buckets`.
#[must_use]
pub fn bucket(mut hash: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0i64, 0i64);
    while next < buckets as i64 {
        bucket = next;
        hash = hash.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let share = (1i64 << 31) as f64 / ((hash >> 33) + 1) as f64;
        next = ((bucket + 1) as f64 * share) as i64;
    }
    bucket as usize
}
