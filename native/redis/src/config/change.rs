//! Changes of settings: at the start each by itself, by CONFIG SET all or none.

use crate::fault::{Fault, Outcome};
use crate::server::Server;

use super::{Directive, Name, find};

impl Server {
    /// What the command line or redis.conf says.
    pub(crate) fn set_at_start(&self, name: &str, value: &str) -> Result<(), String> {
        if name.eq_ignore_ascii_case("user") {
            return self.acl.read_line(value);
        }
        if name.eq_ignore_ascii_case("rename-command") {
            return Err("commands keep their names: take rights away with `user default -<command>`".to_owned());
        }
        let (name, row) = find(name).ok_or("no such directive is served here")?;
        if name == super::SAVE && !value.is_empty() {
            // Save points add up, a line each.
            let all = format!("{} {value}", self.config.text(name));
            return self.change(name, row, &all);
        }
        self.change(name, row, value)
    }

    fn change(&self, name: Name, row: &Directive, value: &str) -> Result<(), String> {
        let before = self.config.store(name, row.read(value)?);
        let applied = row.apply.map_or(Ok(()), |apply| apply(self, &self.config.text(name)));
        if applied.is_err() {
            self.config.store(name, before);
        }
        applied
    }

    /// CONFIG SET: all of them, or none.
    pub(crate) fn set_all(&self, pairs: &[(&[u8], &[u8])]) -> Outcome {
        let mut changes: Vec<(Name, &Directive, String)> = Vec::new();
        for (word, value) in pairs {
            let word = String::from_utf8_lossy(word);
            let found = find(&word).ok_or_else(|| {
                Fault::made(format!("ERR Unknown option or number of arguments for CONFIG SET - '{word}'"))
            });
            let (name, row) = found?;
            let refuse = |why: &str| failed(&word, why);
            if row.is_fixed {
                return Err(refuse("can't set immutable config"));
            }
            if changes.iter().any(|(other, ..)| *other == name) {
                return Err(refuse("duplicate parameter"));
            }
            let value = String::from_utf8_lossy(value).into_owned();
            row.read(&value).map_err(|why| refuse(&why))?;
            changes.push((name, row, value));
        }
        let mut undo: Vec<(Name, &Directive, String)> = Vec::new();
        for (name, row, value) in changes {
            let before = self.config.text(name);
            if let Err(why) = self.change(name, row, &value) {
                // What was valid a moment ago is valid still.
                undo.iter().rev().for_each(|(name, row, before)| drop(self.change(*name, row, before)));
                return Err(failed(row.name, &why));
            }
            undo.push((name, row, before));
        }
        Ok(())
    }
}

fn failed(name: &str, why: &str) -> Fault {
    Fault::made(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"))
}
