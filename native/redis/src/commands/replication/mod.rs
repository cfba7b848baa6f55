//! Copies elsewhere: who is a replica of whom, what a replica asks, and how far replicas are.

pub(super) mod failover;
pub(super) mod roles;
pub(super) mod stream;
pub(super) mod wait;

use crate::command::flag;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING;
