//! COMMAND GETKEYS and COMMAND GETKEYSANDFLAGS: the keys of a request, as it would be executed.

use crate::acl::access;
use crate::call::Call;
use crate::command::{Command, KeyList, Keys, find, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

use super::specifications::names;

pub(super) fn keys(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (_, keys) = found(&words[2..])?;
    call.reply.array(keys.len());
    keys.iter().for_each(|key| call.reply.bulk(key));
    Ok(())
}

pub(super) fn keys_and_flags(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (command, keys) = found(&words[2..])?;
    call.reply.array(keys.len());
    for (at, key) in keys.iter().enumerate() {
        call.reply.array(2);
        call.reply.bulk(key);
        names(access::flags_of(command, &words[2..], at), &mut call.reply);
    }
    Ok(())
}

fn found<'w>(request: &[&'w [u8]]) -> Result<(&'static Command, KeyList<'w>), Fault> {
    let mut command = find(request[0]).ok_or(Fault::of("ERR Invalid command specified"))?;
    if let Some(word) = request.get(1).filter(|_| !command.subcommands.is_empty()) {
        let sub = command.subcommands.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(word));
        command = sub.ok_or(Fault::of("ERR Invalid command specified"))?;
    }
    if matches!(command.keys, Keys::None | Keys::Session | Keys::All) {
        return Err(Fault::of("ERR The command has no key arguments"));
    }
    if !command.takes(request.len()) {
        return Err(Fault::of("ERR Invalid number of arguments specified for command"));
    }
    let keys = match command.keys {
        Keys::Counted { at, also } => counted(request, at, also),
        _ => command.keys(request).unwrap_or_default(),
    };
    if keys.is_empty() && !command.is(flag::NO_MANDATORY_KEYS) {
        return Err(Fault::of("ERR Invalid arguments specified for command"));
    }
    Ok((command, keys))
}

/// None at all if there are not as many as are counted.
fn counted<'w>(request: &[&'w [u8]], at: usize, also: usize) -> KeyList<'w> {
    let listed = &request[at + 1..];
    let count = words::canonical(request[at]).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    if !(1..=listed.len()).contains(&count) {
        return KeyList::new();
    }
    let own = (also > 0).then(|| request[also]);
    own.into_iter().chain(listed[..count].iter().copied()).collect()
}
