//! What XREAD and XREADGROUP are asked: the options, the keys, and an id for each.

use dataset::{Id, Millis};

use crate::command::KeyList;
use crate::fault::Fault;
use crate::timeouts;
use crate::words;

/// A request, read.
#[derive(Debug)]
pub(super) struct Reading<'a, 'w> {
    /// Entries of a stream at most.
    pub(super) count: usize,
    /// Milliseconds to wait, if it may wait.
    pub(super) block: Option<u64>,
    /// A group and a consumer.
    pub(super) group: Option<(&'w [u8], &'w [u8])>,
    pub(super) no_ack: bool,
    pub(super) keys: &'a [&'w [u8]],
    pub(super) ids: &'a [&'w [u8]],
}

/// Behind which entry is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// This one.
    Entry(Id),
    /// The last that the group was given.
    Delivered,
}

impl<'a, 'w> Reading<'a, 'w> {
    pub(super) fn parse(words: &'a [&'w [u8]], is_group: bool, now: Millis) -> Result<Self, Fault> {
        let (mut count, mut block, mut group, mut no_ack) = (0, None, None, false);
        let mut rest = &words[1..];
        while let [option, after @ ..] = rest {
            let is = |name, needed| after.len() >= needed && words::is(option, name);
            let taken = if is("BLOCK", 1) {
                block = Some(timeouts::milliseconds(after[0], now)?);
                1
            } else if is("COUNT", 1) {
                count = usize::try_from(words::integer(after[0])?).unwrap_or(0);
                1
            } else if is("STREAMS", 1) {
                if after.len() % 2 != 0 {
                    return Err(UNBALANCED);
                }
                if is_group && group.is_none() {
                    return Err(Fault::of("ERR Missing GROUP option for XREADGROUP"));
                }
                let (keys, ids) = after.split_at(after.len() / 2);
                let count = if count == 0 { usize::MAX } else { count };
                return Ok(Self { count, block, group, no_ack, keys, ids });
            } else if is("GROUP", 2) {
                if !is_group {
                    return Err(Fault::of(
                        "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
                    ));
                }
                group = Some((after[0], after[1]));
                2
            } else if is("NOACK", 0) {
                if !is_group {
                    return Err(Fault::of(
                        "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
                    ));
                }
                no_ack = true;
                0
            } else {
                return Err(Fault::SYNTAX);
            };
            rest = &after[taken..];
        }
        Err(Fault::SYNTAX)
    }
}

const UNBALANCED: Fault =
    Fault::of("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");

/// The keys of such a request.
pub(super) fn keys<'w>(words: &[&'w [u8]]) -> KeyList<'w> {
    let mut at = 1;
    while let Some(option) = words.get(at) {
        at += match () {
            () if words::is(option, "BLOCK") || words::is(option, "COUNT") => 2,
            () if words::is(option, "GROUP") => 3,
            () if words::is(option, "NOACK") => 1,
            () if words::is(option, "STREAMS") => {
                let behind = &words[at + 1..];
                let count = if behind.len().is_multiple_of(2) { behind.len() / 2 } else { 0 };
                return behind[..count].iter().copied().collect();
            }
            () => break,
        };
    }
    KeyList::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_of(line: &str) -> Vec<String> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        keys(&words).iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    #[test]
    fn keys_stand_before_their_ids() {
        assert_eq!(keys_of("XREAD COUNT 2 STREAMS a b 0 0"), ["a", "b"]);
        assert_eq!(keys_of("XREADGROUP group streams c noack block 5 streams a >"), ["a"]);
        assert_eq!(keys_of("XREAD STREAMS a b 0"), [""; 0]);
        assert_eq!(keys_of("XREAD BLOCK"), [""; 0]);
    }
}
