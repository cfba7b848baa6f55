//! What a server keeps beyond its memory: snapshots, the log, replicas; a file each.

pub(super) mod log;
pub(super) mod snapshots;

use crate::command::flag;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING;
