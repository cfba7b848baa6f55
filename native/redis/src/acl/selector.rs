//! A selector: commands, keys and channels that belong together. A user has one of its own and may have more; a request is allowed
//! when one of them allows all of it.

use std::collections::BTreeMap;

use super::access::{self, READ, WRITE};
use super::categories;
use super::rule::Wrong;
use crate::command::{self, Command, flag};
use crate::glob;

/// What is allowed together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    /// By the commands' numbers.
    commands: Vec<bool>,
    /// Commands that are allowed with these first words only.
    first_words: BTreeMap<usize, Vec<String>>,
    /// Commands that may yet come are allowed too.
    allows_all: bool,
    /// What has been said of commands, without what a later rule has made void.
    rules: Vec<String>,
    pub(super) keys: Vec<KeyPattern>,
    pub(super) all_keys: bool,
    pub(super) channels: Vec<Vec<u8>>,
    pub(super) all_channels: bool,
}

/// Keys, and what may be done to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPattern {
    pub(super) access: u8,
    pub(super) pattern: Vec<u8>,
}

/// Why a request is refused; a later one is the nearer miss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denial {
    Command,
    Key(Vec<u8>),
    Channel(Vec<u8>),
}

impl Selector {
    /// Everything.
    pub(crate) fn free() -> Self {
        let mut selector = Self { all_keys: true, all_channels: true, ..Self::default() };
        selector.allow_all(true);
        selector
    }

    /// It allows everything there is.
    pub(crate) fn is_free(&self) -> bool {
        self.allows_all && self.all_keys && self.all_channels && self.commands.iter().all(|allowed| *allowed)
    }

    pub(super) fn allow_all(&mut self, allowed: bool) {
        self.commands = vec![allowed; command::numbered().len()];
        self.first_words.clear();
        self.allows_all = allowed;
        self.rules.clear();
    }

    /// `+@read`, `-@dangerous`.
    pub(super) fn category(&mut self, name: &str, allowed: bool) -> Result<(), Wrong> {
        if name.eq_ignore_ascii_case("all") {
            self.allow_all(allowed);
            return Ok(());
        }
        let bit = categories::bit(name).ok_or(Wrong::Unknown)?;
        command::numbered().iter().filter(|row| categories::of(row) & bit != 0).for_each(|row| self.set(row, allowed));
        self.say(&format!("@{name}"), allowed);
        Ok(())
    }

    /// `+get`, `-config|set`, `+select|0`.
    pub(super) fn command(&mut self, name: &str, allowed: bool) -> Result<(), Wrong> {
        let (parent, sub) = name.split_once('|').map_or((name, None), |(parent, sub)| (parent, Some(sub)));
        let row = command::find(parent.as_bytes()).ok_or(Wrong::Unknown)?;
        let Some(sub) = sub else {
            self.set(row, allowed);
            row.subcommands.iter().for_each(|sub| self.set(sub, allowed));
            self.say(name, allowed);
            return Ok(());
        };
        if sub.is_empty() {
            return Err(Wrong::Syntax);
        }
        match row.subcommands.iter().find(|row| row.name.eq_ignore_ascii_case(sub)) {
            Some(row) => self.set(row, allowed),
            None if !row.subcommands.is_empty() || !allowed || sub.contains('|') => return Err(Wrong::Unknown),
            None => {
                if !self.is_allowed(row) {
                    let first = self.first_words.entry(row.number).or_default();
                    if !first.iter().any(|word| word.eq_ignore_ascii_case(sub)) {
                        first.push(sub.to_ascii_lowercase());
                    }
                }
            }
        }
        self.say(name, allowed);
        Ok(())
    }

    fn set(&mut self, row: &Command, allowed: bool) {
        self.commands.resize(command::numbered().len(), false);
        self.commands[row.number] = allowed;
        self.first_words.remove(&row.number);
    }

    /// Remembers a rule; former ones about the same are void.
    fn say(&mut self, name: &str, allowed: bool) {
        let name = name.to_ascii_lowercase();
        self.rules.retain(|rule| {
            let known = &rule[1..];
            known != name && !known.strip_prefix(&name).is_some_and(|rest| rest.starts_with('|'))
        });
        self.rules.push(format!("{}{name}", if allowed { '+' } else { '-' }));
    }

    fn is_allowed(&self, row: &Command) -> bool {
        self.commands.get(row.number).copied().unwrap_or(false)
    }

    /// Why it refuses a request, if it does.
    pub(crate) fn denial(&self, command: &Command, request: &[&[u8]]) -> Option<Denial> {
        if !command.is(flag::NO_AUTH) && !self.is_allowed(command) {
            let first = self.first_words.get(&command.number).into_iter().flatten();
            let given = request.get(1).copied().unwrap_or_default();
            if !first.into_iter().any(|word| word.as_bytes().eq_ignore_ascii_case(given)) {
                return Some(Denial::Command);
            }
        }
        self.key_denial(command, request).or_else(|| self.channel_denial(command, request))
    }

    fn key_denial(&self, command: &Command, request: &[&[u8]]) -> Option<Denial> {
        if self.all_keys {
            return None;
        }
        let keys = command.keys(request).unwrap_or_default();
        let denied = keys.iter().enumerate().find(|(at, key)| {
            let wanted = access::access(command, request, *at);
            !self.keys.iter().any(|known| known.access & wanted == wanted && glob::matches(&known.pattern, key))
        });
        denied.map(|(_, key)| Denial::Key(key.to_vec()))
    }

    fn channel_denial(&self, command: &Command, request: &[&[u8]]) -> Option<Denial> {
        if self.all_channels {
            return None;
        }
        let (channels, are_patterns) = match command.full_name {
            "subscribe" | "ssubscribe" => (&request[1..], false),
            "psubscribe" => (&request[1..], true),
            "publish" | "spublish" => (&request[1..2], false),
            _ => return None,
        };
        let may = |channel: &&[u8]| {
            let fits = |known: &Vec<u8>| if are_patterns { known == channel } else { glob::matches(known, channel) };
            self.channels.iter().any(fits)
        };
        channels.iter().find(|channel| !may(channel)).map(|channel| Denial::Channel(channel.to_vec()))
    }

    /// `-@all +get`.
    pub(crate) fn describe_commands(&self) -> String {
        let mut text = if self.allows_all { "+@all" } else { "-@all" }.to_owned();
        self.rules.iter().for_each(|rule| text.extend([" ", rule]));
        text
    }

    /// `~a* %R~b*`.
    pub(crate) fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let word = |known: &KeyPattern| {
            let sign: &[u8] = match known.access {
                READ => b"%R~",
                WRITE => b"%W~",
                _ => b"~",
            };
            [sign, &known.pattern].concat()
        };
        self.keys.iter().map(word).collect::<Vec<_>>().join(&b' ')
    }

    /// `&a*`.
    pub(crate) fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        self.channels.iter().map(|pattern| [b"&", pattern.as_slice()].concat()).collect::<Vec<_>>().join(&b' ')
    }

    /// As ACL LIST writes it.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut text = self.describe_keys();
        if !text.is_empty() {
            text.push(b' ');
        }
        if !self.all_channels {
            text.extend_from_slice(b"resetchannels ");
        }
        text.extend(self.describe_channels());
        if self.all_channels || !self.channels.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(self.describe_commands().as_bytes());
        text
    }
}
