//! Two kinds of node, each a choice of parts. The reactor moves bytes; memcached over the cache, or Redis's commands over the dataset,
//! read and answer them.
#![forbid(unsafe_code)]

mod clock;
mod host;
mod node;
mod post;
mod redis_feeds;
mod redis_files;
mod redis_follower;
mod redis_host;
mod redis_node;
mod redis_saver;
mod redis_service;
mod service;
mod settings;
mod sweeper;

pub use memcached::VERSION;
pub use node::Node;
pub use redis_node::{RedisNode, RedisSettings};
pub use settings::Settings;
