//! What a server's journal was told, as commands.
#![allow(dead_code, reason = "each test uses its part of it")]

use std::sync::Arc;

use journal::{Journal, Want};
use redis::Server;
use resp::{Limits, Parsed, request};

/// One command of a unit, in one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub database: usize,
    pub words: Vec<Vec<u8>>,
}

impl Effect {
    /// Its words, as a request has them.
    pub fn words(&self) -> Vec<&[u8]> {
        self.words.iter().map(Vec::as_slice).collect()
    }
}

/// Reads a server's journal.
pub struct Kept {
    journal: Arc<Journal>,
    from: u64,
    database: usize,
}

impl Kept {
    /// From now on the server says what it changes.
    pub fn of(server: &Server) -> Self {
        let journal = server.journal().clone();
        journal.want(Want::Replicas, true);
        Self { from: journal.end.get(), journal, database: usize::MAX }
    }

    /// What was said since it was asked last: only what changes data. Several changes of one execution stand between MULTI and EXEC.
    pub fn take(&mut self) -> Vec<Effect> {
        let mut bytes = Vec::new();
        self.journal.validate();
        self.from = self.journal.read(self.from, &mut bytes, usize::MAX).expect("it is read before it is gone");
        let (mut rest, mut effects, mut is_open) = (&*bytes, Vec::new(), false);
        while !rest.is_empty() {
            let mut words = Vec::new();
            let parsed = request::parse(rest, &Limits::default(), &mut words, &mut None);
            let Parsed::Done(done) = parsed else { panic!("{}: {parsed:?}", rest.escape_ascii()) };
            match words[..] {
                [b"SELECT", number] => {
                    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
                    self.database = number.expect("the number of a database");
                }
                [b"MULTI"] => assert!(!std::mem::replace(&mut is_open, true), "units are not nested"),
                [b"EXEC"] => assert!(std::mem::replace(&mut is_open, false), "a unit ends that has begun"),
                _ => {
                    let words = words.iter().map(|word| word.to_vec()).collect();
                    effects.push(Effect { database: self.database, words });
                }
            }
            rest = &rest[done..];
        }
        assert!(!is_open, "units are appended whole");
        effects
    }
}
