//! The append-only file.

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys};
use crate::fault::{Fault, Outcome};

pub(in crate::commands) const COMMANDS: &[Command] =
    &[Command::new("bgrewriteaof", 1, ADMIN, Keys::None, rewrite).about("1.0.0", "Makes the log short.")];

fn rewrite(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if call.server.log_writer().is_none() {
        return Err(Fault::of("ERR there is no append-only file to rewrite: CONFIG SET appendonly yes begins one"));
    }
    if !call.server.schedule_rewrite() {
        return Err(Fault::of("ERR Background append only file rewriting already in progress"));
    }
    let begins = if call.server.turns.is_taken() { "scheduled" } else { "started" };
    call.reply.simple(&format!("Background append only file rewriting {begins}"));
    Ok(())
}
