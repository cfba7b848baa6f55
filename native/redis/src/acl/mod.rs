//! Users: who a connection may be, and what each may do. It knows rows of commands and their keys, no connections.

pub(crate) mod categories;
mod permit;
mod user;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use user::User;

use crate::fault::Fault;

/// Every user.
/// What has been refused, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Denials {
    pub(crate) authentication: u64,
    pub(crate) command: u64,
    pub(crate) key: u64,
    pub(crate) channel: u64,
}

#[derive(Debug)]
pub(crate) struct Acl {
    /// The user of a connection that has not said who it is.
    pub(crate) default: Arc<User>,
    pub(crate) users: Mutex<BTreeMap<Vec<u8>, Arc<User>>>,
}

impl Default for Acl {
    fn default() -> Self {
        let default = Arc::new(User::free(b"default"));
        Self { users: Mutex::new(BTreeMap::from([(b"default".to_vec(), default.clone())])), default }
    }
}

impl Acl {
    /// The user of this name with this password.
    ///
    /// # Errors
    /// `WRONGPASS`.
    pub(crate) fn authenticate(&self, name: &[u8], password: &[u8]) -> Result<Arc<User>, Fault> {
        let user = self.users.lock().get(name).cloned();
        user.filter(|user| user.accepts(password))
            .ok_or(Fault::of("WRONGPASS invalid username-password pair or user is disabled."))
    }

    pub(crate) fn denials(&self) -> Denials {
        Denials::default()
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<Arc<User>> {
        self.users.lock().get(name).cloned()
    }

    /// `requirepass`: the default user's only password; none with an empty one.
    pub(crate) fn set_default_password(&self, password: &[u8]) {
        let mut rules = (*self.default.rules()).clone();
        rules.is_nopass = password.is_empty();
        rules.passwords = if password.is_empty() { Vec::new() } else { vec![user::digest(password)] };
        self.default.set_rules(rules);
    }

    /// A `user` line of redis.conf.
    pub(crate) fn read_line(&self, _line: &str) -> Result<(), String> {
        Err("users are not read from redis.conf yet".to_owned())
    }
}
