//! SCRIPT: the scripts that the server knows.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::commands::help::help;
use crate::fault::{Fault, Outcome};
use crate::scripts::{self, sha_of};

const SUB: u32 = flag::NOSCRIPT;

pub(super) const SUBCOMMANDS: &[Command] = &[
    Command::new("debug", 3, SUB, Keys::None, debug)
        .of(&["scripting"])
        .about("3.2.0", "Not served: there is no debugger of scripts."),
    Command::new("exists", -3, SUB, Keys::None, exists)
        .of(&["scripting"])
        .about("2.6.0", "Whether scripts of these SHA-1s are known."),
    Command::new("flush", -2, SUB | flag::MAY_REPLICATE, Keys::None, flush)
        .of(&["scripting"])
        .about("2.6.0", "Forgets all scripts."),
    Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help)
        .of(&["scripting"])
        .about("5.0.0", "Says what the subcommands do."),
    Command::new("kill", 2, SUB | flag::ALLOW_BUSY, Keys::None, kill)
        .of(&["scripting"])
        .about("2.6.0", "Ends a script that runs for too long and has written nothing."),
    Command::new("load", 3, SUB | flag::STALE, Keys::None, load)
        .of(&["scripting"])
        .about("2.6.0", "Keeps a script without running it; returns its SHA-1."),
];

fn debug(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR SCRIPT DEBUG is not served: there is no debugger of scripts"))
}

fn exists(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.reply.array(words.len() - 2);
    for word in &words[2..] {
        let is_known = sha_of(word).is_some_and(|sha| call.server.scripts.find(&sha).is_some());
        call.reply.integer(is_known.into());
    }
    Ok(())
}

fn flush(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match &words[2..] {
        [] => {}
        [how] if how.eq_ignore_ascii_case(b"sync") || how.eq_ignore_ascii_case(b"async") => {}
        _ => return Err(Fault::of("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    call.server.scripts.flush();
    call.reply.ok();
    Ok(())
}

fn kill(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    scripts::kill(call.server)?;
    call.reply.ok();
    Ok(())
}

fn load(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let sha = call.server.scripts.load(call.server, words[2])?;
    call.reply.bulk(&sha);
    Ok(())
}
