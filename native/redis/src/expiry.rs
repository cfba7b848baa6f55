//! Keys whose time has come: they count as absent, and whoever may change something and meets one removes it. A sweep finds those that
//! nobody meets.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dataset::{Item, Millis, Place, SHARDS, Shards};
use resp::{Version, Writer};

use crate::ClientId;
use crate::call::Call;
use crate::events::Class;
use crate::execute::Aftermath;
use crate::server::Server;
use crate::session::Session;

/// Stands for the server itself where a connection is named.
pub(crate) const SERVER_ITSELF: ClientId = ClientId { number: 0, worker: 0, token: 0 };

/// Expired keys of a shard that are removed before others may have it.
const BATCH: usize = 100;

impl<'c> Call<'c, '_> {
    /// The live item of a key, with the writer for the reply; no access to it is counted.
    pub(crate) fn peek(&mut self, key: &[u8]) -> (Option<&Item>, &mut Writer<'c>) {
        let place = self.expire_if_due(key);
        let item = self.data.part(self.session.database, place).item(place.hash, key);
        (item.filter(|item| !item.is_expired(self.now)), &mut self.reply)
    }

    /// Removes a key whose time has come, as any change: with its event and its effect. A replica leaves that to its primary, so the key
    /// may still be there, expired. Returns where it lies.
    #[inline]
    pub(crate) fn expire_if_due(&mut self, key: &[u8]) -> Place {
        let place = self.data.place(key);
        if self.confirmation.guards_reads {
            self.confirmation.depends_on(self.data.attached_at(place).recent.of(place.hash));
        }
        if self.data.part(self.session.database, place).volatile() > 0 {
            self.expire_at(place, key);
        }
        place
    }

    fn expire_at(&mut self, place: Place, key: &[u8]) {
        let item = self.data.part(self.session.database, place).item(place.hash, key);
        if item.is_some_and(|item| item.is_expired(self.now)) && self.may_expire() {
            self.server.upkeep.expired_keys.fetch_add(1, Ordering::Relaxed);
            self.remove_unasked(place, key, Class::Expired, "expired");
        }
    }

    /// Whoever may write on a replica, and does, finds no expired keys either.
    #[cold]
    fn may_expire(&self) -> bool {
        self.writes || self.server.may_change(self.now)
    }

    /// Removes a key for the server's own reasons.
    pub(crate) fn remove_unasked(&mut self, place: Place, key: &[u8], class: Class, event: &str) {
        let (server, database) = (self.server, self.data.part_mut(self.session.database, place));
        database.discard(place.hash, key, |former| server.discard_item(Some(former)));
        self.effects.push(self.session.database, &[b"DEL", key]);
        self.touched(key);
        self.notify(class, event, key);
    }
}

impl Server {
    /// The server may change something by itself: a replica, one that is fenced or sealed and one whose writes are held keep to the log
    /// that they have. Asked with a shard locked, the answer holds as long as that is.
    pub(crate) fn may_change(&self, now: Millis) -> bool {
        let is_paused = self.pause.until().is_some_and(|until| until > now);
        !self.replication.is_replica() && !self.is_fenced() && !is_paused
    }

    /// Removes keys that have expired, all of them if that does not take longer than `bound`.
    pub(crate) fn expire_some(&self, now: Millis, bound: Duration, after: &mut Aftermath) {
        if !self.upkeep.is_expiring.load(Ordering::Relaxed) || !self.may_change(now) {
            return;
        }
        let began = Instant::now();
        let first = self.upkeep.next_shard.load(Ordering::Relaxed);
        for shard in (first..first + SHARDS).map(|shard| shard % SHARDS) {
            while self.expire_in(shard, now, after) {
                if began.elapsed() > bound {
                    self.upkeep.sweeps_cut.fetch_add(1, Ordering::Relaxed);
                    self.upkeep.next_shard.store(shard, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    /// The same with one batch of one shard; true when there may be more.
    fn expire_in(&self, shard: usize, now: Millis, after: &mut Aftermath) -> bool {
        let Some(mut data) = self.lock(Shards::one(shard)).filter(|_| self.may_change(now)) else { return false };
        let (mut keys, mut is_more) = (Vec::new(), false);
        for database in 0..self.settings.databases {
            for (_, part, _) in data.parts_mut(database) {
                is_more |= part.volatile() > 0 && part.expired(now, BATCH, &mut keys);
            }
            for key in keys.drain(..) {
                let mut session = Session::stand_in(SERVER_ITSELF, database, Version::Two);
                self.with_call(&mut session, &mut data, &mut Vec::new(), now, after, |call| call.expire_if_due(&key));
            }
        }
        if !after.ready.is_empty() {
            self.serve_waiters(data, now, after);
        }
        is_more
    }
}
