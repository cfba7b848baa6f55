//! Users in a file: a line each, `user <name> <rule> …`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use super::rule::apply_all;
use super::{Acl, Rules, User};

impl Acl {
    /// A line without its first word, of redis.conf or a file: a name, and rules.
    pub(crate) fn read_line(&self, line: &str) -> Result<(), String> {
        let mut words = line.split_ascii_whitespace().map(str::as_bytes);
        let name = words.next().ok_or("a user's line begins with its name")?;
        self.set(name, &words.collect::<Vec<_>>(), false)
    }

    /// Makes the users those of a file: all of it is right, or nothing has happened.
    ///
    /// # Errors
    /// What is wrong, with the line's number.
    pub(crate) fn load(&self, path: &str) -> Result<(), String> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("Error loading ACLs, opening file '{path}': {error}"))?;
        let mut found: BTreeMap<Vec<u8>, Rules> = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = |why: &str| format!("{path}:{}: {why}. ", number + 1);
            let words: Vec<&[u8]> = line.split_ascii_whitespace().map(str::as_bytes).collect();
            let [first, rest @ ..] = words.as_slice() else { continue };
            let (b"user", [name, words @ ..]) = (*first, rest) else {
                return Err(wrong("should begin with user keyword, and the user's name"));
            };
            let mut rules = Rules::default();
            apply_all(&mut rules, words).map_err(|why| wrong(&why))?;
            if found.insert(name.to_vec(), rules).is_some() {
                return Err(wrong("Duplicate user found"));
            }
        }
        let default = found.remove(&b"default"[..]).unwrap_or_else(Rules::free);
        let mut users = self.users.lock();
        self.default.set_rules(default);
        users.retain(|name, _| name == b"default" || found.contains_key(name));
        for (name, rules) in found {
            match users.get(&name) {
                Some(user) => user.set_rules(rules),
                None => drop(users.insert(name.clone(), Arc::new(User::new(&name, rules)))),
            }
        }
        Ok(())
    }

    /// Writes all users to a file, which is there wholly or as it was.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn save(&self, path: &str) -> Result<(), String> {
        let text: Vec<u8> =
            self.all().iter().flat_map(|user| [user.rules().describe(&user.name), b"\n".to_vec()].concat()).collect();
        let beside = format!("{path}.new");
        let done = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
        done.map_err(|error| format!("{path}: {error}"))
    }
}
