//! A replica's side of one link after the other: what comes from the primary is understood, kept and applied. Who has the socket gives
//! it bytes and sends what it says; it knows no sockets itself.
//!
//! ```text
//!   order() ──> begin(target) ──> receive(input, out) … tick(out) … ──> lost(why) ──> order() …
//! ```
//!
//! Every step asks whether the order still stands: roles change at any moment, and nothing of an older link is applied after that.

use std::sync::Arc;
use std::time::Duration;

use dataset::Millis;
use journal::words;

use super::link::{Event, Introduction, Link};
use super::receiving::Receiving;
use super::roles::{LinkState, Target};
use crate::applier::Applier;
use crate::config;
use crate::outbox::Outbox;
use crate::restraints::reason;
use crate::server::{Server, VERSION};

/// How often a replica says how far it is, in milliseconds.
const ACK_PERIOD: Millis = 1000;
/// The same until the stream begins: a primary that sends snapshots as they are made waits for an acknowledgement that comes after it
/// has noticed that its own part is done.
const FIRST_ACK_PERIOD: Millis = 100;
/// Bytes that may wait for this server's log: while it has more to write, the stream is left with the primary, whose bounds for a replica
/// that does not keep up decide how long. Less than what the journal lets wait for a disk that is merely slow: there a command would wait
/// with its shards locked, and nothing would be acknowledged meanwhile.
const PENDING_MAX: usize = 16 << 20;

/// Why a link is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// Another role, or another primary, was ordered.
    Superseded,
    /// It is of no use; another one may be.
    Failed(String),
    /// What the primary sends can't be taken over, so that everything is needed again; it may be the same the next time.
    Lost(String),
    /// The primary sent a snapshot in vain: it can't be kept, as where this server's disk is full, or can't be loaded. The next one may
    /// be in vain too, however long this one took.
    Vain(String),
}

/// Follows primaries, one at a time.
pub struct Follower {
    server: Arc<Server>,
    applier: Applier,
    /// The order that it carries out.
    generation: u64,
    /// It was the primary until now, and hands over by this.
    takes_over: bool,
    link: Option<Link>,
    receiving: Option<Receiving>,
    /// What it holds can't be gone on with: everything is needed.
    is_lost: bool,
    /// A snapshot has been loaded, so the stream is the primary's even where nothing of it has come.
    has_loaded: bool,
    /// Nothing of the stream has come on this link.
    is_silent: bool,
    acked_at: Millis,
    /// What it then said: the ends of what it has applied, and of what its disk holds.
    acked: (u64, Option<u64>),
}

impl Follower {
    /// One that waits for an order.
    #[must_use]
    pub fn new(server: Arc<Server>) -> Self {
        let applier = Applier::new(server.clone());
        let (generation, acked_at, acked) = (0, 0, (0, None));
        let (link, receiving, takes_over, is_lost, has_loaded, is_silent) = (None, None, false, false, false, true);
        Self {
            server,
            applier,
            generation,
            takes_over,
            link,
            receiving,
            is_lost,
            has_loaded,
            is_silent,
            acked_at,
            acked,
        }
    }

    /// Whom to follow now; none if nobody ordered it for so long.
    pub fn order(&mut self, patience: Duration) -> Option<Target> {
        let (generation, target) = self.server.replication.order(patience)?;
        (self.generation, self.takes_over) = (generation, target.takes_over);
        Some(target)
    }

    /// That order stands.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.server.replication.is_current(self.generation)
    }

    /// A connection stands; what is to be sent first.
    pub fn begin(&mut self, target: &Target) -> Vec<u8> {
        let server = &self.server;
        let text = |name| server.config.text(name);
        let history = server.journal.history();
        let end = server.journal.end.get();
        let is_whole = !self.is_lost && !server.restraints.has(reason::LOADING);
        let is_known = self.has_loaded || end > 0 || server.replication.has_fed();
        // Whose stream was forked here and has not been written to is still in the former one.
        let name = if history.second_end == Some(end) { history.second } else { history.replid };
        let held = (is_whole && is_known).then_some((name, end));
        let password = text(config::MASTER_AUTH);
        let announced = server.config.number(config::REPLICA_ANNOUNCE_PORT);
        let introduction = Introduction {
            credentials: (!password.is_empty()).then(|| (text(config::MASTER_USER), password)),
            port: u16::try_from(announced).ok().filter(|port| *port > 0).unwrap_or_else(|| server.host.port()),
            address: text(config::REPLICA_ANNOUNCE_IP),
            version: VERSION.to_owned(),
            name: server.group.name(),
            epoch: history.epoch.max(server.group.seen()),
            held,
            takes_over: target.takes_over,
        };
        let (link, first) = Link::begin(introduction);
        (self.link, self.receiving, self.is_silent) = (Some(link), None, true);
        // Where the journal does not know it, what comes next says it: it is the first of a new primary.
        self.applier.begin(self.generation, server.journal.database().unwrap_or(self.applier.database()));
        self.note_state(LinkState::Greeting);
        first
    }

    /// Takes what it can of `input`, and returns how many bytes that was; what is to be sent is appended to `out`. `alive` is called
    /// from time to time while something takes long.
    ///
    /// # Errors
    /// The link is over.
    pub fn receive(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        now: Millis,
        alive: &mut dyn FnMut(),
    ) -> Result<usize, Over> {
        self.server.replication.note(self.generation, |view| view.heard_at = now);
        let (mut done, mut words) = (0, Vec::new());
        let Some(mut link) = self.link.take() else { return Err(Over::Superseded) };
        loop {
            let (bytes, event) = link.receive(&input[done..], &mut words);
            let raw = &input[done..done + bytes];
            done += bytes;
            let is_last = event == Event::More;
            match event {
                Event::More | Event::Nothing => {}
                Event::Command => self.command(&words, raw, out, now)?,
                Event::Send(bytes) => out.extend_from_slice(&bytes),
                Event::Later(why) => return Err(Over::Failed(why)),
                Event::Failed(why) => return Err(self.refused(why)),
                Event::Continue(name) => self.go_on(name, out, now)?,
                Event::Full(name, offset) => {
                    if let Some(shared) = link.shared() {
                        self.server.set_aside(shared);
                    }
                    self.expect(name, offset)?;
                }
                Event::Snapshot(bytes) => self.keep(bytes)?,
                Event::SnapshotEnd => self.load(out, now, alive)?,
            }
            if is_last {
                break;
            }
        }
        self.link = Some(link);
        self.server.journal.kick();
        self.acknowledge_news(out, now);
        Ok(done)
    }

    /// Whether more of the stream can be taken; waits for that at most so long. What comes before the stream is always taken: a snapshot
    /// makes what waits for the log superfluous.
    #[must_use]
    pub fn has_room(&self, patience: Duration) -> bool {
        let is_streaming = self.link.as_ref().is_some_and(Link::is_streaming);
        !is_streaming || self.server.journal.wait_for_file(PENDING_MAX, patience)
    }

    /// Time has passed: says how far it is, if that is due.
    pub fn tick(&mut self, out: &mut Vec<u8>, now: Millis) {
        let is_streaming = self.link.as_ref().is_some_and(Link::is_streaming);
        let period = if self.is_silent { FIRST_ACK_PERIOD } else { ACK_PERIOD };
        if is_streaming && now.saturating_sub(self.acked_at) >= period {
            self.acknowledge(out, now);
        }
        self.acknowledge_news(out, now);
    }

    /// The link is over, or there was none.
    pub fn lost(&mut self, why: &str, now: Millis) {
        (self.link, self.receiving) = (None, None);
        self.server.replication.note(self.generation, |view| {
            if view.state == LinkState::Up || view.down_since.is_none() {
                view.down_since = Some(now);
            }
            view.state = LinkState::Connecting;
            why.clone_into(&mut view.error);
        });
        self.server.restrain_replica();
    }

    /// The other one will have none of it: who was the primary before is it again.
    fn refused(&mut self, why: String) -> Over {
        if self.takes_over {
            let server = self.server.clone();
            let outbox = self.applier.outbox();
            let _ = server.change_role(self.generation, |data| {
                // Nothing is being loaded, which is all that could be in the way.
                let _ = server.promote(data, outbox);
            });
            server.end_failover(self.applier.outbox());
            server.replication.complain(format!("the failover was given up: {why}"));
        }
        Over::Failed(why)
    }

    /// Seconds of silence after which a link is given up.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.server.config.number(config::REPL_TIMEOUT).unsigned_abs())
    }

    /// Mail for connections, to be delivered now.
    pub fn outbox(&mut self) -> &mut Outbox {
        self.applier.outbox()
    }

    /// A member of a group says at once what it has, and what has come to its disk: somebody may wait for it.
    fn acknowledge_news(&mut self, out: &mut Vec<u8>, now: Millis) {
        let is_streaming = self.link.as_ref().is_some_and(Link::is_streaming);
        if is_streaming && self.server.group.is_member() && self.acked != self.held() {
            self.acknowledge(out, now);
        }
    }

    /// What it has applied, and how much of that its disk holds.
    fn held(&self) -> (u64, Option<u64>) {
        (self.server.journal.end.get(), self.server.on_disk())
    }

    fn acknowledge(&mut self, out: &mut Vec<u8>, now: Millis) {
        (self.acked_at, self.acked) = (now, self.held());
        let text = |number: u64| number.to_string().into_bytes();
        let (end, synced, epoch) = (text(self.acked.0), self.acked.1.map(text), self.server.journal.history().epoch);
        let mut request: Vec<&[u8]> = vec![b"REPLCONF", b"ACK", &end];
        if let Some(synced) = &synced {
            request.extend([&b"FACK"[..], synced]);
        }
        let number = text(epoch);
        if epoch > 0 {
            request.extend([&b"EPOCH"[..], &number]);
        }
        words::put(out, &request);
    }

    fn command(&mut self, words: &[&[u8]], raw: &[u8], out: &mut Vec<u8>, now: Millis) -> Result<(), Over> {
        self.is_silent = false;
        let is = |at: usize, name: &str| words.get(at).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
        if is(0, "replconf") && is(1, "getack") {
            // What has been applied before this request: its own bytes do not count yet.
            self.acknowledge(out, now);
        }
        self.server.replication.counts.received.fetch_add(raw.len() as u64, std::sync::atomic::Ordering::Relaxed);
        if let Err(fault) = self.applier.apply(words, raw, now) {
            if !self.is_ordered() {
                return Err(Over::Superseded);
            }
            self.is_lost = true;
            let (shown, why) =
                (words.first().copied().unwrap_or_default(), String::from_utf8_lossy(&fault.0).into_owned());
            let offset = self.server.journal.end.get();
            return Err(Over::Lost(format!(
                "the primary's command {} behind offset {offset} can't be applied: {why}: everything is copied again",
                shown.escape_ascii()
            )));
        }
        Ok(())
    }

    /// The stream goes on where it was left.
    fn go_on(&mut self, name: journal::ReplicationId, out: &mut Vec<u8>, now: Millis) -> Result<(), Over> {
        let server = self.server.clone();
        server.change_role(self.generation, |_data| {
            let is_renamed = server.journal.history().replid != name;
            if is_renamed {
                server.journal.change_history(|history, end| history.shift(name, end));
                // Replicas of this one come again and learn the new name.
                server.replication.replicas.disconnect(self.applier.outbox());
            }
        })?;
        self.up(out, now);
        Ok(())
    }

    fn up(&mut self, out: &mut Vec<u8>, now: Millis) {
        self.note_state(LinkState::Up);
        self.server.replication.note(self.generation, |view| view.down_since = None);
        self.server.restrain_replica();
        self.server.end_failover(self.applier.outbox());
        self.acknowledge(out, now);
    }

    fn note_state(&self, state: LinkState) {
        self.server.replication.note(self.generation, |view| view.state = state);
    }

    /// A snapshot will come.
    fn expect(&mut self, name: journal::ReplicationId, offset: u64) -> Result<(), Over> {
        let receiving = Receiving::begin(&self.server, name, offset).map_err(Over::Vain)?;
        self.receiving = Some(receiving);
        self.note_state(LinkState::Syncing);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let Some(receiving) = &mut self.receiving else { return Err(Over::Superseded) };
        receiving.keep(bytes).map_err(Over::Vain)?;
        let come = receiving.length();
        self.server.replication.note(self.generation, |view| view.snapshot.0 = come);
        if self.is_ordered() { Ok(()) } else { Err(Over::Superseded) }
    }

    /// The snapshot has come whole: it takes the place of what there is.
    fn load(&mut self, out: &mut Vec<u8>, now: Millis, alive: &mut dyn FnMut()) -> Result<(), Over> {
        let Some(receiving) = self.receiving.take() else { return Err(Over::Superseded) };
        let whole = receiving.checked().map_err(Over::Vain)?;
        self.is_lost = true;
        let database = whole.load(&self.server, self.generation, self.applier.outbox(), now, alive)?;
        (self.is_lost, self.has_loaded) = (false, true);
        self.applier.begin(self.generation, database);
        self.up(out, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::scene::Scene;

    const NAME: journal::ReplicationId = [b'a'; 40];

    /// The primary has made all of it for nothing, and would again at once.
    #[test]
    fn a_snapshot_that_the_disk_does_not_take_came_in_vain() {
        let home = std::env::temp_dir().join(format!("memc-vain-{}", std::process::id()));
        fs::create_dir_all(&home).expect("a folder");
        let scene = Scene::new(&[("dir", home.to_str().expect("text"))]);
        fs::remove_dir(&home).expect("it is empty");
        let mut follower = Follower::new(scene.server.clone());
        let is_vain = |done: Result<(), Over>, why: &str| matches!(done, Err(Over::Vain(told)) if told.contains(why));
        assert!(is_vain(follower.expect(NAME, 1), "can't be kept there"));

        let full = || Receiving::on(File::options().write(true).open("/dev/full").expect("Linux has it"), NAME, 1);
        follower.receiving = Some(full());
        assert!(is_vain(follower.keep(&vec![b'x'; 1 << 20]), "No space left"));
        // The disk hears of so little when it is complete.
        let mut small = full();
        small.keep(b"REDIS0009\xff\0\0\0\0\0\0\0\0").expect("memory takes it");
        follower.receiving = Some(small);
        assert!(is_vain(follower.load(&mut Vec::new(), 1, &mut || {}), "No space left"));
    }
}
