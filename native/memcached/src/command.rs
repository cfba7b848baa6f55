//! A command is a row: its name, the shape of its line with the function that serves it, and where a proxy sends it. Rows stand
//! beside their functions in `commands/`; the parser, the router and the documentation read them from here.

use cache::NewValue;

use crate::call::Call;
use crate::commands;
use crate::request::{Admin, Keyed, Meta, Storage};

/// One command.
#[derive(Debug)]
pub struct Command {
    /// The first word of its line.
    pub name: &'static str,
    /// How its line is read, and who serves it.
    pub shape: Shape,
    /// Where a proxy sends it.
    pub route: Route,
}

/// The forms a request line can have, each with the function that serves it.
#[derive(Debug)]
pub enum Shape {
    /// `get <key>+`, or with `touch`: `gat <exptime> <key>+`.
    Retrieval {
        /// The first word after the name is an expiry.
        touch: bool,
        /// Whether the replies carry CAS values.
        with_cas: bool,
    },
    /// `set <key> <flags> <exptime> <bytes> [noreply]` and a body; with `has_cas` a CAS value before `noreply`.
    Storage {
        /// A CAS value is part of the line.
        has_cas: bool,
        /// Serves it.
        run: fn(&mut Call<'_>, &Storage<'_>, NewValue<'_>),
    },
    /// `delete <key> [noreply]`, `incr <key> <delta> [noreply]`: one key and one argument at most.
    Keyed {
        /// What stands behind the key.
        argument: Argument,
        /// Serves it.
        run: fn(&mut Call<'_>, &Keyed<'_>),
    },
    /// `mg <key> <flags>*`.
    Meta {
        /// How its flags are read and refused.
        kind: MetaKind,
        /// Serves it.
        run: fn(&mut Call<'_>, &Meta<'_>),
    },
    /// `ms <key> <bytes> <flags>*` and a body.
    MetaSet {
        /// Serves it.
        run: fn(&mut Call<'_>, &Meta<'_>, NewValue<'_>),
    },
    /// A word and whatever it wants to make of the rest of its line.
    Words {
        /// Serves it.
        run: fn(&mut Call<'_>, &Admin<'_>),
    },
    /// Words; when the second is `set`, the fifth says how long the body is that follows.
    Config {
        /// Serves it; the body is there when the line announces one.
        run: fn(&mut Call<'_>, &Admin<'_>, Option<&[u8]>),
    },
}

/// The argument of a `Keyed` command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// None; one `0` is let pass for old clients.
    None,
    /// An amount to add or to take away.
    Delta,
    /// An expiry.
    Expiry,
}

/// How the flags of a meta command are read: the refusals differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaKind {
    /// `mg`, `md`: each mistake by its name.
    Named,
    /// `ma`: one refusal for every mistake.
    Arithmetic,
    /// `me`: flags are not looked at, except `b`.
    Lenient,
}

/// Where a proxy sends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To the node that has the key.
    Key,
    /// Split: to each node the keys that it has.
    Keys,
    /// To every node.
    Nodes,
    /// Nowhere: the proxy answers by itself.
    Here,
}

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Command> {
    commands::FAMILIES.iter().copied().flatten()
}

/// The row with this name.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let row = commands::FAMILIES[usize::from(TABLE[slot(name)].0)].get(usize::from(TABLE[slot(name)].1))?;
    (row.name.as_bytes() == name).then_some(row)
}

const SLOTS: usize = 128;

/// Family and place of each row by the hash of its name; names do not collide (checked when this is compiled).
static TABLE: [(u8, u8); SLOTS] = table();

const fn slot(name: &[u8]) -> usize {
    let length = name.len();
    if length < 2 {
        return 0;
    }
    let (first, second, last) = (name[0] as usize, name[1] as usize, name[length - 1] as usize);
    ((first * 27) ^ (second * 666) ^ (last * 555) ^ length.wrapping_mul(10)) % SLOTS
}

const fn table() -> [(u8, u8); SLOTS] {
    let mut table = [(0, u8::MAX); SLOTS];
    let mut family = 0;
    while family < commands::FAMILIES.len() {
        let rows = commands::FAMILIES[family];
        let mut row = 0;
        while row < rows.len() {
            let at = slot(rows[row].name.as_bytes());
            assert!(table[at].1 == u8::MAX, "two commands share a slot: choose other factors in slot()");
            table[at] = (family as u8, row as u8);
            row += 1;
        }
        family += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_and_nothing_else() {
        for row in all() {
            assert_eq!(find(row.name.as_bytes()).map(|found| found.name), Some(row.name));
        }
        for name in ["", "GET", "ge", "getx", "m", "mz", "setter", "prepen"] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
    }
}
