//! The look at all connections once a second: who is active, and who has been idle for too long.

use std::sync::atomic::Ordering;

use crate::worker::Worker;
use crate::{Service, Token, Why};

impl<S: Service> Worker<S> {
    /// Once a second: tells the census who is active, and closes who is not.
    pub(crate) fn look_around(&mut self) {
        let seconds = self.second;
        if seconds == self.looked_at {
            return;
        }
        self.looked_at = seconds;
        let active = self.links.connections.iter_mut().filter_map(|(_, connection)| {
            let is_news = connection.active_at != connection.shown_at;
            connection.shown_at = connection.active_at;
            is_news.then_some((connection.token, connection.active_at))
        });
        self.desk.seen(active, seconds);
        self.close_idle(seconds);
    }

    fn close_idle(&mut self, seconds: u32) {
        let Some(timeout) = self.idle_timeout else { return };
        let limit = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
        let idle = |active_at: u32| seconds.saturating_sub(active_at) >= limit;
        let tokens: Vec<Token> = (self.links.connections.iter())
            .filter(|(_, connection)| connection.listener.is_some() && idle(connection.active_at))
            .map(|(_, connection)| connection.token)
            .collect();
        for token in tokens {
            self.desk.idle_closed.fetch_add(1, Ordering::Relaxed);
            self.links.doom(token, Why::Idle);
        }
    }
}
