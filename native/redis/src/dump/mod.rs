//! Values as RDB has them: a type each, written element by element; streams are their own listpacks.

mod stream;

use dataset::{Item, Millis, View};
use rdb::{Type, Writer};

pub(crate) use stream::{EXTRAS, read_extras};

use crate::server::Server;

/// What is written of accesses: what the policy of eviction goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Accesses {
    Nothing,
    Idle,
    Frequency,
}

impl Server {
    /// What a file says of accesses under the policy of now.
    pub(crate) fn accesses(&self) -> Accesses {
        let policy = self.policy();
        match () {
            () if policy.counts() => Accesses::Frequency,
            () if policy.goes_by_time() => Accesses::Idle,
            () => Accesses::Nothing,
        }
    }

    /// Writes a key with its value and all that belongs to it.
    pub(crate) fn dump(&self, item: &Item, accesses: Accesses, now: Millis, writer: &mut Writer) {
        if let View::Stream(stream) = item.view() {
            stream::write_extras(stream, writer);
        }
        if let Some(at) = item.expires_at() {
            writer.expires_at(at);
        }
        match accesses {
            Accesses::Nothing => {}
            Accesses::Idle => writer.idle(self.idle_seconds(item.access(), now).unwrap_or(0).into()),
            Accesses::Frequency => writer.frequency(self.frequency(item.access(), now).unwrap_or(0)),
        }
        let view = item.view();
        writer.key(kind(&view), item.key());
        value(&view, Type::Stream, writer);
    }
}

/// The version that a payload's reader needs: streams are written as Redis 7.0 has them, so that nothing is lost.
const PLAIN_VERSION: u16 = 9;
const STREAM_VERSION: u16 = 10;

/// A value as DUMP gives it.
pub(crate) fn payload(view: &View<'_>) -> Vec<u8> {
    // A payload is not read by a disk but by a server: it is compressed as Redis's is.
    let mut writer = Writer::bare(rdb::Options::default());
    let is_stream = matches!(view, View::Stream(_));
    let kind = if is_stream { Type::Stream2 } else { kind(view) };
    writer.kind(kind);
    value(view, kind, &mut writer);
    rdb::payload::seal(writer, if is_stream { STREAM_VERSION } else { PLAIN_VERSION })
}

fn kind(view: &View<'_>) -> Type {
    match view {
        View::String(_) => Type::String,
        View::List(_) => Type::List,
        View::Hash(_) => Type::Hash,
        View::Set(_) => Type::Set,
        View::SortedSet(_) => Type::SortedSet,
        View::Stream(_) => Type::Stream,
    }
}

/// A value behind its type; `stream` says which of the types of streams that is.
fn value(view: &View<'_>, stream: Type, writer: &mut Writer) {
    match view {
        View::String(bytes) => writer.string(bytes),
        View::List(list) => {
            writer.length(list.len() as u64);
            list.iter().for_each(|element| writer.string(element));
        }
        View::Hash(hash) => {
            writer.length(hash.len() as u64);
            hash.each(|field, value| {
                writer.string(field);
                writer.string(value);
            });
        }
        View::Set(set) => {
            writer.length(set.len() as u64);
            set.iter().for_each(|member| writer.string(&member));
        }
        View::SortedSet(sorted) => {
            writer.length(sorted.len() as u64);
            for (member, score) in sorted.iter() {
                writer.string(member);
                writer.score(score);
            }
        }
        View::Stream(found) => stream::write(found, stream, writer),
    }
}
