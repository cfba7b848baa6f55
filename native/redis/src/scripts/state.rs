//! What the native functions and the hook of a VM know of the run that goes on: how long it has run, whether it has written, whether
//! it must stop.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dataset::Shards;
use mlua::{HookTriggers, Lua, VmState};
use resp::Version;

use crate::scripts::library::Options;
use crate::scripts::raised::Raised;
use crate::scripts::random::Random;
use crate::scripts::watch::{Overdue, Watch};

/// Instructions between two looks at the clock.
const LOOK_EVERY: u32 = 100_000;

/// What a script is given when the server ends.
const ENDING_PATIENCE: Duration = Duration::from_millis(100);

/// Why a run must stop at once, however its script catches errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// SCRIPT KILL.
    Killed,
    /// It is run again, with all shards locked.
    Again,
}

/// The run that goes on, or the last one.
#[derive(Debug)]
pub(super) struct State {
    /// The version in which replies are turned into values of Lua (`redis.setresp`).
    pub(super) version: Cell<Version>,
    pub(super) random: Random,
    /// What its script has set of `cjson`.
    pub(super) json: Rc<Options>,
    started: Cell<Instant>,
    /// How long a script runs without being overdue; zero for ever.
    threshold: Cell<Duration>,
    shards: Cell<Shards>,
    watch: RefCell<Arc<Watch>>,
    overdue: RefCell<Option<Arc<Overdue>>>,
    has_written: Cell<bool>,
    /// It is stopped when it has run for so long.
    bound: Cell<Option<Duration>>,
    stop: Cell<Option<Stop>>,
    /// Where it was stopped.
    place: RefCell<Option<(Vec<u8>, i64)>>,
}

/// A chunk's name and a line of it.
pub(super) type Place = (Vec<u8>, i64);

impl State {
    pub(super) fn new() -> Self {
        Self {
            version: Cell::new(Version::Two),
            random: Random::default(),
            json: Rc::default(),
            started: Cell::new(Instant::now()),
            threshold: Cell::default(),
            shards: Cell::default(),
            watch: RefCell::default(),
            overdue: RefCell::default(),
            has_written: Cell::default(),
            bound: Cell::default(),
            stop: Cell::default(),
            place: RefCell::default(),
        }
    }

    /// A run begins, while these shards are locked.
    pub(super) fn begin(&self, shards: Shards, watch: &Arc<Watch>, threshold: Duration) {
        self.version.set(Version::Two);
        self.json.reset();
        self.started.set(Instant::now());
        self.threshold.set(threshold);
        self.shards.set(shards);
        if !Arc::ptr_eq(&self.watch.borrow(), watch) {
            *self.watch.borrow_mut() = watch.clone();
        }
        self.has_written.set(false);
        self.stop.set(None);
        self.bound.set(None);
    }

    /// The code of a library runs, for so long at most.
    pub(super) fn begin_library(&self, watch: &Arc<Watch>, patience: Duration) {
        self.begin(Shards::NONE, watch, Duration::ZERO);
        self.bound.set(Some(patience));
    }

    /// The run has ended; returns why, if it was stopped, and where.
    pub(super) fn end(&self, lua: &Lua, state: &Rc<Self>) -> mlua::Result<Option<(Stop, Option<Place>)>> {
        if let Some(overdue) = self.overdue.borrow_mut().take() {
            self.watch.borrow().leave(&overdue);
        }
        let Some(stop) = self.stop.take() else { return Ok(None) };
        look_every(lua, LOOK_EVERY, state)?;
        Ok(Some((stop, self.place.borrow_mut().take())))
    }

    /// The run stops as soon as it can.
    pub(super) fn stop(&self, stop: Stop) {
        self.stop.set(Some(stop));
    }

    /// It is about to write; false when it has been killed before that.
    pub(super) fn may_write(&self) -> bool {
        self.has_written.set(true);
        self.overdue.borrow().as_ref().is_none_or(|overdue| overdue.may_write())
    }

    /// A look at the clock, and at whether somebody wants the run to stop.
    fn look(&self) {
        let mut overdue = self.overdue.borrow_mut();
        let threshold = self.threshold.get();
        if overdue.is_none() && !threshold.is_zero() && self.started.get().elapsed() >= threshold {
            *overdue = Some(self.watch.borrow().enter(self.shards.get(), self.has_written.get()));
        }
        let must_end = self.watch.borrow().is_ending() && self.started.get().elapsed() >= ENDING_PATIENCE;
        let is_late = self.bound.get().is_some_and(|bound| self.started.get().elapsed() >= bound);
        if must_end || is_late || overdue.as_ref().is_some_and(|overdue| overdue.is_killed()) {
            self.stop.set(Some(Stop::Killed));
        }
    }
}

/// From now on this thread of the VM is looked at every so many instructions. A run that must stop is looked at every instruction, so
/// that it gets out of any `pcall`; another coroutine of it comes to this by itself.
fn look_every(lua: &Lua, instructions: u32, state: &Rc<State>) -> mlua::Result<()> {
    let state = state.clone();
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(instructions), move |lua, frame| {
        if state.stop.get().is_none() {
            state.look();
        }
        if state.stop.get().is_none() {
            return Ok(VmState::Continue);
        }
        if state.place.borrow().is_none() {
            let source = frame.source().source.map(|source| source.as_bytes().to_vec());
            let line = frame.current_line().map_or(-1, |line| line as i64);
            *state.place.borrow_mut() = source.map(|source| (source, line));
        }
        look_every(lua, 1, &state)?;
        Err(Raised::Stopped.into())
    })
}

/// The hook of a new VM.
pub(super) fn watch(lua: &Lua, state: &Rc<State>) -> mlua::Result<()> {
    look_every(lua, LOOK_EVERY, state)
}

/// The current thread of the VM stops at its next instruction.
pub(super) fn stop(lua: &Lua, state: &Rc<State>, why: Stop) -> mlua::Error {
    state.stop(why);
    match look_every(lua, 1, state) {
        Ok(()) => Raised::Stopped.into(),
        Err(error) => error,
    }
}
