//! A library's code runs in a VM and says which functions there are: `redis.register_function`. Nothing of the dataset can be reached
//! meanwhile, and it may not take long.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use mlua::chunk::ChunkMode;
use mlua::{Function as Callback, Table, Value, Variadic};

use crate::fault::Fault;
use crate::scripts::functions::{Function, Library};
use crate::scripts::natives::{missing, string_of};
use crate::scripts::reach::Reached;
use crate::scripts::state::Stop;
use crate::scripts::vm::{Vm, broken};
use crate::scripts::{metadata, raised, shebang};
use crate::server::Server;

/// What libraries are called in errors.
const CHUNK: &str = "@user_function";
/// How long a library's code may run.
const PATIENCE: Duration = Duration::from_millis(500);
/// What code of a library finds nothing of: there is no call of a client.
const ABSENT: [&str; 3] = ["call", "pcall", "acl_check_cmd"];

type Registered = (Function, Callback);

impl Vm {
    /// Runs the code of a library that has no place yet, and keeps what it registers here under this number.
    ///
    /// # Errors
    /// It is no Lua, it fails, or it registers nothing.
    pub(super) fn register(&mut self, server: &Server, number: u64, code: &[u8]) -> Result<Vec<Function>, Fault> {
        let registered = self.run_library(server, code)?;
        if registered.is_empty() {
            return Err(Fault::of("ERR No functions registered"));
        }
        let (functions, callbacks) = registered.into_iter().unzip();
        self.keep(number, callbacks);
        Ok(functions)
    }

    /// A function of a library; its code runs here first if it has not yet.
    pub(super) fn callback(&mut self, server: &Server, library: &Library, place: usize) -> Result<Callback, Fault> {
        if self.kept(library.number).is_none() {
            let registered = self.run_library(server, &library.code)?;
            self.keep(library.number, registered.into_iter().map(|(_, callback)| callback).collect());
        }
        let found = self.kept(library.number).and_then(|callbacks| callbacks.get(place));
        found.cloned().ok_or(Fault::of("ERR The library registers other functions each time that its code runs"))
    }

    fn run_library(&mut self, server: &Server, code: &[u8]) -> Result<Vec<Registered>, Fault> {
        let body = &code[metadata::length(code).unwrap_or(code.len())..];
        let function = self.lua.load(body).set_name(CHUNK).set_mode(ChunkMode::Text).into_function();
        let function = function.map_err(|error| broken("function", error))?;
        self.state.begin_library(&server.scripts.watch, PATIENCE);
        let registered = Rc::new(RefCell::new(Vec::new()));
        let result = self.with_registering(&registered, |vm| vm.xpcall.call((function, &vm.placed)));
        let stopped = self.state.end(&self.lua, &self.state);
        self.tidy();
        let failed = |text: &[u8]| Fault::made([b"ERR Error registering functions: ", text].concat());
        if matches!(stopped, Ok(Some((Stop::Killed, _)))) {
            return Err(failed(b"ERR FUNCTION LOAD timeout"));
        }
        let (is_well, problem): (bool, Value) = result.map_err(|error| failed(raised::plain(&error).as_bytes()))?;
        if !is_well {
            let text = problem.as_table().and_then(|table| table.raw_get::<mlua::LuaString>("err").ok());
            return Err(failed(&text.map_or_else(|| b"ERR unknown error".to_vec(), |text| text.as_bytes().to_vec())));
        }
        Ok(registered.take())
    }

    /// With the table `redis` as a library's code finds it.
    fn with_registering<R>(
        &self,
        registered: &Rc<RefCell<Vec<Registered>>>,
        work: impl FnOnce(&Self) -> mlua::Result<R>,
    ) -> mlua::Result<R> {
        let registered = registered.clone();
        let register = self.lua.create_function(move |_, words: Variadic<Value>| {
            let found = read(&words)?;
            let mut registered = registered.borrow_mut();
            if registered.iter().any(|(known, _)| known.name == found.0.name) {
                return Err(raised::reply("Function already exists in the library"));
            }
            registered.push(found);
            Ok(())
        })?;
        for name in ABSENT {
            self.redis.raw_set(name, Value::Nil)?;
        }
        self.redis.raw_set("log", self.lua.create_function(|_, _: Variadic<Value>| Ok(()))?)?;
        self.redis.raw_set("register_function", register)?;
        let absent = self.lua.create_table()?;
        absent.raw_set("__index", self.lua.create_function(missing)?)?;
        self.redis.set_metatable(Some(absent))?;
        let result = work(self);
        self.redis.set_metatable(None)?;
        self.redis.raw_set("register_function", Value::Nil)?;
        result
    }
}

fn read(words: &[Value]) -> mlua::Result<Registered> {
    match words {
        [Value::Table(table)] => named(table),
        [_] => Err(raised::reply(
            "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
        )),
        [name, callback] => {
            let name = string_of(name);
            let name =
                name.ok_or_else(|| raised::reply("first argument to redis.register_function must be a string"))?;
            let Value::Function(callback) = callback else {
                return Err(raised::reply("second argument to redis.register_function must be a function"));
            };
            made(&name, callback.clone(), None, 0)
        }
        _ => Err(raised::reply("wrong number of arguments to redis.register_function")),
    }
}

fn named(table: &Table) -> mlua::Result<Registered> {
    let (mut name, mut callback, mut description, mut flags) = (None, None, None, 0);
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let key = string_of(&key);
        let text = |what: &str| {
            let wrong = || raised::reply(&format!("{what} argument given to redis.register_function must be a string"));
            string_of(&value).ok_or_else(wrong)
        };
        match key.as_deref().map(<[u8]>::to_ascii_lowercase).as_deref() {
            None => return Err(raised::reply("named argument key given to redis.register_function is not a string")),
            Some(b"function_name") => name = Some(text("function_name")?),
            Some(b"description") => description = Some(text("description")?),
            Some(b"callback") => {
                let Value::Function(found) = value else {
                    return Err(raised::reply("callback argument given to redis.register_function must be a function"));
                };
                callback = Some(found);
            }
            Some(b"flags") => flags = flags_of(&value)?,
            Some(_) => return Err(raised::reply("unknown argument given to redis.register_function")),
        }
    }
    let name = name.ok_or_else(|| raised::reply("redis.register_function must get a function name argument"))?;
    let callback = callback.ok_or_else(|| raised::reply("redis.register_function must get a callback argument"))?;
    made(&name, callback, description, flags)
}

fn flags_of(value: &Value) -> mlua::Result<u32> {
    let Value::Table(table) = value else {
        return Err(raised::reply(
            "flags argument to redis.register_function must be a table representing function flags",
        ));
    };
    table.sequence_values::<Value>().try_fold(0, |flags, value| {
        let flag = string_of(&value?).and_then(|name| shebang::flag(&name));
        flag.map(|flag| flags | flag).ok_or_else(|| raised::reply("unknown flag given"))
    })
}

fn made(name: &[u8], callback: Callback, description: Option<Vec<u8>>, flags: u32) -> mlua::Result<Registered> {
    let name = metadata::function_name(name).map_err(|fault| raised::Raised::Reply(fault.0.into_owned()))?;
    Ok((Function { name, description, flags, reached: Reached::default() }, callback))
}
