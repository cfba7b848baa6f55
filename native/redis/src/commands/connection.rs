//! Commands about the connection itself.

use resp::Version;

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::server::VERSION;
use crate::words;

const FREE: u32 = flag::FAST | flag::LOADING | flag::STALE;
/// Allowed before AUTH.
const DOOR: u32 = FREE | flag::NOSCRIPT | flag::NO_AUTH | flag::ALLOW_BUSY;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("ping", -1, flag::FAST, Keys::None, ping)
        .of(&["connection"])
        .about("1.0.0", "Answers, or repeats a word."),
    Command::new("echo", 2, FREE, Keys::None, echo).of(&["connection"]).about("1.0.0", "Repeats a word."),
    Command::new("select", 2, FREE, Keys::None, select).of(&["connection"]).about("1.0.0", "Changes the database."),
    Command::new("hello", -1, DOOR, Keys::None, hello)
        .of(&["connection"])
        .about("6.0.0", "Agrees on the protocol, and says who the connection is."),
    Command::new("auth", -2, DOOR, Keys::None, auth)
        .of(&["connection"])
        .about("1.0.0", "Says who the connection is, with a password."),
    Command::new("quit", -1, DOOR | flag::NO_MULTI, Keys::None, quit)
        .of(&["connection"])
        .about("1.0.0", "Closes the connection."),
    Command::new("reset", 1, DOOR | flag::NO_MULTI, Keys::Session, reset)
        .of(&["connection"])
        .about("6.2.0", "Makes the connection as it was at its beginning."),
];

fn ping(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_] | [_, _] if call.session.only_listens() => {
            call.reply.array(2);
            call.reply.bulk(b"pong");
            call.reply.bulk(words.get(1).copied().unwrap_or_default());
        }
        [_] => call.reply.simple("PONG"),
        [_, text] => call.reply.bulk(text),
        _ => return Err(Fault::arity("ping")),
    }
    Ok(())
}

fn echo(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.reply.bulk(words[1]);
    Ok(())
}

fn select(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let number = words::integer(words[1])?;
    if i32::try_from(number).is_err() {
        return Err(Fault::of("ERR value is out of range, value must between -2147483648 and 2147483647"));
    }
    let number = usize::try_from(number).ok().filter(|number| *number < call.server.settings.databases);
    call.session.database = number.ok_or(Fault::of("ERR DB index is out of range"))?;
    call.reply.ok();
    Ok(())
}

fn hello(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let version = match words.get(1) {
        None => call.session.version,
        Some(word) => match words::canonical(word) {
            Some(2) => Version::Two,
            Some(3) => Version::Three,
            Some(_) => return Err(Fault::of("NOPROTO unsupported protocol version")),
            None => return Err(Fault::of("ERR Protocol version is not an integer or out of range")),
        },
    };
    let (mut credentials, mut name) = (None, None);
    let mut rest = words.get(2..).unwrap_or_default();
    while let Some((option, after)) = rest.split_first() {
        rest = match after {
            [user, password, after @ ..] if words::is(option, "auth") => {
                credentials = Some((*user, *password));
                after
            }
            [wanted, after @ ..] if words::is(option, "setname") => {
                name = Some(*wanted);
                after
            }
            _ => {
                return Err(Fault::naming(&[b"ERR Syntax error in HELLO option '", option, b"'"]));
            }
        };
    }
    if name.is_some_and(|name| !is_plain(name)) {
        return Err(super::client::BAD_NAME);
    }
    if let Some((user, password)) = credentials {
        login(call, user, password)?;
    }
    if !call.session.identity.is_known && !call.server.acl.default.is_open() {
        return Err(Fault::of(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> \
             option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = name {
        call.session.client().names.lock().name = name.to_vec();
    }
    call.set_version(version);
    welcome(call);
    Ok(())
}

fn welcome(call: &mut Call<'_, '_>) {
    let reply = &mut call.reply;
    reply.map(7);
    for (name, value) in [("server", "redis"), ("version", VERSION)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"proto");
    reply.integer(if call.session.version == Version::Three { 3 } else { 2 });
    reply.bulk(b"id");
    reply.integer(call.session.id.number as i64);
    let role = if call.server.replication.is_replica() { "replica" } else { "master" };
    for (name, value) in [("mode", "standalone"), ("role", role)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
}

/// A name or a version without spaces and beyond ASCII.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

fn auth(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match *words {
        [_, password] => {
            if call.server.acl.default.rules().is_nopass {
                return Err(Fault::of(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                     configuration is correct?",
                ));
            }
            login(call, b"default", password)?;
        }
        [_, user, password] => login(call, user, password)?,
        _ => return Err(Fault::SYNTAX),
    }
    call.reply.ok();
    Ok(())
}

fn login(call: &mut Call<'_, '_>, name: &[u8], password: &[u8]) -> Outcome {
    let user = call.server.acl.authenticate(name, password).inspect_err(|_| {
        call.server.log_denial(call.session, "auth", b"AUTH".to_vec(), name.to_vec());
    })?;
    call.session.client().names.lock().user = user.name.clone();
    call.session.identity.user = user;
    call.session.identity.is_known = true;
    Ok(())
}

fn quit(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.session.is_closing = true;
    call.reply.ok();
    Ok(())
}

fn reset(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if let Some(watch) = call.session.watch.take() {
        watch.forget(call.data);
    }
    call.session.transaction = None;
    call.stop_listening();
    call.stop_tracking();
    (call.session.database, call.session.mode) = (0, None);
    call.set_version(Version::Two);
    call.server.monitors.leave(call.session.id);
    call.session.forget_identity(&call.server.acl);
    call.reply.simple("RESET");
    Ok(())
}
