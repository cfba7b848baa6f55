//! One thread's Lua: made when its first script comes, sandboxed, with the scripts that it has compiled. Its memory has a limit: a
//! script that would pass it fails with `not enough memory`.

use std::collections::HashMap;
use std::rc::Rc;

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value};

use crate::fault::Fault;
use crate::scripts::script::{Script, Sha};
use crate::scripts::state::{self, State};
use crate::scripts::{library, natives, raised};

/// Bytes that one VM's values may take.
const MEMORY_MAX: usize = 512 << 20;
/// Scripts compiled in one VM; when there are more, all are forgotten.
const COMPILED_MAX: usize = 1000;
/// Libraries kept in one VM; when there are more, all are forgotten, with those that are no longer there.
const LIBRARIES_MAX: usize = 1000;
/// Garbage up to here is left to Lua's own collector.
const GARBAGE_KEPT_MAX: usize = 8 << 20;

/// What scripts are called in errors.
const CHUNK: &str = "@user_script";

/// A Lua.
pub(super) struct Vm {
    pub(super) lua: Lua,
    pub(super) state: Rc<State>,
    /// The real globals, where scripts find KEYS and ARGV.
    pub(super) globals: Table,
    /// The real table `redis`.
    pub(super) redis: Table,
    pub(super) xpcall: Function,
    pub(super) placed: Function,
    /// Makes a function without arguments of one with keys and arguments.
    pub(super) bind: Function,
    clear: Function,
    /// Functions that libraries have registered, by their numbers.
    libraries: HashMap<u64, Vec<Function>>,
    compiled: HashMap<Sha, Function>,
    /// Bytes in use after the last collection.
    settled: usize,
}

impl Vm {
    pub(super) fn new() -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        lua.set_memory_limit(MEMORY_MAX)?;
        let state = Rc::new(State::new());
        let native = lua.create_table()?;
        let placed = lua.create_function(natives::placed)?;
        native.set("seen", lua.create_function(raised::seen)?)?;
        native.set("missing", lua.create_function(natives::missing)?)?;
        native.set("placed", &placed)?;
        native.set("math", natives::math(&lua, &state)?)?;
        native.set("redis", natives::redis(&lua, &state)?)?;
        native.set("libraries", library::all(&lua, &state.json)?)?;
        let sandbox = lua.load(include_str!("sandbox.lua")).set_name("=sandbox").set_mode(ChunkMode::Text);
        let (globals, redis, clear, xpcall, bind) = sandbox.call(native)?;
        state::watch(&lua, &state)?;
        lua.gc_collect()?;
        let settled = lua.used_memory();
        let (libraries, compiled) = Default::default();
        Ok(Self { lua, state, globals, redis, xpcall, placed, bind, clear, libraries, compiled, settled })
    }

    /// The script's function.
    ///
    /// # Errors
    /// It is no Lua.
    pub(super) fn function(&mut self, script: &Script) -> Result<Function, Fault> {
        if let Some(function) = self.compiled.get(&script.sha) {
            return Ok(function.clone());
        }
        let body = script.body();
        if body.first() == Some(&0x1b) {
            return Err(failed("script (new function)", "user_script:1: unexpected symbol near 'char(27)'"));
        }
        let function = self.lua.load(body).set_name(CHUNK).set_mode(ChunkMode::Text).into_function();
        let function = function.map_err(|error| broken("script (new function)", error))?;
        if self.compiled.len() >= COMPILED_MAX {
            self.compiled.clear();
        }
        self.compiled.insert(script.sha, function.clone());
        Ok(function)
    }

    /// What a library has registered here.
    pub(super) fn kept(&self, library: u64) -> Option<&Vec<Function>> {
        self.libraries.get(&library)
    }

    /// Keeps it.
    pub(super) fn keep(&mut self, library: u64, callbacks: Vec<Function>) {
        if self.libraries.len() >= LIBRARIES_MAX {
            self.libraries.clear();
        }
        self.libraries.insert(library, callbacks);
    }

    /// Scripts have been flushed.
    pub(super) fn forget(&mut self) {
        self.compiled.clear();
    }

    /// After a run: nothing of it is left for the next one.
    pub(super) fn tidy(&mut self) {
        // A VM without memory even for this fails again, and is tidied then.
        let _ = self.clear.call::<Value>(());
        let used = self.lua.used_memory();
        if used > GARBAGE_KEPT_MAX.max(2 * self.settled) {
            let _ = self.lua.gc_collect();
            self.settled = self.lua.used_memory();
        }
    }
}

/// It is no Lua.
pub(super) fn broken(what: &str, error: mlua::Error) -> Fault {
    match error {
        mlua::Error::SyntaxError { message, .. } => failed(what, &message),
        other => failed(what, &other.to_string()),
    }
}

fn failed(what: &str, message: &str) -> Fault {
    Fault::made(format!("ERR Error compiling {what}: {message}"))
}
