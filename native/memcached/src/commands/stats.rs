//! `stats`: its groups are rows, each a file with a function that lists names and values.

mod cachedump;
mod conns;
mod detail;
mod general;
mod items;
mod settings;
mod sizes;
mod slabs;

use std::fmt::Display;
use std::io::Write as _;

use crate::call::Call;
use crate::clock::Clock;
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, ERROR};
use crate::server::Server;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "stats", shape: Shape::Words { run: stats }, route: Route::Here }];

/// What a group lists into: names and values.
type Row<'r> = dyn FnMut(&str, &dyn Display) + 'r;

/// A group: its word, and what lists it.
type Group = (&'static str, fn(&Server, Clock, &mut Row<'_>));

/// The groups that are plain lists.
const GROUPS: &[Group] = &[
    ("", general::list),
    ("settings", settings::list),
    ("items", items::list),
    ("slabs", slabs::list),
    ("sizes", sizes::list),
    ("conns", conns::list),
    // Parts of memcached that do not exist here have nothing to say.
    ("proxy", |_, _, _| {}),
    ("extstore", |_, _, _| {}),
];

impl Server {
    /// What `stats <group>` lists; `None` for an unknown group.
    #[must_use]
    pub fn stats(&self, group: &str, clock: Clock) -> Option<Vec<(String, String)>> {
        let (_, list) = GROUPS.iter().find(|(name, _)| *name == group)?;
        let mut rows = Vec::new();
        list(self, clock, &mut |name, value| rows.push((name.to_owned(), value.to_string())));
        Some(rows)
    }
}

fn stats(call: &mut Call<'_>, request: &Admin<'_>) {
    let mut words = request.words;
    let group = words.next().unwrap_or(b"");
    match group {
        b"reset" => {
            call.server.reset();
            call.out.put(b"RESET\r\n");
        }
        b"detail" => detail::run(call, words.next()),
        b"cachedump" => cachedump::run(call, words.next(), words.next()),
        _ => match GROUPS.iter().find(|(name, _)| name.as_bytes() == group) {
            Some((_, list)) => {
                let buffer = call.out.buffer();
                // Writing to a vector does not fail.
                list(call.server, call.clock, &mut |name, value| {
                    let _ = write!(buffer, "STAT {name} {value}\r\n");
                });
                call.out.put(b"END\r\n");
            }
            None => call.out.put(ERROR),
        },
    }
}
