//! Files and streams in RDB's format as data: whatever `rdb::read` tells goes into the databases, many keys at a time.

mod batch;
mod builder;
mod check;
mod check_log;
mod fields;
mod file;

use std::io::BufRead;

use dataset::{Item, Millis, Value};
use rdb::Event;

use batch::Batch;
pub(crate) use builder::{Builder, Built};
pub use check::{Checked, check};
pub use check_log::{CheckedLog, check_log, read_manifest};
pub use file::open;
pub use rdb::summary::KINDS;

use crate::dump::{EXTRAS, read_extras};
use crate::fault::Fault;
use crate::scripts::Policy;
use crate::server::Server;

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Keys that are there now.
    pub keys: u64,
    /// Keys that had expired and were left out.
    pub expired: u64,
    /// What was passed over because it is no key, and how often.
    pub passed: Vec<(String, u64)>,
    /// The stream that the file belongs to, and the offset in it, where the file says so.
    pub replid: Option<String>,
    /// See `replid`.
    pub offset: Option<u64>,
    /// The database that the stream is in there.
    pub database: Option<usize>,
    /// The epoch of that stream's primary.
    pub epoch: Option<u64>,
    /// The file's checksum, if it has one.
    pub checksum: Option<u64>,
}

/// What is done with keys whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// They are left out: a primary's way.
    LeftOut,
    /// They are kept: a replica waits for its primary to remove them, and a log removes them by itself.
    Kept,
}

/// A load that is on its way.
struct Load<'s> {
    server: &'s Server,
    now: Millis,
    expired: Expired,
    builder: Builder,
    batch: Batch<'s>,
    name: Vec<u8>,
    at: u64,
    attributes: Attributes,
    loaded: Loaded,
}

#[derive(Clone, Copy, Default)]
struct Attributes {
    expires_at: Option<Millis>,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

impl Server {
    /// Adds all that `source` holds to what there is, where none of its keys may be yet. Nothing is told to the journal, to watchers
    /// or to anybody else. The source is read up to the end of the file and not a byte further.
    ///
    /// # Errors
    /// What is wrong and where; what stood before it has been loaded.
    pub fn load(&self, source: impl BufRead, now: Millis, expired: Expired) -> Result<Loaded, rdb::Error> {
        let builder = Builder::new(&self.tuning);
        let batch = Batch::new(&self.dataset, &self.loading.keys);
        let (name, at, attributes, loaded) = Default::default();
        let mut load = Load { server: self, now, expired, builder, batch, name, at, attributes, loaded };
        let read = rdb::read(source, |event| load.event(event));
        if let Err(error) = read {
            // What stands before the error is loaded; the error is the first one of the file.
            _ = load.batch.pour();
            return Err(load.batch.refused().unwrap_or(error));
        }
        Ok(Loaded { keys: load.batch.keys(), ..load.loaded })
    }
}

impl Load<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Key(key) => {
                self.name.clear();
                self.name.extend_from_slice(key.name);
                self.at = key.at;
                let (expires_at, idle_seconds, frequency) = (key.expires_at, key.idle_seconds, key.frequency);
                self.attributes = Attributes { expires_at, idle_seconds, frequency };
                self.builder.begin(key.kind);
            }
            Event::EndOfKey => return self.put(),
            Event::Database(number) => {
                let count = self.server.settings.databases;
                let known = usize::try_from(number).ok().filter(|number| *number < count);
                let known = known.ok_or_else(|| {
                    format!("keys of database {number} follow, but this server has {count}: start it with more (`databases`)")
                })?;
                self.batch.select(known)?;
            }
            Event::Aux { name, value } => self.aux(name, value),
            Event::Library(code) => {
                let loaded = self.server.scripts.functions.load(self.server, &[code], Policy::Replace);
                let wrong = |fault: Fault| format!("a library of functions: {}", String::from_utf8_lossy(&fault.0));
                loaded.map_err(wrong)?;
            }
            Event::Passed(what) => match self.loaded.passed.iter_mut().find(|(known, _)| known == what) {
                Some((_, count)) => *count += 1,
                None => self.loaded.passed.push((what.to_owned(), 1)),
            },
            Event::Sizes { keys, .. } => self.batch.expect(keys),
            Event::End { checksum } => {
                self.loaded.checksum = checksum;
                self.batch.pour()?;
            }
            Event::Begin { .. } => {}
            part => return self.builder.add(part),
        }
        Ok(())
    }

    fn aux(&mut self, name: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        match name {
            b"repl-id" => self.loaded.replid = Some(String::from_utf8_lossy(value).into_owned()),
            b"repl-offset" => self.loaded.offset = number(),
            b"repl-stream-db" => self.loaded.database = number().and_then(|number| usize::try_from(number).ok()),
            b"memc-epoch" => self.loaded.epoch = number(),
            name if name == EXTRAS.as_bytes() => self.builder.extras = read_extras(value),
            _ => {}
        }
    }

    /// The value is complete.
    fn put(&mut self) -> Result<(), String> {
        let (server, now) = (self.server, self.now);
        let built = self.builder.end()?;
        let is_due = self.attributes.expires_at.is_some_and(|at| at <= now);
        if is_due && self.expired == Expired::LeftOut {
            self.loaded.expired += 1;
            return Ok(());
        }
        let access = server.access_of(self.attributes.idle_seconds, self.attributes.frequency, now);
        let item = match built {
            // Empty collections, which some versions wrote, are no keys.
            Built::Nothing => return Ok(()),
            Built::String(bytes) => Item::string(&self.name, bytes, access),
            Built::Value(value) => Item::new(&self.name, value, access),
        };
        let item = match self.attributes.expires_at {
            Some(at) => item.expiring(at),
            None => item,
        };
        self.batch.push(item, self.at)
    }
}

/// The value in a payload of DUMP; `None` of bytes that are none.
pub(crate) fn value_of(payload: rdb::payload::Payload<'_>, server: &Server) -> Option<Value> {
    let mut builder = Builder::new(&server.tuning);
    let mut value = None;
    let read = payload.read(|event| {
        match event {
            Event::Key(key) => builder.begin(key.kind),
            Event::EndOfKey => {
                value = match builder.end()? {
                    Built::Nothing => None,
                    Built::String(bytes) => Some(Value::String(bytes.to_vec())),
                    Built::Value(value) => Some(value),
                }
            }
            part => return builder.add(part),
        }
        Ok(())
    });
    read.ok().and(value)
}
