//! `redis.call` and its kin: a command on behalf of a script, with all that is asked of a client's commands asked of it.

use std::ops::Range;
use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};
use smallvec::SmallVec;

use crate::admission;
use crate::call::Call;
use crate::command::{Command, flag};
use crate::eviction::OUT_OF_MEMORY;
use crate::scripts::answer::Answer;
use crate::scripts::raised::{self, Raised};
use crate::scripts::reach::Reach;
use crate::scripts::run::Run;
use crate::scripts::state::{self, State, Stop};
use crate::scripts::{general, natives};

/// What a script is told when nothing else fits.
type Refusal = Vec<u8>;

/// A run while its script runs.
pub(super) struct Execution<'e, 'c, 'd> {
    call: &'e mut Call<'c, 'd>,
    run: &'e Run<'e>,
    state: &'e Rc<State>,
    /// It has changed something: it can't be run again.
    has_changed: bool,
    /// It has touched keys that it does not declare.
    has_strayed: bool,
    /// Mail that it has published, to be taken back if it is run again.
    published: Vec<Range<usize>>,
}

/// A word of a call.
enum Word {
    Text(mlua::BorrowedBytes),
    Number(Vec<u8>),
}

impl Word {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) => bytes,
            Self::Number(digits) => digits,
        }
    }
}

fn word(value: &Value) -> Option<Word> {
    match value {
        Value::String(text) => Some(Word::Text(text.as_bytes())),
        Value::Integer(number) => Some(Word::Number(general::text(*number as f64, 17))),
        Value::Number(number) => Some(Word::Number(general::text(*number, 17))),
        _ => None,
    }
}

const NO_WORDS: &str = "Please specify at least one argument for this redis lib call";
const WRONG_WORDS: &str = "Lua redis lib command arguments must be strings or integers";

fn words_of(values: &MultiValue) -> Result<SmallVec<[Word; 8]>, &'static str> {
    if values.is_empty() {
        return Err(NO_WORDS);
    }
    values.iter().map(word).collect::<Option<_>>().ok_or(WRONG_WORDS)
}

impl<'e, 'c, 'd> Execution<'e, 'c, 'd> {
    pub(super) fn new(call: &'e mut Call<'c, 'd>, run: &'e Run<'e>, state: &'e Rc<State>) -> Self {
        Self { call, run, state, has_changed: false, has_strayed: false, published: Vec::new() }
    }

    /// `redis.call`, which raises errors, and `redis.pcall`, which returns them.
    pub(super) fn call(&mut self, lua: &Lua, values: MultiValue, raises: bool) -> mlua::Result<Value> {
        let answer = match words_of(&values) {
            Err(problem) => Err([b"ERR ", problem.as_bytes()].concat()),
            Ok(words) => {
                let words: SmallVec<[&[u8]; 8]> = words.iter().map(Word::bytes).collect();
                self.perform(lua, &words)?
            }
        };
        match answer {
            Ok(value) => Ok(value),
            Err(text) if raises => Err(Raised::Reply(text).into()),
            Err(text) => Ok(Value::Table(raised::reply_table(lua, &text)?)),
        }
    }

    /// Its answer, or the text of an error reply; an error of the VM when the run must stop.
    fn perform(&mut self, lua: &Lua, words: &[&[u8]]) -> mlua::Result<Result<Value, Refusal>> {
        let command = match self.admit(words) {
            Ok(command) => command,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !self.reaches(command, words) {
            if !self.has_changed {
                self.retract();
                return Err(state::stop(lua, self.state, Stop::Again));
            }
            self.has_strayed = true;
            return Ok(Err(STRAYED.into()));
        }
        if command.is(flag::WRITE) && !self.state.may_write() {
            return Err(state::stop(lua, self.state, Stop::Killed));
        }
        let start = self.execute(command, words);
        let mut answer = Answer::new(&self.call.reply.buffer()[start..]);
        let result = match answer.error() {
            Some(text) => Err(text.to_vec()),
            None => Ok(answer.value(lua)?),
        };
        self.call.reply.buffer().truncate(start);
        Ok(result)
    }

    /// Runs the command; its reply stands behind the place that is returned.
    fn execute(&mut self, command: &'static Command, words: &[&[u8]]) -> usize {
        let version = self.state.version.get();
        self.call.session.version = version;
        self.call.reply.set_version(version);
        let (start, mail) = (self.call.reply.buffer().len(), self.call.outbox.len());
        self.call.is_of_script = true;
        self.call.perform(command, words);
        self.call.is_of_script = false;
        self.has_changed |= self.call.effects.changes > 0;
        self.call.tear();
        if command.is(flag::MAY_REPLICATE) && !command.is(flag::WRITE) {
            self.published.push(mail..self.call.outbox.len());
        }
        start
    }

    /// The command's row, if a script may call it now.
    fn admit(&self, words: &[&[u8]]) -> Result<&'static Command, Refusal> {
        let Ok(command) = admission::row(words) else {
            return Err(b"ERR Unknown Redis command called from script".into());
        };
        if !command.takes(words.len()) {
            return Err(b"ERR Wrong number of args calling Redis command from script".into());
        }
        if command.is(flag::NOSCRIPT) {
            return Err(b"ERR This Redis command is not allowed from script".into());
        }
        self.call.server.permit(self.call.session, command, words).map_err(|fault| fault.0.into_owned())?;
        if command.is(flag::WRITE) {
            self.call.server.unrestrained(command, self.call.session).map_err(|fault| fault.0.into_owned())?;
        }
        if self.run.terms.is_read_only && command.is(flag::WRITE) {
            return Err(b"ERR Write commands are not allowed from read-only scripts.".into());
        }
        if self.run.terms.is_short && command.is(flag::DENYOOM) && !self.has_changed {
            return Err(OUT_OF_MEMORY.0.into_owned());
        }
        Ok(command)
    }

    /// The shards of the command's keys are locked; notes whether it declares them.
    fn reaches(&mut self, command: &Command, words: &[&[u8]]) -> bool {
        let Some(keys) = command.keys(words) else {
            self.has_strayed = true;
            return self.call.data.shards() == dataset::Shards::ALL;
        };
        self.has_strayed |= keys.iter().any(|key| !self.run.keys.contains(key));
        keys.iter().all(|key| self.call.data.covers(key))
    }

    /// Takes back what it has published.
    fn retract(&mut self) {
        for range in self.published.drain(..).rev() {
            self.call.outbox.retract(range);
        }
    }

    /// What the run has shown of its script.
    pub(super) fn learn(self) {
        self.run.code.reached().learn(if self.has_strayed { Reach::Wide } else { Reach::Narrow });
    }

    /// `redis.acl_check_cmd`.
    pub(super) fn check(&mut self, _lua: &Lua, values: MultiValue) -> mlua::Result<bool> {
        let words = words_of(&values).map_err(raised::reply)?;
        let words: SmallVec<[&[u8]; 8]> = words.iter().map(Word::bytes).collect();
        let problem = "Invalid command passed to redis.acl_check_cmd()";
        let command = admission::row(&words).map_err(|_| raised::reply(problem))?;
        Ok(self.call.server.permit(self.call.session, command, &words).is_ok())
    }

    /// `redis.log`: arguments are checked; there is no log that takes lines of scripts.
    pub(super) fn log(&mut self, lua: &Lua, values: &MultiValue) -> mlua::Result<()> {
        if values.len() < 2 {
            return Err(raised::reply("redis.log() requires two arguments or more."));
        }
        let level = natives::lax_number(lua, &values[0]);
        let level = level.ok_or_else(|| raised::reply("First argument must be a number (log level)."))?;
        if !(0.0..4.0).contains(&level) {
            return Err(raised::reply("Invalid debug level."));
        }
        Ok(())
    }
}

const STRAYED: &str = "ERR Script accesses a key that it did not declare, after it has written: declare all keys in KEYS. What it \
                       has written stands; from now on this script runs with all keys locked";
