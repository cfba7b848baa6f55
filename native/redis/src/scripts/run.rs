//! Runs a script over a call: its keys' shards are locked, or all of them; see `scripts` for which.

use std::cell::RefCell;
use std::time::Duration;

use dataset::Shards;
use mlua::{Function, Table, Value};

use crate::call::Call;
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::scripts::calls::Execution;
use crate::scripts::code::Code;
use crate::scripts::reach::Reach;
use crate::scripts::script::blame;
use crate::scripts::state::Stop;
use crate::scripts::terms::Terms;
use crate::scripts::vm::Vm;
use crate::scripts::{raised, reply, with_vm};

/// A script with what it was given.
pub(crate) struct Run<'a> {
    pub(crate) code: Code,
    pub(crate) keys: &'a [&'a [u8]],
    pub(crate) arguments: &'a [&'a [u8]],
    pub(crate) terms: Terms,
}

/// How an attempt ended.
enum End {
    /// Its reply is written, or this is its fault.
    Done(Outcome),
    /// It needs keys that it has not declared, and has changed nothing: once more.
    Again,
}

impl Run<'_> {
    /// Runs it, until it has run with the locks that it needs.
    pub(crate) fn perform(&self, call: &mut Call<'_, '_>) -> Outcome {
        if !call.data.shards().cover(self.needed(call)) {
            call.lock_all()?;
        }
        loop {
            match with_vm(call.server, |vm| self.attempt(vm, call))? {
                End::Done(outcome) => return outcome,
                End::Again => {
                    self.code.reached().learn(Reach::Wide);
                    call.lock_all()?;
                }
            }
        }
    }

    fn needed(&self, call: &Call<'_, '_>) -> Shards {
        match self.code.reached().get() {
            Reach::Narrow => call.server.dataset.shards_of(self.keys.iter().copied()),
            _ => Shards::ALL,
        }
    }

    fn attempt(&self, vm: &mut Vm, call: &mut Call<'_, '_>) -> Result<End, Fault> {
        let function = match &self.code {
            Code::Script(script) => vm.function(script)?,
            Code::Function(named) => vm.callback(call.server, &named.library, named.place)?,
        };
        let threshold = call.server.config.number(config::SCRIPT_TIME).max(0).unsigned_abs();
        vm.state.begin(call.data.shards(), &call.server.scripts.watch, Duration::from_millis(threshold));
        let start = call.reply.buffer().len();
        let may_wait = std::mem::replace(&mut call.may_wait, false);
        let (database, version) = (call.session.database, call.session.version);
        let result = self.execute(vm, call, function);
        (call.session.database, call.session.version, call.may_wait) = (database, version, may_wait);
        call.reply.set_version(version);
        call.effects.is_said = true;
        let stopped = vm.state.end(&vm.lua, &vm.state);
        let end = match stopped {
            Ok(Some((Stop::Again, _))) => Ok(End::Again),
            Ok(Some((Stop::Killed, place))) => {
                let place = place.as_ref().map(|(source, line)| (&**source, *line));
                Err(blame(b"ERR Script killed by user with SCRIPT KILL.", self.code.name(), place))
            }
            Ok(None) | Err(_) => self.finish(vm, call, result).map(|()| End::Done(Ok(()))),
        };
        vm.tidy();
        Ok(end.unwrap_or_else(|text| {
            call.reply.buffer().truncate(start);
            End::Done(Err(Fault::made(text)))
        }))
    }

    /// What the script returned, or what it raised.
    fn execute(&self, vm: &Vm, call: &mut Call<'_, '_>, function: Function) -> mlua::Result<(bool, Value)> {
        let (keys, arguments) = (table(vm, self.keys)?, table(vm, self.arguments)?);
        let function = match &self.code {
            Code::Script(_) => {
                vm.globals.raw_set("KEYS", keys)?;
                vm.globals.raw_set("ARGV", arguments)?;
                function
            }
            Code::Function(_) => {
                vm.globals.raw_set("KEYS", Value::Nil)?;
                vm.globals.raw_set("ARGV", Value::Nil)?;
                vm.bind.call((function, keys, arguments))?
            }
        };
        let execution = RefCell::new(Execution::new(call, self, &vm.state));
        let result = vm.lua.scope(|scope| {
            let raising = scope.create_function(|lua, words| execution.borrow_mut().call(lua, words, true))?;
            let returning = scope.create_function(|lua, words| execution.borrow_mut().call(lua, words, false))?;
            let checking = scope.create_function(|lua, words| execution.borrow_mut().check(lua, words))?;
            vm.redis.raw_set("call", raising)?;
            vm.redis.raw_set("pcall", returning)?;
            vm.redis.raw_set("acl_check_cmd", checking)?;
            vm.redis.raw_set("log", scope.create_function(|lua, words| execution.borrow_mut().log(lua, &words))?)?;
            vm.xpcall.call((function, &vm.placed))
        });
        execution.into_inner().learn();
        result
    }

    /// Writes the reply; an error as Redis words it.
    fn finish(&self, vm: &Vm, call: &mut Call<'_, '_>, result: mlua::Result<(bool, Value)>) -> Result<(), Vec<u8>> {
        let own = |error: &mlua::Error| [b"ERR ", raised::plain(error).as_bytes()].concat();
        let (is_well, value) = result.map_err(|error| own(&error))?;
        if is_well {
            return reply::write(&value, vm.state.version.get(), &mut call.reply).map_err(|error| own(&error));
        }
        match value {
            Value::Table(table) => Err(self.raised(&table).unwrap_or_else(|error| own(&error))),
            Value::String(text) => Err([b"ERR ", &*text.as_bytes()].concat()),
            _ => Err(format!("ERR Error running script {}, execution failure", self.code.name()).into_bytes()),
        }
    }

    fn raised(&self, problem: &Table) -> mlua::Result<Vec<u8>> {
        let Value::String(text) = problem.raw_get("err")? else { return Ok(b"ERR unknown error".to_vec()) };
        let source: Option<mlua::LuaString> = problem.raw_get("source")?;
        let line: Option<i64> = problem.raw_get("line")?;
        let source = source.map(|source| source.as_bytes().to_vec());
        let place = source.as_deref().zip(line);
        Ok(blame(&text.as_bytes(), self.code.name(), place))
    }
}

fn table(vm: &Vm, words: &[&[u8]]) -> mlua::Result<Table> {
    let table = vm.lua.create_table_with_capacity(words.len(), 0)?;
    for (position, word) in words.iter().enumerate() {
        table.raw_set(position + 1, vm.lua.create_string(word)?)?;
    }
    Ok(table)
}
