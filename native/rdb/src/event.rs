//! What a file holds, as its visitor is told: one event after the other, in the order in which they stand.

use crate::Millis;

/// What kind of value a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Event::String`, once.
    String,
    /// `Event::Element`s.
    List,
    /// `Event::Element`s.
    Set,
    /// `Event::Member`s.
    SortedSet,
    /// `Event::Field`s.
    Hash,
    /// `Event::Entry`s, `Event::Stream`, then `Event::Group`s, each with its `Consumer`s, each with what it has `Pending`.
    Stream,
}

/// An id of a stream's entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// Milliseconds.
    pub ms: u64,
    /// The number among those of one millisecond.
    pub seq: u64,
}

/// A key and what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// Bytes before it.
    pub at: u64,
    /// Its name.
    pub name: &'a [u8],
    /// What it holds.
    pub kind: Kind,
    /// When it expires.
    pub expires_at: Option<Millis>,
    /// For how many seconds it has not been used.
    pub idle_seconds: Option<u64>,
    /// How often it was used: a logarithmic counter.
    pub frequency: Option<u8>,
}

/// One thing that a file holds. What it borrows is good for this event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// The file begins; nothing has been read but this.
    Begin {
        /// The format's version.
        version: u32,
        /// Of Valkey, under its own magic.
        is_valkey: bool,
    },
    /// Something about the file; unknown ones mean nothing.
    Aux {
        /// What it is about.
        name: &'a [u8],
        /// What it says.
        value: &'a [u8],
    },
    /// The keys behind it are of this database.
    Database(u64),
    /// How many keys the database claims to have, and how many of them expire.
    Sizes {
        /// All.
        keys: u64,
        /// Those that expire.
        expiring: u64,
    },
    /// A key; its value follows, and `EndOfKey`.
    Key(Key<'a>),
    /// A string's value.
    String(&'a [u8]),
    /// The next element of a list, or a member of a set.
    Element(&'a [u8]),
    /// A field of a hash.
    Field {
        /// Its name.
        field: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// A member of a sorted set.
    Member {
        /// Its name.
        member: &'a [u8],
        /// Its score: a number.
        score: f64,
    },
    /// The next entry of a stream; ids ascend.
    Entry {
        /// Its id.
        id: Id,
        /// Its fields and their values.
        words: &'a [&'a [u8]],
        /// It is the first one of a listpack.
        begins: bool,
        /// Its fields are those that its listpack has once, for all that share them: whoever kept them with each entry would need far
        /// more room than the file.
        shares: bool,
    },
    /// What a stream is beside its entries.
    Stream {
        /// Which of the types of streams it is, and so what the file knows: 1 as Redis 5 wrote it; 2 with what Redis 7.0 counts; 3
        /// with when consumers were active, since 7.2.
        generation: u8,
        /// The id behind which new ones follow: no less than the last entry's.
        last_id: Id,
        /// The highest id of which an entry was deleted, where the file knows it.
        max_deleted_id: Option<Id>,
        /// How many entries it has ever had, where the file knows it.
        entries_added: Option<u64>,
    },
    /// A group of the stream.
    Group {
        /// Its name.
        name: &'a [u8],
        /// The last entry it was given.
        last_id: Id,
        /// How many entries it has read, where that is known.
        entries_read: Option<u64>,
    },
    /// A consumer of the group.
    Consumer {
        /// Its name.
        name: &'a [u8],
        /// When it last asked for something.
        seen_at: Millis,
        /// When it was last given something, where that is known; of the third generation, none if it never was.
        active_at: Option<Millis>,
    },
    /// What the consumer was given and has not acknowledged.
    Pending {
        /// The entry, which may be gone.
        id: Id,
        /// When, last.
        delivered_at: Millis,
        /// How often.
        deliveries: u64,
    },
    /// The key's value is complete.
    EndOfKey,
    /// The code of a library of functions.
    Library(&'a [u8]),
    /// Something that is no key and is passed over: what a module keeps beside its keys.
    Passed(&'a str),
    /// The file is complete, and its checksum right, if it has one.
    End {
        /// The checksum that it carries.
        checksum: Option<u64>,
    },
}
