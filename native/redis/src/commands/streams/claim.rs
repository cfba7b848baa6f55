//! Pending entries go from one consumer to another: XCLAIM, XAUTOCLAIM.

use dataset::{Group, Id, Millis, Stream};
use resp::Writer;

use super::read::say_claimed;
use super::shown::{id_text, write_entry, write_id};
use super::{CATEGORY, ONE_KEY, WRITE_FAST, changed_group, changed_quietly, ids, no_group};
use crate::call::Call;
use crate::command::Command;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("xclaim", -6, WRITE_FAST, ONE_KEY, xclaim)
        .of(CATEGORY)
        .about("5.0.0", "Gives pending entries to another consumer."),
    Command::new("xautoclaim", -6, WRITE_FAST, ONE_KEY, xautoclaim)
        .of(CATEGORY)
        .about("6.2.0", "Gives entries that have been pending for long to another consumer."),
];

/// Pending entries that XAUTOCLAIM looks at for each that it may claim.
const ATTEMPTS: usize = 10;
/// Entries it claims at most, unless COUNT says otherwise.
const COUNT: usize = 100;

/// To whom entries go, and how.
#[derive(Clone, Copy, Debug)]
struct Claim<'w> {
    key: &'w [u8],
    group: &'w [u8],
    consumer: &'w [u8],
    /// Only what has been pending for so long.
    min_idle: u64,
    delivered_at: Millis,
    deliveries: Option<u64>,
    /// What is not pending becomes so.
    is_forced: bool,
    only_ids: bool,
    now: Millis,
}

/// What came of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// It is the consumer's, delivered so often.
    Claimed(u64),
    /// It is no longer in the stream: forgotten. It was this consumer's, and delivered so often.
    Gone(Vec<u8>, Millis, u64),
    /// It stays as it is.
    Left,
}

impl Claim<'_> {
    fn claim(&self, stream: &mut Stream, id: Id) -> Fate {
        let exists = stream.entry(id).is_some();
        stream.change_group(self.group, |group| self.claim_from(group, id, exists)).unwrap_or(Fate::Left)
    }

    fn claim_from(&self, group: &mut Group, id: Id, exists: bool) -> Fate {
        let former = group.pending().get(&id).cloned();
        if !exists {
            let Some(former) = former else { return Fate::Left };
            group.acknowledge(id);
            return Fate::Gone(former.consumer.to_vec(), former.delivered_at, former.deliveries);
        }
        let before = match former {
            Some(former) if self.now.saturating_sub(former.delivered_at) < self.min_idle => return Fate::Left,
            Some(former) => former.deliveries,
            // Redis counts the delivery that was never made.
            None if self.is_forced => 1,
            None => return Fate::Left,
        };
        let deliveries = self.deliveries.unwrap_or(before.saturating_add(u64::from(!self.only_ids)));
        group.give(id, self.consumer, self.delivered_at, deliveries);
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.active_at = Some(self.now);
        }
        Fate::Claimed(deliveries)
    }

    fn write(&self, reply: &mut Writer<'_>, stream: &Stream, id: Id) {
        match stream.entry(id) {
            Some(entry) if !self.only_ids => write_entry(reply, entry),
            _ => write_id(reply, id),
        }
    }

    /// The consumer asks: it is made if it is new.
    fn see(&self, call: &mut Call<'_, '_>) -> Outcome {
        // What follows says its effects itself.
        call.say(&[]);
        let see = |group: &mut Group| group.see(self.consumer, self.now);
        let is_new = call.change::<Stream, _>(self.key, |stream| stream.change_group(self.group, see))?.flatten();
        if is_new.unwrap_or(false) {
            changed_group(call, self.key, "xgroup-createconsumer");
            call.say(&[b"XGROUP", b"CREATECONSUMER", self.key, self.group, self.consumer]);
        }
        Ok(())
    }

    /// Says what came of entries.
    fn say(&self, call: &mut Call<'_, '_>, fates: &[(Id, Fate)], last_id: Id) {
        for (id, fate) in fates {
            match fate {
                Fate::Claimed(deliveries) => {
                    let at = self.delivered_at;
                    say_claimed(call, self.key, self.group, self.consumer, *id, at, *deliveries, last_id);
                }
                Fate::Gone(consumer, at, deliveries) => {
                    say_claimed(call, self.key, self.group, consumer, *id, *at, *deliveries, last_id);
                }
                Fate::Left => continue,
            }
            changed_quietly(call);
        }
    }
}

fn idle_time(word: &[u8], refusal: &'static str) -> Result<u64, Fault> {
    let idle = words::canonical(word).ok_or(Fault::of(refusal))?;
    Ok(u64::try_from(idle).unwrap_or(0))
}

fn has_group(call: &mut Call<'_, '_>, key: &[u8], group: &[u8]) -> Outcome {
    let (stream, _) = call.read::<Stream>(key)?;
    if stream.is_none_or(|stream| stream.group(group).is_none()) { Err(no_group(key, group, "")) } else { Ok(()) }
}

/// Options of XCLAIM, behind the ids; returns the id that the group has read to at least.
fn claim_options(claim: &mut Claim<'_>, words: &[&[u8]]) -> Result<Id, Fault> {
    let mut last_id = Id::ZERO;
    let (mut at, now) = (None, claim.now as i64);
    let mut rest = words;
    while let [option, after @ ..] = rest {
        let number = |text| words::canonical(after[0]).ok_or(Fault::of(text));
        let has_value = |name| !after.is_empty() && words::is(option, name);
        rest = after;
        if words::is(option, "FORCE") {
            claim.is_forced = true;
            continue;
        } else if words::is(option, "JUSTID") {
            claim.only_ids = true;
            continue;
        } else if has_value("IDLE") {
            at = Some(now.saturating_sub(number("ERR Invalid IDLE option argument for XCLAIM")?));
        } else if has_value("TIME") {
            at = Some(number("ERR Invalid TIME option argument for XCLAIM")?);
        } else if has_value("RETRYCOUNT") {
            claim.deliveries = u64::try_from(number("ERR Invalid RETRYCOUNT option argument for XCLAIM")?).ok();
        } else if has_value("LASTID") {
            last_id = ids::strict(after[0], 0)?;
        } else {
            return Err(Fault::naming(&[b"ERR Unrecognized XCLAIM option '", option, b"'"]));
        }
        rest = &after[1..];
    }
    // A time that can't be is now: clients compute it by clocks of their own.
    let at = at.filter(|at| (0..=now).contains(at)).and_then(|at| u64::try_from(at).ok());
    claim.delivered_at = at.unwrap_or(claim.now);
    Ok(last_id)
}

fn xclaim(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, group, now) = (words[1], words[2], call.wall);
    has_group(call, key, group)?;
    let min_idle = idle_time(words[4], "ERR Invalid min-idle-time argument for XCLAIM")?;
    let ids: Vec<Id> = words[5..].iter().map_while(|word| ids::strict(word, 0).ok()).collect();
    let (delivered_at, deliveries) = (now, None);
    let (is_forced, only_ids) = (false, false);
    let consumer = words[3];
    let mut claim = Claim { key, group, consumer, min_idle, delivered_at, deliveries, is_forced, only_ids, now };
    let at_least = claim_options(&mut claim, &words[5 + ids.len()..])?;
    claim.see(call)?;
    let (mut body, version) = (Vec::new(), call.reply.version());
    let work = |stream: &mut Stream| {
        let progress = |group: &mut Group| {
            let is_further = at_least > group.last_id;
            group.last_id = group.last_id.max(at_least);
            (is_further, group.last_id, group.entries_read)
        };
        let progress = stream.change_group(group, progress).unwrap_or_default();
        let mut fates = Vec::with_capacity(ids.len());
        let reply = &mut Writer::new(&mut body, version);
        for id in ids {
            let fate = claim.claim(stream, id);
            if matches!(fate, Fate::Claimed(_)) {
                claim.write(reply, stream, id);
            }
            fates.push((id, fate));
        }
        (progress, fates)
    };
    let Some(((is_further, last_id, read), fates)) = call.change::<Stream, _>(key, work)? else { return Ok(()) };
    claim.say(call, &fates, last_id);
    if is_further && fates.iter().all(|(_, fate)| *fate == Fate::Left) {
        let mut digits = itoa::Buffer::new();
        let read = read.map_or("-1", |read| digits.format(read));
        call.say(&[b"XGROUP", b"SETID", key, group, &id_text(last_id), b"ENTRIESREAD", read.as_bytes()]);
        changed_quietly(call);
    }
    call.reply.array(fates.iter().filter(|(_, fate)| matches!(fate, Fate::Claimed(_))).count());
    call.reply.buffer().extend_from_slice(&body);
    Ok(())
}

fn xautoclaim(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, group, now) = (words[1], words[2], call.wall);
    let min_idle = idle_time(words[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM")?;
    let from = ids::from(words[5])?;
    let (mut count, mut only_ids) = (COUNT, false);
    let mut rest = &words[6..];
    while let [option, after @ ..] = rest {
        rest = after;
        if words::is(option, "COUNT") && !after.is_empty() {
            let refusal = Fault::of("ERR COUNT must be > 0");
            let number = words::canonical(after[0]).filter(|number| (1..=i64::MAX / 16).contains(number));
            count = number.and_then(|number| usize::try_from(number).ok()).ok_or(refusal)?;
            rest = &after[1..];
        } else if words::is(option, "JUSTID") {
            only_ids = true;
        } else {
            return Err(Fault::SYNTAX);
        }
    }
    has_group(call, key, group)?;
    let (delivered_at, deliveries, is_forced, consumer) = (now, None, false, words[3]);
    let claim = Claim { key, group, consumer, min_idle, delivered_at, deliveries, is_forced, only_ids, now };
    claim.see(call)?;
    let (mut body, version) = (Vec::new(), call.reply.version());
    let work = |stream: &mut Stream| auto_claim(&claim, stream, from, count, &mut Writer::new(&mut body, version));
    let Some((fates, next, last_id)) = call.change::<Stream, _>(key, work)? else { return Ok(()) };
    claim.say(call, &fates, last_id);
    let reply = &mut call.reply;
    reply.array(3);
    write_id(reply, next);
    reply.array(fates.iter().filter(|(_, fate)| matches!(fate, Fate::Claimed(_))).count());
    reply.buffer().extend_from_slice(&body);
    let gone = || fates.iter().filter(|(_, fate)| matches!(fate, Fate::Gone(..)));
    reply.array(gone().count());
    gone().for_each(|(id, _)| write_id(reply, *id));
    Ok(())
}

/// Claims what is pending from an id on; returns what came of each, where to go on, and how far the group has read.
fn auto_claim(
    claim: &Claim<'_>,
    stream: &mut Stream,
    from: Id,
    count: usize,
    reply: &mut Writer<'_>,
) -> (Vec<(Id, Fate)>, Id, Id) {
    let Some(group) = stream.group(claim.group) else { return (Vec::new(), Id::ZERO, Id::ZERO) };
    let last_id = group.last_id;
    let attempts = count.saturating_mul(ATTEMPTS);
    let pending: Vec<Id> = group.pending().range(from..).map(|(id, _)| *id).take(attempts.saturating_add(1)).collect();
    let (mut fates, mut left, mut looked) = (Vec::new(), count, 0);
    while looked < attempts.min(pending.len()) && left > 0 {
        let id = pending[looked];
        looked += 1;
        let fate = claim.claim(stream, id);
        if fate == Fate::Left {
            continue;
        }
        if matches!(fate, Fate::Claimed(_)) {
            claim.write(reply, stream, id);
        }
        left -= 1;
        fates.push((id, fate));
    }
    (fates, pending.get(looked).copied().unwrap_or_default(), last_id)
}
