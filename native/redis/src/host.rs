//! What the commands ask of the process that they run in.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::sync::LazyLock;
use std::time::Instant;

/// Milliseconds of a clock that never goes back.
pub type Moment = u64;

/// What a server says about itself and only its host knows.
pub trait Host: Send + Sync {
    /// Counts of connections and of their bytes.
    fn connections(&self) -> Connections;
    /// Processor time and memory so far.
    fn usage(&self) -> Usage;
    /// Worker threads.
    fn threads(&self) -> usize;
    /// The TCP port; 0 without one.
    fn port(&self) -> u16;
    /// Milliseconds of the machine's clock that never goes back, and goes on while it sleeps.
    fn moment(&self) -> Moment;
    /// A client asks the process to end.
    fn shut_down(&self);
}

/// Counts of connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connections {
    /// Ever opened.
    pub total: u64,
    /// Turned away.
    pub rejected: u64,
    /// Closed because too much was held for all of them.
    pub evicted: u64,
    /// Bytes held for them: replies that they have not taken, requests that are not complete.
    pub held_bytes: u64,
    /// Received.
    pub bytes_read: u64,
    /// Sent.
    pub bytes_written: u64,
}

/// Processor time and memory of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// In its own code, in microseconds.
    pub user_us: u64,
    /// In the kernel, in microseconds.
    pub system_us: u64,
    /// Resident, in bytes.
    pub resident: u64,
    /// The machine's memory, in bytes.
    pub machine: u64,
}

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A server without a process of its own, as in tests.
pub(crate) struct NoHost;

impl Host for NoHost {
    fn connections(&self) -> Connections {
        Connections::default()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn threads(&self) -> usize {
        1
    }

    fn port(&self) -> u16 {
        0
    }

    fn moment(&self) -> Moment {
        BEGAN.elapsed().as_millis() as Moment
    }

    fn shut_down(&self) {}
}

/// One run of a server: when it began, and a name that no other run has.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) began: Instant,
    /// Forty hexadecimal digits.
    pub(crate) id: String,
}

impl Run {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), id: chance_digits(40) }
    }
}

/// Random hexadecimal digits from the system, fit for passwords; from the hasher's keys where no file can be opened.
pub(crate) fn chance_digits(count: usize) -> String {
    let mut bytes = vec![0; count.div_ceil(2)];
    let filled = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    if filled.is_err() {
        bytes.iter_mut().for_each(|byte| *byte = RandomState::new().hash_one(count) as u8);
    }
    let mut digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(count);
    digits
}

/// A name for a stream of changes.
pub(crate) fn chance_name() -> journal::ReplicationId {
    let mut name = [b'0'; 40];
    name.copy_from_slice(chance_digits(40).as_bytes());
    name
}

/// Milliseconds since 1970, for what has no command's time.
pub(crate) fn wall_clock() -> dataset::Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
