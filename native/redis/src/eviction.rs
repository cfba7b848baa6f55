//! `maxmemory`: how often and how lately keys were used, and which of them go when memory is full. As in Redis, the best of a few that
//! are drawn at random goes; there are no lists through all keys.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dataset::{Database, Item, Millis, SHARDS, Shards};
use resp::Version;

use crate::command::{Command, flag};
use crate::config;
use crate::events::Class;
use crate::execute::Aftermath;
use crate::expiry::SERVER_ITSELF;
use crate::fault::Fault;
use crate::random;
use crate::server::Server;
use crate::session::Session;

/// Which keys may go, and which of them first: `maxmemory-policy`, in the order of its choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllKeysLru,
    AllKeysLfu,
    AllKeysRandom,
    NoEviction,
}

impl Policy {
    const ALL: [Self; 8] = [
        Self::VolatileLru,
        Self::VolatileLfu,
        Self::VolatileRandom,
        Self::VolatileTtl,
        Self::AllKeysLru,
        Self::AllKeysLfu,
        Self::AllKeysRandom,
        Self::NoEviction,
    ];

    /// Accesses are counted; else their time is remembered.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::VolatileLfu | Self::AllKeysLfu)
    }

    /// What was used least lately goes first.
    pub(crate) fn goes_by_time(self) -> bool {
        matches!(self, Self::VolatileLru | Self::AllKeysLru)
    }

    /// Only keys with an expiry may go.
    fn spares_lasting(self) -> bool {
        matches!(self, Self::VolatileLru | Self::VolatileLfu | Self::VolatileRandom | Self::VolatileTtl)
    }
}

/// What a new key's counter begins with, so that it is not the first to go.
const COUNTER_FIRST: u8 = 5;

/// Longest time that a command waits while room is made for it; a sweep goes on with it.
const MAKE_ROOM_MAX: Duration = Duration::from_micros(500);

/// Draws for each that `maxmemory-samples` asks for: no pool of good candidates is kept from one time to the next, as Redis does.
const DRAWS_A_SAMPLE: usize = 2;

pub(crate) const OUT_OF_MEMORY: Fault = Fault::of("OOM command not allowed when used memory > 'maxmemory'.");

/// Minutes, of which 16 bits are kept.
fn minutes(now: Millis) -> u16 {
    (now / 60_000) as u16
}

impl Server {
    #[inline]
    pub(crate) fn policy(&self) -> Policy {
        let choice = self.config.number(config::MAXMEMORY_POLICY);
        usize::try_from(choice).ok().and_then(|choice| Policy::ALL.get(choice).copied()).unwrap_or(Policy::NoEviction)
    }

    /// What eviction goes by after an access: seconds, or the minute and a counter that grows ever more slowly. 0 before: a new item.
    #[inline]
    pub(crate) fn accessed(&self, before: u32, now: Millis) -> u32 {
        if !self.policy().counts() {
            return (now / 1000) as u32;
        }
        let counter = if before == 0 { COUNTER_FIRST } else { self.counted(self.faded(before, now)) };
        u32::from(minutes(now)) << 8 | u32::from(counter)
    }

    /// The same for an item that is new.
    #[inline]
    pub(crate) fn accessed_first(&self, now: Millis) -> u32 {
        self.accessed(0, now)
    }

    /// What eviction goes by for a key that another server has known, as far as that is told.
    pub(crate) fn access_of(&self, idle_seconds: Option<u64>, frequency: Option<u8>, now: Millis) -> u32 {
        match (idle_seconds, frequency) {
            (_, Some(counter)) if self.policy().counts() => u32::from(minutes(now)) << 8 | u32::from(counter),
            (Some(seconds), _) if !self.policy().counts() => (now / 1000).saturating_sub(seconds) as u32,
            _ => self.accessed_first(now),
        }
    }

    /// A counter after one access more: the higher it is, the more accesses it takes.
    fn counted(&self, counter: u8) -> u8 {
        let beyond = i64::from(counter.saturating_sub(COUNTER_FIRST));
        let one_in = beyond.saturating_mul(self.config.number(config::LFU_LOG_FACTOR)).saturating_add(1);
        let is_up = random::below(usize::try_from(one_in).unwrap_or(1).max(1)) == 0;
        counter.saturating_add(is_up.into())
    }

    /// A counter after the minutes in which nobody asked.
    fn faded(&self, access: u32, now: Millis) -> u8 {
        let (then, counter) = ((access >> 8) as u16, access as u8);
        let period = self.config.number(config::LFU_DECAY_TIME);
        let periods = i64::from(minutes(now).wrapping_sub(then)).checked_div(period).unwrap_or(0);
        counter.saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }

    /// Seconds since the last access; unknown under a policy that counts accesses instead.
    pub(crate) fn idle_seconds(&self, access: u32, now: Millis) -> Option<u32> {
        (!self.policy().counts()).then(|| ((now / 1000) as u32).wrapping_sub(access))
    }

    /// The logarithmic counter of accesses, under a policy that keeps it.
    pub(crate) fn frequency(&self, access: u32, now: Millis) -> Option<u8> {
        self.policy().counts().then(|| self.faded(access, now))
    }

    /// Bytes of all databases, their tables included.
    #[inline]
    pub(crate) fn used_memory(&self) -> usize {
        self.dataset.weight()
    }

    /// There is a bound to memory and it is passed.
    #[inline]
    pub(crate) fn is_over_memory(&self) -> bool {
        let bound = self.config.number(config::MAXMEMORY);
        bound > 0 && self.used_memory() > bound as usize && !self.ignores_memory()
    }

    /// A replica holds what its primary holds.
    #[cold]
    fn ignores_memory(&self) -> bool {
        if self.replication.is_replica() {
            self.config.is_on(config::REPLICA_IGNORE_MAXMEMORY)
        } else {
            self.is_fenced()
        }
    }

    /// A command may run as far as memory goes. The caller has no shard locked.
    #[inline]
    pub(crate) fn afford(
        &self,
        command: &'static Command,
        session: &Session,
        now: Millis,
        after: &mut Aftermath,
    ) -> Result<&'static Command, Fault> {
        if self.is_over_memory() && !self.make_room(now, MAKE_ROOM_MAX, after) && is_greedy(command, session) {
            return Err(OUT_OF_MEMORY);
        }
        Ok(command)
    }

    /// Evicts keys until memory is under its bound, or time is up; false when nothing may go.
    #[cold]
    pub(crate) fn make_room(&self, now: Millis, bound: Duration, after: &mut Aftermath) -> bool {
        let (policy, began) = (self.policy(), Instant::now());
        while self.is_over_memory() {
            if policy == Policy::NoEviction || !self.evict_one(policy, now, after) {
                return false;
            }
            if began.elapsed() > bound {
                break;
            }
        }
        true
    }

    /// Evicts the best candidate of any shard that has one.
    fn evict_one(&self, policy: Policy, now: Millis, after: &mut Aftermath) -> bool {
        let first = random::below(SHARDS);
        (first..first + SHARDS).any(|shard| self.evict_in(shard % SHARDS, policy, now, after))
    }

    fn evict_in(&self, shard: usize, policy: Policy, now: Millis, after: &mut Aftermath) -> bool {
        let is_at_rest = || self.is_fenced() || self.pause.until().is_some_and(|until| until > now);
        let Some(mut data) = self.lock(Shards::one(shard)).filter(|_| !is_at_rest()) else { return false };
        let candidate = |database| {
            let (_, part) = data.parts(database).next()?;
            self.candidate(part, policy, now).map(|(score, item)| (score, database, item))
        };
        let best = (0..self.settings.databases).filter_map(candidate).max_by_key(|(score, ..)| *score);
        let Some((database, key)) = best.map(|(_, database, item)| (database, item.key().to_vec())) else {
            return false;
        };
        let mut session = Session::stand_in(SERVER_ITSELF, database, Version::Two);
        self.with_call(&mut session, &mut data, &mut Vec::new(), now, after, |call| {
            let place = call.data.place(&key);
            call.remove_unasked(place, &key, Class::Evicted, "evicted");
        });
        self.upkeep.evicted_keys.fetch_add(1, Ordering::Relaxed);
        if !after.ready.is_empty() {
            self.serve_waiters(data, now, after);
        }
        true
    }

    /// The best of a few items, with how good it is to evict.
    fn candidate<'p>(&self, part: &'p Database, policy: Policy, now: Millis) -> Option<(u64, &'p Item)> {
        let samples = usize::try_from(self.config.number(config::MAXMEMORY_SAMPLES)).unwrap_or(1);
        let is_random = matches!(policy, Policy::VolatileRandom | Policy::AllKeysRandom);
        let draws = if is_random { 1 } else { samples * DRAWS_A_SAMPLE };
        let draw = |_| {
            if policy.spares_lasting() { part.random_volatile(random::number) } else { part.random(random::number) }
        };
        let scored = (0..draws).map_while(draw).map(|item| (self.score(item, policy, now), item));
        scored.max_by_key(|(score, _)| *score)
    }

    fn score(&self, item: &Item, policy: Policy, now: Millis) -> u64 {
        match policy {
            Policy::VolatileLru | Policy::AllKeysLru => ((now / 1000) as u32).wrapping_sub(item.access()).into(),
            Policy::VolatileLfu | Policy::AllKeysLfu => u64::from(u8::MAX - self.faded(item.access(), now)),
            Policy::VolatileTtl => u64::MAX - item.expires_at().unwrap_or(u64::MAX),
            Policy::VolatileRandom | Policy::AllKeysRandom | Policy::NoEviction => 0,
        }
    }
}

/// It may take memory: by itself, as part of a transaction that waits, or by what the transaction holds.
fn is_greedy(command: &Command, session: &Session) -> bool {
    let Some(transaction) = &session.transaction else { return command.is(flag::DENYOOM) };
    let holds_greedy = || transaction.queue.iter().any(|queued| queued.command.is(flag::DENYOOM));
    !command.is(flag::NO_MULTI) || command.name == "exec" && holds_greedy()
}

#[cfg(test)]
mod tests;
