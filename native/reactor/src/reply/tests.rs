//! Pieces, gates and a narrow socket between them: what arrives, in which order, and never too early.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[test]
fn pieces_arrive_in_order_through_a_narrow_socket() {
    let (ours, mut theirs) = UnixStream::pair().expect("a socket pair");
    ours.set_nonblocking(true).expect("sets the mode");
    let mut reply = Reply::with_limit(1 << 20);
    let mut expected = Vec::new();
    for round in 0..200_usize {
        let text = format!("<{round}>");
        reply.put(text.as_bytes());
        expected.extend_from_slice(text.as_bytes());
        let value = Arc::new(vec![u8::try_from(round % 251).expect("small"); round * 97]);
        reply.share(value.clone(), 0..value.len());
        expected.extend_from_slice(&value);
    }
    assert_eq!(reply.len(), expected.len());
    let reader = std::thread::spawn(move || {
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).map(|_| got)
    });
    while reply.send(ours.as_fd()).expect("the peer reads").0 == Sent::Partly {
        assert!(!reply.is_empty());
        std::thread::yield_now();
    }
    assert_eq!(reply.len(), 0);
    drop(ours);
    assert!(reader.join().expect("the reader ends").expect("reads") == expected);
}

/// What is done to a reply.
#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Share(usize),
    /// A reply of so many bytes that waits, in one lane, for so much more than what that lane's last one waits for.
    Hold(usize, u8, u64),
    /// A lane's watermark moves to this part (in 4ths) of the way to its last ticket.
    Release(u8, u64),
    Send,
    Replace,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..40_usize).prop_map(Step::Put),
        2 => (0..40_000_usize).prop_map(Step::Share),
        4 => (0..60_usize, 0..3_u8, 0..50_u64).prop_map(|(bytes, lane, more)| Step::Hold(bytes, lane, more)),
        3 => (0..3_u8, 1..=4_u64).prop_map(|(lane, part)| Step::Release(lane, part)),
        4 => Just(Step::Send),
        1 => Just(Step::Replace),
    ]
}

/// The same reply, byte by byte: each with the tickets that it waits for beside those of the bytes before it.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    gates: Vec<(usize, Ticket)>,
    last: [u64; 3],
    marks: [u64; 3],
    /// Gates before this one have been open once.
    open: usize,
}

impl Model {
    fn release(&mut self) {
        while self.gates.get(self.open).is_some_and(|(_, ticket)| self.marks[usize::from(ticket.lane)] >= ticket.offset)
        {
            self.open += 1;
        }
    }

    /// How many bytes may have left.
    fn free(&self) -> usize {
        self.gates.get(self.open).map_or(self.bytes.len(), |(at, _)| *at)
    }
}

/// A reply, its model, and a socket between them that takes little at a time.
struct Wire {
    reply: Reply,
    model: Model,
    marks: Watermarks,
    ours: UnixStream,
    theirs: UnixStream,
    got: Vec<u8>,
    value: Arc<Vec<u8>>,
}

impl Wire {
    fn new() -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_nonblocking(true).expect("sets the mode");
        theirs.set_nonblocking(true).expect("sets the mode");
        let value = Arc::new((0..40_000_usize).map(|at| u8::try_from(at % 253).expect("small")).collect());
        let (reply, marks, got) = (Reply::with_limit(1 << 20), Watermarks::default(), Vec::new());
        Self { reply, model: Model::default(), marks, ours, theirs, got, value }
    }

    fn put(&mut self, count: usize) {
        let bytes: Vec<u8> =
            (0..count).map(|at| b'a' + u8::try_from((self.model.bytes.len() + at) % 26).expect("small")).collect();
        self.reply.put(&bytes);
        self.model.bytes.extend_from_slice(&bytes);
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Put(count) => self.put(count),
            Step::Share(count) => {
                self.reply.share(self.value.clone(), 0..count);
                self.model.bytes.extend_from_slice(&self.value[..count]);
            }
            Step::Hold(count, lane, more) => {
                let (from, at) = (self.reply.buffer().len(), self.model.bytes.len());
                self.put(count);
                let last = &mut self.model.last[usize::from(lane)];
                *last += more;
                let ticket = Ticket { lane, offset: *last };
                self.model.gates.push((at, ticket));
                self.reply.hold(from, ticket);
                // The wire's side looks at the gates before it sends.
                self.model.release();
                self.reply.open_gates(&self.marks);
            }
            Step::Release(lane, part) => {
                let at = usize::from(lane);
                self.model.marks[at] += (self.model.last[at] - self.model.marks[at]) * part / 4;
                self.marks.set(lane, self.model.marks[at]);
                self.model.release();
                self.reply.open_gates(&self.marks);
            }
            Step::Send => self.send(),
            Step::Replace => {
                let free = self.model.free();
                if self.reply.is_held() {
                    self.model.bytes.truncate(free);
                    self.model.bytes.extend_from_slice(b"-GONE");
                }
                self.reply.replace_held(b"-GONE");
                self.model.gates.clear();
                self.model.open = 0;
            }
        }
    }

    fn send(&mut self) {
        let (sent, _) = self.reply.send(self.ours.as_fd()).expect("the peer is there");
        let mut part = vec![0; 1 << 16];
        while let Ok(count) = self.theirs.read(&mut part) {
            self.got.extend_from_slice(&part[..count]);
        }
        let free = self.model.free();
        assert!(self.got.len() <= free, "{} bytes left, {free} were free", self.got.len());
        match sent {
            Sent::All => assert_eq!(self.got.len(), self.model.bytes.len()),
            Sent::Held => assert_eq!(self.got.len(), free),
            Sent::Partly => {}
        }
    }

    fn check(&self) {
        assert!(self.model.bytes.starts_with(&self.got));
        assert_eq!(self.reply.len(), self.model.bytes.len() - self.got.len());
    }
}

proptest! {
    #[test]
    fn what_is_held_leaves_when_it_may_and_not_before(steps in vec(step(), 1..80)) {
        let mut wire = Wire::new();
        for step in &steps {
            wire.act(step);
            wire.check();
        }
        for lane in 0..3 {
            wire.act(&Step::Release(lane, 4));
        }
        while !wire.reply.is_empty() {
            wire.send();
        }
        wire.check();
        prop_assert_eq!(wire.got.len(), wire.model.bytes.len());
    }
}

#[test]
fn a_gate_with_nothing_behind_it_holds_what_comes_next() {
    let mut wire = Wire::new();
    wire.act(&Step::Put(3));
    wire.act(&Step::Hold(0, 0, 7));
    wire.send();
    assert!(wire.reply.is_held() && wire.reply.is_empty());
    wire.act(&Step::Put(5));
    wire.send();
    assert_eq!(wire.got.len(), 3);
    wire.act(&Step::Release(0, 4));
    wire.send();
    assert_eq!(wire.got.len(), 8);
}
