//! Ranges of a sorted set, as they stand in a request: by rank, by score, by member.

use std::ops::Range;

use dataset::SortedSet;

use crate::fault::Fault;
use crate::numbers;
use crate::words;

/// From here to there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span<'w> {
    /// Ranks, both included; negative ones count from the end.
    Ranks(i64, i64),
    /// Scores.
    Scores(Edge<f64>, Edge<f64>),
    /// Members, where all scores are equal.
    Members(Edge<&'w [u8]>, Edge<&'w [u8]>),
}

/// One end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edge<T> {
    /// Before everything.
    Lowest,
    /// Behind everything.
    Highest,
    /// Included.
    At(T),
    /// Excluded.
    Beside(T),
}

/// What a range is given by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Rank,
    Score,
    Member,
}

impl<T: PartialOrd + Copy> Edge<T> {
    /// As a lower end: this stands before it.
    fn is_above(self, other: T) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::At(edge) => other < edge,
            Self::Beside(edge) => other <= edge,
        }
    }

    /// As an upper end: this stands before it or at it.
    fn includes(self, other: T) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::At(edge) => other <= edge,
            Self::Beside(edge) => other < edge,
        }
    }
}

impl Edge<&[u8]> {
    /// Nothing is between this lower end and that upper one.
    fn excludes(self, to: Self) -> bool {
        match (self, to) {
            (Self::At(from), Self::At(to)) => from > to,
            (Self::At(from) | Self::Beside(from), Self::At(to) | Self::Beside(to)) => from >= to,
            _ => false,
        }
    }
}

impl<'w> Span<'w> {
    pub(super) fn parse(by: By, from: &'w [u8], to: &'w [u8]) -> Result<Self, Fault> {
        Ok(match by {
            By::Rank => Self::Ranks(words::integer(from)?, words::integer(to)?),
            By::Score => Self::Scores(score_edge(from)?, score_edge(to)?),
            By::Member => Self::Members(member_edge(from)?, member_edge(to)?),
        })
    }

    /// The ranks in it, from the lowest score on.
    pub(super) fn ranks(self, set: &SortedSet, is_reverse: bool) -> Range<usize> {
        match self {
            Self::Ranks(from, to) => {
                let ranks = ranks(from, to, set.len());
                if is_reverse { set.len() - ranks.end..set.len() - ranks.start } else { ranks }
            }
            Self::Scores(from, to) => {
                let first = set.rank_by_score(|score| from.is_above(score));
                first..set.rank_by_score(|score| to.includes(score)).max(first)
            }
            Self::Members(from, to) if from.excludes(to) => 0..0,
            Self::Members(from, to) => {
                set.range_by_member(|member| !from.is_above(member), |member| to.includes(member), is_reverse)
            }
        }
    }
}

/// Ranks of which negative ones count from the end, cut to what there is.
fn ranks(from: i64, to: i64, count: usize) -> Range<usize> {
    let place = |rank: i64| if rank < 0 { (count as i64).saturating_add(rank) } else { rank };
    let (from, to) = (place(from).max(0), place(to).min(count as i64 - 1));
    if from > to { 0..0 } else { from as usize..to as usize + 1 }
}

fn score_edge(word: &[u8]) -> Result<Edge<f64>, Fault> {
    let (word, is_open) = word.strip_prefix(b"(").map_or((word, false), |rest| (rest, true));
    let score = score(word).ok_or(Fault::of("ERR min or max is not a float"))?;
    Ok(if is_open { Edge::Beside(score) } else { Edge::At(score) })
}

/// As C's `strtod` reads an end of a range: nothing is 0, spaces may stand before it, and what is too large is infinite.
fn score(word: &[u8]) -> Option<f64> {
    let word = word.split(|byte| *byte == 0).next()?;
    if word.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let word = &word[word.iter().take_while(|byte| is_space(byte)).count()..];
    let beyond = || std::str::from_utf8(word).ok()?.parse().ok().filter(|score: &f64| !score.is_nan());
    numbers::double(word).or_else(beyond)
}

fn member_edge(word: &[u8]) -> Result<Edge<&[u8]>, Fault> {
    match word {
        b"-" => Ok(Edge::Lowest),
        b"+" => Ok(Edge::Highest),
        [b'[', member @ ..] => Ok(Edge::At(member)),
        [b'(', member @ ..] => Ok(Edge::Beside(member)),
        _ => Err(Fault::of("ERR min or max not valid string range item")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_from_either_end() {
        let rows = [((0, -1), 0..5), ((1, 2), 1..3), ((-2, -1), 3..5), ((3, 1), 0..0), ((5, 9), 0..0), ((-9, 9), 0..5)];
        for ((from, to), expected) in rows {
            assert_eq!(ranks(from, to, 5), expected, "{from} {to}");
        }
        assert_eq!(ranks(i64::MIN, i64::MAX, 5), 0..5);
        assert_eq!(ranks(0, -1, 0), 0..0);
    }

    #[test]
    fn ends_of_scores_are_what_strtod_takes() {
        for (word, value) in
            [("", 0.0), (" 1", 1.0), ("1e999", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("0x10", 16.0)]
        {
            assert_eq!(score(word.as_bytes()), Some(value), "{word}");
        }
        for word in ["nan", "1 ", "x", "(1"] {
            assert_eq!(score(word.as_bytes()), None, "{word}");
        }
    }
}
