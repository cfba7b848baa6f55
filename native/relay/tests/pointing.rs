//! Where clients come out: waiting for a target, switching, spreading over several.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use relay::{Relay, Settings};
use support::{Echo, PATIENCE, ask, connect, refusing, relay, wait_for};

/// Clients that came one after the other, and who answered them: of those that come at once, two threads may lead two to the same target.
fn served(relay: &Relay, count: usize) -> (Vec<TcpStream>, Vec<u8>) {
    let serve = |_| {
        let mut client = connect(relay);
        let [letter, _] = ask(&mut client, b'1').unwrap();
        (client, letter)
    };
    (0..count).map(serve).unzip()
}

#[test]
fn a_client_that_is_early_is_served_when_there_is_a_target() {
    let (relay, echo) = (relay(Settings { wait: PATIENCE, ..Settings::default() }), Echo::start(b'a'));
    let mut client = connect(&relay);
    client.write_all(b"x").unwrap();
    wait_for("the client to be there", || relay.statistics().connections == 1);
    relay.point(&[echo.address]).unwrap();
    let mut answer = [0; 2];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ax");
}

#[test]
fn a_client_waits_so_long_and_no_longer() {
    let wait = Duration::from_millis(100);
    let relay = relay(Settings { wait, ..Settings::default() });
    for target in [vec![], vec![refusing()]] {
        relay.point(&target).unwrap();
        let began = Instant::now();
        let mut client = connect(&relay);
        client.write_all(b"x").unwrap();
        // With what it sent unread, the end is a reset.
        assert!(matches!(client.read(&mut [0; 1]), Ok(0) | Err(_)));
        assert!(began.elapsed() >= wait);
    }
    assert_eq!(relay.statistics().expired, 2);
    assert!(relay.statistics().unreachable >= 1);
}

#[test]
fn a_client_that_only_looks_whether_somebody_listens_does_not_stay() {
    let relay = relay(Settings { wait: PATIENCE, ..Settings::default() });
    drop(connect(&relay));
    wait_for("the accept", || relay.statistics().connections_total == 1);
    wait_for("the client to be gone", || relay.statistics().connections == 0);
}

#[test]
fn a_target_that_comes_back_is_found_without_being_told() {
    let relay = relay(Settings { wait: PATIENCE, ..Settings::default() });
    let address = refusing();
    relay.point(std::slice::from_ref(&address)).unwrap();
    let mut client = connect(&relay);
    client.write_all(b"x").unwrap();
    wait_for("an attempt", || relay.statistics().unreachable > 0);
    let listener = std::net::TcpListener::bind(&address).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let mut got = [0];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"x");
}

#[test]
fn switching_closes_who_is_connected_and_leaves_who_stays() {
    let (old, new) = (Echo::start(b'o'), Echo::start(b'n'));
    let relay = relay(Settings::default());
    relay.point(&[old.address.clone(), new.address.clone()]).unwrap();
    let (mut clients, answers) = served(&relay, 8);
    assert_eq!(answers.iter().filter(|letter| **letter == b'o').count(), 4);
    relay.point(std::slice::from_ref(&new.address)).unwrap();
    for (client, letter) in clients.iter_mut().zip(answers) {
        if letter == b'n' {
            assert_eq!(ask(client, b'2').unwrap(), *b"n2");
        } else {
            assert!(matches!(client.read(&mut [0; 1]), Ok(0) | Err(_)), "connected to what is pointed at no more");
            *client = connect(&relay);
            assert_eq!(ask(client, b'3').unwrap(), *b"n3");
        }
    }
    wait_for("the old one to be left", || old.clients() == 0);
    assert_eq!(relay.statistics().cut, 4);
    assert_eq!(relay.statistics().switches, 2);
    assert_eq!(relay.targets(), [(new.address, 8)]);
}

#[test]
fn of_several_targets_one_that_refuses_is_passed_over() {
    let (echo, relay) = (Echo::start(b'a'), relay(Settings::default()));
    relay.point(&[refusing(), echo.address.clone(), refusing()]).unwrap();
    for _ in 0..20 {
        assert_eq!(ask(&mut connect(&relay), b'x').unwrap(), *b"ax");
    }
}

#[test]
fn targets_share_the_clients() {
    let servers: Vec<_> = (b'a'..=b'c').map(Echo::start).collect();
    let relay = relay(Settings::default());
    relay.point(&servers.iter().map(|each| each.address.clone()).collect::<Vec<_>>()).unwrap();
    let (_clients, _) = served(&relay, 30);
    let counts: Vec<_> = relay.targets().into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts.iter().sum::<usize>(), 30);
    assert!(counts.iter().all(|count| (8..=12).contains(count)), "{counts:?}");
}

/// Who asks through it sees answers of the server pointed at, whole, or an end of the connection; never a mix.
#[test]
fn switching_under_load_mixes_nothing() {
    let servers = [Echo::start(b'a'), Echo::start(b'b')];
    let relay = relay(Settings::default());
    relay.point(&[servers[0].address.clone()]).unwrap();
    let (is_over, answers, ends) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    std::thread::scope(|scope| {
        for byte in 0..8 {
            let (relay, is_over, answers, ends) = (&relay, is_over.clone(), answers.clone(), ends.clone());
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let mut client = connect(relay);
                    let first = ask(&mut client, byte);
                    while let Ok([letter, echoed]) = ask(&mut client, byte) {
                        assert_eq!(echoed, byte);
                        if let Ok([before, _]) = first {
                            assert_eq!(letter, before, "a connection that changed its server");
                        }
                        answers.fetch_add(1, Ordering::SeqCst);
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                    ends.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 1..40 {
            let before = answers.load(Ordering::SeqCst);
            wait_for("answers between switches", || answers.load(Ordering::SeqCst) >= before + 20);
            relay.point(&[servers[round % 2].address.clone()]).unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(ends.load(Ordering::SeqCst) > 0);
    wait_for("the servers to be left", || servers.iter().all(|server| server.clients() == 0));
    wait_for("the counts to fall", || relay.targets().iter().all(|(_, count)| *count == 0));
}
