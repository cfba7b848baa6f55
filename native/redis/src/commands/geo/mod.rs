//! Places on the earth, as members of sorted sets: the score says where.

mod area;
mod grid;
mod query;
mod search;

use dataset::SortedSet;
use resp::Writer;

use self::grid::Place;
use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::commands::sorted_sets::add::zadd;
use crate::fault::{Fault, Outcome};
use crate::words;

const CATEGORY: &[&str] = &["geo"];
const READ: u32 = flag::READONLY;
const STORE: u32 = flag::WRITE | flag::DENYOOM;
const BOTH: Keys = Keys::Range { first: 1, last: 2, step: 1 };
const STORED: Keys = Keys::Found(search::keys);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("geoadd", -5, STORE, FIRST, add).of(CATEGORY).about("3.2.0", "Adds members with their places."),
    Command::new("geodist", -4, READ, FIRST, distance)
        .of(CATEGORY)
        .about("3.2.0", "How far two members are from each other."),
    Command::new("geohash", -2, READ, FIRST, hash).of(CATEGORY).about("3.2.0", "Members' places as geohashes."),
    Command::new("geopos", -2, READ, FIRST, position).of(CATEGORY).about("3.2.0", "Members' longitudes and latitudes."),
    Command::new("georadius", -6, STORE, STORED, search::around)
        .of(CATEGORY)
        .about("3.2.0", "What lies in a circle around a place; may store it."),
    Command::new("georadius_ro", -6, READ, FIRST, search::around_read_only)
        .of(CATEGORY)
        .about("3.2.10", "What lies in a circle around a place."),
    Command::new("georadiusbymember", -5, STORE, STORED, search::around_member)
        .of(CATEGORY)
        .about("3.2.0", "What lies in a circle around a member; may store it."),
    Command::new("georadiusbymember_ro", -5, READ, FIRST, search::around_member_read_only)
        .of(CATEGORY)
        .about("3.2.10", "What lies in a circle around a member."),
    Command::new("geosearch", -7, READ, FIRST, search::by_options)
        .of(CATEGORY)
        .about("6.2.0", "What lies in a circle or a box."),
    Command::new("geosearchstore", -8, STORE, BOTH, search::by_options_stored)
        .of(CATEGORY)
        .about("6.2.0", "Stores what lies in a circle or a box."),
];

/// A distance with four digits behind the point.
fn write_distance(reply: &mut Writer<'_>, distance: f64) {
    reply.bulk(format!("{distance:.4}").as_bytes());
}

fn write_coordinates(reply: &mut Writer<'_>, place: Place) {
    reply.array(2);
    for degrees in [place.longitude, place.latitude] {
        // Redis writes 17 digits behind the point, without zeros at the end.
        let text = format!("{degrees:.17}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        reply.double_text(text.as_bytes());
    }
}

/// Becomes ZADD.
fn add(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_option = |word: &&&[u8]| ["NX", "XX", "CH"].iter().any(|name| words::is(word, name));
    let options = words[2..].iter().take_while(is_option).count();
    let (options, members) = words[2..].split_at(options);
    let has = |name: &str| options.iter().any(|word| words::is(word, name));
    if !members.len().is_multiple_of(3) || has("NX") && has("XX") {
        return Err(Fault::SYNTAX);
    }
    let mut scores = Vec::with_capacity(members.len() / 3);
    for member in members.chunks_exact(3) {
        scores.push(query::place(member[0], member[1])?.score().to_string());
    }
    let mut said: Vec<&[u8]> = vec![b"ZADD", words[1]];
    said.extend(options);
    for (member, score) in members.chunks_exact(3).zip(&scores) {
        said.extend([score.as_bytes(), member[2]]);
    }
    zadd(call, &said)
}

fn distance(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let unit = match words {
        [_, _, _, _] => 1.0,
        [_, _, _, _, unit] => query::unit(unit)?,
        _ => return Err(Fault::SYNTAX),
    };
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    let place = |member: &[u8]| set.and_then(|set| set.score(member)).map(Place::of_score);
    match (place(words[2]), place(words[3])) {
        (Some(from), Some(to)) => write_distance(reply, from.distance(to) / unit),
        _ => reply.null(),
    }
    Ok(())
}

fn hash(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    reply.array(words.len() - 2);
    for member in &words[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => reply.bulk(&Place::of_score(score).geohash()),
            None => reply.null(),
        }
    }
    Ok(())
}

fn position(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    reply.array(words.len() - 2);
    for member in &words[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => write_coordinates(reply, Place::of_score(score)),
            None => reply.null_array(),
        }
    }
    Ok(())
}
