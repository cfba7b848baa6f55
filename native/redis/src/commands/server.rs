//! What concerns the server as a whole and nothing of its data.

use crate::call::Call;
use crate::clients::mark;
use crate::command::{Command, Keys, flag};
use crate::commands::help::help;
use crate::fault::{Fault, Outcome};
use crate::server::VERSION;
use crate::words;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE;
const MODULE: u32 = flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING;
const FREE: u32 = flag::LOADING | flag::STALE | flag::FAST;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("time", 1, FREE, Keys::None, time).about("2.6.0", "The server's clock: seconds, and microseconds."),
    Command::new("monitor", 1, ADMIN, Keys::None, monitor).about("1.0.0", "Shows every command before it runs."),
    Command::new("shutdown", -1, ADMIN | flag::ALLOW_BUSY | flag::NO_TRANSACTION, Keys::None, shutdown)
        .about("1.0.0", "Ends the server."),
    Command::new("module", -2, 0, Keys::None, help).about("4.0.0", "Modules: there are none.").with(&[
        Command::new("list", 2, flag::ADMIN | flag::NOSCRIPT, Keys::None, nothing).about("4.0.0", "The modules: none."),
        Command::new("load", -3, MODULE, Keys::None, no_modules).about("4.0.0", "Would load one."),
        Command::new("loadex", -3, MODULE, Keys::None, no_modules).about("7.0.0", "Would load one."),
        Command::new("unload", 3, MODULE, Keys::None, no_modules).about("4.0.0", "Would remove one."),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help).about("5.0.0", "This text."),
    ]),
    Command::new("lolwut", -1, flag::READONLY | flag::FAST, Keys::None, lolwut)
        .about("5.0.0", "Shows a picture and the version."),
];

fn time(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = since.map_err(|_| Fault::of("ERR the machine's clock stands before 1970"))?;
    call.reply.array(2);
    call.reply.bulk_integer(since.as_secs() as i64);
    call.reply.bulk_integer(since.subsec_micros().into());
    Ok(())
}

/// Three rings, each a node.
const PICTURE: &str = "
      .-\"\"-.    .-\"\"-.    .-\"\"-.
     /      \\  /      \\  /      \\
    |   o    ||   o    ||   o    |
     \\      /  \\      /  \\      /
      '-..-'----'-..-'----'-..-'
";

fn lolwut(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if let [_, option, number, ..] = words
        && words::is(option, "version")
    {
        words::integer(number)?;
    }
    let text = format!("{PICTURE}\nRedis ver. {VERSION}, memcluster {}\n", env!("CARGO_PKG_VERSION"));
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

fn monitor(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if !call.may_wait {
        return Err(Fault::of("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    call.server.monitors.enter(call.session.id);
    call.session.client().mark(mark::MONITOR, true);
    call.reply.ok();
    Ok(())
}

fn shutdown(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let has = |option: &str| words[1..].iter().any(|word| words::is(word, option));
    let known = ["nosave", "save", "now", "force", "abort"];
    let is_known = |word: &&[u8]| known.iter().any(|option| words::is(word, option));
    if !words[1..].iter().all(is_known) || has("save") && has("nosave") || has("abort") && words.len() > 2 {
        return Err(Fault::SYNTAX);
    }
    if has("abort") {
        return Err(Fault::of("ERR No shutdown in progress."));
    }
    call.server.save_at_end(if has("save") || has("nosave") { Some(has("save")) } else { None });
    if call.server.saves_at_end() {
        if !call.may_wait {
            return Err(Fault::of("ERR Command not allowed inside a transaction"));
        }
        if call.server.save(true).is_err() && !has("force") {
            call.server.save_at_end(None);
            return Err(Fault::of("ERR Errors trying to SHUTDOWN. Check logs."));
        }
    }
    call.session.is_closing = true;
    call.server.host.shut_down();
    Ok(())
}

fn nothing(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.array(0);
    Ok(())
}

fn no_modules(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR modules of Redis can't be loaded here"))
}
