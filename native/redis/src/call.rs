//! One call of a command: what its function may use. The shards of its keys are locked; what it changes it says with `modified`.
//!
//! ```text
//!   read    read::<Hash>(key)? -> (Option<&Hash>, &mut Writer)       string(key)? the same with bytes
//!   change  change::<Hash, _>(key, |hash| …)? -> Option<R>           only if it is there; removed if it is empty then
//!           change_or_make::<Hash, _>(key, |hash| …)? -> R           made if it is not
//!           set(key, value)   remove(key)   set_expires_at(key, at)
//!   then    modified(key, Class::Hash, "hset")                       watchers, trackers, waiters and subscribers are told
//!           say(&[…])                                                the effect, if it is not the words themselves
//! ```

use std::collections::VecDeque;

use dataset::{Kind, Locked, Millis, Typed, Value, View};
use resp::{Version, Writer};

use crate::attached::Attached;
use crate::blocking::{AtDeadline, Wait};
use crate::clients::mark;
use crate::durability::Confirmation;
use crate::effects::Effects;
use crate::events::Class;
use crate::fault::Fault;
use crate::meter::Meter;
use crate::outbox::Outbox;
use crate::server::Server;
use crate::session::Session;

/// What a command's function works with.
pub struct Call<'c, 'd> {
    /// Everything that all connections share.
    pub(crate) server: &'d Server,
    /// The connection that asks; for a command that is tried again for one who waits, a stand-in of it.
    pub(crate) session: &'c mut Session,
    /// The keys' shards, locked.
    pub(crate) data: &'c mut Locked<'d, Attached>,
    /// The reply.
    pub(crate) reply: Writer<'c>,
    /// The time, the same for a whole transaction. For who repeats what has happened it stands still at 0: nothing has expired.
    pub(crate) now: Millis,
    /// The time by the clock, for everybody.
    pub(crate) wall: Millis,
    /// What it changes, for the log.
    pub(crate) effects: &'c mut Effects,
    /// What the reply depends on.
    pub(crate) confirmation: &'c mut Confirmation,
    /// What it means for other connections.
    pub(crate) outbox: &'c mut Outbox,
    /// Keys that it changed and somebody waits for.
    pub(crate) ready: &'c mut VecDeque<(usize, Vec<u8>)>,
    /// What the worker counts.
    pub(crate) meter: &'c mut Meter,
    /// It found nothing and would wait. Set by `wait`.
    pub(crate) wait: Option<Wait>,
    /// The running command changes nothing.
    pub(crate) reads: bool,
    /// The running command changes something.
    pub(crate) writes: bool,
    /// False in transactions and scripts: who would wait gets the answer of one who waited in vain, at once.
    pub(crate) may_wait: bool,
    /// The running command is a script's.
    pub(crate) is_of_script: bool,
}

impl<'c> Call<'c, '_> {
    /// The connection's database.
    pub(crate) fn database(&self) -> usize {
        self.session.database
    }

    /// The live value of a key, with the writer for the reply; an expired one is removed. Counts as an access.
    pub(crate) fn view(&mut self, key: &[u8]) -> (Option<View<'_>>, &mut Writer<'c>) {
        let place = self.expire_if_due(key);
        let (server, now, wall) = (self.server, self.now, self.wall);
        if self.reads && server.publishes(Class::Missed) {
            let is_missed = self.data.part(self.session.database, place).item(place.hash, key).is_none();
            is_missed.then(|| self.notify(Class::Missed, "keymiss", key));
        }
        let touches = !self.session.client().has(mark::NO_TOUCH);
        let accessed = |access| if touches { server.accessed(access, wall) } else { access };
        let view = self.data.touch(self.session.database, place, key, now, accessed);
        if self.reads {
            self.meter.looked_up(view.is_some());
        }
        (view, &mut self.reply)
    }

    /// The value of this type, with the writer for the reply.
    ///
    /// # Errors
    /// `WRONG_TYPE`.
    pub(crate) fn read<T: Typed>(&mut self, key: &[u8]) -> Result<(Option<&T>, &mut Writer<'c>), Fault> {
        let (view, reply) = self.view(key);
        let found = view.map(|view| T::of(&view).ok_or(Fault::WRONG_TYPE)).transpose()?;
        Ok((found, reply))
    }

    /// The string, with the writer for the reply.
    ///
    /// # Errors
    /// `WRONG_TYPE`.
    pub(crate) fn string(&mut self, key: &[u8]) -> Result<(Option<&[u8]>, &mut Writer<'c>), Fault> {
        let (view, reply) = self.view(key);
        match view {
            None => Ok((None, reply)),
            Some(View::String(bytes)) => Ok((Some(bytes), reply)),
            Some(_) => Err(Fault::WRONG_TYPE),
        }
    }

    /// What kind of value the key holds.
    pub(crate) fn kind(&mut self, key: &[u8]) -> Option<Kind> {
        self.view(key).0.map(|view| view.kind())
    }

    /// Changes the value of this type, if it is there; a collection that is empty then is removed, and `del` follows what `modified`
    /// says of it next.
    ///
    /// # Errors
    /// `WRONG_TYPE`.
    pub(crate) fn change<T: Typed, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, Fault> {
        match self.kind(key) {
            None => Ok(None),
            Some(kind) if kind == T::KIND => self.change_or_make(key, change).map(Some),
            Some(_) => Err(Fault::WRONG_TYPE),
        }
    }

    /// Changes the value of this type, made empty before if it is not there; one that is empty then is removed.
    ///
    /// # Errors
    /// `WRONG_TYPE`.
    pub(crate) fn change_or_make<T: Typed, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, Fault> {
        let place = self.expire_if_due(key);
        let (server, wall) = (self.server, self.wall);
        let access = |before| server.accessed(before, wall);
        let database = self.data.part_mut(self.session.database, place);
        let changed = database.change_typed(place.hash, key, access, change).ok_or(Fault::WRONG_TYPE)?;
        if changed.spent.is_some() && changed.was_there {
            self.effects.is_spent = true;
        } else if changed.spent.is_none() && !changed.was_there {
            self.notify(Class::New, "new", key);
        }
        Ok(changed.result)
    }

    /// Stores a value; any former one and its expiry are gone.
    pub(crate) fn set(&mut self, key: &[u8], value: Value) {
        let place = self.expire_if_due(key);
        let access = self.server.accessed_first(self.wall);
        let (server, database) = (self.server, self.data.part_mut(self.session.database, place));
        if !database.insert(place.hash, key, value, access, |former| server.discard_item(Some(former))) {
            self.notify(Class::New, "new", key);
        }
    }

    /// The same with a string, which goes where the former one was if it fits.
    pub(crate) fn set_string(&mut self, key: &[u8], bytes: &[u8]) {
        let place = self.expire_if_due(key);
        let (server, access) = (self.server, self.server.accessed_first(self.wall));
        let database = self.data.part_mut(self.session.database, place);
        if !database.set_string(place.hash, key, bytes, access, |former| server.discard_item(Some(former))) {
            self.notify(Class::New, "new", key);
        }
    }

    /// Takes a value out; nothing is said.
    pub(crate) fn take(&mut self, key: &[u8]) -> Option<Value> {
        let place = self.expire_if_due(key);
        self.data.part_mut(self.session.database, place).remove(place.hash, key)
    }

    /// Removes a key and says `del`; false if it was not there.
    pub(crate) fn remove(&mut self, key: &[u8]) -> bool {
        let place = self.expire_if_due(key);
        let (server, database) = (self.server, self.data.part_mut(self.session.database, place));
        let was_there = database.discard(place.hash, key, |former| server.discard_item(Some(former)));
        if was_there {
            self.modified(key, Class::Generic, "del");
        }
        was_there
    }

    /// When a live key expires; `None` without the key.
    pub(crate) fn expires_at(&mut self, key: &[u8]) -> Option<Option<Millis>> {
        let place = self.expire_if_due(key);
        let item = self.data.part(self.session.database, place).item(place.hash, key);
        item.filter(|item| !item.is_expired(self.now)).map(dataset::Item::expires_at)
    }

    /// Sets or clears the expiry; false without the key.
    pub(crate) fn set_expires_at(&mut self, key: &[u8], at: Option<Millis>) -> bool {
        let (database, hash) = self.data.at_mut(self.session.database, key);
        database.set_expires_at(hash, key, at)
    }

    /// The connection speaks this version from now on.
    pub(crate) fn set_version(&mut self, version: Version) {
        self.session.version = version;
        self.session.client().set_version(version);
        self.reply.set_version(version);
    }

    /// Says that a key has changed: to watchers, waiters and, as an event, to subscribers.
    pub(crate) fn modified(&mut self, key: &[u8], class: Class, event: &str) {
        self.effects.changes += 1;
        self.touched(key);
        self.notify(class, event, key);
        if std::mem::take(&mut self.effects.is_spent) {
            self.notify(Class::Generic, "del", key);
        }
    }

    /// Rings the alarms of those who watch the key, and remembers it for those who wait for it.
    pub(crate) fn touched(&mut self, key: &[u8]) {
        let (database, place) = (self.session.database, self.data.place(key));
        self.confirmation.changed(place.hash);
        let attached = self.data.attached_at(place);
        if !attached.watched.is_empty() {
            let alarms = attached.watched.get(&(database, key.into()));
            alarms.into_iter().flatten().for_each(|alarm| alarm.ring());
        }
        if !attached.awaited.is_empty() && attached.awaited.contains_key(&(database, key.into())) {
            self.ready.push_back((database, key.to_vec()));
        }
        if !self.server.tracking.is_empty() {
            self.invalidate(key);
        }
    }

    /// Publishes a keyspace event, if anybody wants events of its class.
    pub(crate) fn notify(&mut self, class: Class, event: &str, key: &[u8]) {
        self.server.notify(self.outbox, self.session.database, class, event, key);
    }

    /// The effect, in place of the command's own words; called several times for several commands, with no words for none.
    pub(crate) fn say(&mut self, words: &[&[u8]]) {
        self.effects.is_said = true;
        if !words.is_empty() {
            self.effects.push(self.session.database, words);
        }
    }

    /// Asks to wait for any of these keys, for so long (0: for ever), and to be tried again. Where that may not be (a
    /// transaction, a script), answers at once.
    pub(crate) fn wait_for(&mut self, keys: &[&[u8]], milliseconds: u64, at_deadline: AtDeadline) {
        if !self.may_wait {
            at_deadline.answer(self.server, &mut self.reply);
            return;
        }
        let deadline = (milliseconds > 0).then(|| self.now.saturating_add(milliseconds));
        let keys = keys.iter().map(|key| key.to_vec()).collect();
        self.wait = Some(Wait { keys, deadline, at_deadline, words: None });
    }

    /// The same, but other words are tried again than those of the request (`XREAD` with what `$` means now).
    pub(crate) fn wait_for_as(
        &mut self,
        words: Vec<Vec<u8>>,
        keys: &[&[u8]],
        milliseconds: u64,
        at_deadline: AtDeadline,
    ) {
        self.wait_for(keys, milliseconds, at_deadline);
        if let Some(wait) = &mut self.wait {
            wait.words = Some(words);
        }
    }
}
