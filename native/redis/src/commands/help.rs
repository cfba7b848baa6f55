//! HELP of a command with subcommands, as their rows say it.

use crate::call::Call;
use crate::command;
use crate::fault::{Fault, Outcome};

/// A line for the command and two for each of its subcommands.
pub(super) fn help(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let command = command::find(words[0]).ok_or(Fault::SYNTAX)?;
    let reply = &mut call.reply;
    reply.array(1 + 2 * command.subcommands.len());
    let name = command.name.to_uppercase();
    reply.simple(&format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for sub in command.subcommands {
        reply.simple(&sub.name.to_uppercase());
        reply.simple(&format!("    {}", sub.summary));
    }
    Ok(())
}

/// The words of a subcommand don't fit.
pub(super) fn misused(words: &[&[u8]]) -> Fault {
    let command = words[0].to_ascii_uppercase();
    let text = b"ERR unknown subcommand or wrong number of arguments for '";
    Fault::naming(&[text, words[1], b"'. Try ", &command, b" HELP."])
}
