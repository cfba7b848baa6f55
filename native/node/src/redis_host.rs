//! What Redis's commands ask of the process: connections from the reactor's census, the rest from the kernel.

use std::fs;

use reactor::Census;
use redis::host::{Connections, Usage};
use rustix::time::{ClockId, clock_gettime};

use crate::host::processor_ticks;

/// The node as INFO and SHUTDOWN see it.
pub(crate) struct RedisHost {
    census: Census,
    threads: usize,
}

impl RedisHost {
    pub(crate) fn new(census: Census, threads: usize) -> Self {
        Self { census, threads }
    }
}

impl redis::Host for RedisHost {
    fn connections(&self) -> Connections {
        let (bytes_read, bytes_written) = self.census.traffic();
        Connections {
            total: self.census.connections_total(),
            rejected: self.census.rejected(),
            evicted: self.census.shed(),
            held_bytes: self.census.held(),
            bytes_read,
            bytes_written,
        }
    }

    fn usage(&self) -> Usage {
        let (user_us, system_us) = processor_ticks();
        let page = rustix::param::page_size() as u64;
        let resident = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident = resident.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * page;
        let machine = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let machine =
            machine.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok());
        Usage { user_us, system_us, resident, machine: machine.unwrap_or(0) * 1024 }
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn port(&self) -> u16 {
        let tcp = self.census.listeners().iter().find(|listener| !listener.starts_with('/'));
        tcp.and_then(|listener| listener.rsplit(':').next()?.parse().ok()).unwrap_or(0)
    }

    fn moment(&self) -> u64 {
        let time = clock_gettime(ClockId::Boottime);
        time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
    }

    fn shut_down(&self) {
        // What is begun ends first: the owner of the node drains it.
        self.census.request_end();
    }
}
