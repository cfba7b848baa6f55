//! ACL GETUSER, LIST, USERS and LOG: what is shown of users.

use resp::Writer;

use crate::acl::Selector;
use crate::acl::log::Entry;
use crate::call::Call;
use crate::commands::help::misused;
use crate::fault::Outcome;
use crate::numbers;
use crate::words;

pub(super) fn user(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let Some(user) = call.server.acl.find(words[2]) else {
        call.reply.null();
        return Ok(());
    };
    let (rules, reply) = (user.rules(), &mut call.reply);
    reply.map(6);
    reply.bulk(b"flags");
    let flags = rules.flags();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"passwords");
    reply.array(rules.passwords.len());
    rules.passwords.iter().for_each(|hash| reply.bulk(hash.as_bytes()));
    selector(reply, &rules.root);
    reply.bulk(b"selectors");
    reply.array(rules.selectors.len());
    for one in &rules.selectors {
        reply.map(3);
        selector(reply, one);
    }
    Ok(())
}

fn selector(reply: &mut Writer<'_>, selector: &Selector) {
    reply.bulk(b"commands");
    reply.bulk(selector.describe_commands().as_bytes());
    reply.bulk(b"keys");
    reply.bulk(&selector.describe_keys());
    reply.bulk(b"channels");
    reply.bulk(&selector.describe_channels());
}

pub(super) fn list(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let users = call.server.acl.all();
    call.reply.array(users.len());
    users.iter().for_each(|user| call.reply.bulk(&user.rules().describe(&user.name)));
    Ok(())
}

pub(super) fn users(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let users = call.server.acl.all();
    call.reply.array(users.len());
    users.iter().for_each(|user| call.reply.bulk(&user.name));
    Ok(())
}

/// Entries that are shown unless told otherwise.
const SHOWN: i64 = 10;

pub(super) fn log(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let count = match words {
        [_, _] => SHOWN,
        [_, _, word] if words::is(word, "reset") => {
            call.server.acl.log.clear();
            call.reply.ok();
            return Ok(());
        }
        [_, _, word] => words::integer(word)?,
        _ => return Err(misused(words)),
    };
    let entries = call.server.acl.log.newest(usize::try_from(count).unwrap_or(0));
    call.reply.array(entries.len());
    entries.iter().for_each(|entry| write(entry, call));
    Ok(())
}

fn write(entry: &Entry, call: &mut Call<'_, '_>) {
    let (now, reply) = (call.now, &mut call.reply);
    reply.map(10);
    reply.bulk(b"count");
    reply.integer(entry.count as i64);
    let texts: [(&str, &[u8]); 4] = [
        ("reason", entry.reason.as_bytes()),
        ("context", entry.context.as_bytes()),
        ("object", &entry.object),
        ("username", &entry.user),
    ];
    for (name, text) in texts {
        reply.bulk(name.as_bytes());
        reply.bulk(text);
    }
    reply.bulk(b"age-seconds");
    reply.double_text(&numbers::double_text(now.saturating_sub(entry.created_at) as f64 / 1000.0));
    reply.bulk(b"client-info");
    reply.bulk(entry.client.as_bytes());
    let numbers = [
        ("entry-id", entry.number),
        ("timestamp-created", entry.created_at),
        ("timestamp-last-updated", entry.updated_at),
    ];
    for (name, number) in numbers {
        reply.bulk(name.as_bytes());
        reply.integer(number as i64);
    }
}
