//! What a command has changed, as commands that would change it again: what a log or a replica is told. A command whose words alone
//! decide its effect is its own effect; one with randomness, time or waiting in it says what really happened.

/// One command of an effect, in one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The database it applies to.
    pub database: usize,
    /// Its words.
    pub words: Vec<Vec<u8>>,
}

/// The effects of one execution, in order.
#[derive(Debug, Default)]
pub struct Effects {
    effects: Vec<Effect>,
    /// Changes counted by the running command (`rdb_changes_since_last_save`).
    pub(crate) changes: u64,
    /// The running command has said its effect itself.
    pub(crate) is_said: bool,
}

impl Effects {
    /// Appends one.
    pub fn push(&mut self, database: usize, words: &[&[u8]]) {
        self.effects.push(Effect { database, words: words.iter().map(|word| word.to_vec()).collect() });
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
