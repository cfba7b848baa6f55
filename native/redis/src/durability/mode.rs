//! When a write counts as done, as `CONFIG SET durability` and `CLIENT DURABILITY` name it.

use std::fmt;

/// A mode. What the local disk has to hold before is `appendfsync`'s to say, in every mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// When it is applied here.
    Async,
    /// When it is applied here; but none is taken while the oldest one that no replica has confirmed is older than so many
    /// milliseconds.
    Bounded(u32),
    /// When so many replicas of the in-sync set hold it, in memory or on their disks.
    Sync { replicas: u8, on_disk: bool },
}

/// Replicas that a write may wait for.
pub(crate) const REPLICAS_MAX: u8 = 16;

const WRONG: &str = "argument must be async, bounded:<milliseconds>, sync:<replicas> or sync:<replicas>:fsync";

impl Mode {
    /// # Errors
    /// What the text should be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        let words: Vec<&str> = text.split(':').collect();
        let replicas = |word: &str| word.parse().ok().filter(|count| (1..=REPLICAS_MAX).contains(count));
        let mode = match words[..] {
            ["async"] => Some(Self::Async),
            ["bounded", time] => time.parse().ok().filter(|time| *time > 0).map(Self::Bounded),
            ["sync", count] => replicas(count).map(|replicas| Self::Sync { replicas, on_disk: false }),
            ["sync", count, "fsync"] => replicas(count).map(|replicas| Self::Sync { replicas, on_disk: true }),
            _ => None,
        };
        mode.ok_or_else(|| WRONG.to_owned())
    }

    /// The same in a number, for who reads it with every request.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Async => 0,
            Self::Bounded(time) => u64::from(time) << 8 | 1,
            Self::Sync { replicas, on_disk } => u64::from(replicas) << 8 | if on_disk { 3 } else { 2 },
        }
    }

    #[inline]
    pub(crate) fn of(code: u64) -> Self {
        match code & 0xff {
            0 => Self::Async,
            1 => Self::Bounded((code >> 8) as u32),
            kind => Self::Sync { replicas: (code >> 8) as u8, on_disk: kind == 3 },
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Async => formatter.write_str("async"),
            Self::Bounded(time) => write!(formatter, "bounded:{time}"),
            Self::Sync { replicas, on_disk: false } => write!(formatter, "sync:{replicas}"),
            Self::Sync { replicas, on_disk: true } => write!(formatter, "sync:{replicas}:fsync"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_shown() {
        for text in ["async", "bounded:1", "bounded:4294967295", "sync:1", "sync:16", "sync:3:fsync"] {
            let mode = Mode::parse(text).expect(text);
            assert_eq!((mode.to_string().as_str(), Mode::of(mode.code())), (text, mode));
        }
        assert_eq!(Mode::parse("SYNC:2:Fsync"), Ok(Mode::Sync { replicas: 2, on_disk: true }));
        for text in ["", "sync", "sync:0", "sync:17", "sync:1:disk", "bounded", "bounded:0", "bounded:-1", "async:1"] {
            assert!(Mode::parse(text).is_err(), "{text}");
        }
    }
}
