//! Keys, whatever they hold: removing, renaming, copying, and the families beside.

pub(super) mod expiry;
pub(super) mod object;
pub(super) mod serialized;
pub(super) mod sort;
pub(super) mod space;
pub(super) mod walk;

use dataset::Item;

use crate::call::Call;
use crate::command::{Command, FIRST, Keys, REST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

const SOURCE_AND_DESTINATION: Keys = Keys::Range { first: 1, last: 2, step: 1 };

pub(super) const COMMANDS: &[Command] = &[
    Command::new("del", -2, flag::WRITE, REST, del).of(&["keyspace"]).about("1.0.0", "Removes keys."),
    Command::new("unlink", -2, flag::WRITE | flag::FAST, REST, del)
        .of(&["keyspace"])
        .about("4.0.0", "Removes keys; their memory comes back a little later."),
    Command::new("exists", -2, flag::READONLY | flag::FAST, REST, exists)
        .of(&["keyspace"])
        .about("1.0.0", "Counts which of the keys are there."),
    Command::new("touch", -2, flag::READONLY | flag::FAST, REST, touch)
        .of(&["keyspace"])
        .about("3.2.1", "Counts which of the keys are there, as an access to each."),
    Command::new("type", 2, flag::READONLY | flag::FAST, FIRST, kind)
        .of(&["keyspace"])
        .about("1.0.0", "What kind of value a key holds."),
    Command::new("rename", 3, flag::WRITE, SOURCE_AND_DESTINATION, rename)
        .of(&["keyspace"])
        .about("1.0.0", "Gives a key another name, in place of whatever has it."),
    Command::new("renamenx", 3, flag::WRITE | flag::FAST, SOURCE_AND_DESTINATION, rename_to_new)
        .of(&["keyspace"])
        .about("1.0.0", "Gives a key another name, if nothing has it."),
    Command::new("copy", -3, flag::WRITE | flag::DENYOOM, SOURCE_AND_DESTINATION, copy)
        .of(&["keyspace"])
        .about("6.2.0", "Copies a key's value and expiry to another key."),
    Command::new("move", 3, flag::WRITE | flag::FAST, FIRST, move_to)
        .of(&["keyspace"])
        .about("1.0.0", "Moves a key to another database."),
];

fn del(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let removed = words[1..].iter().filter(|key| call.remove(key)).count();
    call.reply.integer(removed as i64);
    Ok(())
}

fn exists(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let there = words[1..].iter().filter(|key| call.peek(key).0.is_some()).count();
    call.reply.integer(there as i64);
    Ok(())
}

fn touch(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let there = words[1..].iter().filter(|key| call.kind(key).is_some()).count();
    call.reply.integer(there as i64);
    Ok(())
}

fn kind(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (item, reply) = call.peek(words[1]);
    reply.simple(item.map_or("none", |item| item.view().kind().name()));
    Ok(())
}

fn rename(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    give_name(call, words[1], words[2], true)?;
    call.reply.ok();
    Ok(())
}

fn rename_to_new(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_done = give_name(call, words[1], words[2], false)?;
    call.reply.integer(is_done.into());
    Ok(())
}

/// False if the new name is taken and may not be replaced, or is the old one.
fn give_name(call: &mut Call<'_, '_>, from: &[u8], to: &[u8], may_replace: bool) -> Result<bool, Fault> {
    if call.peek(from).0.is_none() {
        return Err(Fault::NO_SUCH_KEY);
    }
    if from == to || !may_replace && call.peek(to).0.is_some() {
        return Ok(false);
    }
    if let Some(item) = call.take_item(from) {
        call.put_item(to, item);
    }
    call.touched(from);
    call.notify(Class::Generic, "rename_from", from);
    call.modified(to, Class::Generic, "rename_to");
    Ok(true)
}

fn copy(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (from, to) = (words[1], words[2]);
    let (mut database, mut may_replace) = (call.database(), false);
    let mut options = words[3..].iter();
    while let Some(option) = options.next() {
        if words::is(option, "replace") {
            may_replace = true;
        } else if words::is(option, "db") {
            database = number(call, options.next().ok_or(Fault::SYNTAX)?)?;
        } else {
            return Err(Fault::SYNTAX);
        }
    }
    if database == call.database() && from == to {
        return Err(SAME);
    }
    let Some((value, expires_at)) = call.peek(from).0.map(|item| (item.view().to_value(), item.expires_at())) else {
        call.reply.integer(0);
        return Ok(());
    };
    let is_done = call.inside(database, |call| {
        if !may_replace && call.peek(to).0.is_some() {
            return false;
        }
        call.set(to, value);
        call.set_expires_at(to, expires_at);
        call.modified(to, Class::Generic, "copy_to");
        true
    });
    call.reply.integer(is_done.into());
    Ok(())
}

fn move_to(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, database) = (words[1], number(call, words[2])?);
    if database == call.database() {
        return Err(SAME);
    }
    let is_possible = call.peek(key).0.is_some() && call.inside(database, |call| call.peek(key).0.is_none());
    if let Some(item) = is_possible.then(|| call.take_item(key)).flatten() {
        call.inside(database, |call| {
            call.put_item(key, item);
            call.touched(key);
        });
        call.modified(key, Class::Generic, "move_from");
        call.inside(database, |call| call.notify(Class::Generic, "move_to", key));
    }
    call.reply.integer(is_possible.into());
    Ok(())
}

const SAME: Fault = Fault::of("ERR source and destination objects are the same");
const NO_SUCH_DATABASE: Fault = Fault::of("ERR DB index is out of range");

/// A database's number.
fn number(call: &Call<'_, '_>, word: &[u8]) -> Result<usize, Fault> {
    let number = words::integer(word)?;
    if i32::try_from(number).is_err() {
        return Err(Fault::of("ERR value is out of range, value must between -2147483648 and 2147483647"));
    }
    usize::try_from(number).ok().filter(|number| *number < call.server.settings.databases).ok_or(NO_SUCH_DATABASE)
}

impl Call<'_, '_> {
    /// Does something in another database.
    pub(crate) fn inside<R>(&mut self, database: usize, work: impl FnOnce(&mut Self) -> R) -> R {
        let own = std::mem::replace(&mut self.session.database, database);
        let result = work(self);
        self.session.database = own;
        result
    }

    /// Takes a key out, with all that belongs to it.
    fn take_item(&mut self, key: &[u8]) -> Option<Item> {
        let (database, hash) = self.data.at_mut(self.session.database, key);
        database.remove_item(hash, key)
    }

    /// Puts it in under another key, in place of any.
    fn put_item(&mut self, key: &[u8], item: Item) {
        let (expires_at, access) = (item.expires_at(), item.access());
        let (server, (database, hash)) = (self.server, self.data.at_mut(self.session.database, key));
        let discard = |former| server.discard_item(Some(former));
        let was_there = database.insert(hash, key, item.into_value(), access, discard);
        database.set_expires_at(hash, key, expires_at);
        if !was_there {
            self.notify(Class::New, "new", key);
        }
    }
}
