//! Requests as they arrive: whole, in pieces split anywhere, and malformed in every way that Redis names.

use proptest::prelude::*;
use resp::{Limits, Parsed, request};

/// What reading an input request by request comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    requests: Vec<Vec<Vec<u8>>>,
    error: Option<String>,
    /// Bytes that are no whole request yet.
    left: usize,
}

/// Feeds `input` in pieces that end at `ends`, keeping what is not done as a connection does.
fn read(input: &[u8], ends: &[usize], limits: &Limits) -> Seen {
    let mut seen = Seen::default();
    let (mut from, mut begun) = (0, None);
    for &end in ends.iter().chain([&input.len()]) {
        loop {
            let mut words = Vec::new();
            match request::parse(&input[from..end], limits, &mut words, &mut begun) {
                Parsed::Done(consumed) => {
                    seen.requests.push(words.iter().map(|word| word.to_vec()).collect());
                    from += consumed;
                }
                Parsed::Quoted(words, consumed) => {
                    seen.requests.push(words);
                    from += consumed;
                }
                Parsed::NeedMore => break,
                Parsed::Bad(message) => {
                    seen.error = Some(String::from_utf8_lossy(&message).into_owned());
                    return seen;
                }
            }
        }
    }
    seen.left = input.len() - from;
    seen
}

fn encode(request: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", request.len()).into_bytes();
    for word in request {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[test]
fn a_large_request_that_is_begun_behind_others_keeps_its_own_words() {
    let (first, second) = (encode(&[b"PING".to_vec()]), encode(&[b"ECHO".to_vec(), vec![b'x'; 5000], b"y".to_vec()]));
    let (limits, mut begun, mut words) = (Limits::default(), None, Vec::new());
    let input = [first, second].concat();
    let Parsed::Done(taken) = request::parse(&input, &limits, &mut words, &mut begun) else { panic!("it is whole") };
    let cut = input.len() - 3;
    assert_eq!(request::parse(&input[taken..cut], &limits, &mut words, &mut begun), Parsed::NeedMore);
    let mut words = Vec::new();
    assert_eq!(request::parse(&input[taken..], &limits, &mut words, &mut begun), Parsed::Done(input.len() - taken));
    assert_eq!(words, [&b"ECHO"[..], &[b'x'; 5000][..], &b"y"[..]]);
}

#[test]
fn malformed_requests_are_named_as_redis_names_them() {
    let limits = Limits::default();
    let rows: [(&[u8], Option<&str>); 17] = [
        (b"*x\r\n", Some("Protocol error: invalid multibulk length")),
        (b"*+1\r\n", Some("Protocol error: invalid multibulk length")),
        (b"*01\r\n", Some("Protocol error: invalid multibulk length")),
        (b"*\r\n", Some("Protocol error: invalid multibulk length")),
        (b"*2147483648\r\n", Some("Protocol error: invalid multibulk length")),
        (b"*2147483647\r\n", None),
        (b"*-7\r\n", None),
        (b"*1\r\nfoo\r\n", Some("Protocol error: expected '$', got 'f'")),
        (b"*1\r\nfoo", None),
        (b"*1\r\n$-1\r\n", Some("Protocol error: invalid bulk length")),
        (b"*1\r\n$01\r\n", Some("Protocol error: invalid bulk length")),
        (b"*1\r\n$536870913\r\n", Some("Protocol error: invalid bulk length")),
        (b"*1\r\n$536870912\r\n", None),
        (b"*1\r\n$99999999999999999999\r\n", Some("Protocol error: invalid bulk length")),
        (b"*1\r\n\r\n", Some("Protocol error: expected '$', got '\r'")),
        (b"set \"a\r\n", Some("Protocol error: unbalanced quotes in request")),
        (b"*0\r\n", None),
    ];
    for (input, message) in rows {
        assert_eq!(read(input, &[], &limits).error.as_deref(), message, "{}", input.escape_ascii());
    }
    let long = vec![b'1'; limits.inline_max + 2];
    let error = |start: &[u8]| read(&[start, &long].concat(), &[], &limits).error;
    assert_eq!(error(b"*").as_deref(), Some("Protocol error: too big mbulk count string"));
    assert_eq!(error(b"*1\r\n$").as_deref(), Some("Protocol error: too big bulk count string"));
    assert_eq!(error(b"a").as_deref(), Some("Protocol error: too big inline request"));
}

#[test]
fn a_stranger_may_send_little() {
    let limits = Limits { is_stranger: true, ..Limits::default() };
    let error = |input: &[u8]| read(input, &[], &limits).error;
    assert_eq!(error(b"*11\r\n").as_deref(), Some("Protocol error: unauthenticated multibulk length"));
    assert_eq!(error(b"*1\r\n$16385\r\n").as_deref(), Some("Protocol error: unauthenticated bulk length"));
    assert_eq!(error(b"*10\r\n$16384\r\n"), None);
}

#[test]
fn a_request_of_many_words_in_small_pieces_is_read_once() {
    let request: Vec<Vec<u8>> = (0..200_000).map(|number: u32| number.to_string().into_bytes()).collect();
    let input = encode(&request);
    let ends: Vec<usize> = (0..input.len()).step_by(1024).collect();
    let seen = read(&input, &ends, &Limits::default());
    assert_eq!((seen.requests, seen.error, seen.left), (vec![request], None, 0));
}

#[test]
fn what_is_only_claimed_takes_no_room() {
    let limits = Limits::default();
    for claim in [
        "*2147483647\r\n",
        "*2147483647\r\n$3\r\nGET\r\n",
        "*2\r\n$536870912\r\n",
        "*1000000\r\n$1\r\na\r\n$500000000\r\nb",
    ] {
        let (mut words, mut begun) = (Vec::new(), None);
        for end in 0..=claim.len() {
            assert_eq!(request::parse(&claim.as_bytes()[..end], &limits, &mut words, &mut begun), Parsed::NeedMore);
            assert!(words.capacity() <= 16, "{claim:?} takes room for {} words", words.capacity());
        }
    }
}

fn requests() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let word = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..24),
        1 => prop::collection::vec(any::<u8>(), 3000..6000),
    ];
    prop::collection::vec(prop::collection::vec(word, 1..6), 1..5)
}

proptest! {
    #[test]
    fn requests_split_anywhere_are_the_same_requests(requests in requests(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let input: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len())).collect();
        ends.sort_unstable();
        let seen = read(&input, &ends, &Limits::default());
        prop_assert_eq!(seen, Seen { requests, error: None, left: 0 });
    }

    #[test]
    fn small_requests_split_at_every_byte_are_the_same_requests(requests in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..5), 1..4)) {
        let input: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
        for cut in 0..input.len() {
            let seen = read(&input, &[cut], &Limits::default());
            prop_assert_eq!(&seen.requests, &requests);
        }
        let every: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(read(&input, &every, &Limits::default()).requests, requests);
    }

    #[test]
    fn anything_at_all_is_read_the_same_in_pieces(
        input in prop::collection::vec(prop_oneof![
            prop::sample::select(&b"*$\r\n0123-\"'\\x \0"[..]), any::<u8>(),
        ], 0..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = read(&input, &[], &Limits::default());
        let parts = read(&input, &[cut.index(input.len() + 1)], &Limits::default());
        prop_assert_eq!(whole, parts);
    }
}
