//! What a group has been given and has not acknowledged: XPENDING.

use dataset::{Group, Id, Stream};
use resp::Writer;

use super::shown::{write_counted, write_id};
use super::{CATEGORY, ONE_KEY, READ, ids, no_group};
use crate::call::Call;
use crate::command::Command;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[Command::new("xpending", -3, READ, ONE_KEY, xpending)
    .of(CATEGORY)
    .about("5.0.0", "What a group has been given and has not acknowledged.")];

/// Which pending entries are asked for.
#[derive(Debug)]
struct Query<'w> {
    min_idle: u64,
    from: Id,
    to: Id,
    count: usize,
    consumer: Option<&'w [u8]>,
}

impl<'w> Query<'w> {
    fn parse(words: &[&'w [u8]]) -> Result<Self, Fault> {
        let (min_idle, rest) = match words {
            [option, idle, rest @ ..] if words::is(option, "IDLE") => (words::integer(idle)?, rest),
            _ => (0, words),
        };
        let [from, to, count, consumer @ ..] = rest else { return Err(Fault::SYNTAX) };
        let count = usize::try_from(words::integer(count)?).unwrap_or(0);
        let (from, to) = (ids::from(from)?, ids::to(to)?);
        let consumer = consumer.first().copied();
        Ok(Self { min_idle: u64::try_from(min_idle).unwrap_or(0), from, to, count, consumer })
    }
}

fn xpending(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let query = match words.len() {
        3 => None,
        6..=9 => Some(Query::parse(&words[3..])?),
        _ => return Err(Fault::SYNTAX),
    };
    let now = call.wall;
    let (stream, reply) = call.read::<Stream>(words[1])?;
    let Some(group) = stream.and_then(|stream| stream.group(words[2])) else {
        return Err(no_group(words[1], words[2], ""));
    };
    match query {
        None => summary(group, reply),
        Some(query) => list(group, &query, now, reply),
    }
    Ok(())
}

fn summary(group: &Group, reply: &mut Writer<'_>) {
    reply.array(4);
    let pending = group.pending();
    reply.integer(pending.len() as i64);
    let (Some((first, _)), Some((last, _))) = (pending.first_key_value(), pending.last_key_value()) else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    write_id(reply, *first);
    write_id(reply, *last);
    let busy = || group.consumers().iter().filter(|(_, consumer)| !consumer.pending().is_empty());
    reply.array(busy().count());
    for (name, consumer) in busy() {
        reply.array(2);
        reply.bulk(name);
        reply.bulk_integer(consumer.pending().len() as i64);
    }
}

fn list(group: &Group, query: &Query<'_>, now: u64, reply: &mut Writer<'_>) {
    let consumer = query.consumer.map(|name| group.consumer(name));
    if matches!(consumer, Some(None)) || query.from > query.to {
        reply.array(0);
        return;
    }
    write_counted(reply, |reply| {
        let mut write = |id: Id| {
            let Some(pending) = group.pending().get(&id) else { return false };
            let idle = now.saturating_sub(pending.delivered_at);
            if idle < query.min_idle {
                return false;
            }
            reply.array(4);
            write_id(reply, id);
            reply.bulk(&pending.consumer);
            reply.integer(idle as i64);
            reply.integer(pending.deliveries as i64);
            true
        };
        match consumer.flatten() {
            Some(consumer) => {
                consumer.pending().range(query.from..=query.to).filter(|id| write(**id)).take(query.count).count()
            }
            None => {
                let ids = group.pending().range(query.from..=query.to).map(|(id, _)| *id);
                ids.filter(|id| write(*id)).take(query.count).count()
            }
        }
    });
}
