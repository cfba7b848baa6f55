//! The parser on anything, whole and in pieces: the same requests, never more words than the input has bytes for. The first byte says
//! which limits there are and what stands before the input, the second how long the pieces are. What begins like the request before it
//! is read by that beginning as by itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::{Beginning, Limits, Parsed, request};

/// A word of this length makes a request one that is remembered while it is not whole.
const LONG_WORD: usize = 4096;
/// So little that an input reaches it.
const NARROW: Limits =
    Limits { arguments_max: 3, bulk_max: LONG_WORD, inline_max: 12, request_max: 20, is_stranger: false };

/// The requests of an input of which ever more is there, whether it ends with what is none, and how many bytes they took.
fn read(input: &[u8], ends: impl Iterator<Item = usize>, limits: &Limits) -> (Vec<Vec<Vec<u8>>>, bool, usize) {
    let (mut requests, mut from, mut begun, mut former) = (Vec::new(), 0, None, None::<Beginning<'_>>);
    for end in ends {
        loop {
            let (rest, mut words, mut likewise) = (&input[from..end], Vec::new(), Vec::new());
            let another = former.and_then(|former| former.parse_another(rest, limits, &mut likewise));
            let parsed = request::parse(rest, limits, &mut words, &mut begun);
            match another {
                Some(bytes) => assert_eq!((Parsed::Done(bytes), &likewise), (parsed.clone(), &words)),
                None => assert!(likewise.is_empty(), "nothing is left of what was not read"),
            }
            let (words, consumed) = match parsed {
                Parsed::Done(consumed) => {
                    former = Beginning::of(rest, &words).or(former);
                    (words.iter().map(|word| word.to_vec()).collect(), consumed)
                }
                Parsed::Quoted(words, consumed) => (words, consumed),
                Parsed::NeedMore => break,
                Parsed::Bad(_) => return (requests, true, from),
            };
            assert!(consumed > 0 && words.len() <= input.len() && words.capacity() <= 4 * input.len() + 16);
            requests.push(words);
            from += consumed;
        }
    }
    (requests, false, from)
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else {
        return;
    };
    let (is_narrow, is_long) = (first & 1 > 0, first & 2 > 0);
    let limits = Limits { is_stranger: first & 4 > 0, ..if is_narrow { NARROW } else { Limits::default() } };
    let mut sent = Vec::new();
    if is_long {
        sent.extend_from_slice(format!("*3\r\n${LONG_WORD}\r\n{}\r\n", "x".repeat(LONG_WORD)).as_bytes());
    }
    let (start, length) = (sent.len(), usize::from(*second) + 1);
    sent.extend_from_slice(rest);
    let whole = read(&sent, [sent.len()].into_iter(), &limits);
    let pieces = read(&sent, (start..sent.len()).step_by(length).chain([sent.len()]), &limits);
    // A line without an end is too long as soon as it is; one that comes whole is read.
    let is_refused_earlier = is_narrow && pieces.1 && pieces.2 <= whole.2 && whole.0.starts_with(&pieces.0);
    assert!(pieces == whole || is_refused_earlier, "{pieces:?} {whole:?}");
});
