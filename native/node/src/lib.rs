//! A memcached node: a choice of parts. The reactor moves bytes, memcached reads and answers them, the cache keeps them.
#![forbid(unsafe_code)]

mod clock;
mod host;
mod node;
mod service;
mod settings;
mod sweeper;

pub use memcached::VERSION;
pub use node::Node;
pub use settings::Settings;
