//! A line as words: separated by any number of spaces, and by nothing else.

use memchr::memchr;

/// The words of a line, first to last.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// The words of `line`, which has lost its line end.
    #[inline]
    #[must_use]
    pub fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// What is not read yet.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.rest;
        while let Some((b' ', after)) = rest.split_first() {
            rest = after;
        }
        if rest.is_empty() {
            self.rest = rest;
            return None;
        }
        let (word, after) = rest.split_at(memchr(b' ', rest).unwrap_or(rest.len()));
        self.rest = after;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_of_any_number_separate() {
        let words: Vec<&[u8]> = Words::new(b"  get a   b\tc ").collect();
        assert_eq!(words, [b"get".as_slice(), b"a", b"b\tc"]);
        assert_eq!(Words::new(b"   ").next(), None);
    }
}
