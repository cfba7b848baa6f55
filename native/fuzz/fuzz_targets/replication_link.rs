//! A replica's link on anything that a primary may say, whole and cut in two: the same is understood, nothing is kept that has not come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redis::replication::link::{Event, Introduction, Link};

/// What is understood of an input that arrives in two pieces, and how many bytes are left over. Pieces of a snapshot are put together.
fn listen(input: &[u8], cut: usize, held: bool) -> (Vec<String>, Vec<u8>, usize) {
    let introduction =
        Introduction { held: held.then_some(([b'a'; 40], 99)), version: "7.2.4".to_owned(), ..Introduction::default() };
    let (mut link, _) = Link::begin(introduction);
    let (mut told, mut snapshot, mut from) = (Vec::new(), Vec::new(), 0);
    for end in [cut, input.len()] {
        loop {
            let mut words = Vec::new();
            let (bytes, event) = link.receive(&input[from..end], &mut words);
            assert!(bytes <= end - from && words.capacity() <= 4 * input.len() + 16);
            from += bytes;
            match event {
                Event::More => break,
                Event::Nothing => {}
                Event::Snapshot(bytes) => snapshot.extend_from_slice(bytes),
                Event::Command => told.push(format!("{bytes} {words:?}")),
                event => told.push(format!("{event:?}")),
            }
        }
    }
    (told, snapshot, input.len() - from)
}

fuzz_target!(|input: &[u8]| {
    // What comes behind the handshake is reached at once.
    let greeting = b"+PONG\r\n+OK\r\n+OK\r\n+OK\r\n";
    let answers: [&[u8]; 3] = [b"", b"+CONTINUE\r\n", b"+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\r\n"];
    for answer in answers {
        let input = [greeting, answer, input].concat();
        for held in [false, true] {
            let whole = listen(&input, input.len(), held);
            for cut in [input.len() / 3, input.len() / 2, input.len() - 1] {
                assert_eq!(listen(&input, cut, held), whole);
            }
        }
    }
});
