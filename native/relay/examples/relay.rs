//! A relay as a process, for measurements: `relay LISTEN THREADS TARGET...`, until it is ended.

use std::io;

use relay::{Relay, Settings};

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, threads, targets @ ..] = words.as_slice() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let threads = threads.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    let relay = Relay::new(Settings { listen: listen.clone(), threads, ..Settings::default() })?;
    relay.point(targets)?;
    relay.start()?;
    loop {
        std::thread::park();
    }
}
