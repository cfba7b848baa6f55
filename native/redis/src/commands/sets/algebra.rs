//! Several sets: SINTER, SUNION, SDIFF, the same stored, SINTERCARD.

use dataset::{Member, Packing, Set, SetBounds, Typed, Value};

use crate::call::Call;
use crate::command::{Command, Keys, REST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

const STORE: u32 = flag::WRITE | flag::DENYOOM;
const COUNTED: Keys = Keys::Counted { at: 1, also: 0 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("sinter", -2, flag::READONLY, REST, |call, words| reply(call, words, intersection))
        .of(&["set"])
        .about("1.0.0", "Members that all sets have."),
    Command::new("sunion", -2, flag::READONLY, REST, |call, words| reply(call, words, union))
        .of(&["set"])
        .about("1.0.0", "Members that any of the sets has."),
    Command::new("sdiff", -2, flag::READONLY, REST, |call, words| reply(call, words, difference))
        .of(&["set"])
        .about("1.0.0", "Members of the first set that no other one has."),
    Command::new("sinterstore", -3, STORE, REST, |call, words| store(call, words, intersection, "sinterstore"))
        .of(&["set"])
        .about("1.0.0", "Stores the members that all sets have."),
    Command::new("sunionstore", -3, STORE, REST, |call, words| store(call, words, union, "sunionstore"))
        .of(&["set"])
        .about("1.0.0", "Stores the members that any of the sets has."),
    Command::new("sdiffstore", -3, STORE, REST, |call, words| store(call, words, difference, "sdiffstore"))
        .of(&["set"])
        .about("1.0.0", "Stores the members of the first set that no other one has."),
    Command::new("sintercard", -3, flag::READONLY | flag::MOVABLE_KEYS, COUNTED, sintercard)
        .of(&["set"])
        .about("7.0.0", "How many members all sets have."),
];

/// Hands the members of a result out, each once, until `visit` has seen enough and says false. A set that is not there is `None`.
type Operation = fn(&[Option<&Set>], visit: &mut dyn FnMut(Member<'_>) -> bool);

/// A packed set is searched from its beginning: past some dozens of members, a table finds those of a union faster.
const MET: SetBounds = SetBounds { integers: 512, packed: Packing { entries: 32, bytes: 64 } };

/// The sets of these keys.
fn sets<'c>(call: &'c mut Call<'_, '_>, keys: &[&[u8]]) -> Result<Vec<Option<&'c Set>>, Fault> {
    for key in keys {
        call.read::<Set>(key)?;
    }
    let (data, number, now) = (&*call.data, call.session.database, call.now);
    Ok(keys
        .iter()
        .map(|key| {
            let (database, hash) = data.at(number, key);
            database.get(hash, key, now).and_then(|view| Set::of(&view))
        })
        .collect())
}

fn intersection(sets: &[Option<&Set>], visit: &mut dyn FnMut(Member<'_>) -> bool) {
    let mut sets: Vec<_> = sets.iter().map(|set| set.map_or((0, None), |set| (set.len(), Some(set)))).collect();
    sets.sort_by_key(|(len, _)| *len);
    let Some(((_, Some(smallest)), others)) = sets.split_first() else { return };
    let is_everywhere = |member: &Member<'_>| others.iter().all(|(_, set)| set.is_some_and(|set| set.contains(member)));
    let _ = smallest.iter().filter(is_everywhere).all(visit);
}

fn union(sets: &[Option<&Set>], visit: &mut dyn FnMut(Member<'_>) -> bool) {
    let mut met = Set::default();
    let is_new = |member: &Member<'_>| met.insert(member, MET);
    let _ = sets.iter().flatten().flat_map(|set| set.iter()).filter(is_new).all(visit);
}

fn difference(sets: &[Option<&Set>], visit: &mut dyn FnMut(Member<'_>) -> bool) {
    let Some((Some(first), others)) = sets.split_first() else { return };
    let is_nowhere = |member: &Member<'_>| !others.iter().flatten().any(|set| set.contains(member));
    let _ = first.iter().filter(is_nowhere).all(visit);
}

fn reply(call: &mut Call<'_, '_>, words: &[&[u8]], operation: Operation) -> Outcome {
    let mut members = Vec::new();
    let mut count = 0;
    let version = call.reply.version();
    operation(&sets(call, &words[1..])?, &mut |member| {
        resp::Writer::new(&mut members, version).bulk(&member);
        count += 1;
        true
    });
    call.reply.set(count);
    call.reply.buffer().extend_from_slice(&members);
    Ok(())
}

fn store(call: &mut Call<'_, '_>, words: &[&[u8]], operation: Operation, event: &str) -> Outcome {
    let (mut result, bounds) = (Set::default(), call.server.tuning.set_bounds());
    operation(&sets(call, &words[2..])?, &mut |member| {
        result.insert(&member, bounds);
        true
    });
    let len = result.len();
    if len == 0 {
        call.remove(words[1]);
    } else {
        call.set(words[1], Value::Set(Box::new(result)));
        call.modified(words[1], Class::Set, event);
    }
    call.reply.integer(len as i64);
    Ok(())
}

fn sintercard(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    const NO_KEYS: Fault = Fault::of("ERR numkeys should be greater than 0");
    const TOO_MANY: Fault = Fault::of("ERR Number of keys can't be greater than number of args");
    const NEGATIVE: Fault = Fault::of("ERR LIMIT can't be negative");
    let numkeys = words::at_least(1, words[1], NO_KEYS)?;
    if numkeys > words.len() - 2 {
        return Err(TOO_MANY);
    }
    let (keys, mut options) = words[2..].split_at(numkeys);
    let mut limit = 0;
    while let [option, value, rest @ ..] = options {
        if !words::is(option, "LIMIT") {
            return Err(Fault::SYNTAX);
        }
        limit = words::at_least(0, value, NEGATIVE)?;
        options = rest;
    }
    if !options.is_empty() {
        return Err(Fault::SYNTAX);
    }
    let mut count = 0;
    intersection(&sets(call, keys)?, &mut |_| {
        count += 1;
        count != limit
    });
    call.reply.integer(count as i64);
    Ok(())
}
