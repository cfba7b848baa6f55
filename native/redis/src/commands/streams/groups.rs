//! Groups of consumers come and go: XGROUP. What they have been given is acknowledged: XACK.

use dataset::{Group, Id, Stream};

use super::{CATEGORY, ONE_KEY, SECOND, WRITE, WRITE_FAST, changed_group, changed_quietly, ids};
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::commands::help::misused;
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("xgroup", -2, 0, Keys::None, help).about("5.0.0", "Groups of consumers.").with(&[
        Command::new("create", -5, WRITE | flag::DENYOOM, SECOND, create).of(CATEGORY).about("5.0.0", "Makes a group."),
        Command::new("setid", -5, WRITE, SECOND, setid).of(CATEGORY).about("5.0.0", "Sets how far a group has read."),
        Command::new("destroy", 4, WRITE, SECOND, destroy).of(CATEGORY).about("5.0.0", "Removes a group."),
        Command::new("createconsumer", 5, WRITE | flag::DENYOOM, SECOND, createconsumer)
            .of(CATEGORY)
            .about("6.2.0", "Makes a consumer of a group."),
        Command::new("delconsumer", 5, WRITE, SECOND, delconsumer)
            .of(CATEGORY)
            .about("5.0.0", "Removes a consumer with all that it has pending."),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help)
            .of(CATEGORY)
            .about("5.0.0", "What there is."),
    ]),
    Command::new("xack", -4, WRITE_FAST, ONE_KEY, xack)
        .of(CATEGORY)
        .about("5.0.0", "Acknowledges entries: they are no longer pending."),
];

const HELP: &[&str] = &[
    "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
    "HELP",
    "    Prints this help.",
];

fn help(call: &mut Call<'_, '_>, _: &[&[u8]]) -> Outcome {
    call.reply.array(HELP.len());
    HELP.iter().for_each(|line| call.reply.simple(line));
    Ok(())
}

/// What CREATE and SETID take behind the id.
#[derive(Debug, Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(words: &[&[u8]], is_create: bool) -> Result<Self, Fault> {
        let mut options = Self::default();
        let mut rest = &words[5..];
        while let [option, after @ ..] = rest {
            if is_create && words::is(option, "MKSTREAM") {
                options.make_stream = true;
                rest = after;
            } else if let [value, after @ ..] = after
                && words::is(option, "ENTRIESREAD")
            {
                let count = words::integer(value)?;
                if count < -1 {
                    return Err(Fault::of("ERR value for ENTRIESREAD must be positive or -1"));
                }
                options.entries_read = u64::try_from(count).ok();
                rest = after;
            } else {
                return Err(misused(words));
            }
        }
        Ok(options)
    }
}

const NO_KEY: Fault = Fault::of(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);

/// The stream, which must be there, and its group too.
fn known<'c>(call: &'c mut Call<'_, '_>, key: &[u8], group: &[u8]) -> Result<&'c Stream, Fault> {
    let stream = call.read::<Stream>(key)?.0.ok_or(NO_KEY)?;
    if stream.group(group).is_none() {
        return Err(Fault::naming(&[b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"]));
    }
    Ok(stream)
}

fn create(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let options = Options::parse(words, true)?;
    let (key, name) = (words[2], words[3]);
    let (stream, _) = call.read::<Stream>(key)?;
    if stream.is_none() && !options.make_stream {
        return Err(NO_KEY);
    }
    if words.len() > 8 {
        return Err(misused(words));
    }
    let is_new = stream.is_none();
    let last_id = match words[4] {
        b"$" => stream.map_or(Id::ZERO, Stream::last_id),
        id => ids::strict(id, 0)?,
    };
    let group = Group::new(last_id, options.entries_read);
    if !call.change_or_make::<Stream, _>(key, |stream| stream.add_group(name, group))? {
        return Err(Fault::of("BUSYGROUP Consumer Group name already exists"));
    }
    if is_new {
        call.touched(key);
    }
    changed_group(call, key, "xgroup-create");
    call.reply.ok();
    Ok(())
}

fn setid(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let options = Options::parse(words, false)?;
    let (key, name) = (words[2], words[3]);
    let last = known(call, key, name)?.last_id();
    if words.len() != 5 && words.len() != 7 {
        return Err(misused(words));
    }
    let last_id = if words[4] == b"$" { last } else { ids::loose(words[4], 0)? };
    let set = |group: &mut Group| (group.last_id, group.entries_read) = (last_id, options.entries_read);
    call.change::<Stream, _>(key, |stream| stream.change_group(name, set))?;
    changed_group(call, key, "xgroup-setid");
    call.reply.ok();
    Ok(())
}

fn destroy(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, name) = (words[2], words[3]);
    let is_gone = call.change::<Stream, _>(key, |stream| stream.remove_group(name))?.ok_or(NO_KEY)?;
    if is_gone {
        // Who waits for the group must learn that it is gone.
        call.modified(key, Class::Stream, "xgroup-destroy");
    }
    call.reply.integer(is_gone.into());
    Ok(())
}

fn createconsumer(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, name, consumer, now) = (words[2], words[3], words[4], call.wall);
    known(call, key, name)?;
    let add = |group: &mut Group| group.add_consumer(consumer, now);
    let is_new = call.change::<Stream, _>(key, |stream| stream.change_group(name, add))?.flatten().unwrap_or(false);
    if is_new {
        changed_group(call, key, "xgroup-createconsumer");
    }
    call.reply.integer(is_new.into());
    Ok(())
}

fn delconsumer(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, name, consumer) = (words[2], words[3], words[4]);
    known(call, key, name)?;
    let remove = |group: &mut Group| group.remove_consumer(consumer);
    let pending = call.change::<Stream, _>(key, |stream| stream.change_group(name, remove))?.flatten().flatten();
    if pending.is_some() {
        changed_group(call, key, "xgroup-delconsumer");
    }
    call.reply.integer(pending.unwrap_or(0) as i64);
    Ok(())
}

fn xack(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (stream, reply) = call.read::<Stream>(words[1])?;
    if stream.is_none_or(|stream| stream.group(words[2]).is_none()) {
        reply.integer(0);
        return Ok(());
    }
    let ids: Vec<Id> = words[3..].iter().map(|word| ids::strict(word, 0)).collect::<Result<_, _>>()?;
    let acknowledge = |group: &mut Group| ids.into_iter().filter(|id| group.acknowledge(*id)).count();
    let count = call.change::<Stream, _>(words[1], |stream| stream.change_group(words[2], acknowledge))?;
    let count = count.flatten().unwrap_or(0);
    if count > 0 {
        changed_quietly(call);
    }
    call.reply.integer(count as i64);
    Ok(())
}
