//! What lies in an area: GEOSEARCH, GEORADIUS and its like, answered or stored.

use dataset::SortedSet;

use super::area::Area;
use super::grid::Place;
use super::query::{Form, Order, Query};
use super::{write_coordinates, write_distance};
use crate::call::Call;
use crate::command::KeyList;
use crate::commands::sorted_sets::range::store;
use crate::fault::Outcome;
use crate::words;

/// A member that lies in the area.
#[derive(Debug)]
struct Found<'s> {
    member: &'s [u8],
    score: f64,
    place: Place,
    /// In the query's unit.
    distance: f64,
}

pub(super) fn around(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::Around { may_store: true })
}

pub(super) fn around_read_only(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::Around { may_store: false })
}

pub(super) fn around_member(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::AroundMember { may_store: true })
}

pub(super) fn around_member_read_only(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::AroundMember { may_store: false })
}

pub(super) fn by_options(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::Search)
}

pub(super) fn by_options_stored(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    search(call, words, Form::SearchStore)
}

/// The keys of GEORADIUS and GEORADIUSBYMEMBER: where it looks, and where the last STORE or STOREDIST says.
pub(super) fn keys<'w>(words: &[&'w [u8]]) -> KeyList<'w> {
    let mut keys: KeyList<'w> = words.get(1).copied().into_iter().collect();
    let mut at = 5;
    while at + 1 < words.len() {
        if words::is(words[at], "STORE") || words::is(words[at], "STOREDIST") {
            keys.truncate(1);
            keys.push(words[at + 1]);
            at += 1;
        }
        at += 1;
    }
    keys
}

fn search(call: &mut Call<'_, '_>, words: &[&[u8]], form: Form) -> Outcome {
    let source = if form == Form::SearchStore { words[2] } else { words[1] };
    let (set, reply) = call.read::<SortedSet>(source)?;
    let query = Query::parse(form, words, set)?;
    let found = set.zip(query.area()).map(|(set, area)| look(set, &area, &query)).unwrap_or_default();
    let Some(destination) = query.destination else {
        show(reply, &query, &found);
        return Ok(());
    };
    let mut result = SortedSet::expecting(found.len(), found.iter().map(|one| one.member.len()).max().unwrap_or(0));
    for one in &found {
        result.insert(one.member, if query.by_distance { one.distance } else { one.score });
    }
    let is_search = form == Form::SearchStore;
    store(call, destination, result, if is_search { "geosearchstore" } else { "georadiusstore" });
    Ok(())
}

/// All that lies in the area, as far and in the order as it is asked for.
fn look<'s>(set: &'s SortedSet, area: &Area, query: &Query<'_>) -> Vec<Found<'s>> {
    let limit = query.count.unwrap_or(usize::MAX);
    let enough = if query.is_any { limit } else { usize::MAX };
    let mut found = Vec::new();
    for cell in area.cells() {
        let (low, high) = cell.scores();
        let ranks = set.rank_by_score(|score| score < low)..set.rank_by_score(|score| score < high);
        let inside = set.ascending(ranks).filter_map(|(member, score)| {
            let place = Place::of_score(score);
            area.distance(place).map(|metres| Found { member, score, place, distance: metres / query.unit })
        });
        found.extend(inside.take(enough - found.len()));
        if found.len() >= enough {
            break;
        }
    }
    // Only the nearest are a choice that can be explained.
    let order = query.order.or((query.count.is_some() && !query.is_any).then_some(Order::Nearest));
    match order {
        Some(Order::Nearest) => found.sort_by(|one, other| one.distance.total_cmp(&other.distance)),
        Some(Order::Farthest) => found.sort_by(|one, other| other.distance.total_cmp(&one.distance)),
        None => {}
    }
    found.truncate(limit);
    found
}

fn show(reply: &mut resp::Writer<'_>, query: &Query<'_>, found: &[Found<'_>]) {
    let extras = [query.with_distance, query.with_score, query.with_place];
    let parts = 1 + extras.into_iter().filter(|is_wanted| *is_wanted).count();
    reply.array(found.len());
    for one in found {
        if parts > 1 {
            reply.array(parts);
        }
        reply.bulk(one.member);
        if query.with_distance {
            write_distance(reply, one.distance);
        }
        if query.with_score {
            reply.integer(one.score as i64);
        }
        if query.with_place {
            write_coordinates(reply, one.place);
        }
    }
}
