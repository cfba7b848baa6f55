//! Where keys stand, in the words of Redis's key specifications: what clients and proxies read to route a request. They follow from
//! a row's `keys`, but for commands whose keys a function finds.

use resp::Writer;

use crate::acl::access;
use crate::command::{Command, Keys};

/// From which word on.
#[derive(Clone, Copy, Debug)]
enum Begin {
    Index(usize),
    /// Behind this word, looked for from here on.
    Keyword(&'static str, usize),
    Unknown,
}

/// Which words from there on.
#[derive(Clone, Copy, Debug)]
enum Find {
    /// Up to `last`, counted from the first or, if negative, from the end; a `limit` of 2 halves what is there.
    Range {
        last: isize,
        step: usize,
        limit: usize,
    },
    /// A count and so many keys.
    Counted,
    Unknown,
}

/// One specification; what is done to the keys stands in `acl::access`, but for what is no key.
#[derive(Clone, Copy, Debug)]
struct Specification {
    begin: Begin,
    find: Find,
    flags: Option<&'static str>,
}

const ONE: Find = Find::Range { last: 0, step: 1, limit: 0 };
const REST: Find = Find::Range { last: -1, step: 1, limit: 0 };
/// The first half of the words behind STREAMS; the other half are ids.
const HALF: Find = Find::Range { last: -1, step: 1, limit: 2 };
const NO_KEY: Option<&str> = Some("not_key");
const READ: Option<&str> = Some("RO access");
const OVERWRITTEN: Option<&str> = Some("OW update");

const fn at(begin: Begin, find: Find, flags: Option<&'static str>) -> Specification {
    Specification { begin, find, flags }
}

const FIRST: Specification = at(Begin::Index(1), ONE, READ);
/// BY and GET name keys after what the sorted key holds.
const PATTERNS: Specification = at(Begin::Unknown, Find::Unknown, READ);

const OWN: &[(&str, &[Specification])] = &[
    ("georadius", &[FIRST, stored("STORE", 6), stored("STOREDIST", 6)]),
    ("georadiusbymember", &[FIRST, stored("STORE", 5), stored("STOREDIST", 5)]),
    ("sort", &[FIRST, PATTERNS, at(Begin::Unknown, Find::Unknown, OVERWRITTEN)]),
    ("sort_ro", &[FIRST, PATTERNS]),
    ("spublish", &[at(Begin::Index(1), ONE, NO_KEY)]),
    ("ssubscribe", &[at(Begin::Index(1), REST, NO_KEY)]),
    ("sunsubscribe", &[at(Begin::Index(1), REST, NO_KEY)]),
    ("xread", &[at(Begin::Keyword("STREAMS", 1), HALF, READ)]),
    ("xreadgroup", &[at(Begin::Keyword("STREAMS", 4), HALF, READ)]),
];

const fn stored(keyword: &'static str, from: usize) -> Specification {
    at(Begin::Keyword(keyword, from), ONE, OVERWRITTEN)
}

fn of(row: &Command) -> Vec<Specification> {
    if let Some((_, own)) = OWN.iter().find(|(name, _)| *name == row.full_name) {
        return own.to_vec();
    }
    let from = |index| Begin::Index(index);
    match row.keys {
        Keys::None | Keys::Session | Keys::All => Vec::new(),
        Keys::Range { first, last, step } => {
            // The last key relative to the first one, unless it is counted from the end.
            let behind = |first: usize| if last < 0 { last } else { last - first as isize };
            let range = |first| Find::Range { last: behind(first), step, limit: 0 };
            if access::flags(row, 0) == access::flags(row, 1) {
                vec![at(from(first), range(first), None)]
            } else {
                vec![at(from(first), ONE, None), at(from(first + 1), range(first + 1), None)]
            }
        }
        Keys::Counted { at: place, also: 0 } => vec![at(from(place), Find::Counted, None)],
        Keys::Counted { at: place, also } => vec![at(from(also), ONE, None), at(from(place), Find::Counted, None)],
        Keys::Found(_) => vec![at(Begin::Unknown, Find::Unknown, None)],
    }
}

/// First key, last key, step: what was told before there were specifications.
pub(super) fn positions(row: &Command) -> [i64; 3] {
    if let Keys::Range { first, last, step } = row.keys {
        return [first as i64, last as i64, step as i64];
    }
    match of(row).first() {
        Some(Specification { begin: Begin::Index(first), find: Find::Range { last, step, .. }, .. }) => {
            let last = if *last < 0 { *last } else { first.wrapping_add_signed(*last) as isize };
            [*first as i64, last as i64, *step as i64]
        }
        _ => [0, 0, 0],
    }
}

/// The specifications, as COMMAND INFO shows them.
pub(super) fn show(row: &Command, reply: &mut Writer<'_>) {
    let all = of(row);
    reply.set(all.len());
    for (place, one) in all.iter().enumerate() {
        reply.map(3);
        reply.bulk(b"flags");
        names(one.flags.unwrap_or_else(|| access::flags(row, place)), reply);
        reply.bulk(b"begin_search");
        match one.begin {
            Begin::Index(index) => specification(reply, "index", &[("index", index as i64)]),
            Begin::Keyword(word, from) => {
                head(reply, "keyword", 2);
                text(reply, "keyword", word);
                number(reply, "startfrom", from as i64);
            }
            Begin::Unknown => specification(reply, "unknown", &[]),
        }
        reply.bulk(b"find_keys");
        match one.find {
            Find::Range { last, step, limit } => {
                let parts = [("lastkey", last as i64), ("keystep", step as i64), ("limit", limit as i64)];
                specification(reply, "range", &parts);
            }
            Find::Counted => specification(reply, "keynum", &[("keynumidx", 0), ("firstkey", 1), ("keystep", 1)]),
            Find::Unknown => specification(reply, "unknown", &[]),
        }
    }
}

fn specification(reply: &mut Writer<'_>, kind: &str, parts: &[(&str, i64)]) {
    head(reply, kind, parts.len());
    parts.iter().for_each(|(name, value)| number(reply, name, *value));
}

fn head(reply: &mut Writer<'_>, kind: &str, parts: usize) {
    reply.map(2);
    text(reply, "type", kind);
    reply.bulk(b"spec");
    reply.map(parts);
}

fn text(reply: &mut Writer<'_>, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

fn number(reply: &mut Writer<'_>, name: &str, value: i64) {
    reply.bulk(name.as_bytes());
    reply.integer(value);
}

/// Names between spaces, as a set.
pub(super) fn names(names: &str, reply: &mut Writer<'_>) {
    reply.set(names.split(' ').count());
    names.split(' ').for_each(|name| reply.simple(name));
}
