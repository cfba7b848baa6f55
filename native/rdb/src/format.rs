//! Numbers of the format: what a byte before a value, or before something that is none, means.

/// How a value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// Bytes.
    String = 0,
    /// A count, then elements.
    List = 1,
    /// A count, then members.
    Set = 2,
    /// A count, then members with scores in decimal digits.
    SortedSetText = 3,
    /// A count, then fields with values.
    Hash = 4,
    /// A count, then members with scores of eight bytes.
    SortedSet = 5,
    /// A module's value that can't be passed over.
    ModuleBare = 6,
    /// A module's value.
    Module = 7,
    /// Fields and values in a zipmap.
    HashZipmap = 9,
    /// Elements in a ziplist.
    ListZiplist = 10,
    /// Members in an intset.
    SetIntset = 11,
    /// Members and scores in a ziplist.
    SortedSetZiplist = 12,
    /// Fields and values in a ziplist.
    HashZiplist = 13,
    /// Elements in several ziplists.
    ListQuicklist = 14,
    /// Entries in listpacks, and groups.
    Stream = 15,
    /// Fields and values in a listpack.
    HashListpack = 16,
    /// Members and scores in a listpack.
    SortedSetListpack = 17,
    /// Elements by themselves or in listpacks.
    ListQuicklist2 = 18,
    /// The same as `Stream`, with what Redis 7.0 knows of it.
    Stream2 = 19,
    /// Members in a listpack.
    SetListpack = 20,
    /// The same as `Stream2`, with what Redis 7.2 knows of consumers.
    Stream3 = 21,
    /// Redis before 7.4 was released: fields that expire. Under Valkey's magic: fields, values and when they expire.
    HashExpiring22 = 22,
    /// Redis before 7.4 was released: fields that expire, in a listpack.
    HashExpiring23 = 23,
    /// A time, a count, then fields with when they expire and values.
    HashMetadata = 24,
    /// A time, then fields, values and when they expire in a listpack.
    HashListpackEx = 25,
}

impl Type {
    const ALL: [Self; 25] = [
        Self::String,
        Self::List,
        Self::Set,
        Self::SortedSetText,
        Self::Hash,
        Self::SortedSet,
        Self::ModuleBare,
        Self::Module,
        Self::HashZipmap,
        Self::ListZiplist,
        Self::SetIntset,
        Self::SortedSetZiplist,
        Self::HashZiplist,
        Self::ListQuicklist,
        Self::Stream,
        Self::HashListpack,
        Self::SortedSetListpack,
        Self::ListQuicklist2,
        Self::Stream2,
        Self::SetListpack,
        Self::Stream3,
        Self::HashExpiring22,
        Self::HashExpiring23,
        Self::HashMetadata,
        Self::HashListpackEx,
    ];

    pub(crate) fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What stands where a value's type could.
pub(crate) mod opcode {
    /// Slots that a cluster was importing (Valkey 9).
    pub(crate) const SLOT_IMPORT: u8 = 0xf3;
    /// How full a cluster's slot is.
    pub(crate) const SLOT_INFO: u8 = 0xf4;
    /// A library of functions.
    pub(crate) const FUNCTION: u8 = 0xf5;
    /// The same before Redis 7.0 was released.
    pub(crate) const FUNCTION_BARE: u8 = 0xf6;
    /// What a module keeps beside its keys.
    pub(crate) const MODULE_AUX: u8 = 0xf7;
    /// Seconds since the next key was used.
    pub(crate) const IDLE: u8 = 0xf8;
    /// How often the next key was used.
    pub(crate) const FREQUENCY: u8 = 0xf9;
    /// A name and a value about the file.
    pub(crate) const AUX: u8 = 0xfa;
    /// How many keys the database has.
    pub(crate) const SIZES: u8 = 0xfb;
    /// When the next key expires, in milliseconds.
    pub(crate) const EXPIRES_MS: u8 = 0xfc;
    /// The same in seconds.
    pub(crate) const EXPIRES_SECONDS: u8 = 0xfd;
    /// Which database follows.
    pub(crate) const DATABASE: u8 = 0xfe;
    /// The end.
    pub(crate) const END: u8 = 0xff;
}

/// How lengths and encoded strings begin.
pub(crate) mod length {
    pub(crate) const BITS_32: u8 = 0x80;
    pub(crate) const BITS_64: u8 = 0x81;
    pub(crate) const INT8: u8 = 0xc0;
    pub(crate) const INT16: u8 = 0xc1;
    pub(crate) const INT32: u8 = 0xc2;
    pub(crate) const LZF: u8 = 0xc3;
}

/// What a written file says of itself: Redis 5 and all later ones load it.
pub(crate) const VERSION: u32 = 9;
/// The version that brought libraries of functions.
pub(crate) const FUNCTIONS_VERSION: u32 = 10;
/// Redis's newest that is read.
pub(crate) const REDIS_VERSION_MAX: u32 = 12;
/// Valkey's own, behind its own magic.
pub(crate) const VALKEY_VERSION: u32 = 80;
