//! One call of a command: what its function may use.

use cache::{Cache, NoRoom, Value};

use crate::clock::Clock;
use crate::counters::Counters;
use crate::output::Output;
use crate::server::Server;
use crate::session::{Session, State};

/// What a command's function works with.
pub struct Call<'c> {
    /// Everything that all workers share.
    pub(crate) server: &'c Server,
    /// The store.
    pub(crate) cache: &'c Cache,
    /// This worker's counters.
    pub(crate) counters: &'c Counters,
    /// The reply.
    pub(crate) out: &'c mut dyn Output,
    /// The time.
    pub(crate) clock: Clock,
    /// The number of the connection.
    pub(crate) connection: u64,
    /// What the connection does next, if not reading a line.
    pub(crate) next: &'c mut State,
}

impl<'c> Call<'c> {
    pub(crate) fn new(
        server: &'c Server,
        counters: &'c Counters,
        session: &'c mut Session,
        out: &'c mut dyn Output,
        clock: Clock,
    ) -> Self {
        let Session { number, state } = session;
        Self { server, cache: &server.cache, counters, out, clock, connection: *number, next: state }
    }

    /// Appends a line (its end is part of it) unless no answer is wanted.
    #[inline]
    pub(crate) fn answer(&mut self, quiet: bool, line: &[u8]) {
        if !quiet {
            self.out.put(line);
        }
    }

    /// Whether an item would be larger than allowed, counted as memcached counts: so the same sizes are refused.
    #[inline]
    pub(crate) fn is_too_large(&self, key: &[u8], flags: u32, length: usize) -> bool {
        item_size(key, flags, length) > self.server.settings.item_size_max
    }
}

/// Appends a value and its line end to `out`.
#[inline]
pub(crate) fn put_value(out: &mut dyn Output, value: &Value<'_>) {
    match value {
        Value::Inline(bytes) => {
            let buffer = out.buffer();
            buffer.extend_from_slice(bytes);
            buffer.extend_from_slice(b"\r\n");
        }
        Value::Shared(bytes) => {
            out.share((*bytes).clone(), 0..bytes.len());
            out.put(b"\r\n");
        }
    }
}

/// The size of an item as memcached 1.6 lays it out: header and CAS value, key with its end, flags if any, value with line end.
#[inline]
pub(crate) fn item_size(key: &[u8], flags: u32, length: usize) -> usize {
    const HEADER: usize = 48 + 8;
    HEADER + key.len() + 1 + if flags == 0 { 0 } else { 4 } + length + 2
}

/// What a store that found no room says.
pub(crate) fn no_room(call: &mut Call<'_>, quiet: bool, _: NoRoom) {
    call.counters.store_no_memory.up();
    call.answer(quiet, b"SERVER_ERROR out of memory storing object\r\n");
}
