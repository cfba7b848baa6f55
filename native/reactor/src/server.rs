//! Threads around a service: bind, start, drain, stop.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::acceptor::Acceptor;
use crate::census::{Census, Control, Desk};
use crate::listener::Listener;
use crate::worker::{WAKE, Worker};
use crate::{Address, Service, Settings};

/// How often `stop` looks whether the connections have drained.
const DRAIN_LOOK: Duration = Duration::from_millis(2);

/// A server: listeners that are bound, and threads once it is started.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    listeners: Vec<Listener>,
    addresses: Vec<Address>,
    /// The acceptor's own wake-up.
    gate: Arc<Desk>,
    census: Census,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Binds every address; nothing is accepted before `start`.
    ///
    /// # Errors
    /// The first address that can't be bound, by name.
    pub fn bind(settings: Settings, addresses: &[Address], unix_mode: u32) -> io::Result<Self> {
        let listeners = (addresses.iter())
            .map(|address| Listener::bind(address, settings.backlog, unix_mode))
            .collect::<io::Result<Vec<_>>>()?;
        let control = Arc::new(Control::new()?);
        let desks = (0..settings.threads.max(1))
            .map(|_| Desk::new(control.clone()).map(Arc::new))
            .collect::<io::Result<Vec<_>>>()?;
        let addresses: Vec<Address> = listeners.iter().map(|listener| listener.address().clone()).collect();
        let names = Arc::new(addresses.iter().map(Address::to_string).collect());
        let gate = Arc::new(Desk::new(control.clone())?);
        let census = Census { control, desks, listeners: names };
        Ok(Self { settings, listeners, addresses, gate, census, threads: Vec::new() })
    }

    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The view of it that other threads may hold.
    #[must_use]
    pub fn census(&self) -> Census {
        self.census.clone()
    }

    /// Starts the threads, with one service each.
    ///
    /// # Errors
    /// When a thread or an epoll instance can't be had; what was started is stopped.
    pub fn start<S: Service + Send + 'static>(&mut self, mut service: impl FnMut(usize) -> S) -> io::Result<()> {
        let started = self.start_threads(&mut service);
        if started.is_err() {
            self.stop(Duration::ZERO);
        }
        started
    }

    fn start_threads<S: Service + Send + 'static>(&mut self, service: &mut dyn FnMut(usize) -> S) -> io::Result<()> {
        let desks = self.census.desks.clone();
        for (index, desk) in desks.clone().into_iter().enumerate() {
            let epoll = epoll::create(CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, desk.wake_fd(), EventData::new_u64(WAKE), EventFlags::IN)?;
            let (service, settings, desks) = (service(index), self.settings.clone(), desks.clone());
            let name = format!("{}-{index}", self.settings.name);
            self.spawn(name, move || Worker::new(service, epoll, desk, desks, &settings).run())?;
        }
        let listeners = std::mem::take(&mut self.listeners);
        let (desks, control) = (self.census.desks.clone(), self.census.control.clone());
        let mut acceptor = Acceptor::new(listeners, desks, control, &self.gate, &self.settings)?;
        self.spawn("acceptor".to_owned(), move || acceptor.run())
    }

    fn spawn(&mut self, name: String, run: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
        let control = self.census.control.clone();
        let label = name.clone();
        let thread = Builder::new().name(name).spawn(move || match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => control.end(Some(format!("{label}: {error}"))),
            Err(panic) => control.end(Some(format!("{label} panicked: {}", words(panic.as_ref())))),
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Stops accepting, lets what is begun end, closes the rest at the timeout, and joins the threads.
    pub fn stop(&mut self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        self.census.control.draining.store(true, Ordering::Relaxed);
        self.wake();
        while self.census.connections() > 0 && Instant::now() < deadline && self.census.failure().is_none() {
            std::thread::park_timeout(DRAIN_LOOK);
        }
        self.census.control.stopped.store(true, Ordering::Relaxed);
        self.wake();
        for thread in self.threads.drain(..) {
            // A panic has been caught and told already.
            let _ = thread.join();
        }
        self.listeners.clear();
    }

    fn wake(&self) {
        self.gate.wake();
        self.census.desks.iter().for_each(|desk| desk.wake());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned()
}
