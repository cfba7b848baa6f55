//! The parser on anything, whole and cut in two: the same requests, never more words than the input has bytes for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::{Limits, Parsed, request};

/// The requests of an input that arrives in two pieces.
fn read(input: &[u8], cut: usize, limits: &Limits) -> (Vec<Vec<Vec<u8>>>, bool, usize) {
    let (mut requests, mut from, mut begun) = (Vec::new(), 0, None);
    for end in [cut, input.len()] {
        loop {
            let mut words = Vec::new();
            let (words, consumed) = match request::parse(&input[from..end], limits, &mut words, &mut begun) {
                Parsed::Done(consumed) => (words.iter().map(|word| word.to_vec()).collect(), consumed),
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
    let limits = Limits { is_stranger: input.len() % 2 == 0, ..Limits::default() };
    let whole = read(input, input.len(), &limits);
    for cut in [input.len() / 3, input.len() / 2, input.len().saturating_sub(1)] {
        assert_eq!(read(input, cut, &limits), whole);
    }
});
