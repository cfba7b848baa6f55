//! A value of any type: as it is given and taken (`Value`), and as it is looked at (`View`).

use crate::{Hash, List, Set, SortedSet, Stream};

/// What kinds of value there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    String,
    /// Elements in order, from both ends.
    List,
    /// Fields and their values.
    Hash,
    /// Different members.
    Set,
    /// Members in the order of their scores.
    SortedSet,
    /// Entries in the order of their ids, and groups of consumers.
    Stream,
}

impl Kind {
    /// As `TYPE` says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::SortedSet => "zset",
            Self::Stream => "stream",
        }
    }
}

/// A value that somebody owns.
#[derive(Clone, Debug)]
pub enum Value {
    /// Bytes; integers are kept as their digits.
    String(Vec<u8>),
    /// See `List`.
    List(Box<List>),
    /// See `Hash`.
    Hash(Hash),
    /// See `Set`.
    Set(Box<Set>),
    /// See `SortedSet`.
    SortedSet(Box<SortedSet>),
    /// See `Stream`.
    Stream(Box<Stream>),
}

/// A value that lies in the store.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Its bytes.
    String(&'a [u8]),
    /// The list.
    List(&'a List),
    /// The hash.
    Hash(&'a Hash),
    /// The set.
    Set(&'a Set),
    /// The sorted set.
    SortedSet(&'a SortedSet),
    /// The stream.
    Stream(&'a Stream),
}

impl View<'_> {
    /// Of what kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::String(_) => Kind::String,
            Self::List(_) => Kind::List,
            Self::Hash(_) => Kind::Hash,
            Self::Set(_) => Kind::Set,
            Self::SortedSet(_) => Kind::SortedSet,
            Self::Stream(_) => Kind::Stream,
        }
    }

    /// A copy of it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match *self {
            Self::String(bytes) => Value::String(bytes.to_vec()),
            Self::List(list) => Value::List(Box::new(list.clone())),
            Self::Hash(hash) => Value::Hash(hash.clone()),
            Self::Set(set) => Value::Set(Box::new(set.clone())),
            Self::SortedSet(sorted) => Value::SortedSet(Box::new(sorted.clone())),
            Self::Stream(stream) => Value::Stream(Box::new(stream.clone())),
        }
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(bytes) => string_encoding(bytes),
            Self::List(list) => list.encoding(),
            Self::Hash(hash) => hash.encoding(),
            Self::Set(set) => set.encoding(),
            Self::SortedSet(sorted) => sorted.encoding(),
            Self::Stream(stream) => stream.encoding(),
        }
    }
}

/// Strings up to this length are `embstr` in Redis: the object and its bytes fit 64 bytes.
const EMBEDDED_MAX: usize = 44;

fn string_encoding(bytes: &[u8]) -> &'static str {
    // Redis takes no number of more than 20 characters for an integer, and none with zeros or a plus before it.
    let is_integer = || {
        let number: Option<i64> =
            std::str::from_utf8(bytes).ok().filter(|text| text.len() <= 20).and_then(|text| text.parse().ok());
        number.is_some_and(|number| number.to_string().as_bytes() == bytes)
    };
    match bytes.len() {
        1..=20 if is_integer() => "int",
        0..=EMBEDDED_MAX => "embstr",
        _ => "raw",
    }
}

impl Value {
    /// A look at it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        match self {
            Self::String(bytes) => View::String(bytes),
            Self::List(list) => View::List(list),
            Self::Hash(hash) => View::Hash(hash),
            Self::Set(set) => View::Set(set),
            Self::SortedSet(sorted) => View::SortedSet(sorted),
            Self::Stream(stream) => View::Stream(stream),
        }
    }

    /// Bytes that it takes beside the item itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::String(bytes) => bytes.capacity(),
            Self::List(list) => size_of::<List>() + list.weight(),
            Self::Hash(hash) => hash.weight(),
            Self::Set(set) => size_of::<Set>() + set.weight(),
            Self::SortedSet(sorted) => size_of::<SortedSet>() + sorted.weight(),
            Self::Stream(stream) => size_of::<Stream>() + stream.weight(),
        }
    }

    /// A collection that has lost its last element; it is removed then (a stream stays).
    #[must_use]
    pub fn is_spent(&self) -> bool {
        match self {
            Self::String(_) | Self::Stream(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Hash(hash) => hash.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::SortedSet(sorted) => sorted.is_empty(),
        }
    }

    /// # Panics
    /// When an invariant of the type is broken.
    pub fn validate(&self) {
        match self {
            Self::String(_) => {}
            Self::List(list) => list.validate(),
            Self::Hash(hash) => hash.validate(),
            Self::Set(set) => set.validate(),
            Self::SortedSet(sorted) => sorted.validate(),
            Self::Stream(stream) => stream.validate(),
        }
    }
}

/// A type of value that a key may hold, besides strings: lets one function find it, make it and remove it when it is empty.
pub trait Typed: Default + Sized {
    /// Its kind.
    const KIND: Kind;
    /// It, if the view is of this type.
    fn of<'a>(view: &View<'a>) -> Option<&'a Self>;
    /// It, if the value is of this type.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// As a value.
    fn into_value(self) -> Value;
}

macro_rules! typed {
    ($($name:ident)*) => {$(
        impl Typed for $name {
            const KIND: Kind = Kind::$name;

            fn of<'a>(view: &View<'a>) -> Option<&'a Self> {
                if let View::$name(found) = view { Some(found) } else { None }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$name(found) = value { Some(found) } else { None }
            }

            fn into_value(self) -> Value {
                Value::$name(self.into())
            }
        }
    )*};
}

typed! { List Hash Set SortedSet Stream }
