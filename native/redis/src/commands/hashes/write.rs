//! Setting and removing fields: HSET, HMSET, HSETNX, HDEL.

use dataset::Hash;

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};

const SETS: u32 = flag::WRITE | flag::DENYOOM | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("hset", -4, SETS, FIRST, hset).of(&["hash"]).about("2.0.0", "Sets fields of a hash."),
    Command::new("hmset", -4, SETS, FIRST, hmset).of(&["hash"]).about("2.0.0", "Sets fields of a hash."),
    Command::new("hsetnx", 4, SETS, FIRST, hsetnx)
        .of(&["hash"])
        .about("2.0.0", "Sets a field of a hash unless it is there."),
    Command::new("hdel", -3, flag::WRITE | flag::FAST, FIRST, hdel)
        .of(&["hash"])
        .about("2.0.0", "Removes fields of a hash."),
];

/// Sets the fields and values behind the key; returns how many are new.
fn set_all(call: &mut Call<'_, '_>, words: &[&[u8]], name: &str) -> Result<usize, Fault> {
    let (pairs, rest) = words[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Fault::arity(name));
    }
    let packing = call.server.tuning.hash_packing();
    let added = call.change_or_make::<Hash, _>(words[1], |hash| hash.set_all(pairs, packing))?;
    call.modified(words[1], Class::Hash, "hset");
    Ok(added)
}

fn hset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let added = set_all(call, words, "hset")?;
    call.reply.integer(added as i64);
    Ok(())
}

fn hmset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_all(call, words, "hmset")?;
    call.reply.ok();
    Ok(())
}

fn hsetnx(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let packing = call.server.tuning.hash_packing();
    let is_new = call.change_or_make::<Hash, _>(words[1], |hash| {
        hash.get(words[2]).is_none() && hash.set(words[2], words[3], packing)
    })?;
    if is_new {
        call.modified(words[1], Class::Hash, "hset");
    }
    call.reply.integer(is_new.into());
    Ok(())
}

fn hdel(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let remove = |hash: &mut Hash| words[2..].iter().filter(|field| hash.remove(field)).count();
    let removed = call.change::<Hash, _>(words[1], remove)?.unwrap_or(0);
    if removed > 0 {
        call.modified(words[1], Class::Hash, "hdel");
    }
    call.reply.integer(removed as i64);
    Ok(())
}
