//! What a command is: one row, its function beside it. The rows stand in commands/, a family a file.

use std::sync::LazyLock;

use smallvec::SmallVec;

use crate::call::Call;
use crate::commands::FAMILIES;
use crate::fault::Outcome;
use crate::names::Names;

/// The function of a command; `words` begin with its name (and, for a subcommand, with both names).
pub type Run = fn(&mut Call<'_, '_>, words: &[&[u8]]) -> Outcome;

/// Keys of a request.
pub type KeyList<'a> = SmallVec<[&'a [u8]; 4]>;

/// Where a command's keys stand among its words.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    /// It has none.
    None,
    /// From `first` on, every `step`-th, up to `last` (negative: counted from the end).
    Range {
        /// Position of the first.
        first: usize,
        /// Position of the last.
        last: isize,
        /// Distance.
        step: usize,
    },
    /// A count at this position, and the keys behind it; `also` is one more key's position, 0 for none.
    Counted {
        /// Position of the count.
        at: usize,
        /// Position of a key of its own (a destination).
        also: usize,
    },
    /// Found by a function of its own.
    Found(for<'a> fn(&[&'a [u8]]) -> KeyList<'a>),
    /// Those that its connection watches, and those of the commands that it has queued.
    Session,
    /// It works on all keys there are: every shard is locked.
    All,
}

/// Marks of commands, as `COMMAND INFO` names them.
pub mod flag {
    /// Changes data.
    pub const WRITE: u32 = 1;
    /// Reads data.
    pub const READONLY: u32 = 1 << 1;
    /// Refused when memory is full.
    pub const DENYOOM: u32 = 1 << 2;
    /// For operators.
    pub const ADMIN: u32 = 1 << 3;
    /// Publish and subscribe.
    pub const PUBSUB: u32 = 1 << 4;
    /// Not in scripts.
    pub const NOSCRIPT: u32 = 1 << 5;
    /// May wait.
    pub const BLOCKING: u32 = 1 << 6;
    /// Served while data is loaded.
    pub const LOADING: u32 = 1 << 7;
    /// Served by a replica that has lost its primary.
    pub const STALE: u32 = 1 << 8;
    /// Not shown to MONITOR.
    pub const SKIP_MONITOR: u32 = 1 << 9;
    /// Not in the slow log.
    pub const SKIP_SLOWLOG: u32 = 1 << 10;
    /// Constant or logarithmic time.
    pub const FAST: u32 = 1 << 11;
    /// Allowed before AUTH.
    pub const NO_AUTH: u32 = 1 << 12;
    /// Not queued by MULTI but executed at once.
    pub const NO_MULTI: u32 = 1 << 13;
    /// Its keys can't be told from its words alone.
    pub const MOVABLE_KEYS: u32 = 1 << 14;
    /// Not a command of its own in a transaction's effect (MULTI, EXEC, scripts).
    pub const MAY_REPLICATE: u32 = 1 << 15;
    /// Its keys may all be absent.
    pub const NO_MANDATORY_KEYS: u32 = 1 << 16;
    /// Refused unless a setting allows it.
    pub const PROTECTED: u32 = 1 << 17;
    /// Served while a script runs for too long.
    pub const ALLOW_BUSY: u32 = 1 << 18;
    /// Not served while a replica takes over its primary's data.
    pub const NO_ASYNC_LOADING: u32 = 1 << 19;
    /// Runs a script, which may touch more than the keys that it declares.
    pub const SCRIPT: u32 = 1 << 20;
    /// May read any key beside those that its words name: every shard is locked.
    pub const ANY_KEY: u32 = 1 << 21;
    /// Refused between MULTI and EXEC.
    pub const NO_TRANSACTION: u32 = 1 << 22;
    /// Shown to MONITOR by itself, behind the commands that it runs.
    pub const SHOWN_LATER: u32 = 1 << 23;
}

/// One command or subcommand.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Lower case; a subcommand's own word only.
    pub name: &'static str,
    /// Words, its name included (for a subcommand, both names); negative: at least so many.
    pub arity: i32,
    /// Of `flag`.
    pub flags: u32,
    /// Where its keys stand.
    pub keys: Keys,
    /// What it does. With subcommands it is called only when none of them is named.
    pub run: Run,
    /// What its second word may be.
    pub subcommands: &'static [Command],
    /// ACL categories beside those that follow from flags: `@string`, `@dangerous` …, without the `@`.
    pub categories: &'static [&'static str],
    /// Redis's version that brought it.
    pub since: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its place among all rows and their subcommands; filled in when the table is made.
    pub number: usize,
    /// `client|list`, or its name; filled in when the table is made.
    pub full_name: &'static str,
}

impl Command {
    /// A row; the rest is added by the methods below.
    #[must_use]
    pub const fn new(name: &'static str, arity: i32, flags: u32, keys: Keys, run: Run) -> Self {
        let (since, summary, full_name) = ("1.0.0", "", name);
        Self { name, arity, flags, keys, run, subcommands: &[], categories: &[], since, summary, number: 0, full_name }
    }

    /// With ACL categories.
    #[must_use]
    pub const fn of(self, categories: &'static [&'static str]) -> Self {
        Self { categories, ..self }
    }

    /// With subcommands.
    #[must_use]
    pub const fn with(self, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..self }
    }

    /// With the version that brought it and a sentence about it.
    #[must_use]
    pub const fn about(self, since: &'static str, summary: &'static str) -> Self {
        Self { since, summary, ..self }
    }

    /// All of these marks are set.
    #[must_use]
    pub const fn is(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// So many words are right.
    #[inline]
    #[must_use]
    pub fn takes(&self, words: usize) -> bool {
        let wanted = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { words >= wanted } else { words == wanted }
    }

    /// The one key that it needs whatever its words are, if it is of that kind.
    #[inline]
    #[must_use]
    pub fn only_key<'a>(&self, words: &[&'a [u8]]) -> Option<&'a [u8]> {
        match self.keys {
            Keys::Range { first: 1, last: 1, .. }
                if self.subcommands.is_empty() && self.flags & (flag::ANY_KEY | flag::SCRIPT) == 0 =>
            {
                words.get(1).copied()
            }
            _ => None,
        }
    }

    /// The keys among the words; `None` when it works on all there are.
    #[must_use]
    pub fn keys<'a>(&self, words: &[&'a [u8]]) -> Option<KeyList<'a>> {
        Some(match self.keys {
            Keys::None | Keys::Session => KeyList::new(),
            Keys::Range { first, last, step } => {
                let last = if last < 0 { words.len().saturating_add_signed(last) } else { last.unsigned_abs() };
                (first..=last).step_by(step).filter_map(|at| words.get(at).copied()).collect()
            }
            Keys::Counted { at, also } => {
                let count = words.get(at).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok()).unwrap_or(0);
                let own = if also > 0 { words.get(also).copied() } else { None };
                own.into_iter().chain(words.iter().copied().skip(at + 1).take(count)).collect()
            }
            Keys::Found(find) => find(words),
            Keys::All => return None,
        })
    }
}

/// One key, the first word after the name.
pub const FIRST: Keys = Keys::Range { first: 1, last: 1, step: 1 };
/// Every word after the name is a key.
pub const REST: Keys = Keys::Range { first: 1, last: -1, step: 1 };

/// All rows, made once: each has its number, and subcommands their full names.
struct Table {
    rows: Vec<&'static Command>,
    by_name: Names,
    /// By number, subcommands included.
    numbered: Vec<&'static Command>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let (mut rows, mut numbered) = (Vec::new(), Vec::new());
    for row in FAMILIES.iter().flat_map(|family| family.iter()) {
        let first = numbered.len() + 1;
        let named = |(at, sub): (usize, &Command)| Command {
            number: first + at,
            full_name: Box::leak(format!("{}|{}", row.name, sub.name).into_boxed_str()),
            ..*sub
        };
        let subcommands: Vec<Command> = row.subcommands.iter().enumerate().map(named).collect();
        let row = Command { number: first - 1, subcommands: Vec::leak(subcommands), ..*row };
        let row: &'static Command = Box::leak(Box::new(row));
        rows.push(row);
        numbered.push(row);
        numbered.extend(row.subcommands);
    }
    Table { by_name: Names::of(&rows), rows, numbered }
});

/// The row of this name, in any case.
#[must_use]
#[inline]
pub fn find(name: &[u8]) -> Option<&'static Command> {
    TABLE.by_name.find(name)
}

/// Every row, without subcommands.
pub fn all() -> impl Iterator<Item = &'static Command> {
    TABLE.rows.iter().copied()
}

/// Every row by its number, subcommands behind their commands.
#[must_use]
pub fn numbered() -> &'static [&'static Command] {
    &TABLE.numbered
}
