//! Bytes: all of them, in order, both ways, however slowly they are read, to the end of either side.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use relay::{Relay, Settings};
use support::{PATIENCE, connect, relay, wait_for};

/// A client and the server's end of its connection.
fn joined(relay: &Relay) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    relay.point(&[listener.local_addr().unwrap().to_string()]).unwrap();
    let client = connect(relay);
    let (server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    server.set_write_timeout(Some(PATIENCE)).unwrap();
    (client, server)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 % 251) as u8).collect()
}

#[test]
fn much_goes_both_ways_at_once() {
    let relay = relay(Settings { buffer_max: 64 << 10, ..Settings::default() });
    let (client, server) = joined(&relay);
    let (there, back) = (pattern(20_000_000), pattern(30_000_001));
    std::thread::scope(|scope| {
        for (side, sent, expected) in [(&client, &there, &back), (&server, &back, &there)] {
            scope.spawn(move || {
                let mut side = side;
                side.write_all(sent).unwrap();
                side.shutdown(Shutdown::Write).unwrap();
                expected
            });
            scope.spawn(move || {
                let (mut side, mut got) = (side, Vec::new());
                side.read_to_end(&mut got).unwrap();
                assert!(got == *expected, "{} of {} bytes", got.len(), expected.len());
            });
        }
    });
    wait_for("both ends to be closed", || relay.statistics().connections == 0);
    let moved = (there.len() + back.len()) as u64;
    assert_eq!((relay.statistics().bytes_read, relay.statistics().bytes_written), (moved, moved));
}

#[test]
fn a_half_closed_side_gets_what_the_other_still_says() {
    let relay = relay(Settings::default());
    let (mut client, mut server) = joined(&relay);
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut asked = String::new();
    server.read_to_string(&mut asked).unwrap();
    assert_eq!(asked, "question");
    server.write_all(b"answer").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
    wait_for("it to be forgotten", || relay.statistics().connections == 0);
}

#[test]
fn the_server_may_finish_first() {
    let relay = relay(Settings::default());
    let (mut client, mut server) = joined(&relay);
    server.write_all(b"enough").unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    assert_eq!(said, "enough");
    client.write_all(b"one more word").unwrap();
    drop(client);
    let mut word = String::new();
    server.read_to_string(&mut word).unwrap();
    assert_eq!(word, "one more word");
}

#[test]
fn what_is_sent_and_left_at_once_arrives() {
    let relay = relay(Settings::default());
    let (mut client, mut server) = joined(&relay);
    let sent = pattern(3_000_000);
    let expected = sent.clone();
    let writer = std::thread::spawn(move || client.write_all(&sent).unwrap());
    let mut got = Vec::new();
    server.read_to_end(&mut got).unwrap();
    writer.join().unwrap();
    assert!(got == expected);
}

/// Neither side's slowness costs more than the buffer, and its sender is stopped.
#[test]
fn a_slow_reader_stops_the_writer() {
    let buffer_max = 256 << 10;
    let relay = relay(Settings { buffer_max, ..Settings::default() });
    let (client, server) = joined(&relay);
    for (mut writer, mut reader) in [(&client, &server), (&server, &client)] {
        writer.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let (chunk, mut sent) = (pattern(1 << 16), 0_usize);
        while let Ok(count) = writer.write(&chunk[sent % chunk.len()..]) {
            sent += count;
            assert!(sent < 64 << 20, "nobody reads, and still more is taken");
        }
        let held = relay.statistics().bytes_read - relay.statistics().bytes_written;
        assert!(held <= (buffer_max + (128 << 10)) as u64, "{held} bytes are held");
        let mut got = vec![0; sent];
        reader.read_exact(&mut got).unwrap();
        assert!(got.chunks(chunk.len()).all(|piece| piece == &chunk[..piece.len()]));
    }
}

#[test]
fn who_never_reads_what_is_left_is_given_up() {
    let relay = relay(Settings { linger: Duration::from_millis(100), ..Settings::default() });
    let (client, mut server) = joined(&relay);
    server.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    while server.write(&[0; 1 << 16]).is_ok() {}
    relay.point(&[]).unwrap();
    wait_for("the client to be given up", || relay.statistics().connections == 0);
    drop(client);
}

#[test]
fn a_server_that_dies_ends_its_clients() {
    let relay = relay(Settings::default());
    let (mut client, server) = joined(&relay);
    client.write_all(b"never read, so that its end is a reset").unwrap();
    wait_for("it to arrive", || relay.statistics().bytes_written > 0);
    drop(server);
    assert!(matches!(client.read(&mut [0; 1]), Ok(0) | Err(_)));
    wait_for("it to be forgotten", || relay.statistics().connections == 0);
}
