//! One Redis-mode node, from its settings to its end.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use reactor::{Address, Census, Server, Token};

use crate::post::Post;
use crate::redis_files::Files;
use crate::redis_follower::Following;
use crate::redis_host::RedisHost;
use crate::redis_saver::Saving;
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
    following: Option<Following>,
    saving: Option<Saving>,
    files: Option<Files>,
}

impl RedisNode {
    /// Binds what the settings name.
    ///
    /// # Errors
    /// An address that can't be resolved or bound, by name; of the kind `InvalidData`, a directive with a value that it does not take.
    pub fn bind(mut settings: RedisSettings) -> io::Result<Self> {
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
        let host = Arc::new(RedisHost::new(census.clone(), settings.threads));
        settings.redis.config = [process_directives(&settings, &census), settings.redis.config].concat();
        let redis = redis::Server::start(settings.redis, host);
        let redis = Arc::new(redis.map_err(|wrong| io::Error::new(io::ErrorKind::InvalidData, wrong))?);
        Ok(Self { server, redis, census, output_limit, sweeper: None, following: None, saving: None, files: None })
    }

    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.server.addresses().iter().map(Address::to_string).collect()
    }

    /// Starts the threads, and loads the data that there is: until it is complete, connections are answered that it is not. Returns
    /// what somebody should be told of it.
    ///
    /// # Errors
    /// When the system has no threads or descriptors left, or when the log on the disk can't be gone on with; of the kind
    /// `InvalidData`, what is wrong with a file, and where.
    pub fn start(&mut self) -> io::Result<Option<String>> {
        let post = Arc::new(Post::new(self.census.wakers()));
        let (redis, limit) = (self.redis.clone(), self.output_limit);
        let listeners: Arc<[String]> = self.census.listeners().into();
        redis.begin_loading();
        redis.begin_role();
        self.server.start(|number| {
            let worker = redis::Worker::new(redis.clone(), number);
            Redis::new(worker, number, post.clone(), listeners.clone(), limit)
        })?;
        let loaded = self.redis.load_at_start(wall_clock());
        let begun = loaded.and_then(|_| self.redis.begin_log(wall_clock()));
        let log = begun.map_err(|wrong| io::Error::new(io::ErrorKind::InvalidData, wrong))?;
        self.redis.begin_stream();
        self.redis.end_loading();
        self.files = Some(Files::start(self.redis.clone())?);
        self.saving = Some(Saving::start(self.redis.clone(), post.clone())?);
        self.following = Some(Following::start(self.redis.clone(), post.clone(), self.census.clone())?);
        let mut keeper = redis::Sweeper::new(self.redis.clone());
        self.sweeper = Some(Sweeper::start(move || {
            for (to, mail) in keeper.sweep(wall_clock()).take() {
                post.send(to.worker, Token(to.token), mail);
            }
        })?);
        Ok(log.and_then(|log| log.notice))
    }

    /// Stops accepting, lets what is begun end, closes the rest at the timeout; then the data is written, if that is wanted.
    ///
    /// # Errors
    /// What was not written, and why.
    pub fn stop(&mut self, timeout: Duration) -> Result<(), String> {
        self.redis.end_scripts();
        self.server.stop(timeout);
        (self.sweeper, self.following, self.saving) = (None, None, None);
        self.redis.end_log();
        self.files.take().map_or(Ok(()), Files::end)
    }

    /// What INFO says about a section (`""`: the usual ones), line by line.
    #[must_use]
    pub fn info(&self, section: &str) -> Vec<(String, String)> {
        self.redis.info(section, wall_clock())
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

/// What the process was started with, as CONFIG GET shows it.
fn process_directives(settings: &RedisSettings, census: &Census) -> Vec<(String, String)> {
    let hosts =
        settings.listen.iter().filter_map(|text| text.rsplit_once(':')).map(|(host, _)| host.trim_matches(['[', ']']));
    let tcp = census.listeners().iter().find(|listener| !listener.starts_with('/'));
    let port = tcp.and_then(|listener| listener.rsplit(':').next()).unwrap_or("0");
    let folder = std::env::current_dir().unwrap_or_default();
    let rows = [
        ("port", port.to_owned()),
        ("bind", hosts.collect::<Vec<_>>().join(" ")),
        ("unixsocket", settings.unix_socket.clone().unwrap_or_default()),
        ("unixsocketperm", format!("{:o}", settings.unix_mask)),
        ("io-threads", settings.threads.to_string()),
        ("tcp-backlog", settings.backlog.to_string()),
        ("databases", settings.redis.databases.to_string()),
        ("timeout", settings.idle_timeout.map_or(0, |timeout| timeout.as_secs()).to_string()),
        ("maxclients", settings.connections_max.to_string()),
        ("dir", folder.display().to_string()),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
