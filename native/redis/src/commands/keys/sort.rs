//! SORT and SORT_RO: elements of a list, set or sorted set in the order of themselves or of what other keys say of them.

use std::borrow::Cow;
use std::cmp::Ordering;

use dataset::{End, Kind, List, Locked, Millis, SortedSet, Value, View};

use crate::attached::Attached;
use crate::call::Call;
use crate::command::{Command, KeyList, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::{numbers, words};

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("sort", -2, flag::WRITE | flag::DENYOOM | flag::ANY_KEY, Keys::Found(keys), sort)
        .of(&["set", "sortedset", "list", "dangerous"])
        .about("1.0.0", "Elements in order, or stores them so."),
    Command::new("sort_ro", -2, flag::READONLY | flag::ANY_KEY, Keys::Found(keys), sort)
        .of(&["set", "sortedset", "list", "dangerous"])
        .about("7.0.0", "Elements in order."),
];

/// The key, and where the last STORE goes.
fn keys<'a>(words: &[&'a [u8]]) -> KeyList<'a> {
    let mut found: KeyList<'a> = words.get(1).copied().into_iter().collect();
    let (mut at, mut store) = (2, None);
    while let Some(word) = words.get(at) {
        at += match word.to_ascii_lowercase().as_slice() {
            b"limit" => 3,
            b"get" | b"by" => 2,
            b"store" => {
                store = words.get(at + 1).copied().or(store);
                1
            }
            _ => 1,
        };
    }
    found.extend(store);
    found
}

/// What is asked for.
#[derive(Default)]
struct Request<'w> {
    /// The pattern of the keys that say what to sort by.
    by: Option<&'w [u8]>,
    /// A pattern without a star was named, if only among others.
    is_unsorted: bool,
    gets: Vec<&'w [u8]>,
    start: i64,
    /// Negative: all.
    count: i64,
    is_descending: bool,
    by_bytes: bool,
    store: Option<&'w [u8]>,
}

impl<'w> Request<'w> {
    fn parse(options: &[&'w [u8]], may_store: bool, reads_all: bool) -> Result<Self, Fault> {
        let mut request = Self { count: -1, ..Self::default() };
        let mut rest = options;
        while let [option, after @ ..] = rest {
            let taken = match (option.to_ascii_lowercase().as_slice(), after) {
                (b"asc", _) => {
                    request.is_descending = false;
                    1
                }
                (b"desc", _) => {
                    request.is_descending = true;
                    1
                }
                (b"alpha", _) => {
                    request.by_bytes = true;
                    1
                }
                (b"limit", [start, count, ..]) => {
                    (request.start, request.count) = (words::integer(start)?, words::integer(count)?);
                    3
                }
                (b"store", [key, ..]) if may_store => {
                    request.store = Some(key);
                    2
                }
                (b"by", [pattern, ..]) => {
                    if pattern.contains(&b'*') && !reads_all {
                        return Err(Fault::of("ERR BY option of SORT denied due to insufficient ACL permissions"));
                    }
                    request.by = Some(pattern);
                    request.is_unsorted |= !pattern.contains(&b'*');
                    2
                }
                (b"get", [pattern, ..]) => {
                    if !reads_all {
                        return Err(Fault::of("ERR GET option of SORT denied due to insufficient ACL permissions"));
                    }
                    request.gets.push(pattern);
                    2
                }
                _ => return Err(Fault::SYNTAX),
            };
            rest = &rest[taken..];
        }
        Ok(request)
    }

    /// Positions that are wanted, of so many.
    fn range(&self, len: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.start.max(0)).unwrap_or(usize::MAX).min(len);
        let count = usize::try_from(self.count).unwrap_or(len).min(len);
        start..(start + count).min(len)
    }
}

fn sort(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let reads_all = call.session.identity.user.is_free() || call.session.identity.user.rules().reads_all_keys();
    let mut request = Request::parse(&words[2..], words::is(words[0], "sort"), reads_all)?;
    let kind = call.kind(words[1]);
    if !matches!(kind, None | Some(Kind::List | Kind::Set | Kind::SortedSet)) {
        return Err(Fault::WRONG_TYPE);
    }
    if kind == Some(Kind::Set) && request.is_unsorted && request.store.is_some() {
        // What is stored must not depend on the order in which a set happens to be kept.
        (request.by, request.by_bytes, request.is_unsorted) = (None, true, false);
    }
    let source = Source { data: call.data, database: call.session.database, now: call.now };
    let elements = match source.view(words[1]) {
        Some(view) => source.sorted(&view, &request)?,
        None => Vec::new(),
    };
    let Some(destination) = request.store else {
        call.reply.array(elements.len() * request.gets.len().max(1));
        for element in &elements {
            source.answer(element, &request.gets, |value| match value {
                Some(value) => call.reply.bulk(&value),
                None => call.reply.null(),
            });
        }
        return Ok(());
    };
    let mut list = List::default();
    for element in &elements {
        source.answer(element, &request.gets, |value| list.push(End::Back, &value.unwrap_or_default()));
    }
    store(call, destination, list);
    Ok(())
}

/// What is said of it is what was found: other keys that have a part in it may be different elsewhere.
fn store(call: &mut Call<'_, '_>, destination: &[u8], list: List) {
    let len = list.len();
    if list.is_empty() {
        if call.remove(destination) {
            call.say(&[b"DEL", destination]);
        }
    } else {
        // What has expired there goes first, in the effects too: behind them its DEL would remove what is stored.
        call.expire_if_due(destination);
        call.say(&[b"DEL", destination]);
        let push = [&b"RPUSH"[..], destination];
        call.say(&push.into_iter().chain(list.iter()).collect::<Vec<_>>());
        call.set(destination, Value::List(Box::new(list)));
        call.modified(destination, Class::List, "sortstore");
    }
    call.reply.integer(len as i64);
}

type Element<'a> = Cow<'a, [u8]>;

/// Where elements and what is said of them are read.
#[derive(Clone, Copy)]
struct Source<'a, 'd> {
    data: &'a Locked<'d, Attached>,
    database: usize,
    now: Millis,
}

impl<'a> Source<'a, '_> {
    fn view(self, key: &[u8]) -> Option<View<'a>> {
        let place = self.data.place(key);
        self.data.part(self.database, place).get(place.hash, key, self.now)
    }

    /// The wanted elements in the wanted order.
    fn sorted(self, view: &View<'a>, request: &Request<'_>) -> Result<Vec<Element<'a>>, Fault> {
        let (is_unsorted, is_back) = (request.is_unsorted, request.is_descending);
        let mut elements: Vec<Element<'a>> = match *view {
            View::List(list) if is_unsorted && is_back => list.iter().rev().map(Cow::Borrowed).collect(),
            View::List(list) => list.iter().map(Cow::Borrowed).collect(),
            View::Set(set) => set.iter().map(|member| Cow::Owned(member.to_vec())).collect(),
            View::SortedSet(sorted) => return self.sorted_set(sorted, request),
            _ => Vec::new(),
        };
        if !is_unsorted {
            return self.in_order(elements, request);
        }
        let range = request.range(elements.len());
        Ok(elements.drain(range).collect())
    }

    fn sorted_set(self, sorted: &'a SortedSet, request: &Request<'_>) -> Result<Vec<Element<'a>>, Fault> {
        if !request.is_unsorted {
            let all = sorted.iter().map(|(member, _)| Cow::Borrowed(member)).collect();
            return self.in_order(all, request);
        }
        let range = request.range(sorted.len());
        Ok(if request.is_descending {
            sorted
                .descending(sorted.len() - range.end..sorted.len() - range.start)
                .map(|(member, _)| member.into())
                .collect()
        } else {
            sorted.ascending(range).map(|(member, _)| member.into()).collect()
        })
    }

    /// The wanted elements: of a small part of many, only that part is sorted.
    fn in_order(self, mut elements: Vec<Element<'a>>, request: &Request<'_>) -> Result<Vec<Element<'a>>, Fault> {
        let range = request.range(elements.len());
        let direct = |order: Ordering| if request.is_descending { order.reverse() } else { order };
        match (request.by, request.by_bytes) {
            // Elements that are equal here are the same: any of them may stand first.
            (None, true) => {
                sort_to(&mut elements, range.end, |one, other| direct(one.cmp(other)));
                Ok(elements.drain(range).collect())
            }
            (None, false) => {
                let scored = elements.into_iter().map(|element| Ok((score(&element).ok_or(NOT_SCORES)?, element)));
                let mut scored = scored.collect::<Result<Vec<_>, Fault>>()?;
                sort_to(&mut scored, range.end, |one, other| direct(by_score(one, other)));
                Ok(scored.drain(range).map(|(_, element)| element).collect())
            }
            // Elements of which the same is said stay in their order.
            (Some(pattern), true) => {
                let weigh = |element: Element<'a>| (self.look_up(pattern, &element).map(Cow::into_owned), element);
                let mut weighed: Vec<_> = elements.into_iter().map(weigh).collect();
                weighed.sort_by(|one, other| direct(one.0.cmp(&other.0)));
                Ok(weighed.drain(range).map(|(_, element)| element).collect())
            }
            (Some(pattern), false) => {
                let weigh = |element: Element<'a>| match self.look_up(pattern, &element) {
                    Some(text) => Ok((score(&text).ok_or(NOT_SCORES)?, element)),
                    None => Ok((0.0, element)),
                };
                let mut scored = elements.into_iter().map(weigh).collect::<Result<Vec<_>, Fault>>()?;
                scored.sort_by(|one, other| direct(by_score(one, other)));
                Ok(scored.drain(range).map(|(_, element)| element).collect())
            }
        }
    }

    /// What is answered for an element: itself, or what the patterns find.
    fn answer(self, element: &Element<'a>, gets: &[&[u8]], mut give: impl FnMut(Option<Cow<'_, [u8]>>)) {
        if gets.is_empty() {
            give(Some(Cow::Borrowed(element)));
        }
        for pattern in gets {
            give(self.look_up(pattern, element));
        }
    }

    /// The string at the key that a pattern makes with an element in its star's place, or a field of the hash there: `key_*->field`.
    fn look_up<'e>(self, pattern: &[u8], element: &'e [u8]) -> Option<Cow<'e, [u8]>>
    where
        'a: 'e,
    {
        if pattern == b"#" {
            return Some(Cow::Borrowed(element));
        }
        let star = pattern.iter().position(|&byte| byte == b'*')?;
        let (before, after) = (&pattern[..star], &pattern[star + 1..]);
        let arrow = after.windows(2).position(|pair| pair == b"->").filter(|at| at + 2 < after.len());
        let (after, field) = arrow.map_or((after, None), |at| (&after[..at], Some(&after[at + 2..])));
        match (self.view(&[before, element, after].concat())?, field) {
            (View::String(bytes), None) => Some(Cow::Borrowed(bytes)),
            (View::Hash(hash), Some(field)) => hash.get(field).map(Cow::Borrowed),
            _ => None,
        }
    }
}

/// Sorts the first `end` places of what comes before all others.
fn sort_to<T>(items: &mut [T], end: usize, compare: impl Fn(&T, &T) -> Ordering) {
    if (1..items.len()).contains(&end) {
        items.select_nth_unstable_by(end - 1, &compare);
    }
    items[..end].sort_unstable_by(compare);
}

fn by_score(one: &(f64, Element<'_>), other: &(f64, Element<'_>)) -> Ordering {
    one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal).then_with(|| one.1.cmp(&other.1))
}

const NOT_SCORES: Fault = Fault::of("ERR One or more scores can't be converted into double");

/// A number as C's `strtod` finds it in a string that ends at its first zero byte; nothing at all is 0.
fn score(text: &[u8]) -> Option<f64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() { Some(0.0) } else { numbers::double(text.trim_ascii_start()) }
}
