//! What SET and GETEX are asked besides: when the key expires, and on which condition.

use dataset::Millis;

use crate::call::Call;
use crate::fault::Fault;
use crate::words;

/// When a key is to expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry<'w> {
    /// Nothing is said of it.
    Unsaid,
    /// As it does already.
    Keep,
    /// Never.
    Persist,
    /// At a time or after some time: the option's name, and the word behind it.
    At(&'static Unit, &'w [u8]),
}

/// How a time is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unit {
    name: &'static str,
    /// Milliseconds of 1.
    milliseconds: i64,
    /// From now on.
    is_relative: bool,
}

pub(super) static SECONDS: Unit = Unit { name: "EX", milliseconds: 1000, is_relative: true };
pub(super) static MILLISECONDS: Unit = Unit { name: "PX", milliseconds: 1, is_relative: true };
static UNITS: [&Unit; 4] = [
    &SECONDS,
    &MILLISECONDS,
    &Unit { name: "EXAT", milliseconds: 1000, is_relative: false },
    &Unit { name: "PXAT", milliseconds: 1, is_relative: false },
];

/// What stands behind a key (and a value).
#[derive(Debug)]
pub(super) struct Options<'w> {
    pub(super) expiry: Expiry<'w>,
    /// The key must be there (true) or must not.
    pub(super) must_exist: Option<bool>,
    /// The former value is the reply.
    pub(super) wants_former: bool,
}

impl<'w> Options<'w> {
    /// Those of SET.
    pub(super) fn of_set(words: &[&'w [u8]]) -> Result<Self, Fault> {
        Self::parse(words, |options, word| {
            if words::is(word, "NX") && options.must_exist != Some(true) {
                options.must_exist = Some(false);
            } else if words::is(word, "XX") && options.must_exist != Some(false) {
                options.must_exist = Some(true);
            } else if words::is(word, "GET") {
                options.wants_former = true;
            } else if words::is(word, "KEEPTTL") && matches!(options.expiry, Expiry::Unsaid | Expiry::Keep) {
                options.expiry = Expiry::Keep;
            } else {
                return false;
            }
            true
        })
    }

    /// Those of GETEX.
    pub(super) fn of_get(words: &[&'w [u8]]) -> Result<Self, Fault> {
        Self::parse(words, |options, word| {
            let is_persist = words::is(word, "PERSIST") && matches!(options.expiry, Expiry::Unsaid | Expiry::Persist);
            if is_persist {
                options.expiry = Expiry::Persist;
            }
            is_persist
        })
    }

    /// A time may be said several times in one unit; the last one counts.
    fn parse(words: &[&'w [u8]], own: impl Fn(&mut Self, &[u8]) -> bool) -> Result<Self, Fault> {
        let mut options = Self { expiry: Expiry::Unsaid, must_exist: None, wants_former: false };
        let mut rest = words;
        while let [word, after @ ..] = rest {
            rest = after;
            if own(&mut options, word) {
                continue;
            }
            let unit = UNITS.into_iter().find(|unit| words::is(word, unit.name)).ok_or(Fault::SYNTAX)?;
            let ([time, after @ ..], true) = (after, options.expiry.may_become(unit)) else {
                return Err(Fault::SYNTAX);
            };
            options.expiry = Expiry::At(unit, time);
            rest = after;
        }
        Ok(options)
    }
}

impl Expiry<'_> {
    fn may_become(&self, unit: &Unit) -> bool {
        match self {
            Self::Unsaid => true,
            Self::At(said, _) => *said == unit,
            Self::Keep | Self::Persist => false,
        }
    }

    /// The time, if one is said.
    pub(super) fn time(&self, call: &Call<'_, '_>, command: &str) -> Result<Option<Millis>, Fault> {
        let Self::At(unit, word) = self else { return Ok(None) };
        let value = words::integer(word)?;
        let origin = if unit.is_relative { call.wall as i64 } else { 0 };
        let time = value.checked_mul(unit.milliseconds).and_then(|time| time.checked_add(origin));
        let time = time.filter(|_| value > 0).and_then(|time| Millis::try_from(time).ok());
        let invalid = || Fault::made(format!("ERR invalid expire time in '{command}' command"));
        Ok(Some(time.ok_or_else(invalid)?))
    }
}
