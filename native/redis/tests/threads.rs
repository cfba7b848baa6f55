//! Several threads over one server: nothing is lost, nothing is seen half done, and what one pushes another one gets, once.

mod talk;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use redis::{Mail, Progress, Server, Session, Settings, Worker};
use talk::{NOW, request};

const THREADS: usize = 4;
const ROUNDS: usize = 4000;
const ACCOUNTS: usize = 8;
/// An answer that takes longer than this never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One thread's worker with one connection, and where its mail comes from and goes to.
struct Seat {
    worker: Worker,
    session: Session,
    mail: Receiver<Mail>,
    others: Vec<Sender<Mail>>,
}

impl Seat {
    /// One for each thread.
    fn all(server: &Arc<Server>) -> Vec<Self> {
        let (others, boxes): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| channel()).unzip();
        let seat = |(number, mail)| {
            let mut worker = Worker::new(server.clone(), number);
            let session = worker.open(1);
            Self { worker, session, mail, others: others.clone() }
        };
        boxes.into_iter().enumerate().map(seat).collect()
    }

    /// One request and its answer, however long that takes.
    fn ask(&mut self, words: &[&str]) -> String {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let input = request(&words);
        let mut output = Vec::new();
        let progress = self.worker.serve(&mut self.session, &input, &mut output, usize::MAX, NOW);
        let is_done = matches!(progress, Progress::Consumed(done) | Progress::Blocked(done) if done == input.len());
        assert!(is_done, "{progress:?}");
        self.deliver();
        while output.is_empty() {
            if let Mail::Answer(bytes) = self.mail.recv_timeout(PATIENCE).expect("an answer comes") {
                output = bytes;
                self.worker.serve(&mut self.session, b"", &mut output, usize::MAX, NOW);
            }
        }
        String::from_utf8(output).expect("answers are text here")
    }

    fn deliver(&mut self) {
        for (to, mail) in self.worker.outbox().take() {
            // A thread that has ended needs no mail any more.
            let _ = self.others[to.worker].send(mail);
        }
    }

    /// The number, or the numbers, of an answer.
    fn numbers(&mut self, words: &[&str]) -> Vec<i64> {
        let answer = self.ask(words);
        answer
            .lines()
            .filter(|line| !line.starts_with(['$', '*']))
            .filter_map(|line| line.trim_start_matches(':').parse().ok())
            .collect()
    }
}

fn server() -> Arc<Server> {
    Arc::new(Server::new(Settings::default()))
}

/// Runs one function on every seat, each in a thread, and returns what they come to.
fn together<R: Send>(server: &Arc<Server>, run: impl Fn(usize, &mut Seat) -> R + Sync) -> Vec<R> {
    let mut seats = Seat::all(server);
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> =
            seats.iter_mut().enumerate().map(|(number, seat)| scope.spawn(move || run(number, seat))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread fails")).collect()
    })
}

#[test]
fn no_increment_is_lost() {
    let server = server();
    together(&server, |_, seat| (0..ROUNDS).for_each(|_| drop(seat.ask(&["INCR", "counter"]))));
    let found = together(&server, |_, seat| seat.ask(&["GET", "counter"]));
    let total = (THREADS * ROUNDS).to_string();
    assert_eq!(found[0], format!("${}\r\n{total}\r\n", total.len()));
}

#[test]
fn money_moves_and_the_sum_stays() {
    let server = server();
    let names: Vec<String> = (0..ACCOUNTS).map(|number| format!("account:{number}")).collect();
    let all: Vec<&str> = ["MGET"].into_iter().chain(names.iter().map(String::as_str)).collect();
    together(&server, |number, seat| {
        for round in 0..ROUNDS {
            let (from, to) = ((round * 7 + number) % ACCOUNTS, (round * 3 + 1) % ACCOUNTS);
            let amount = (round % 90 + 1).to_string();
            assert_eq!(seat.ask(&["MULTI"]), "+OK\r\n");
            seat.ask(&["DECRBY", &names[from], &amount]);
            seat.ask(&["INCRBY", &names[to], &amount]);
            assert!(seat.ask(&["EXEC"]).starts_with("*2\r\n"));
            if round % 5 == 0 {
                assert_eq!(seat.numbers(&all).iter().sum::<i64>(), 0, "half of a transfer was seen");
            }
        }
    });
}

#[test]
fn who_watches_overwrites_nothing() {
    let server = server();
    let done = together(&server, |_, seat| {
        let mut done = 0;
        for _ in 0..ROUNDS / 4 {
            assert_eq!(seat.ask(&["WATCH", "watched"]), "+OK\r\n");
            let value = seat.numbers(&["GET", "watched"]).first().copied().unwrap_or(0);
            seat.ask(&["MULTI"]);
            seat.ask(&["SET", "watched", &(value + 1).to_string()]);
            done += i64::from(seat.ask(&["EXEC"]) == "*1\r\n+OK\r\n");
        }
        done
    });
    let value = together(&server, |_, seat| seat.numbers(&["GET", "watched"]));
    assert_eq!(value[0], [done.iter().sum::<i64>()]);
}

#[test]
fn what_is_pushed_is_popped_once() {
    let server = server();
    let popped = together(&server, |number, seat| {
        let mut popped = Vec::new();
        for round in 0..ROUNDS / 4 {
            if number % 2 == 0 {
                let element = format!("{}", number * ROUNDS + round);
                seat.ask(&["RPUSH", if round % 3 == 0 { "one" } else { "two" }, &element]);
            } else {
                let answer = seat.ask(&["BLPOP", "one", "two", "0"]);
                popped.push(answer.lines().last().expect("an element").to_owned());
            }
        }
        popped
    });
    let mut popped: Vec<String> = popped.into_iter().flatten().collect();
    let all = popped.len();
    popped.sort();
    popped.dedup();
    assert_eq!((popped.len(), all), (ROUNDS / 2, ROUNDS / 2));
}

#[test]
fn messages_reach_every_subscriber_in_the_order_of_their_publisher() {
    let server = server();
    let mut seats = Seat::all(&server);
    seats.iter_mut().skip(1).for_each(|seat| drop(seat.ask(&["SUBSCRIBE", "channel"])));
    let receivers = format!(":{}\r\n", THREADS - 1);
    for round in 0..ROUNDS {
        assert_eq!(seats[0].ask(&["PUBLISH", "channel", &round.to_string()]), receivers);
    }
    for seat in &seats[1..] {
        for round in 0..ROUNDS {
            let Ok(Mail::Push(bytes)) = seat.mail.try_recv() else { panic!("message {round} is missing") };
            let text = round.to_string();
            let wanted = format!("*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n${}\r\n{text}\r\n", text.len());
            assert_eq!(&*bytes, wanted.as_bytes());
        }
    }
}
