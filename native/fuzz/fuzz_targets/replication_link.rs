//! A replica's link on anything that a primary may say, whole and in pieces: the same is understood, nothing is kept that has not come.
//! The first byte says who listens and how far the link is, the second how long the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redis::replication::link::{Event, Introduction, Link};

/// A word of this length makes a request one that is remembered while it is not whole.
const LONG_WORD: usize = 4096;

fn introduction(who: u8) -> Introduction {
    let plain = Introduction { version: "7.2.4".to_owned(), ..Introduction::default() };
    match who {
        0 => plain,
        1 => Introduction { held: Some(([b'a'; 40], 99)), ..plain },
        _ => Introduction {
            credentials: Some(("user".to_owned(), "password".to_owned())),
            address: "::1".to_owned(),
            name: "name".to_owned(),
            held: Some(([b'a'; 40], 99)),
            takes_over: true,
            ..plain
        },
    }
}

/// What was said before the input, so that what comes behind the handshake is reached at once.
fn before(who: u8, stage: u8) -> Vec<u8> {
    if stage == 0 {
        return Vec::new();
    }
    let mut said = b"+PONG\r\n".to_vec();
    said.extend_from_slice(&b"+OK\r\n".repeat(if who < 2 { 3 } else { 6 }));
    said.extend_from_slice(match stage {
        1 => b"",
        2 => b"+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\r\n",
        _ => b"+CONTINUE\r\n",
    });
    if stage == 4 {
        said.extend_from_slice(format!("*3\r\n${LONG_WORD}\r\n{}\r\n", "x".repeat(LONG_WORD)).as_bytes());
    }
    said
}

/// What is understood: events with their bytes and words, the snapshot put together, and how many bytes are left over.
type Understood<'i> = (Vec<(usize, Event<'i>, Vec<&'i [u8]>)>, Vec<u8>, usize);

/// What is understood of an input of which ever more is there.
fn listen(who: Introduction, input: &[u8], ends: impl Iterator<Item = usize>) -> Understood<'_> {
    let (mut link, _) = Link::begin(who);
    let (mut told, mut snapshot, mut from) = (Vec::new(), Vec::new(), 0);
    for end in ends {
        loop {
            let mut words = Vec::new();
            let (bytes, event) = link.receive(&input[from..end], &mut words);
            assert!(bytes <= end - from && words.capacity() <= 4 * input.len() + 16);
            from += bytes;
            match event {
                Event::More => break,
                Event::Nothing => {}
                Event::Snapshot(bytes) => snapshot.extend_from_slice(bytes),
                event => told.push((bytes, event, words)),
            }
        }
    }
    (told, snapshot, input.len() - from)
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else {
        return;
    };
    let (who, stage) = (first % 3, first / 3 % 5);
    let mut said = before(who, stage);
    let (start, length) = (said.len(), usize::from(*second) + 1);
    said.extend_from_slice(rest);
    let whole = listen(introduction(who), &said, [said.len()].into_iter());
    let ends = (start..said.len()).step_by(length).chain([said.len()]);
    assert_eq!(listen(introduction(who), &said, ends), whole);
});
