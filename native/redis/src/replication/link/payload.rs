//! The snapshot of a full synchronisation as it comes over a link: `$<length>` and so many bytes, or `$EOF:<mark>` and bytes up to that
//! mark. Nothing is kept but what may be the beginning of the mark.

use memchr::memmem;

/// Bytes of a mark.
pub(super) const MARK_LENGTH: usize = 40;

/// How the end of a snapshot is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After so many bytes more.
    Left(u64),
    /// At this mark.
    Mark([u8; MARK_LENGTH]),
}

/// What the beginning of the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// So many bytes of the snapshot.
    Bytes(usize),
    /// So many bytes of the snapshot, and then so many of its mark: this was the end.
    Last(usize, usize),
    /// Nothing that can be told yet.
    Unclear,
}

impl End {
    /// Reads the line that goes before the snapshot, without its line end.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = line.strip_prefix(b"$")?;
        if let Some(mark) = text.strip_prefix(b"EOF:") {
            return mark.try_into().ok().map(Self::Mark);
        }
        let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let length = is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()?;
        Some(Self::Left(length))
    }

    /// Takes what is certain of the input.
    pub(super) fn take(&mut self, input: &[u8]) -> Part {
        match self {
            Self::Left(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= count as u64;
                match (*left, count) {
                    (0, _) => Part::Last(count, 0),
                    (_, 0) => Part::Unclear,
                    _ => Part::Bytes(count),
                }
            }
            Self::Mark(mark) => match memmem::find(input, mark) {
                Some(at) => Part::Last(at, MARK_LENGTH),
                // The last bytes may be the beginning of the mark.
                None if input.len() >= MARK_LENGTH => Part::Bytes(input.len() - (MARK_LENGTH - 1)),
                None => Part::Unclear,
            },
        }
    }
}
