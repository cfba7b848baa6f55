//! Becoming a replica, and a primary again.

use std::sync::atomic::Ordering::SeqCst;

use dataset::{Locked, Millis, Shards};
use journal::{History, Want};

use super::Replication;
use super::follower::Over;
use super::replication_id;
use crate::attached::Attached;
use crate::blocking::Unblock;
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::host::chance_name;
use crate::load::Loaded;
use crate::outbox::Outbox;
use crate::restraints::reason;
use crate::server::Server;

/// Whom to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// It is to become a replica of this server, or rather to let it be one: `PSYNC … FAILOVER`.
    pub takes_over: bool,
}

/// How far a replica has come with its primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// There is none.
    #[default]
    None,
    /// To be established.
    Connecting,
    /// They agree on where to go on.
    Greeting,
    /// A snapshot comes.
    Syncing,
    /// The stream is applied.
    Up,
}

/// What is known of the link to the primary.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) target: Option<Target>,
    pub(super) view: LinkView,
}

/// What is told of the link to the primary.
#[derive(Clone, Debug, Default)]
pub struct LinkView {
    /// How far it has come.
    pub state: LinkState,
    /// When it last was up, if it is down.
    pub down_since: Option<Millis>,
    /// When something last came over it.
    pub heard_at: Millis,
    /// Bytes of the snapshot that have come, and all of them if that is known.
    pub snapshot: (u64, Option<u64>),
    /// What it last ended of.
    pub error: String,
}

impl Replication {
    pub(crate) fn target(&self) -> Option<Target> {
        self.following.lock().target.clone()
    }

    pub(crate) fn link(&self) -> LinkView {
        self.following.lock().view.clone()
    }

    /// Notes something of the link, if it is still the one that is wanted.
    pub(crate) fn note(&self, generation: u64, note: impl FnOnce(&mut LinkView)) {
        let mut following = self.following.lock();
        if self.is_current(generation) {
            note(&mut following.view);
        }
    }

    /// The link to the primary ends and no other is begun; what was taken over stays.
    pub(crate) fn cut(&self) {
        self.order_to(None);
    }

    fn order_to(&self, target: Option<Target>) {
        let mut following = self.following.lock();
        self.generation.fetch_add(1, SeqCst);
        self.waiting.forget();
        let state = if target.is_some() { LinkState::Connecting } else { LinkState::None };
        following.view = LinkView { state, ..LinkView::default() };
        following.target = target;
        self.ordered.notify_all();
    }
}

impl Server {
    /// This server is a replica from now on: it takes over that one's data and applies its stream. All shards are locked.
    pub(crate) fn follow(&self, data: &mut Locked<'_, Attached>, target: Target, outbox: &mut Outbox) {
        debug_assert!(data.shards() == Shards::ALL, "roles change while everything is locked");
        let replication = &self.replication;
        if !replication.is_replica.swap(true, SeqCst) {
            self.unblock_all(outbox);
            self.give_up_unconfirmed(outbox);
            self.want_stream();
        }
        self.restrain_replica();
        replication.order_to(Some(target));
    }

    /// This server is a primary from now on: what it holds is the truth, under a new name of the stream, so that those who followed
    /// its former primary go on with this one. All shards are locked.
    ///
    /// # Errors
    /// What it holds is not whole: a snapshot is being loaded.
    pub(crate) fn promote(&self, data: &mut Locked<'_, Attached>, outbox: &mut Outbox) -> Outcome {
        debug_assert!(data.shards() == Shards::ALL, "roles change while everything is locked");
        if !self.replication.is_replica() {
            return Ok(());
        }
        if self.restraints.has(reason::LOADING) {
            return Err(Fault::of(
                "LOADING a snapshot of the primary is being loaded: what there is of it is no whole",
            ));
        }
        self.journal.change_history(|history, end| history.shift(chance_name(), end));
        // Who goes on with this server need not know the database that its former primary's stream was in.
        self.journal.forget_database();
        self.replication.is_replica.store(false, SeqCst);
        self.durability.begin_stream();
        self.restrain_replica();
        self.replication.order_to(None);
        // They come again, and learn the new name.
        self.replication.replicas.disconnect(outbox);
        Ok(())
    }

    /// What clients may not do follows from the role, the link and the settings.
    pub(crate) fn restrain_replica(&self) {
        let is_replica = self.replication.is_replica();
        let is_up = self.replication.following.lock().view.state == LinkState::Up;
        self.restraints.set(reason::READ_ONLY, is_replica && self.config.is_on(config::REPLICA_READ_ONLY));
        self.restraints.set(reason::STALE, is_replica && !is_up && !self.config.is_on(config::SERVE_STALE));
    }

    /// Is a replica from the very start if the settings say so: nobody may take it for a primary while it loads what it has.
    pub fn begin_role(&self) {
        let text = self.config.text(config::REPLICA_OF);
        if let Some((host, port)) = text.split_once(' ') {
            self.replication.is_replica.store(true, SeqCst);
            // It was checked when it was set.
            let port = port.parse().unwrap_or(0);
            self.replication.order_to(Some(Target { host: host.to_owned(), port, takes_over: false }));
            self.restrain_replica();
        }
    }

    /// A snapshot of this server's own says where in which stream it was taken: it goes on from there.
    pub(crate) fn take_up_stream(&self, loaded: &Loaded) {
        let name = loaded.replid.as_ref().and_then(|name| replication_id(name.as_bytes()));
        if let (Some(name), Some(offset)) = (name, loaded.offset) {
            let history = History { epoch: loaded.epoch.unwrap_or(0), ..History::new(name) };
            self.journal.restart(history, offset);
            loaded.database.into_iter().for_each(|database| self.journal.set_database(database));
        }
    }

    /// What the disk holds is loaded: a replica goes on from there. A primary begins a stream of its own: replicas may hold what its
    /// disk has lost, so that the same offset would not be the same data.
    pub fn begin_stream(&self) {
        let _everything = self.dataset.lock(Shards::ALL);
        if self.replication.is_replica() {
            self.journal.want(Want::Replicas, true);
        } else if self.journal.end.get() > 0 {
            self.journal.change_history(|history, end| history.shift(chance_name(), end));
            // The database of the stream is not known for certain where nothing but notes came last: it is said again.
            self.journal.forget_database();
        }
    }

    /// The server ends: nothing is followed any more.
    pub fn end_replication(&self) {
        self.replication.close();
    }

    /// Changes are encoded from now on. After a time in which they were not, the stream is a new one. All shards are locked.
    pub(crate) fn want_stream(&self) {
        if !self.journal.is_wanted() {
            let epoch = self.journal.history().epoch;
            self.journal.change_history(|history, _| {
                *history = History { epoch, ..History::new(chance_name()) };
            });
        }
        self.journal.want(Want::Replicas, true);
    }

    /// Nobody waits any more for what may never come here.
    fn unblock_all(&self, outbox: &mut Outbox) {
        let blocked: Vec<u64> = self.blocked.lock().keys().copied().collect();
        for client in blocked {
            self.unblock(client, Unblock::RoleChanged, outbox);
        }
    }
}

impl Server {
    /// Does something that no role change may come between, if none has come since then. Locks everything.
    pub(super) fn change_role<'d>(
        &'d self,
        generation: u64,
        work: impl FnOnce(&mut Locked<'d, Attached>),
    ) -> Result<(), Over> {
        let mut data = self.dataset.lock(Shards::ALL);
        if !self.replication.is_current(generation) {
            return Err(Over::Superseded);
        }
        work(&mut data);
        Ok(())
    }
}
