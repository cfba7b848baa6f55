//! The append-only file.

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys};
use crate::fault::{Fault, Outcome};

pub(in crate::commands) const COMMANDS: &[Command] =
    &[Command::new("bgrewriteaof", 1, ADMIN, Keys::None, rewrite).about("1.0.0", "Makes the log short.")];

fn rewrite(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR nothing can be written to disk: this server keeps its data in memory only"))
}
