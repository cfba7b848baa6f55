//! Servers to relay to, and clients; every wait is bounded.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use relay::{Relay, Settings};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn relay(settings: Settings) -> Relay {
    let relay = Relay::new(settings).unwrap();
    relay.start().unwrap();
    relay
}

pub fn connect(relay: &Relay) -> TcpStream {
    let stream = TcpStream::connect(relay.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Answers every byte with its own letter and the byte; ends when the client has finished.
pub struct Echo {
    pub address: String,
    pub clients: Arc<AtomicUsize>,
}

impl Echo {
    pub fn start(letter: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let clients = Arc::new(AtomicUsize::new(0));
        let count = clients.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = count.clone();
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    echo(stream, letter);
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, clients }
    }

    pub fn clients(&self) -> usize {
        self.clients.load(Ordering::SeqCst)
    }
}

fn echo(mut stream: TcpStream, letter: u8) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let answer: Vec<u8> = buffer[..count].iter().flat_map(|byte| [letter, *byte]).collect();
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

/// One byte there and two back.
pub fn ask(stream: &mut TcpStream, byte: u8) -> std::io::Result<[u8; 2]> {
    stream.write_all(&[byte])?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// An address that refuses.
pub fn refusing() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
