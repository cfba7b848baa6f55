//! EVAL, EVALSHA, EVAL_RO, EVALSHA_RO.

use std::sync::Arc;

use crate::call::Call;
use crate::fault::{Fault, Outcome};
use crate::scripts::{Code, Run, Script, Terms, sha_of};

const NO_SCRIPT: Fault = Fault::of("NOSCRIPT No matching script. Please use EVAL.");
/// Of a SHA-1 in hexadecimal.
const SHA_DIGITS: usize = 40;

pub(super) fn eval(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run(call, words, by_text, false)
}

pub(super) fn eval_sha(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run_known(call, words, false)
}

pub(super) fn eval_read_only(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run(call, words, by_text, true)
}

pub(super) fn eval_sha_read_only(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run_known(call, words, true)
}

type Find = fn(&Call<'_, '_>, &[u8]) -> Result<Arc<Script>, Fault>;

fn by_text(call: &Call<'_, '_>, text: &[u8]) -> Result<Arc<Script>, Fault> {
    call.server.scripts.evaluated(call.server, text)
}

fn by_sha(call: &Call<'_, '_>, word: &[u8]) -> Result<Arc<Script>, Fault> {
    sha_of(word).and_then(|sha| call.server.scripts.find(&sha)).ok_or(NO_SCRIPT)
}

/// What can't be a SHA-1 is refused before anything else is looked at.
fn run_known(call: &mut Call<'_, '_>, words: &[&[u8]], is_read_only: bool) -> Outcome {
    if words[1].len() != SHA_DIGITS {
        return Err(NO_SCRIPT);
    }
    run(call, words, by_sha, is_read_only)
}

/// Name, script, how many keys, keys, arguments.
fn run(call: &mut Call<'_, '_>, words: &[&[u8]], find: Find, is_read_only: bool) -> Outcome {
    let (keys, arguments) = split(&words[3..], crate::words::integer(words[2])?)?;
    let script = find(call, words[1])?;
    let terms = Terms::of(script.header, is_read_only, call.server.is_over_memory())?;
    Run { code: Code::Script(script), keys, arguments, terms }.perform(call)
}

type Words<'a, 'w> = &'a [&'w [u8]];

/// So many keys, and the arguments behind them.
pub(super) fn split<'a, 'w>(rest: Words<'a, 'w>, count: i64) -> Result<(Words<'a, 'w>, Words<'a, 'w>), Fault> {
    if count > rest.len() as i64 {
        return Err(Fault::of("ERR Number of keys can't be greater than number of args"));
    }
    let count = usize::try_from(count).map_err(|_| Fault::of("ERR Number of keys can't be negative"))?;
    Ok(rest.split_at(count))
}
