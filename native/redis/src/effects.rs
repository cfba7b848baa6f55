//! What a command has changed, as commands that would change it again: what the journal is told. A command whose words alone decide
//! its effect is its own effect; one with randomness, time or waiting in it says what really happened. They are encoded as they are
//! said: the bytes of a unit are ready when its execution ends.

use dataset::Locked;
use journal::words;

use crate::attached::Attached;
use crate::durability::Confirmation;
use crate::server::Server;
use crate::session::Session;

/// Before several effects, and behind them: replicas do them as one.
const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";
/// A buffer that has grown beyond this is given back.
const KEPT_MAX: usize = 1 << 20;

/// The effects of one execution, in order.
#[derive(Debug)]
pub struct Effects {
    /// MULTI, whether it will be needed or not, and the effects.
    bytes: Vec<u8>,
    count: usize,
    /// The databases of the first and of the last one.
    first: usize,
    last: usize,
    /// While nobody wants them nothing is kept.
    pub(crate) are_wanted: bool,
    /// Changes counted by the running command (`rdb_changes_since_last_save`).
    pub(crate) changes: u64,
    /// The running command has said its effect itself.
    pub(crate) is_said: bool,
    /// It has taken a collection's last element: `del` is its second event.
    pub(crate) is_spent: bool,
}

impl Default for Effects {
    fn default() -> Self {
        let (bytes, count, first, last) = (MULTI.to_vec(), 0, 0, 0);
        Self { bytes, count, first, last, are_wanted: false, changes: 0, is_said: false, is_spent: false }
    }
}

impl Effects {
    /// Appends one.
    #[inline]
    pub fn push(&mut self, database: usize, words: &[&[u8]]) {
        if !self.are_wanted {
            return;
        }
        if self.count == 0 {
            (self.first, self.last) = (database, database);
        } else if self.last != database {
            words::put_select(&mut self.bytes, database);
            self.last = database;
        }
        words::put(&mut self.bytes, words);
        self.count += 1;
    }

    /// True without any.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The unit that they make, and the database that it begins and ends in.
    fn unit(&mut self) -> (usize, &[u8]) {
        if self.last != self.first {
            words::put_select(&mut self.bytes, self.first);
        }
        if self.count == 1 {
            return (self.first, &self.bytes[MULTI.len()..]);
        }
        self.bytes.extend_from_slice(EXEC);
        (self.first, &self.bytes)
    }

    fn clear(&mut self) {
        self.bytes.truncate(MULTI.len());
        self.bytes.shrink_to(KEPT_MAX);
        self.count = 0;
    }
}

impl Server {
    /// Hands the effects of one execution to the journal, and notes what depends on them; the shards of what they changed are locked.
    pub(crate) fn log(
        &self,
        effects: &mut Effects,
        confirmation: &mut Confirmation,
        data: &mut Locked<'_, Attached>,
        session: &mut Session,
    ) {
        let (database, unit) = effects.unit();
        session.offset = self.journal.append(database, unit);
        let start = session.offset - unit.len() as u64;
        self.durability.diary.note(start, confirmation.moment(|| self.moment()));
        confirmation.appended(data, session.offset);
        effects.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(pushes: &[(usize, &[&[u8]])]) -> Effects {
        let mut effects = Effects { are_wanted: true, ..Effects::default() };
        pushes.iter().for_each(|(database, words)| effects.push(*database, words));
        effects
    }

    #[test]
    fn one_effect_stands_alone() {
        let mut one = effects(&[(3, &[b"DEL", b"a"])]);
        assert_eq!(one.unit(), (3, &b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"[..]));
        one.clear();
        assert!(one.is_empty());
    }

    #[test]
    fn several_are_one_and_end_where_they_began() {
        let mut two = effects(&[(0, &[b"A"]), (1, &[b"B"])]);
        let select = |number| format!("*2\r\n$6\r\nSELECT\r\n$1\r\n{number}\r\n");
        let wanted = [
            "*1\r\n$5\r\nMULTI\r\n*1\r\n$1\r\nA\r\n",
            &select(1),
            "*1\r\n$1\r\nB\r\n",
            &select(0),
            "*1\r\n$4\r\nEXEC\r\n",
        ];
        assert_eq!(two.unit(), (0, wanted.concat().as_bytes()));
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut none = Effects::default();
        none.push(0, &[b"DEL", b"a"]);
        assert!(none.is_empty());
    }
}
