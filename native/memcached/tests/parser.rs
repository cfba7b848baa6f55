//! The parser on anything: it never panics, never consumes what is not there, and says the same however the input is cut.

mod peer;

use memcached::Settings;
use memcached::request::{Limits, Parsed, parse};
use peer::{Peer, server};
use proptest::prelude::*;

/// Words that lines are made of: so that random lines come close to real ones.
const WORDS: &[&str] = &[
    "get",
    "gets",
    "gat",
    "gats",
    "set",
    "add",
    "cas",
    "append",
    "delete",
    "incr",
    "decr",
    "touch",
    "mg",
    "ms",
    "md",
    "ma",
    "me",
    "mn",
    "stats",
    "verbosity",
    "flush_all",
    "config",
    "a",
    "b",
    "key",
    "YQ==",
    "0",
    "1",
    "2",
    "5",
    "10",
    "-1",
    "+3",
    "4294967296",
    "18446744073709551616",
    "noreply",
    "v",
    "k",
    "t",
    "q",
    "b",
    "c",
    "s",
    "f",
    "h",
    "T5",
    "N30",
    "R10",
    "E7",
    "C7",
    "MI",
    "ME",
    "MA",
    "J3",
    "D2",
    "Oabc",
    "I",
    "x",
    "\r\n",
    "\r\n",
    "\n",
    " ",
    "  ",
    "\0",
];

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        12 => prop::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        1 => (240_usize..260).prop_map(|length| vec![b'k'; length]),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(&b' '))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 8))]

    #[test]
    fn any_input_is_read_without_a_panic(input in prop_oneof![lines(), prop::collection::vec(any::<u8>(), 0..300)]) {
        match parse(&input, &Limits::default()) {
            Parsed::Done { consumed, .. } | Parsed::Bad { consumed, .. } => {
                prop_assert!((1..=input.len()).contains(&consumed));
                prop_assert_eq!(input[consumed - 1], b'\n');
            }
            Parsed::NeedMore => prop_assert!(!input.contains(&b'\n')),
            Parsed::Close => {}
        }
    }

    #[test]
    fn answers_do_not_depend_on_the_cuts(input in lines(), size in 1_usize..20, room in prop_oneof![Just(usize::MAX), 1_usize..50]) {
        // A longer line is memcached's one exception: it is served if it arrives whole, and else the client is cut off.
        prop_assume!(input.split(|byte| *byte == b'\n').all(|line| line.len() < 2048));
        let settings = Settings { memory_bytes: 4 << 20, ..Settings::default() };
        let mut whole = Peer::new(&server(settings.clone()));
        whole.send(&input);
        let mut cut = Peer::new(&server(settings)).with_room(room);
        cut.send_in_pieces(&input, size);
        let (whole, cut) = (String::from_utf8_lossy(&whole.answered), String::from_utf8_lossy(&cut.answered));
        prop_assert_eq!(without_cas(&whole), without_cas(&cut));
    }
}

/// Statistics and CAS values differ from server to server.
fn without_cas(text: &str) -> Vec<String> {
    let is_own = |word: &str| word.starts_with('c') || word.len() > 12;
    let words = |line: &str| line.split(' ').filter(|word| !is_own(word)).collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| !line.starts_with("STAT")).map(words).collect()
}
