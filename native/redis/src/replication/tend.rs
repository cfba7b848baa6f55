//! What replication needs from time to time: signs of life to replicas, an end to links that are dead, and to a stream that nobody
//! wants any more.

use std::sync::atomic::Ordering::Relaxed;

use dataset::{Millis, Shards};
use journal::{History, Want, words};

use super::replicas::{Replica, ReplicaState};
use crate::config;
use crate::host::chance_name;
use crate::outbox::{Mail, Outbox};
use crate::server::Server;

impl Server {
    /// Called about ten times a second; no shard is locked.
    pub(crate) fn tend_replication(&self, now: Millis, outbox: &mut Outbox) {
        let replication = &self.replication;
        if replication.replicas.is_empty() {
            self.forget_stream(now);
        } else {
            self.ping_replicas(now, outbox);
            self.drop_dead_replicas(now, outbox);
        }
        self.tend_failover(now, outbox);
        self.restrain_few_replicas(now);
        self.look_at_waiting(outbox);
    }

    fn ping_replicas(&self, now: Millis, outbox: &mut Outbox) {
        let period = self.config.number(config::REPL_PING_PERIOD).unsigned_abs() * 1000;
        let pinged_at = &self.replication.pinged_at;
        if now.saturating_sub(pinged_at.load(Relaxed)) < period {
            return;
        }
        if self.failover_state() != "no-failover" {
            return;
        }
        pinged_at.store(now, Relaxed);
        let mut ping = Vec::new();
        words::put(&mut ping, &[b"PING"]);
        self.append_note(&ping);
        for replica in self.replication.replicas.all() {
            // Who waits for a snapshot to begin has no stream yet; an empty line says that this server is still there.
            if replica.state() == ReplicaState::Waiting {
                replica.feed.keep_alive();
                outbox.put(replica.id, Mail::GoOn);
            }
        }
    }

    fn drop_dead_replicas(&self, now: Millis, outbox: &mut Outbox) {
        let timeout = self.config.number(config::REPL_TIMEOUT).unsigned_abs() * 1000;
        let is_dead = |replica: &Replica| {
            let is_awaited = replica.is_online() && !replica.is_silent || replica.feed.awaits_ack();
            is_awaited && now.saturating_sub(replica.acked_at.load(Relaxed)) > timeout
        };
        for replica in self.replication.replicas.all() {
            if is_dead(&replica) {
                outbox.put(replica.id, Mail::Close);
            }
        }
    }

    /// Without replicas for long enough nothing is encoded any more: what follows is another stream.
    fn forget_stream(&self, now: Millis) {
        let replication = &self.replication;
        let (left_at, ttl) = (replication.replicas.left_at.load(Relaxed), self.config.number(config::REPL_BACKLOG_TTL));
        let is_over = ttl > 0 && left_at > 0 && now.saturating_sub(left_at) > ttl.unsigned_abs() * 1000;
        if !is_over
            || self.durability.needs_stream()
            || self.group.is_member()
            || replication.is_replica()
            || !self.journal.is_wanted_by(Want::Replicas)
        {
            return;
        }
        let Some(_everything) = self.lock(Shards::ALL) else { return };
        if replication.replicas.is_empty() && !replication.is_replica() {
            self.journal.want(Want::Replicas, false);
            if !self.journal.is_wanted() {
                let epoch = self.journal.history().epoch;
                self.journal.change_history(|history, _| *history = History { epoch, ..History::new(chance_name()) });
            }
        }
    }
}
