//! Cuts a server's answers, in any split, into lines and values, and has a dialect read them.
//!
//! All input is consumed at once: of an unfinished line a copy is kept, of an unfinished value only the number of bytes to
//! come.

use memchr::memchr;

use crate::dialect::Dialect;
use crate::keys::Keys;
use crate::ledger::{Asked, Ledger, Truth};
use crate::tally::Counts;

/// No server answers with a longer line than this.
const LINE_MAX: usize = 4096;

/// The answers of one connection.
#[derive(Debug, Default)]
pub(crate) struct Answers<D> {
    pub(crate) asked: Asked,
    dialect: D,
    line: Vec<u8>,
    /// Bytes of the value under way, its line end included.
    value_left: usize,
    /// Sense can no longer be made of this stream.
    is_broken: bool,
}

impl<D: Dialect> Answers<D> {
    /// Answers that remember which key was missed, in gets of one key.
    pub(crate) fn with_misses() -> Self {
        let mut answers = Self::default();
        answers.asked.missed = Some(Vec::new());
        answers
    }

    /// The keys missed so far, in order.
    pub(crate) fn into_missed(self) -> Vec<u64> {
        self.asked.missed.unwrap_or_default()
    }

    /// All that was asked has been answered.
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.asked.len() == 0
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Takes all of `input`; `truth` if values are verified.
    pub(crate) fn feed(&mut self, input: &[u8], keys: &Keys, truth: Option<Truth<'_>>, counts: &mut Counts) {
        let Self { asked, dialect, line, value_left, is_broken } = self;
        let mut ledger = Ledger { asked, truth, counts };
        let mut rest = input;
        while !rest.is_empty() && !*is_broken {
            if *value_left > 0 {
                let (part, behind) = rest.split_at((*value_left).min(rest.len()));
                *value_left -= part.len();
                rest = behind;
                ledger.value_part(part, *value_left);
                if *value_left == 0 {
                    dialect.value_end(&mut ledger);
                }
                continue;
            }
            if line.is_empty() {
                rest = &rest[dialect.skim(rest, keys.bytes(), &mut ledger)..];
            }
            let end = if line.is_empty() { D::line_end(rest, keys.bytes()) } else { memchr(b'\n', rest) };
            let Some(end) = end else {
                line.extend_from_slice(rest);
                *is_broken = line.len() > LINE_MAX;
                return;
            };
            let read = if line.is_empty() {
                dialect.line(trimmed(&rest[..end]), &mut ledger)
            } else {
                line.extend_from_slice(&rest[..end]);
                let read = dialect.line(trimmed(line), &mut ledger);
                line.clear();
                read
            };
            rest = &rest[end + 1..];
            match read {
                Ok(bytes) => *value_left = bytes,
                Err(_) => *is_broken = true,
            }
        }
    }
}

#[inline]
fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Meta, Resp, Text};
    use crate::tally::Kind;
    use crate::values::Values;
    use crate::{Settings, Sizes};

    struct World {
        keys: Keys,
        values: Values,
    }

    impl World {
        fn new() -> Self {
            let settings = Settings { keys: 1000, key_bytes: 8, ..Settings::default() };
            Self { keys: Keys::new(&settings), values: Values::new(Sizes::Uniform { min: 0, max: 40 }) }
        }

        /// Feeds the parts; with verification.
        fn feed<'p, D: Dialect>(&self, answers: &mut Answers<D>, parts: impl IntoIterator<Item = &'p [u8]>) -> Counts {
            let mut counts = Counts::new(4);
            let truth = Truth { keys: &self.keys, values: &self.values };
            parts.into_iter().for_each(|part| answers.feed(part, &self.keys, Some(truth), &mut counts));
            counts
        }

        fn long(&self) -> u64 {
            (0..).find(|&key| self.values.of(key).len() > 10).expect("some value is long")
        }
    }

    /// How a server of this dialect answers.
    trait Server: Dialect {
        /// What stands before the bytes of a value, in an answer to several keys.
        fn header(key: u64, bytes: usize) -> String;

        /// What stands before and after it in an answer to one key.
        const ALONE: [&str; 2] = ["", ""];
        /// A get of one key that is not found.
        const MISS: &str;
        /// A get of three keys, of which the second is not found: between the values and after them.
        const THREE: [&str; 3];
        /// A set that is done and one that is refused.
        const SETS: &str;
        /// A get of two keys of which the first is found, and an error.
        const FAILED: [&str; 2];
    }

    impl Server for Text {
        fn header(key: u64, bytes: usize) -> String {
            format!("VALUE key:{key:04} 0 {bytes}\r\n")
        }

        const ALONE: [&str; 2] = ["", "END\r\n"];
        const MISS: &str = "END\r\n";
        const THREE: [&str; 3] = ["", "", "END\r\n"];
        const SETS: &str = "STORED\r\nSERVER_ERROR out of memory storing object\r\n";
        const FAILED: [&str; 2] = ["", "SERVER_ERROR node is down\r\n"];
    }

    impl Server for Meta {
        fn header(key: u64, bytes: usize) -> String {
            format!("VA {bytes} kkey:{key:04}\r\n")
        }

        const MISS: &str = "EN\r\n";
        const THREE: [&str; 3] = ["", "", "MN\r\n"];
        const SETS: &str = "HD\r\nSERVER_ERROR out of memory storing object\r\n";
        const FAILED: [&str; 2] = ["", "SERVER_ERROR node is down\r\n"];
    }

    impl Server for Resp {
        fn header(_: u64, bytes: usize) -> String {
            format!("${bytes}\r\n")
        }

        const MISS: &str = "$-1\r\n";
        const THREE: [&str; 3] = ["*3\r\n", "_\r\n", ""];
        const SETS: &str = "+OK\r\n-SERVER_ERROR out of memory storing object\r\n";
        // An array that is too short.
        const FAILED: [&str; 2] = ["*1\r\n", ""];
    }

    fn value<S: Server>(world: &World, key: u64) -> Vec<u8> {
        let value = world.values.of(key);
        [S::header(key, value.len()).as_bytes(), value, b"\r\n"].concat()
    }

    fn answer<S: Server>(world: &World, key: u64) -> Vec<u8> {
        [S::ALONE[0].as_bytes(), &value::<S>(world, key), S::ALONE[1].as_bytes()].concat()
    }

    fn get<D>(answers: &mut Answers<D>, keys: &[u64]) {
        keys.iter().for_each(|&key| answers.asked.key(key));
        answers.asked.request(Kind::GET, keys.len());
    }

    fn asked<D: Dialect>() -> Answers<D> {
        let mut answers = Answers::default();
        get(&mut answers, &[1, 2, 3]);
        answers.asked.request(Kind::SET, 1);
        answers.asked.request(Kind::SET, 1);
        get(&mut answers, &[7]);
        get(&mut answers, &[8]);
        get(&mut answers, &[9, 10]);
        answers
    }

    fn stream<S: Server>(world: &World) -> Vec<u8> {
        let [first, between, last] = S::THREE.map(str::as_bytes);
        [
            &[first, &value::<S>(world, 1), between, &value::<S>(world, 3), last].concat()[..],
            S::SETS.as_bytes(),
            &answer::<S>(world, 7),
            S::MISS.as_bytes(),
            &[S::FAILED[0].as_bytes(), &value::<S>(world, 9), S::FAILED[1].as_bytes()].concat(),
        ]
        .concat()
    }

    fn check<D: Dialect>(counts: &Counts, answers: &Answers<D>) {
        assert_eq!(*counts.requests, [4, 2, 0, 0]);
        assert_eq!((counts.keys, counts.hits), (7, 4));
        assert_eq!((counts.errors, counts.wrong, counts.stray), (2, 0, 0), "{counts:?}");
        assert!(answers.asked.is_settled() && !answers.is_broken());
        assert!(counts.first_error.as_ref().is_some_and(|error| error.ends_with("out of memory storing object")));
    }

    fn any_split<S: Server>() {
        let world = World::new();
        let stream = stream::<S>(&world);
        for first in 0..=stream.len() {
            for second in [first, (first + 1).min(stream.len()), (first + 17).min(stream.len())] {
                let mut answers = asked::<S>();
                let counts = world.feed(&mut answers, [&stream[..first], &stream[first..second], &stream[second..]]);
                check(&counts, &answers);
            }
        }
        let mut answers = asked::<S>();
        check(&world.feed(&mut answers, stream.chunks(1)), &answers);
    }

    #[test]
    fn answers_are_counted_alike_in_any_split() {
        any_split::<Text>();
        any_split::<Meta>();
        any_split::<Resp>();
    }

    /// Changes each byte of a value in turn, its line end included.
    fn wrong_bytes<S: Server>() {
        let world = World::new();
        let key = world.long();
        let right = answer::<S>(&world, key);
        let value_at = S::header(key, world.values.of(key).len()).len();
        for at in value_at..right.len() - S::ALONE[1].len() {
            let mut wrong = right.clone();
            wrong[at] ^= 1;
            for split in [0, value_at, at, right.len() - 1, right.len()] {
                let mut answers = Answers::<S>::default();
                get(&mut answers, &[key]);
                let counts = world.feed(&mut answers, [&wrong[..split], &wrong[split..]]);
                assert_eq!((counts.wrong, counts.hits, counts.errors), (1, 1, 0), "byte {at}, split at {split}");
                assert!(answers.asked.is_settled());
            }
        }
    }

    #[test]
    fn a_wrong_byte_anywhere_in_a_value_is_seen() {
        wrong_bytes::<Text>();
        wrong_bytes::<Meta>();
        wrong_bytes::<Resp>();
    }

    fn wrong_key<S: Server>() {
        let world = World::new();
        let mut answers = Answers::<S>::default();
        get(&mut answers, &[world.long() + 1]);
        let counts = world.feed(&mut answers, [&answer::<S>(&world, world.long())[..]]);
        assert_eq!((counts.wrong, counts.requests[0]), (1, 1));
    }

    #[test]
    fn the_value_of_another_key_is_wrong() {
        wrong_key::<Text>();
        wrong_key::<Meta>();
        wrong_key::<Resp>();
    }

    #[test]
    fn a_value_of_another_length_is_wrong() {
        let world = World::new();
        let key = world.long();
        let right = world.values.of(key);
        for said in [&right[..right.len() - 1], &right[..0], &[right, b"!"].concat()] {
            let mut answers = Answers::<Text>::default();
            get(&mut answers, &[key]);
            let header = Text::header(key, said.len());
            let counts = world.feed(&mut answers, [header.as_bytes(), said, b"\r\nEND\r\n"]);
            assert_eq!((counts.wrong, counts.requests[0], counts.errors), (1, 1, 0), "{} bytes", said.len());
        }
    }

    fn deletes<S: Server>(said: &[u8]) {
        let mut answers = Answers::<S>::default();
        (0..3).for_each(|_| answers.asked.request(Kind::DELETE, 1));
        let counts = World::new().feed(&mut answers, [said]);
        assert_eq!((&*counts.requests, counts.errors), (&[0, 0, 3, 0][..], 1));
    }

    #[test]
    fn a_delete_is_answered_either_way() {
        deletes::<Text>(b"DELETED\r\nNOT_FOUND\r\nSTORED\r\n");
        deletes::<Meta>(b"HD\r\nNF\r\nNS\r\n");
        deletes::<Resp>(b":1\r\n:0\r\n+OK\r\n");
    }

    fn stray_and_nonsense<S: Server>(stray: &[u8], nonsense: &[u8]) {
        let mut answers = Answers::<S>::default();
        let counts = World::new().feed(&mut answers, [stray]);
        assert_eq!((counts.stray, &*counts.requests), (1, &[0, 0, 0, 0][..]));
        World::new().feed(&mut answers, [nonsense]);
        assert!(answers.is_broken());
    }

    #[test]
    fn answers_to_nothing_are_stray_and_nonsense_breaks() {
        stray_and_nonsense::<Text>(b"STORED\r\n", b"VALUE a 0 99999999999999999999999\r\n");
        stray_and_nonsense::<Meta>(b"HD\r\n", b"VA x\r\n");
        stray_and_nonsense::<Resp>(b"+OK\r\n", b"nonsense\r\n");
        stray_and_nonsense::<Resp>(b":1\r\n", b"*9999999999999\r\n");
    }

    #[test]
    fn more_values_than_keys_are_an_error() {
        let (world, mut answers) = (World::new(), Answers::<Text>::default());
        answers.asked.request(Kind::GET, 1);
        let twice = [value::<Text>(&world, 1), answer::<Text>(&world, 1)].concat();
        let mut counts = Counts::new(3);
        answers.feed(&twice, &world.keys, None, &mut counts);
        assert_eq!((counts.requests[0], counts.errors), (1, 1));
    }

    #[test]
    fn replies_of_any_shape_are_one_answer_each() {
        let replies: [&[u8]; 16] = [
            b"+PONG\r\n",
            b":42\r\n",
            b"$0\r\n\r\n",
            b"$6\r\n+\r\n-\r\n\r\n",
            b"$-1\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"_\r\n",
            b",1.5\r\n",
            b"#t\r\n",
            b"(3492890328409238509324850943850943825024385\r\n",
            b"=7\r\ntxt:a\r\n\r\n",
            b"%2\r\n+a\r\n*2\r\n:1\r\n~1\r\n$1\r\nx\r\n+b\r\n%0\r\n",
            b"|1\r\n+ttl\r\n:5\r\n*2\r\n-an error within\r\n_\r\n",
            b"*3\r\n*2\r\n*1\r\n*0\r\n$3\r\nabc\r\n*-1\r\n%1\r\n+k\r\n,2\r\n",
            b">2\r\n+message\r\n$2\r\nhi\r\n:1\r\n",
        ];
        let nested = [b"*1\r\n".repeat(100_000), b":1\r\n".to_vec()].concat();
        let stream = [replies.concat(), nested, b"-ERR no such command\r\n".to_vec()].concat();
        for size in [1, 3, stream.len()] {
            let mut answers = Answers::<Resp>::default();
            (0..replies.len() + 2).for_each(|_| answers.asked.request(Kind::command(0), 0));
            let counts = World::new().feed(&mut answers, stream.chunks(size));
            assert_eq!((counts.requests[3], counts.errors, counts.stray), (18, 1, 0), "in parts of {size}");
            assert_eq!(counts.first_error.as_deref(), Some("-ERR no such command"));
            assert!(answers.asked.is_settled() && !answers.is_broken());
        }
    }
}
