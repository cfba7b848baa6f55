//! Passwords are shown to nobody: what stands for them where requests are shown or remembered.

use std::borrow::Cow;

use crate::command::Command;
use crate::words;

const REDACTED: &[u8] = b"(redacted)";

/// The words of a request, without what is secret in it.
pub(crate) fn redacted<'w, 'b>(command: &Command, words: &'w [&'b [u8]]) -> Cow<'w, [&'b [u8]]> {
    let first_secret = match command.full_name {
        "auth" => 1,
        "acl|setuser" => 3,
        "config|set" => 2,
        "hello" => words.iter().position(|word| words::is(word, "auth")).map_or(words.len(), |at| at + 1),
        _ => words.len(),
    };
    if first_secret >= words.len() {
        return Cow::Borrowed(words);
    }
    let shown = |(at, word): (usize, &&'b [u8])| if at < first_secret { *word } else { REDACTED };
    Cow::Owned(words.iter().enumerate().map(shown).collect())
}
