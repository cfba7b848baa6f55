//! While data is loaded nobody may see a part of it: only what may be asked at any time is served.

use std::sync::atomic::{AtomicBool, AtomicU64};

/// What is known of a load that is on its way.
#[derive(Debug, Default)]
pub(crate) struct Loading {
    /// It is on its way.
    pub(crate) is_on: AtomicBool,
    /// Keys so far.
    pub(crate) keys: AtomicU64,
}
