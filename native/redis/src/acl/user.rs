//! One user: on or off, passwords, and what it may do.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// A user. Connections share it: a change applies to all of them at once.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    /// A connection is this user without a password.
    is_open: AtomicBool,
    rules: Mutex<Arc<Rules>>,
}

/// What is said of a user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) is_on: bool,
    pub(crate) is_nopass: bool,
    /// SHA-256 in hexadecimal digits.
    pub(crate) passwords: Vec<String>,
}

static ANYBODY: LazyLock<Arc<User>> = LazyLock::new(|| Arc::new(User::free(b"default")));

impl User {
    /// May do everything, without a password.
    pub(crate) fn free(name: &[u8]) -> Self {
        let rules = Rules { is_on: true, is_nopass: true, ..Rules::default() };
        Self { name: name.to_vec(), is_open: AtomicBool::new(true), rules: Mutex::new(Arc::new(rules)) }
    }

    /// Stands for who has been asked before.
    pub(crate) fn anybody() -> Arc<Self> {
        ANYBODY.clone()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.lock().clone()
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        self.is_open.store(rules.is_on && rules.is_nopass, Relaxed);
        *self.rules.lock() = Arc::new(rules);
    }

    pub(crate) fn accepts(&self, password: &[u8]) -> bool {
        let rules = self.rules();
        rules.is_on && (rules.is_nopass || rules.passwords.contains(&digest(password)))
    }
}

/// A password as it is kept.
pub(crate) fn digest(password: &[u8]) -> String {
    Sha256::digest(password).iter().map(|byte| format!("{byte:02x}")).collect()
}
