//! Users: who a connection may be, and what each may do. It knows rows of commands and their keys, no connections.
//!
//! ```text
//!   permit(session, command, request) ── the user may do everything ──> yes
//!                                     └─ rules: root selector │ (selector) │ … ──> yes, or the nearest miss: NOPERM, and an entry in the log
//! ```

pub(crate) mod access;
pub(crate) mod categories;
mod file;
pub(crate) mod log;
mod permit;
mod rule;
mod selector;
mod user;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use selector::{Denial, Selector};
pub(crate) use user::{Rules, User};

use crate::fault::Fault;
use log::AclLog;

/// Every user.
#[derive(Debug)]
pub(crate) struct Acl {
    /// The user of a connection that has not said who it is.
    pub(crate) default: Arc<User>,
    users: Mutex<BTreeMap<Vec<u8>, Arc<User>>>,
    pub(crate) log: AclLog,
}

impl Default for Acl {
    fn default() -> Self {
        let default = Arc::new(User::new(b"default", Rules::free()));
        let users = Mutex::new(BTreeMap::from([(b"default".to_vec(), default.clone())]));
        Self { users, default, log: AclLog::default() }
    }
}

impl Acl {
    /// The user of this name with this password.
    ///
    /// # Errors
    /// `WRONGPASS`.
    pub(crate) fn authenticate(&self, name: &[u8], password: &[u8]) -> Result<Arc<User>, Fault> {
        self.find(name)
            .filter(|user| user.accepts(password))
            .ok_or(Fault::of("WRONGPASS invalid username-password pair or user is disabled."))
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<Arc<User>> {
        self.users.lock().get(name).cloned()
    }

    /// All of them, by their names.
    pub(crate) fn all(&self) -> Vec<Arc<User>> {
        self.users.lock().values().cloned().collect()
    }

    /// Changes a user by rules, or makes it: all rules are right, or nothing has happened.
    ///
    /// # Errors
    /// Which rule is wrong, and why.
    pub(crate) fn set(&self, name: &[u8], words: &[&[u8]], gets_all_channels: bool) -> Result<(), String> {
        if name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            return Err("Usernames can't contain spaces or null characters".to_owned());
        }
        let mut users = self.users.lock();
        let known = users.get(name).cloned();
        let mut rules = known.as_ref().map_or_else(Rules::default, |user| (*user.rules()).clone());
        if known.is_none() && gets_all_channels {
            rule::apply_all(&mut rules, &[b"allchannels"])?;
        }
        rule::apply_all(&mut rules, words)?;
        match known {
            Some(user) => user.set_rules(rules),
            None => drop(users.insert(name.to_vec(), Arc::new(User::new(name, rules)))),
        }
        Ok(())
    }

    /// Removes a user; false if there is none.
    pub(crate) fn remove(&self, name: &[u8]) -> bool {
        self.users.lock().remove(name).is_some()
    }

    /// `requirepass`: the default user's only password; none with an empty one.
    pub(crate) fn set_default_password(&self, password: &[u8]) {
        let mut rules = (*self.default.rules()).clone();
        rules.is_nopass = password.is_empty();
        rules.passwords = if password.is_empty() { Vec::new() } else { vec![user::digest(password)] };
        self.default.set_rules(rules);
    }
}
