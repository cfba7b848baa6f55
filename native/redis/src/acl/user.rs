//! One user: on or off, passwords, and what it may do.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::selector::{Denial, Selector};
use crate::command::Command;

/// A user. Connections share it: a change applies to all of them at once.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    /// A connection is this user without a password.
    is_open: AtomicBool,
    /// It may do everything: nothing is asked.
    is_free: AtomicBool,
    rules: Mutex<Arc<Rules>>,
}

/// What is said of a user.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) is_on: bool,
    pub(crate) is_nopass: bool,
    /// Means nothing here, but is shown as it was said.
    pub(crate) is_sanitized: bool,
    /// SHA-256 in hexadecimal digits.
    pub(crate) passwords: Vec<String>,
    pub(crate) root: Selector,
    pub(crate) selectors: Vec<Selector>,
}

impl Default for Rules {
    /// Off, and nothing allowed.
    fn default() -> Self {
        Self {
            is_on: false,
            is_nopass: false,
            is_sanitized: true,
            passwords: Vec::new(),
            root: Selector::default(),
            selectors: Vec::new(),
        }
    }
}

impl Rules {
    /// On, without a password, and everything allowed.
    pub(crate) fn free() -> Self {
        Self { is_on: true, is_nopass: true, root: Selector::free(), ..Self::default() }
    }

    /// There is no key that it may not read.
    pub(crate) fn reads_all_keys(&self) -> bool {
        std::iter::once(&self.root).chain(&self.selectors).any(|selector| selector.all_keys)
    }

    /// Why a request is refused, if it is: the nearest miss of all selectors.
    pub(crate) fn denial(&self, command: &Command, request: &[&[u8]]) -> Option<Denial> {
        let mut nearest = None;
        for selector in std::iter::once(&self.root).chain(&self.selectors) {
            nearest = nearest.max(Some(selector.denial(command, request)?));
        }
        nearest
    }

    /// Words about the user itself: `on nopass`, in ACL LIST's order.
    pub(crate) fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.is_on { "on" } else { "off" }];
        if self.is_nopass {
            flags.push("nopass");
        }
        flags.push(if self.is_sanitized { "sanitize-payload" } else { "skip-sanitize-payload" });
        flags
    }

    /// As ACL LIST writes it.
    pub(crate) fn describe(&self, name: &[u8]) -> Vec<u8> {
        let mut text = [b"user ", name].concat();
        self.flags().iter().for_each(|flag| text.extend([b" ", flag.as_bytes()].concat()));
        self.passwords.iter().for_each(|hash| text.extend([b" #", hash.as_bytes()].concat()));
        text.push(b' ');
        text.extend(self.root.describe());
        self.selectors.iter().for_each(|selector| text.extend([b" (", &*selector.describe(), b")"].concat()));
        text
    }
}

static ANYBODY: LazyLock<Arc<User>> = LazyLock::new(|| Arc::new(User::new(b"default", Rules::free())));

impl User {
    pub(crate) fn new(name: &[u8], rules: Rules) -> Self {
        let user = Self { name: name.to_vec(), is_open: false.into(), is_free: false.into(), rules: Mutex::default() };
        user.set_rules(rules);
        user
    }

    /// Stands for who has been asked before.
    pub(crate) fn anybody() -> Arc<Self> {
        ANYBODY.clone()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        self.is_free.load(Relaxed)
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.lock().clone()
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        self.is_open.store(rules.is_on && rules.is_nopass, Relaxed);
        self.is_free.store(rules.root.is_free(), Relaxed);
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
