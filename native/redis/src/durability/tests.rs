//! Which replies wait, from where on and for what: a worker's answers, with watermarks moved by hand.

use std::sync::atomic::Ordering::Relaxed;

use journal::Want;

use super::*;
use crate::outbox::Mail;
use crate::scene::{Answer, Scene, free};

#[test]
fn nothing_waits_in_the_mode_async() {
    let mut scene = Scene::new(&[]);
    let mut one = scene.open();
    assert_eq!(scene.say(&mut one, "SET a 1\nGET a\nDEL a"), free("+OK\r\n$1\r\n1\r\n:1\r\n"));
}

#[test]
fn a_write_waits_for_so_many_replicas_and_what_is_behind_it_with_it() {
    let mut scene = Scene::new(&[("durability", "sync:2")]);
    let mut one = scene.open();
    let answer = scene.say(&mut one, "PING\nSET a 1\nPING\nSET b 1");
    assert_eq!(answer.holds, [(7, 2, scene.end())], "behind +PONG");
    scene.confirm(1, scene.end());
    assert_eq!(scene.server.watermark(2), 0, "one is not two");
    scene.confirm(2, scene.end());
    assert_eq!(scene.server.watermark(2), scene.end());
    assert_eq!(scene.say(&mut one, "GET a"), free("$1\r\n1\r\n"));
}

#[test]
fn a_read_waits_for_the_write_that_it_sees() {
    let mut scene = Scene::new(&[("durability", "sync:1")]);
    let (mut one, mut other, mut careless) = (scene.open(), scene.open(), scene.open());
    scene.say(&mut careless, "CLIENT DURABILITY async");
    scene.say(&mut one, "SET a 1");
    let written = scene.end();
    scene.say(&mut one, "SET b 1");
    for read in ["GET a", "STRLEN a", "EXISTS a", "SETNX a 2", "EVAL \"return redis.call('get', KEYS[1])\" 1 a"] {
        assert_eq!(scene.say(&mut other, read).holds, [(0, 1, written)], "{read}");
    }
    for read in ["DBSIZE", "KEYS *", "SCAN 0", "RANDOMKEY"] {
        assert_eq!(scene.say(&mut other, read).holds, [(0, 1, scene.end())], "{read}");
    }
    for other_key in ["GET c", "PING", "EXISTS d"] {
        assert_eq!(scene.say(&mut other, other_key).holds, [], "{other_key}");
    }
    assert_eq!(scene.say(&mut careless, "GET a").holds, []);
    scene.confirm(1, written);
    assert_eq!(scene.say(&mut other, "GET a").holds, []);
    assert_eq!(scene.say(&mut other, "GET b").holds, [(0, 1, scene.end())]);
    scene.say(&mut one, "FLUSHALL");
    assert_eq!(scene.say(&mut other, "GET c").holds, [(0, 1, scene.end())], "it may have been there");
}

#[test]
fn what_was_written_before_the_mode_counts_as_unconfirmed() {
    let mut scene = Scene::new(&[]);
    scene.server.journal.want(Want::Replicas, true);
    let mut one = scene.open();
    scene.say(&mut one, "SET a 1");
    let written = scene.end();
    assert_eq!(scene.say(&mut one, "CLIENT DURABILITY sync:1\nGET a").holds, [(5, 1, written)]);
    assert_eq!(scene.say(&mut one, "CLIENT DURABILITY").reply, "$6\r\nsync:1\r\n");
    assert_eq!(scene.say(&mut one, "RESET\nGET a").holds, []);
}

#[test]
fn a_transaction_waits_as_one_and_its_queueing_does_not() {
    let mut scene = Scene::new(&[("durability", "sync:1")]);
    let mut one = scene.open();
    assert_eq!(scene.say(&mut one, "MULTI\nSET a 1\nGET a").holds, []);
    assert_eq!(scene.say(&mut one, "EXEC").holds, [(0, 1, scene.end())]);
    scene.confirm(1, scene.end());
    assert_eq!(scene.say(&mut one, "MULTI\nGET a\nEXEC").holds, []);
}

#[test]
fn a_reply_that_is_not_sent_holds_those_that_are() {
    let mut scene = Scene::new(&[("durability", "sync:1")]);
    let mut one = scene.open();
    let answer = scene.say(&mut one, "CLIENT REPLY SKIP\nSET a 1\nPING");
    assert_eq!(answer, Answer { reply: "+PONG\r\n".to_owned(), holds: vec![(0, 1, scene.end())] });
}

#[test]
fn who_is_served_by_a_push_waits_as_well_as_who_pushes() {
    let mut scene = Scene::new(&[("durability", "sync:1")]);
    let (mut popper, mut pusher) = (scene.open(), scene.open());
    assert_eq!(scene.say(&mut popper, "BLPOP a 0"), free(""));
    let pushed = scene.say(&mut pusher, "LPUSH a x");
    let tickets: Tickets = [Ticket { lane: 1, offset: scene.end() }].into_iter().collect();
    assert_eq!(pushed.holds.len(), 1);
    assert!(pushed.holds[0].2 < scene.end(), "the pop comes behind the push");
    let mail = scene.worker.outbox().take();
    let [(to, Mail::Held(answer, held))] = &mail[..] else { panic!("{mail:?}") };
    assert_eq!((to.token, held), (1, &tickets));
    assert_eq!(**answer, Mail::Answer(b"*2\r\n$1\r\na\r\n$1\r\nx\r\n".to_vec()));
}

#[test]
fn news_of_a_write_wait_with_it() {
    let mut scene = Scene::new(&[("durability", "sync:1"), ("notify-keyspace-events", "KA")]);
    let (mut listener, mut writer) = (scene.open(), scene.open());
    scene.say(&mut listener, "SUBSCRIBE __keyspace@0__:a");
    scene.say(&mut writer, "SET a 1");
    let mail = scene.worker.outbox().take();
    assert!(matches!(&mail[..], [(_, Mail::Held(push, _))] if matches!(**push, Mail::Push(_))), "{mail:?}");
    // A message that no write has caused does not.
    scene.say(&mut writer, "PUBLISH __keyspace@0__:a hello");
    assert!(matches!(scene.worker.outbox().take()[..], [(_, Mail::Push(_))]));
}

#[test]
fn always_waits_for_the_disk_where_there_is_a_file() {
    let mut scene = Scene::new(&[("appendfsync", "always"), ("durability", "sync:1")]);
    let mut one = scene.open();
    scene.say(&mut one, "CLIENT DURABILITY async");
    assert_eq!(scene.say(&mut one, "SET a 1").holds, [], "no file, no disk");
    scene.server.journal.want(Want::File, true);
    assert_eq!(scene.say(&mut one, "SET a 2").holds, [(0, LOCAL_DISK, scene.end())]);
    assert_eq!(scene.say(&mut one, "GET a").holds, [(0, LOCAL_DISK, scene.end())]);
    let answer = scene.say(&mut one, "CLIENT DURABILITY default\nSET a 3");
    assert_eq!(answer.holds, [(5, LOCAL_DISK, scene.end()), (5, 1, scene.end())], "both");
    scene.server.journal.written.raise(scene.end());
    scene.server.journal.synced.raise(scene.end());
    assert_eq!(scene.say(&mut one, "GET a").holds, [(0, 1, scene.end())]);
}

#[test]
fn a_bound_refuses_writes_that_would_lose_more_than_it_allows() {
    let mut scene = Scene::new(&[("durability", "bounded:1000")]);
    let mut one = scene.open();
    assert_eq!(scene.say(&mut one, "SET a 1"), free("+OK\r\n"));
    let first = scene.end();
    scene.pass(600);
    assert_eq!(scene.say(&mut one, "SET a 2"), free("+OK\r\n"));
    scene.pass(401);
    let refused =
        "-NOREPLICAS a write of 1001 ms ago is not confirmed by any replica, and durability is bounded:1000\r\n";
    for write in ["SET a 3", "EVAL \"return 1\" 0", "LPUSH l x"] {
        assert_eq!(scene.say(&mut one, write), free(refused), "{write}");
    }
    assert_eq!(scene.say(&mut one, "GET a"), free("$1\r\n2\r\n"));
    assert_eq!(scene.say(&mut one, "MULTI\nGET a\nEXEC").holds, [], "reads go on");
    scene.confirm(1, first);
    assert_eq!(scene.say(&mut one, "SET a 4"), free("+OK\r\n"), "the oldest is 401 ms old");
    scene.pass(700);
    assert!(scene.say(&mut one, "SET a 5").reply.starts_with("-NOREPLICAS a write of 1101 ms ago"));
    scene.confirm(1, scene.end());
    assert_eq!(scene.say(&mut one, "SET a 6"), free("+OK\r\n"));
    assert_eq!(scene.server.durability.counts.refused.load(Relaxed), 4);
}

#[test]
fn only_the_in_sync_set_counts_once_it_is_named() {
    let scene = Scene::new(&[("durability", "sync:1")]);
    let durability = &scene.server.durability;
    durability.declare(1, 4, vec!["b".to_owned()]).expect("is the first");
    durability.replicas_hold([("a", 100, 100), ("b", 50, 40)].into_iter());
    assert_eq!(scene.server.watermark(ONE_REPLICA), 50);
    assert!(durability.declare(1, 3, Vec::new()).is_err(), "an order that comes late");
    durability.declare(1, 5, Vec::new()).expect("is later");
    durability.replicas_hold([("a", 200, 200), ("b", 150, 140)].into_iter());
    assert_eq!(scene.server.watermark(ONE_REPLICA), 50, "nobody counts");
}

#[test]
fn what_was_confirmed_of_another_stream_confirms_nothing_of_this_one() {
    let mut scene = Scene::new(&[("durability", "sync:1")]);
    let mut one = scene.open();
    scene.say(&mut one, "SET a 1");
    scene.confirm(1, scene.end() + 1_000_000);
    assert_eq!(scene.say(&mut one, "SET a 2").holds, []);
    scene.say(&mut one, "REPLICAOF 127.0.0.1 1");
    scene.say(&mut one, "REPLICAOF NO ONE");
    assert_eq!(scene.say(&mut one, "SET a 3").holds, [(0, 1, scene.end())]);
    scene.pass(500);
    assert_eq!(scene.server.lag(ONE_REPLICA, scene.server.moment()), 500, "ages are those of this stream");
}
