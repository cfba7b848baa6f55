//! What a primary may say, cut at every place: a link understands the same of it.

use proptest::prelude::*;

use super::*;

const ID: [u8; 40] = [b'a'; 40];
const OTHER: [u8; 40] = [b'b'; 40];

fn introduction() -> Introduction {
    Introduction { port: 7000, version: "7.2.4".to_owned(), ..Introduction::default() }
}

/// What a link makes of everything a primary says, when it arrives cut at these places. Pieces of a snapshot are put together.
fn play(introduction: Introduction, input: &[u8], cuts: &[usize]) -> Vec<String> {
    let (mut link, first) = Link::begin(introduction);
    let mut told = vec![format!("send {}", first.escape_ascii())];
    let (mut snapshot, mut from) = (Vec::new(), 0);
    for end in cuts.iter().copied().chain([input.len()]) {
        loop {
            let mut words = Vec::new();
            let (bytes, event) = link.receive(&input[from..end], &mut words);
            from += bytes;
            match event {
                Event::More => break,
                Event::Nothing => {}
                Event::Snapshot(bytes) => snapshot.extend_from_slice(bytes),
                Event::Send(bytes) => told.push(format!("send {}", bytes.escape_ascii())),
                Event::SnapshotEnd => told.push(format!("snapshot {}", snapshot.escape_ascii())),
                Event::Command => told.push(format!("{bytes} {}", words.join(&b' ').escape_ascii())),
                other => told.push(format!("{other:?}")),
            }
        }
    }
    told.push(format!("{} left", input.len() - from));
    told
}

/// The same at every cut, and at every pair of neighbouring ones.
fn at_every_cut(introduction: &Introduction, input: &[u8]) -> Vec<String> {
    let whole = play(introduction.clone(), input, &[]);
    for cut in 0..input.len() {
        assert_eq!(play(introduction.clone(), input, &[cut]), whole, "cut at {cut}");
        assert_eq!(play(introduction.clone(), input, &[cut, cut + 1]), whole, "cut at {cut} and behind it");
    }
    let each: Vec<usize> = (0..input.len()).collect();
    assert_eq!(play(introduction.clone(), input, &each), whole, "byte by byte");
    whole
}

const STREAM: &[u8] = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n\
                        *3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

fn greeting(answer: &str) -> Vec<u8> {
    // PING, the port, capabilities (refused), the version (refused), PSYNC behind a sign of life.
    format!("+PONG\r\n+OK\r\n-ERR what\r\n-ERR Unrecognized REPLCONF option: version\r\n\n\n{answer}\r\n").into_bytes()
}

#[test]
fn a_snapshot_of_known_length_and_the_stream_behind_it() {
    let answer = format!("+FULLRESYNC {} 1000\r\n\n\n$10", str::from_utf8(&ID).expect("text"));
    let input = [&greeting(&answer), &b"0123\r\n6789"[..], STREAM].concat();
    let told = at_every_cut(&introduction(), &input);
    let commands =
        ["23 SELECT 0", "15 MULTI", r"28 SET a \r\n", "20 DEL b", "14 EXEC", "37 REPLCONF GETACK *", "0 left"];
    assert_eq!(&told[told.len() - 7..], commands);
    assert_eq!(told[told.len() - 8], r"snapshot 0123\r\n6789");
    assert_eq!(told[4], r"send *3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
    assert!(told[5].starts_with("Full(") && told[5].ends_with(", 1000)"));
}

#[test]
fn a_snapshot_that_ends_with_its_mark() {
    let mark = "0123456789012345678901234567890123456789";
    let answer = format!("+FULLRESYNC {} 0\r\n$EOF:{mark}", str::from_utf8(&ID).expect("text"));
    // Beginnings of the mark are no mark.
    let snapshot = [&mark.as_bytes()[..39], &mark.as_bytes()[..20], b"x"].concat();
    let input = [&greeting(&answer), &*snapshot, mark.as_bytes(), STREAM].concat();
    let told = at_every_cut(&introduction(), &input);
    assert_eq!(told[6], format!("snapshot {}", snapshot.escape_ascii()));
    assert_eq!(told.len(), 14);
    let empty = [&greeting(&answer), mark.as_bytes()].concat();
    assert_eq!(at_every_cut(&introduction(), &empty)[6], "snapshot ");
}

#[test]
fn a_link_that_goes_on() {
    let held = Introduction { held: Some((ID, 99)), ..introduction() };
    let told = at_every_cut(&held, &[&greeting("+CONTINUE"), STREAM].concat());
    assert!(told[4].ends_with(r"$3\r\n100\r\n"), "the byte behind those that are held: {}", told[4]);
    assert_eq!(told[5], format!("{:?}", Event::Continue(ID)));
    let answer = format!("+CONTINUE {}", str::from_utf8(&OTHER).expect("text"));
    assert_eq!(at_every_cut(&held, &greeting(&answer))[5], format!("{:?}", Event::Continue(OTHER)));
    // Nobody asked for it.
    assert!(at_every_cut(&introduction(), &greeting("+CONTINUE"))[5].starts_with("Failed"));
}

#[test]
fn everything_that_can_be_said() {
    let all = Introduction {
        credentials: Some(("us".to_owned(), "pw".to_owned())),
        address: "::1".to_owned(),
        name: "n1".to_owned(),
        epoch: 7,
        takes_over: true,
        held: Some((ID, 0)),
        ..introduction()
    };
    let told = at_every_cut(&all, b"-NOAUTH first\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n-NOMASTERLINK no\r\n");
    let words = ["AUTH", "listening-port", "ip-address", "capa", "version", "memc-name", "PSYNC"];
    for (line, word) in told[1..].iter().zip(words) {
        assert!(line.contains(word), "{line} says {word}");
    }
    assert!(told[6].contains(r"n1\r\n$10\r\nmemc-epoch\r\n$1\r\n7"));
    assert!(told[7].contains("FAILOVER"));
    assert!(told[8].starts_with("Later"));
}

#[test]
fn what_can_not_be_is_said() {
    let rows: [(&[u8], &str); 7] = [
        (b"-WRONGPASS no\r\n", "refuses the handshake"),
        (b"+PONG\r\n-NOAUTH\r\n", "refuses the handshake"),
        (&greeting("-ERR unknown command"), "refuses PSYNC"),
        (&greeting("+FULLRESYNC x 1"), "no stream"),
        (&greeting("+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -1"), "no stream"),
        (&greeting("+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\r\n+what"), "no snapshot"),
        (&[b'x'; LINE_MAX + 1], "longer"),
    ];
    for (input, why) in rows {
        let told = play(introduction(), input, &[]);
        let last = &told[told.len() - 2];
        assert!(last.starts_with("Failed") && last.contains(why), "{last}");
    }
    // The last three would be commands of a client, and be no more than damage in a log.
    let streams = ["*x\r\n", "*1\r\n+OK\r\n", "SET \"a\" 'b'\r\n", "PING\r\n", " \r\n", "*1\r\n$4\r\nPING--"];
    for stream in streams {
        let held = Introduction { held: Some((ID, 99)), ..introduction() };
        let input = [&greeting("+CONTINUE"), stream.as_bytes()].concat();
        assert!(at_every_cut(&held, &input)[6].starts_with("Failed"), "{stream}");
    }
}

#[test]
fn an_empty_request_is_a_command_of_no_words() {
    let held = Introduction { held: Some((ID, 99)), ..introduction() };
    let input = [&greeting("+CONTINUE"), &b"\r\n\n*0\r\n*-1\r\n"[..]].concat();
    let told = at_every_cut(&held, &input);
    assert_eq!(&told[6..], ["2 ", "1 ", "4 ", "5 ", "0 left"]);
}

/// Beginnings that lead somewhere, and what a primary says by mistake.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"+PONG\r\n",
        b"+OK\r\n+OK\r\n+OK\r\n",
        b"+CONTINUE\r\n",
        b"+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 7\r\n",
        b"$4\r\nREDI",
        b"$EOF:0123456789012345678901234567890123456789\r\n",
        b"0123456789012345678901234567890123456789",
        b"01234567890123456789",
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n",
        b"*1\r\n$5\r\nMULTI\r\n",
        b"$9223372036854775807\r\n",
        b"*2147483647\r\n$536870912\r\n",
        b"\n",
        b"-LOADING\r\n",
    ];
    let piece = prop_oneof![
        6 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever comes, and however it is cut, the same is understood, and nothing is kept room for that has not come.
    #[test]
    fn anything_may_come(input in said(), cut in any::<prop::sample::Index>(), held in any::<bool>()) {
        let introduction = Introduction { held: held.then_some((ID, 99)), ..introduction() };
        let input = [b"+PONG\r\n+OK\r\n+OK\r\n+OK\r\n", &*input].concat();
        let whole = play(introduction.clone(), &input, &[]);
        prop_assert_eq!(&play(introduction.clone(), &input, &[cut.index(input.len())]), &whole);
        let each: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(&play(introduction, &input, &each), &whole);
    }
}
