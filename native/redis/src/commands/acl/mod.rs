//! ACL: users and what they may do.

mod show;

use crate::acl::Denial;
use crate::acl::categories::{self, CATEGORIES};
use crate::admission;
use crate::call::Call;
use crate::command::{self, Command, Keys, Run, flag};
use crate::commands::help::{help, misused};
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::host::chance_digits;
use crate::outbox::Mail;
use crate::words;

const FREE: u32 = flag::NOSCRIPT | flag::LOADING | flag::STALE;
const ADMIN: u32 = FREE | flag::ADMIN;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("acl", -2, 0, Keys::None, help).about("6.0.0", "Users, and what they may do.").with(&[
        row("setuser", -3, ADMIN, set_user).about("6.0.0", "Changes a user by rules, or makes it."),
        row("getuser", 3, ADMIN, show::user).about("6.0.0", "What a user may do."),
        row("list", 2, ADMIN, show::list).about("6.0.0", "Users as lines of an ACL file."),
        row("users", 2, ADMIN, show::users).about("6.0.0", "Users' names."),
        row("deluser", -3, ADMIN, remove_users).about("6.0.0", "Removes users, and closes their connections."),
        row("cat", -2, FREE, categories).about("6.0.0", "Categories, or the commands of one."),
        row("whoami", 2, FREE, who).about("6.0.0", "The connection's user."),
        row("log", -2, ADMIN, show::log).about("6.0.0", "What has been refused lately; RESET forgets it."),
        row("genpass", -2, FREE, password).about("6.0.0", "A random password, of so many bits."),
        row("dryrun", -4, ADMIN, try_out).about("7.0.0", "Whether a user might run a command."),
        row("load", 2, ADMIN, load).about("6.0.0", "Reads users from the ACL file."),
        row("save", 2, ADMIN, save).about("6.0.0", "Writes users to the ACL file."),
        row("help", 2, flag::LOADING | flag::STALE, help).about("6.0.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, flags: u32, run: Run) -> Command {
    Command::new(name, arity, flags, Keys::None, run)
}

fn refused(why: String) -> Fault {
    Fault::made(format!("ERR {why}"))
}

fn set_user(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let gets_all_channels = call.server.config.number(config::CHANNELS_DEFAULT) == 0;
    call.server.acl.set(words[2], &words[3..], gets_all_channels).map_err(refused)?;
    call.reply.ok();
    Ok(())
}

fn remove_users(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if words[2..].contains(&&b"default"[..]) {
        return Err(Fault::of("ERR The 'default' user cannot be removed"));
    }
    let mut removed = 0;
    for name in &words[2..] {
        if !call.server.acl.remove(name) {
            continue;
        }
        removed += 1;
        for client in call.server.clients.all().iter().filter(|client| client.names.lock().user == *name) {
            if client.id == call.session.id {
                call.session.is_closing = true;
            } else {
                call.outbox.put(client.id, Mail::Close);
            }
        }
    }
    call.reply.integer(removed);
    Ok(())
}

fn categories(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let names: Vec<&str> = match words {
        [_, _] => CATEGORIES.to_vec(),
        [_, _, name] => {
            let text = String::from_utf8_lossy(name);
            let unknown = || Fault::naming(&[b"ERR Unknown category '", name, b"'"]);
            let bit = categories::bit(&text).ok_or_else(unknown)?;
            let rows = command::numbered().iter().filter(|row| categories::of(row) & bit != 0);
            rows.map(|row| row.full_name).collect()
        }
        _ => return Err(misused(words)),
    };
    call.reply.array(names.len());
    names.iter().for_each(|name| call.reply.bulk(name.as_bytes()));
    Ok(())
}

fn who(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.bulk(&call.session.identity.user.name);
    Ok(())
}

const BITS: i64 = 256;
const BITS_MAX: i64 = 4096;

fn password(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let bits = match words {
        [_, _] => BITS,
        [_, _, word] => words::integer(word)?,
        _ => return Err(Fault::arity("acl|genpass")),
    };
    if !(1..=BITS_MAX).contains(&bits) {
        return Err(refused(format!(
            "ACL GENPASS argument must be the number of bits for the output password, a positive number up to {BITS_MAX}"
        )));
    }
    call.reply.bulk(chance_digits(bits.unsigned_abs().div_ceil(4) as usize).as_bytes());
    Ok(())
}

fn try_out(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (name, request) = (String::from_utf8_lossy(words[2]), &words[3..]);
    let nobody = || Fault::naming(&[b"ERR User '", words[2], b"' not found"]);
    let user = call.server.acl.find(words[2]).ok_or_else(nobody)?;
    let unknown = |_| Fault::naming(&[b"ERR Command '", request[0], b"' not found"]);
    let row = admission::row(request).map_err(unknown)?;
    if !row.takes(request.len()) {
        return Err(Fault::arity(row.full_name));
    }
    let text = |what: &str, object: &[u8]| {
        format!("User {name} has no permissions to access the '{}' {what}", String::from_utf8_lossy(object))
    };
    match user.rules().denial(row, request) {
        None => call.reply.ok(),
        Some(Denial::Command) => {
            let text = format!("User {name} has no permissions to run the '{}' command", row.full_name);
            call.reply.bulk(text.as_bytes());
        }
        Some(Denial::Key(key)) => call.reply.bulk(text("key", &key).as_bytes()),
        Some(Denial::Channel(channel)) => call.reply.bulk(text("channel", &channel).as_bytes()),
    }
    Ok(())
}

fn file(call: &Call<'_, '_>) -> Result<String, Fault> {
    Some(call.server.config.text(config::ACL_FILE)).filter(|path| !path.is_empty()).ok_or(Fault::of(
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and \
         then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis \
         configuration.",
    ))
}

fn load(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.server.acl.load(&file(call)?).map_err(refused)?;
    call.reply.ok();
    Ok(())
}

fn save(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let saved = call.server.acl.save(&file(call)?);
    saved.map_err(|_| {
        Fault::of("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
    })?;
    call.reply.ok();
    Ok(())
}
