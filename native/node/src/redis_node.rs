//! One Redis-mode node, from its settings to its end.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use reactor::{Address, Census, Server, Token};

use crate::post::Post;
use crate::redis_service::{Redis, wall_clock};
use crate::sweeper::Sweeper;

/// What a Redis-mode node is told when it starts.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `host:port` each; port 0 takes a free one.
    pub listen: Vec<String>,
    /// Path of a unix socket to listen on as well.
    pub unix_socket: Option<String>,
    /// Permission bits that the unix socket's file does not have.
    pub unix_mask: u32,
    /// Worker threads.
    pub threads: usize,
    /// Client connections at a time.
    pub connections_max: usize,
    /// Connections that may wait to be accepted.
    pub backlog: i32,
    /// Connections idle for longer are closed.
    pub idle_timeout: Option<Duration>,
    /// The commands' own settings.
    pub redis: redis::Settings,
}

/// A Redis-mode node: sockets are bound on construction, threads serve them from `start` to `stop`.
pub struct RedisNode {
    server: Server,
    redis: Arc<redis::Server>,
    census: Census,
    output_limit: usize,
    sweeper: Option<Sweeper>,
}

impl RedisNode {
    /// Binds what the settings name.
    ///
    /// # Errors
    /// An address that can't be resolved or bound, by name.
    pub fn bind(settings: RedisSettings) -> io::Result<Self> {
        let mut addresses =
            settings.listen.iter().map(|text| Address::resolve(text)).collect::<io::Result<Vec<_>>>()?;
        addresses.extend(settings.unix_socket.iter().map(|path| Address::Unix(path.into())));
        let reactor = reactor::Settings {
            name: "redis",
            threads: settings.threads,
            connections_max: settings.connections_max,
            backlog: settings.backlog,
            idle_timeout: settings.idle_timeout,
            full: b"-ERR max number of clients reached\r\n",
            ..reactor::Settings::default()
        };
        let output_limit = reactor.output_limit;
        let server = Server::bind(reactor, &addresses, settings.unix_mask)?;
        let census = server.census();
        Ok(Self { server, redis: Arc::new(redis::Server::new(settings.redis)), census, output_limit, sweeper: None })
    }

    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.server.addresses().iter().map(Address::to_string).collect()
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no threads or descriptors left.
    pub fn start(&mut self) -> io::Result<()> {
        let post = Arc::new(Post::new(self.census.wakers()));
        let (redis, limit) = (self.redis.clone(), self.output_limit);
        let listeners: Arc<[String]> = self.census.listeners().into();
        self.server.start(|number| {
            let worker = redis::Worker::new(redis.clone(), number);
            Redis::new(worker, number, post.clone(), listeners.clone(), limit)
        })?;
        let mut keeper = redis::Sweeper::new(self.redis.clone());
        self.sweeper = Some(Sweeper::start(move || {
            for (to, mail) in keeper.sweep(wall_clock()).take() {
                post.send(to.worker, Token(to.token), mail);
            }
        })?);
        Ok(())
    }

    /// Stops accepting, lets what is begun end, closes the rest at the timeout.
    pub fn stop(&mut self, timeout: Duration) {
        self.server.stop(timeout);
        self.sweeper = None;
    }

    /// Readable once the node should end: a client's `SHUTDOWN`, or a failure.
    #[must_use]
    pub fn ended_fd(&self) -> BorrowedFd<'_> {
        self.census.ended_fd()
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.census.failure()
    }
}
