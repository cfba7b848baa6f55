//! What a command has changed, as commands that would change it again: what a log or a replica is told. A command whose words alone
//! decide its effect is its own effect; one with randomness, time or waiting in it says what really happened.

use crate::server::Server;

/// One command of an effect, in one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The database it applies to.
    pub database: usize,
    /// Its words.
    pub words: Vec<Vec<u8>>,
}

impl Effect {
    fn marker(database: usize, name: &str) -> Self {
        Self { database, words: vec![name.into()] }
    }
}

/// Where effects go: called while the shards of what changed are still locked, so that effects on one key come in their order.
pub trait Log: Send + Sync {
    /// The effects of one execution; several stand between MULTI and EXEC.
    fn append(&self, effects: Vec<Effect>);
}

/// The effects of one execution, in order.
#[derive(Debug, Default)]
pub struct Effects {
    effects: Vec<Effect>,
    /// Without a log nothing is kept.
    pub(crate) are_wanted: bool,
    /// Changes counted by the running command (`rdb_changes_since_last_save`).
    pub(crate) changes: u64,
    /// The running command has said its effect itself.
    pub(crate) is_said: bool,
    /// It has taken a collection's last element: `del` is its second event.
    pub(crate) is_spent: bool,
}

impl Effects {
    /// Appends one.
    pub fn push(&mut self, database: usize, words: &[&[u8]]) {
        if self.are_wanted {
            self.effects.push(Effect { database, words: words.iter().map(|word| word.to_vec()).collect() });
        }
    }

    /// Takes all of them.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }
}

impl Server {
    /// Hands the effects of one execution to the log.
    pub(crate) fn log(&self, effects: &mut Effects) {
        let mut unit = effects.take();
        if unit.len() > 1 {
            let database = unit[0].database;
            unit.insert(0, Effect::marker(database, "MULTI"));
            unit.push(Effect::marker(database, "EXEC"));
        }
        if let Some(log) = &self.log {
            log.append(unit);
        }
    }
}
