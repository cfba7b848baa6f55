//! How a connection becomes a replica, and what the primary learns from it.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use dataset::{Millis, Shards};
use journal::Hold;
use resp::Writer;

use super::feed::Feed;
use super::replicas::{Announced, Replica};
use super::replication_id;
use crate::call::Call;
use crate::clients::mark;
use crate::config;
use crate::outbox::Outbox;
use crate::restraints::reason;
use crate::server::Server;
use crate::session::Session;

impl Server {
    /// The connection is fed from now on: from where it wants to go on, if that can be, else with everything. `asked` is the stream
    /// that it follows and the bytes of it that it has; none for one that knows only snapshots. All shards are locked.
    pub(crate) fn attach(
        &self,
        session: &mut Session,
        asked: Option<(&[u8], Option<u64>)>,
        now: Millis,
        reply: &mut Writer<'_>,
    ) {
        self.want_stream();
        let announced = session.announced.take().map_or_else(Announced::default, |announced| *announced);
        let counts = &self.replication.counts;
        let hold = asked.and_then(|(name, held)| self.hold_for(name, held?));
        if asked.is_some_and(|(name, _)| name != b"?") && hold.is_none() {
            counts.partial_refused.fetch_add(1, Relaxed);
        }
        let held = hold.as_ref().map_or(0, Hold::at);
        let feed = match hold {
            Some(hold) => {
                counts.partial.fetch_add(1, Relaxed);
                let name = self.journal.history().replid;
                let name = String::from_utf8_lossy(&name);
                reply.simple(
                    if announced.takes_names { format!("CONTINUE {name}") } else { "CONTINUE".into() }.as_str(),
                );
                Feed::of_stream(hold)
            }
            None => {
                counts.full.fetch_add(1, Relaxed);
                Feed::of_snapshot()
            }
        };
        let host = match announced.address.as_str() {
            "" => host_of(&session.client().peer.address).to_owned(),
            told => told.to_owned(),
        };
        let replica = Arc::new(Replica::new(session.id, host, announced, asked.is_none(), now, feed));
        replica.acked.store(held, SeqCst);
        self.replication.has_fed.store(true, SeqCst);
        session.client().mark(mark::REPLICA, true);
        session.replica = Some(replica.clone());
        self.replication.replicas.enter(replica);
        self.restrain_few_replicas(now);
        self.replication.snapshots.want();
    }

    /// A reader of the stream for one who has so many bytes of the stream of this name; none if it can't go on.
    fn hold_for(&self, name: &[u8], held: u64) -> Option<Hold> {
        let name = replication_id(name)?;
        if !self.journal.history().has(&name, held) {
            return None;
        }
        self.journal.hold(held).ok()
    }

    /// A connection that was fed is gone.
    pub(crate) fn detach(&self, replica: &Arc<Replica>, now: Millis) {
        self.replication.replicas.leave(replica, now);
        self.restrain_few_replicas(now);
    }

    /// A replica has said how far it is.
    pub(crate) fn heard_of_replica(&self, now: Millis, outbox: &mut Outbox) {
        self.restrain_few_replicas(now);
        self.replicas_moved();
        self.look_at_waiting(outbox);
    }

    /// Whether clients may write follows from how many replicas are near.
    pub(crate) fn restrain_few_replicas(&self, now: Millis) {
        let (least, lag) = (self.config.count(config::MIN_REPLICAS), self.config.number(config::MIN_REPLICAS_LAG));
        let is_asked = least > 0 && lag > 0 && !self.replication.is_replica();
        let is_short = is_asked && self.replication.replicas.count_near(now, lag.unsigned_abs()) < least;
        self.restraints.set(reason::FEW_REPLICAS, is_short);
    }
}

impl Call<'_, '_> {
    /// Something that changes no data and is for who listens at replicas.
    pub(crate) fn tell_replicas(&mut self, words: &[&[u8]]) {
        if self.server.replication.replicas.is_empty() || self.session.is_exempt {
            return;
        }
        if self.data.shards() == Shards::NONE {
            let mut message = Vec::new();
            journal::words::put(&mut message, words);
            self.server.append_note(&message);
        } else {
            self.effects.push(self.session.database, words);
        }
    }
}

/// The host of an address as people write it.
fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']'])
}
