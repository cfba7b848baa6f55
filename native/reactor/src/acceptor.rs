//! The thread that accepts: it hands each new connection to the worker that has the fewest.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{self, SendFlags, SocketFlags, sockopt};
use rustix::time::Timespec;

use crate::census::{Control, Desk};
use crate::listener::Listener;
use crate::{Address, Settings};

/// Connections accepted from one listener before the next has its turn.
const ACCEPTS_MAX: usize = 64;
/// How long accepting rests when the process has no file descriptor left.
const REST: Duration = Duration::from_millis(20);

pub(crate) struct Acceptor {
    epoll: OwnedFd,
    listeners: Vec<Listener>,
    desks: Vec<Arc<Desk>>,
    control: Arc<Control>,
    connections_max: usize,
    full: &'static [u8],
    resting: bool,
}

impl Acceptor {
    pub(crate) fn new(
        listeners: Vec<Listener>,
        desks: Vec<Arc<Desk>>,
        control: Arc<Control>,
        wake: &Desk,
        settings: &Settings,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, wake.wake_fd(), EventData::new_u64(u64::MAX), EventFlags::IN)?;
        let (connections_max, full) = (settings.connections_max, settings.full);
        let acceptor = Self { epoll, listeners, desks, control, connections_max, full, resting: true };
        Ok(acceptor)
    }

    /// Accepts until the server drains; the listeners close when this returns.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(16);
        while !self.control.draining.load(Ordering::Relaxed) {
            if self.resting {
                self.watch(true)?;
            }
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let index = event.data.u64();
                if index != u64::MAX && self.accept(usize::try_from(index).unwrap_or(0)).is_err() {
                    self.rest()?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn watch(&mut self, on: bool) -> io::Result<()> {
        for (index, listener) in self.listeners.iter().enumerate() {
            if on {
                epoll::add(&self.epoll, listener, EventData::new_u64(index as u64), EventFlags::IN)?;
            } else {
                epoll::delete(&self.epoll, listener)?;
            }
        }
        self.resting = !on;
        Ok(())
    }

    /// Without descriptors a level-triggered listener would spin: look away until some may have been freed.
    fn rest(&mut self) -> io::Result<()> {
        self.control.listen_pauses.fetch_add(1, Ordering::Relaxed);
        self.watch(false)?;
        let rest = Timespec { tv_sec: 0, tv_nsec: REST.subsec_nanos().into() };
        match epoll::wait(
            &self.epoll,
            &mut [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; 1],
            Some(&rest),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what waits on one listener; the error is that of missing resources.
    fn accept(&self, index: usize) -> rustix::io::Result<()> {
        let listener = &self.listeners[index];
        for _ in 0..ACCEPTS_MAX {
            match net::accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok(socket) => self.seat(socket, index),
                Err(Errno::AGAIN) => return Ok(()),
                // The client went away while it waited, or its packet was refused.
                Err(Errno::INTR | Errno::CONNABORTED | Errno::PROTO | Errno::PERM) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn seat(&self, socket: OwnedFd, index: usize) {
        if self.control.connections.load(Ordering::Relaxed) >= self.connections_max {
            self.control.rejected.fetch_add(1, Ordering::Relaxed);
            // Whether the answer reaches the client is its own affair: the connection closes either way.
            let _ = net::send(&socket, self.full, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
            return;
        }
        if let Address::Tcp(_) = self.listeners[index].address() {
            // Options that make it better but without which it works.
            let _ = sockopt::set_tcp_nodelay(&socket, true);
            let _ = sockopt::set_socket_keepalive(&socket, true);
        }
        if let Some(desk) = self.desks.iter().min_by_key(|desk| (desk.is_stuck(), desk.connections())) {
            desk.hand(socket, index);
        }
    }
}
