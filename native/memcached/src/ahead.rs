//! A look ahead: of several requests that arrived together the keys are hashed, and what they will touch is brought towards
//! the processor, so that the waits for memory overlap. Measured: gets pipelined by 16 cost the server 0.54 of what they cost
//! without, with 20,000 items as with five million. It is a hint and no parser: what it misreads is merely not near.

use cache::{Cache, KEY_LENGTH_MAX, Key};
use memchr::memchr_iter;
use smallvec::SmallVec;

use crate::gets::visible;

/// Requests looked at together: as many as a connection's turn has by default.
const BATCH: usize = 20;
/// Not further than this: behind a large value nothing is worth the search for it.
const REACH_BYTES: usize = 16 * 1024;
/// The longest name of a command that has a key, and a space.
const NAME_MAX: usize = 8;

/// Looks at the first lines of `input`; at none if there is only one.
#[inline]
pub(crate) fn prefetch(cache: &Cache, input: &[u8]) {
    let mut keys: SmallVec<[Key<'_>; BATCH]> = SmallVec::new();
    let mut from = 0;
    for end in memchr_iter(b'\n', &input[..input.len().min(REACH_BYTES)]) {
        if end + 1 == input.len() && from == 0 {
            return;
        }
        if let Some(key) = key_of(&input[from..end]) {
            let key = cache.key(key);
            cache.prefetch(&key);
            keys.push(key);
            if keys.len() == BATCH {
                break;
            }
        }
        from = end + 1;
    }
    keys.iter().for_each(|key| cache.prefetch_item(key));
}

/// The same over the first line of each of several inputs.
#[inline]
pub(crate) fn prefetch_first<'i>(cache: &Cache, inputs: impl Iterator<Item = &'i [u8]>) {
    let mut keys: SmallVec<[Key<'_>; BATCH]> = SmallVec::new();
    for key in inputs.filter_map(key_of).take(BATCH) {
        let key = cache.key(key);
        cache.prefetch(&key);
        keys.push(key);
    }
    keys.iter().for_each(|key| cache.prefetch_item(key));
}

/// The second word of a line.
#[inline]
fn key_of(line: &[u8]) -> Option<&[u8]> {
    let rest = match line.strip_prefix(b"get ") {
        Some(rest) => rest,
        None => &line[line.iter().take(NAME_MAX).position(|&byte| byte == b' ')? + 1..],
    };
    let end = visible(rest);
    (1..=KEY_LENGTH_MAX).contains(&end).then_some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_second_word() {
        let rows: [(&[u8], Option<&[u8]>); 6] = [
            (b"get a\r", Some(b"a")),
            (b"set key 0 0 1\r", Some(b"key")),
            (b"prepend k 1 2 3", Some(b"k")),
            (b"get ", None),
            (b"a-value-without-a-space-near-its-begin", None),
            (b"", None),
        ];
        for (line, key) in rows {
            assert_eq!(key_of(line), key, "{}", line.escape_ascii());
        }
        assert_eq!(key_of(&[&b"get "[..], &[b'k'; 251]].concat()), None);
    }
}
