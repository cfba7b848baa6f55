//! What a worker holds for its clients, counted as replies stay unsent and requests incomplete; and who goes when that is too much.
//!
//! The bound is the server's. A worker that finds it passed sheds down to its share of it: whatever is held beyond the bound, some
//! worker holds beyond its share.

use std::cmp::Reverse;
use std::sync::atomic::Ordering::Relaxed;

use crate::census::held;
use crate::connection::{Connection, Phase};
use crate::worker::Worker;
use crate::{Service, Token, Why};

impl<S: Service> Worker<S> {
    /// Counts anew what is held for a client.
    #[inline]
    pub(crate) fn weigh(&mut self, token: Token) {
        let connection = self.links.connections.get_mut(token.place());
        let Some(connection) = connection.filter(|one| one.token == token && one.listener.is_some()) else { return };
        let of_service = self.sessions[token.place()].as_ref().and_then(|session| self.service.holds(session));
        let held = of_service.map_or(0, |bytes| bytes + connection.reply.held() + connection.pending.capacity());
        if held != connection.held {
            self.links.held_bytes = self.links.held_bytes - connection.held + held;
            connection.held = held;
        }
    }

    /// Says how much is held, and looks whether that is too much.
    #[inline]
    pub(crate) fn see_to_memory(&mut self) {
        let bytes = self.links.held_bytes;
        if self.desk.held.load(Relaxed) != bytes as u64 {
            self.desk.held.store(bytes as u64, Relaxed);
        }
        let Some(most) = self.links.clients_memory else { return };
        let share = most / self.desks.len();
        if bytes > share {
            let excess = usize::try_from(held(&self.desks)).unwrap_or(usize::MAX).saturating_sub(most);
            self.shed(excess.min(bytes - share));
        }
    }

    #[cold]
    fn shed(&mut self, mut excess: usize) {
        if excess == 0 {
            return;
        }
        let connections = self.links.connections.iter().map(|(_, connection)| connection);
        let holding = connections.filter(|one| one.held > 0 && one.phase != Phase::Dead);
        let rank = |one: &Connection| (Reverse(one.seconds_unread(self.second)), Reverse(one.held), one.token);
        let mut ranked: Vec<_> = holding.map(rank).collect();
        ranked.sort_unstable();
        for (_, Reverse(bytes), token) in ranked {
            if excess == 0 {
                return;
            }
            excess = excess.saturating_sub(bytes);
            self.desk.shed.fetch_add(1, Relaxed);
            self.links.doom(token, Why::Shed);
        }
    }
}
