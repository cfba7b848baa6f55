//! Save points: after so many seconds with at least so many changes the server's own file is written.

use dataset::Millis;

use crate::config;
use crate::server::Server;

/// After one that failed the next one waits so long.
const RETRY_MS: u64 = 5000;

/// Seconds and changes of each.
fn points(server: &Server) -> Vec<(u64, u64)> {
    let text = server.config.text(config::SAVE);
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// One of them asks for a save.
pub(super) fn are_reached(server: &Server, now: Millis) -> bool {
    let points = points(server);
    if points.is_empty() {
        return false;
    }
    let (last, changes) = (server.saves.last(), server.changes_since_save());
    let may_try = last.failure.is_none() || now.saturating_sub(last.tried_at) > RETRY_MS;
    let since = (now / 1000).saturating_sub(last.saved_at);
    may_try && points.iter().any(|(seconds, least)| changes >= (*least).max(1) && since > *seconds)
}

impl Server {
    /// There are save points.
    fn has_save_points(&self) -> bool {
        !self.config.text(config::SAVE).is_empty()
    }

    /// While the server's own file can't be written, what would have to stand in it is refused.
    pub(crate) fn stops_writes(&self) -> bool {
        self.has_save_points() && self.config.is_on(config::STOP_WRITES)
    }

    /// The server's own file is written when the server ends.
    pub(crate) fn saves_at_end(&self) -> bool {
        self.at_end.lock().unwrap_or_else(|| self.has_save_points())
    }

    /// Says whether it is, whatever the save points.
    pub(crate) fn save_at_end(&self, is_wanted: Option<bool>) {
        *self.at_end.lock() = is_wanted;
    }
}
