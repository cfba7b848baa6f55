//! How long commands take: the clock is read once a command, the end of one being the beginning of the next. What a log does again at
//! the start is not measured: reading the clock would be a tenth of it.

use std::sync::Arc;
use std::time::Instant;

use crate::call::Call;
use crate::clients::Client;
use crate::command::{Command, flag};
use crate::config;
use crate::counters::Counters;
use crate::redaction::redacted;
use crate::server::Server;

/// One worker's clock and counters.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) counters: Arc<Counters>,
    /// When the last command ended, or this input began to be served; none until one does.
    at: Option<Instant>,
}

impl Meter {
    /// An input begins to be served.
    pub(crate) fn begin(&mut self) {
        self.at = Some(Instant::now());
    }

    /// A key was looked up to be read.
    #[inline]
    pub(crate) fn looked_up(&self, is_found: bool) {
        if is_found { self.counters.hits.up() } else { self.counters.misses.up() }
    }

    /// When the running command began, if it is measured.
    #[inline]
    pub(crate) fn start(&self) -> Option<Instant> {
        self.at
    }
}

impl Call<'_, '_> {
    /// A command that began then has ended.
    #[inline]
    pub(crate) fn measure(
        &mut self,
        command: &'static Command,
        words: &[&[u8]],
        began: Option<Instant>,
        is_failed: bool,
    ) {
        let Some(began) = began else { return };
        let ended = Instant::now();
        self.meter.at = Some(ended);
        let took = u64::try_from(ended.duration_since(began).as_nanos()).unwrap_or(u64::MAX);
        let counters = &*self.meter.counters;
        let tally = counters.of(command);
        counters.processed.up();
        tally.calls.up();
        tally.nanoseconds.up_by(took);
        if is_failed {
            tally.failed.up();
        }
        let microseconds = took / 1000;
        if self.server.config.is_on(config::LATENCY_TRACKING) {
            tally.record(microseconds);
        }
        self.server.took(command, words, microseconds, self.session.client());
    }
}

impl Server {
    /// Remembers a command that has taken long.
    #[inline]
    fn took(&self, command: &Command, words: &[&[u8]], microseconds: u64, client: &Client) {
        let taken = i64::try_from(microseconds).unwrap_or(i64::MAX);
        let slow_from = self.config.number(config::SLOWLOG_TIME);
        let late_from = self.config.number(config::LATENCY_THRESHOLD);
        if (slow_from >= 0 && taken >= slow_from) || (late_from > 0 && taken / 1000 >= late_from) {
            self.took_long(command, words, taken, client);
        }
    }

    #[cold]
    fn took_long(&self, command: &Command, words: &[&[u8]], taken: i64, client: &Client) {
        let slow_from = self.config.number(config::SLOWLOG_TIME);
        if slow_from >= 0 && taken >= slow_from && !command.is(flag::SKIP_SLOWLOG) {
            self.slow_log.push(&redacted(command, words), taken, client, self.config.number(config::SLOWLOG_MAX));
        }
        let event = if command.is(flag::FAST) { "fast-command" } else { "command" };
        self.late(event, taken / 1000);
    }

    /// Something has taken so many milliseconds, which the latency monitor may want to know.
    pub(crate) fn late(&self, event: &'static str, milliseconds: i64) {
        let late_from = self.config.number(config::LATENCY_THRESHOLD);
        if late_from > 0 && milliseconds >= late_from {
            self.latency.record(event, milliseconds);
        }
    }
}
