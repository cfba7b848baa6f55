//! What the SCAN family has in common: a cursor, a pattern, how much a step does, and the reply.

use resp::Writer;

use crate::fault::Fault;
use crate::glob;
use crate::words;

/// What a step of a scan asks for.
#[derive(Debug)]
pub(crate) struct Step<'w> {
    pub(crate) cursor: u64,
    /// About so many elements.
    pub(crate) count: usize,
    pattern: Option<&'w [u8]>,
}

/// Elements of a step unless COUNT says otherwise.
const COUNT: usize = 10;

impl<'w> Step<'w> {
    /// The options behind a cursor; one that is none of the family's is `other`'s, which returns how many words it took.
    pub(crate) fn parse(
        cursor: u64,
        options: &[&'w [u8]],
        mut other: impl FnMut(&[&'w [u8]]) -> Result<usize, Fault>,
    ) -> Result<Self, Fault> {
        let mut step = Self { cursor, count: COUNT, pattern: None };
        let mut rest = options;
        while let [option, after @ ..] = rest {
            let taken = match after {
                [value, ..] if words::is(option, "COUNT") => {
                    let count = words::integer(value)?;
                    step.count = usize::try_from(count).ok().filter(|count| *count > 0).ok_or(Fault::SYNTAX)?;
                    2
                }
                [value, ..] if words::is(option, "MATCH") => {
                    step.pattern = Some(*value).filter(|pattern| *pattern != b"*");
                    2
                }
                _ => other(rest)?,
            };
            rest = &rest[taken..];
        }
        Ok(step)
    }

    /// The pattern, if there is one, describes it.
    pub(crate) fn wants(&self, element: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, element))
    }
}

/// Digits, with a sign before them as C's `strtoul` takes it; nothing at all is 0.
///
/// # Errors
/// `ERR invalid cursor`
pub(crate) fn cursor(word: &[u8]) -> Result<u64, Fault> {
    const INVALID: Fault = Fault::of("ERR invalid cursor");
    let (is_negative, digits) = word.strip_prefix(b"-").map_or((false, word), |digits| (true, digits));
    if word.is_empty() {
        return Ok(0);
    }
    let value: Option<u64> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    value.map(|value| if is_negative { value.wrapping_neg() } else { value }).ok_or(INVALID)
}

/// The head of the reply to a step; so many elements follow.
pub(crate) fn reply_head(reply: &mut Writer<'_>, cursor: u64, elements: usize) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
    reply.array(elements);
}
