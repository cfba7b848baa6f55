//! Lua scripts: EVAL and its kin.
//!
//! ```text
//!   EVAL text ── sha ──> Cache: Script ── Run ──> Vm of this thread: compiled function, KEYS, ARGV
//!                                           └── redis.call ── Execution: may it? ──> Call::perform ──> Answer: a value of Lua
//!   what it returns ──> reply
//! ```
//!
//! **Atomicity.** A script runs under the locks of the shards of the keys that it declares, so scripts over different keys run at the
//! same time. What it really touches nobody knows before it runs:
//!
//! - A script that has never run here runs with all shards locked. What it touches then shows its `Reach`: narrow if it has touched
//!   only keys that it declares, else wide.
//! - A wide script always runs with all shards locked.
//! - A narrow one locks its keys' shards. If it then touches another shard it becomes wide. If it has changed nothing yet, all locks
//!   are released and it runs again from its start with all shards locked, and nobody sees that it did (what it has published is
//!   taken back). If it has changed something, the call fails with an error that says so; what it has changed stands, as with any
//!   error in a script.
//! - In a transaction a script is taken for wide: EXEC can't be run again.
//!
//! **Time.** A VM looks at the clock every so many instructions. A script that has run for longer than `busy-reply-threshold` is put
//! on a list (`watch`): commands of other threads that need its shards are answered `BUSY` instead of waiting, and SCRIPT KILL finds
//! it. Its own thread serves nobody meanwhile; other threads serve all other keys. So a node wants two threads at least: with one,
//! nobody can be heard who would kill a script.
//!
//! **Effects.** A script is one execution: its writes reach the log as one unit, as the commands that it called.

mod answer;
mod cache;
mod calls;
mod code;
mod functions;
mod general;
mod library;
mod metadata;
mod natives;
mod patience;
mod raised;
mod random;
mod reach;
mod registering;
mod reply;
mod run;
mod script;
mod shebang;
mod state;
mod terms;
mod vm;
mod watch;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dataset::Shards;
use parking_lot::RwLock;

pub(crate) use code::Code;
pub(crate) use functions::{Functions, Library, Policy};
pub(crate) use patience::{BUSY, Leftovers};
pub(crate) use run::Run;
pub(crate) use script::{Script, Sha, sha, sha_of};
pub(crate) use shebang::names as flag_names;
pub(crate) use terms::Terms;
pub(crate) use watch::Watch;

use crate::call::Call;
use crate::command::Command;
use crate::fault::{Fault, Outcome};
use crate::scripts::cache::Cache;
use crate::scripts::reach::Reach;
use crate::scripts::vm::Vm;
use crate::server::Server;
use crate::session::Session;

/// What all connections share of scripts.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    cache: RwLock<Cache>,
    /// Scripts that run for too long.
    pub(crate) watch: Arc<Watch>,
    pub(crate) functions: Functions,
    /// How often all scripts have been forgotten.
    flushes: AtomicU64,
}

impl Scripts {
    pub(crate) fn find(&self, sha: &Sha) -> Option<Arc<Script>> {
        self.cache.read().find(sha).cloned()
    }

    /// The script of a text; one that is new is compiled and kept.
    ///
    /// # Errors
    /// It does not compile.
    pub(crate) fn evaluated(&self, server: &Server, text: &[u8]) -> Result<Arc<Script>, Fault> {
        let sha = sha(text);
        match self.find(&sha) {
            Some(script) => Ok(script),
            None => {
                let script = compiled(server, sha, text)?;
                Ok(self.cache.write().keep(script))
            }
        }
    }

    /// SCRIPT LOAD.
    ///
    /// # Errors
    /// It does not compile.
    pub(crate) fn load(&self, server: &Server, text: &[u8]) -> Result<Sha, Fault> {
        let sha = sha(text);
        let found = self.find(&sha);
        let script = found.map_or_else(|| compiled(server, sha, text), Ok)?;
        self.cache.write().load(script)?;
        Ok(sha)
    }

    /// SCRIPT FLUSH.
    pub(crate) fn flush(&self) {
        *self.cache.write() = Cache::default();
        self.flushes.fetch_add(1, Ordering::Relaxed);
    }

    /// How many scripts there are, and the bytes that they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.cache.read().size()
    }
}

/// A new script that this thread's VM could compile.
fn compiled(server: &Server, sha: Sha, text: &[u8]) -> Result<Arc<Script>, Fault> {
    let script = Script::new(sha, text)?;
    with_vm(server, |vm| vm.function(&script).map(drop))?;
    Ok(script)
}

/// This thread's VM, and the flush after which its scripts were compiled.
struct Home {
    vm: Vm,
    flushes: u64,
}

thread_local! {
    static HOME: RefCell<Option<Box<Home>>> = const { RefCell::new(None) };
}

/// Works with this thread's VM, which is made if there is none.
fn with_vm<R>(server: &Server, work: impl FnOnce(&mut Vm) -> Result<R, Fault>) -> Result<R, Fault> {
    HOME.with_borrow_mut(|home| {
        let flushes = server.scripts.flushes.load(Ordering::Relaxed);
        if home.is_none() {
            let vm = Vm::new().map_err(|error| Fault::made(format!("ERR no Lua can be started: {error}")))?;
            *home = Some(Box::new(Home { vm, flushes }));
        }
        let home = home.as_mut().expect("it has been made");
        if home.flushes != flushes {
            home.vm.forget();
            home.flushes = flushes;
        }
        work(&mut home.vm)
    })
}

impl Server {
    /// The server is about to end: a script that loops must not keep it.
    pub fn end_scripts(&self) {
        self.scripts.watch.end();
    }

    /// The shards that EVAL and its kin lock at first: only those of its keys, if the script is known and narrow.
    pub(crate) fn shards_of_script(&self, session: &Session, command: &Command, words: &[&[u8]]) -> Shards {
        let keys = || self.dataset.shards_of(command.keys(words).unwrap_or_default());
        if command.name.starts_with("fcall") {
            let Some(named) = self.scripts.functions.find(words[1]) else { return keys() };
            let is_narrow = session.transaction.is_none() && Code::Function(named).reached().get() == Reach::Narrow;
            return if is_narrow { keys() } else { Shards::ALL };
        }
        let is_named = command.name.starts_with("evalsha");
        let sha = if is_named { sha_of(words[1]) } else { Some(sha(words[1])) };
        match sha.and_then(|sha| self.scripts.find(&sha)) {
            Some(script) if session.transaction.is_none() && script.reached.get() == Reach::Narrow => keys(),
            None if is_named => keys(),
            _ => Shards::ALL,
        }
    }
}

impl Call<'_, '_> {
    /// Releases what is locked and locks everything, for a script that has changed nothing yet: what has gone on so far (keys that
    /// have expired) is logged before.
    ///
    /// # Errors
    /// `BUSY`.
    fn lock_all(&mut self) -> Outcome {
        self.release();
        *self.data = self.server.lock(Shards::ALL).ok_or(BUSY)?;
        Ok(())
    }
}

/// SCRIPT KILL.
///
/// # Errors
/// There is none, or it has written.
pub(crate) fn kill(server: &Server) -> Outcome {
    server.scripts.watch.kill()
}
