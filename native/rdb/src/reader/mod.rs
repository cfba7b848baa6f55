//! Reads a file from its first byte to its checksum.

mod module;
mod packed;
mod stream;
mod value;

use std::io::BufRead;

use crate::format::{REDIS_VERSION_MAX, Type, VALKEY_VERSION, opcode};
use crate::input::Input;
use crate::{Error, Event, Key, Kind, Millis, Wrong};

/// Tells `visit` all that the file in `source` holds, up to its end and not a byte further. Magic and version come first: nothing is
/// told of a file that can't be read.
///
/// # Errors
/// What is wrong with the input, or what `visit` refused, and where. What was told before is what was right before.
pub fn read<S: BufRead, V>(source: S, visit: V) -> Result<(), Error>
where
    V: FnMut(Event<'_>) -> Result<(), String>,
{
    let mut reader = Reader::new(source, visit);
    let mut key = Name::default();
    reader.file(&mut key).map_err(|wrong| reader.error(key.is_of_now.then_some(key.bytes), wrong))
}

/// The name of the key that is being read, if one is; its room is kept for the next one.
#[derive(Default)]
struct Name {
    bytes: Vec<u8>,
    is_of_now: bool,
}

/// What stands before a key.
#[derive(Clone, Copy, Default)]
struct Attributes {
    expires_at: Option<Millis>,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

pub(crate) struct Reader<S, V> {
    pub(crate) input: Input<S>,
    visit: V,
    /// Some types mean something else under Valkey's magic.
    is_valkey: bool,
    /// Strings being read: one, another, and a collection in one piece.
    one: Vec<u8>,
    other: Vec<u8>,
    piece: Vec<u8>,
}

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    pub(crate) fn new(source: S, visit: V) -> Self {
        let (one, other, piece) = (Vec::new(), Vec::new(), Vec::new());
        Self { input: Input::new(source), visit, is_valkey: false, one, other, piece }
    }

    pub(crate) fn of_valkey(self, is_valkey: bool) -> Self {
        Self { is_valkey, ..self }
    }

    pub(crate) fn error(&self, key: Option<Vec<u8>>, wrong: Wrong) -> Error {
        Error { offset: self.input.offset(), key, wrong }
    }

    fn tell(&mut self, event: Event<'_>) -> Result<(), Wrong> {
        (self.visit)(event).map_err(Wrong::Refused)
    }

    fn begin(&mut self) -> Result<u32, Wrong> {
        let head: [u8; 9] = self.input.array()?;
        let (is_valkey, digits) = match head.strip_prefix(b"VALKEY") {
            Some(digits) => (true, digits),
            None => (false, head.strip_prefix(b"REDIS").ok_or(Wrong::Magic)?),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Wrong::Magic);
        }
        let version = digits.iter().fold(0, |version, digit| version * 10 + u32::from(digit - b'0'));
        let is_known = if is_valkey { version == VALKEY_VERSION } else { (1..=REDIS_VERSION_MAX).contains(&version) };
        if !is_known {
            return Err(Wrong::Version(version));
        }
        self.is_valkey = is_valkey;
        self.tell(Event::Begin { version, is_valkey })?;
        Ok(version)
    }

    fn file(&mut self, at: &mut Name) -> Result<(), Wrong> {
        let version = self.begin()?;
        let mut attributes = Attributes::default();
        loop {
            match self.input.byte()? {
                opcode::END => return self.end(version),
                opcode::EXPIRES_MS => attributes.expires_at = u64::try_from(self.input.millis()?).ok(),
                opcode::EXPIRES_SECONDS => {
                    let seconds = self.input.array().map(i32::from_le_bytes)?;
                    attributes.expires_at = u64::try_from(seconds).ok().map(|seconds| seconds * 1000);
                }
                opcode::IDLE => attributes.idle_seconds = Some(self.input.length()?),
                opcode::FREQUENCY => attributes.frequency = Some(self.input.byte()?),
                opcode::DATABASE => {
                    let number = self.input.length()?;
                    self.tell(Event::Database(number))?;
                }
                opcode::SIZES => {
                    let (keys, expiring) = (self.input.length()?, self.input.length()?);
                    self.tell(Event::Sizes { keys, expiring })?;
                }
                byte if byte >= opcode::SLOT_IMPORT => self.beside(byte)?,
                byte => {
                    let kind = Type::of(byte).ok_or(Wrong::Type(byte))?;
                    let before = self.input.offset() - 1;
                    self.input.string(&mut at.bytes)?;
                    at.is_of_now = true;
                    self.key(kind, before, &at.bytes, std::mem::take(&mut attributes))?;
                    at.is_of_now = false;
                }
            }
        }
    }

    /// What is no key.
    fn beside(&mut self, byte: u8) -> Result<(), Wrong> {
        let (mut one, mut other) = (std::mem::take(&mut self.one), std::mem::take(&mut self.other));
        match byte {
            opcode::AUX => {
                self.input.string(&mut one)?;
                self.input.string(&mut other)?;
                self.tell(Event::Aux { name: &one, value: &other })?;
            }
            opcode::FUNCTION => {
                self.input.string(&mut one)?;
                self.tell(Event::Library(&one))?;
            }
            opcode::SLOT_INFO => {
                for _ in 0..3 {
                    self.input.length()?;
                }
            }
            opcode::MODULE_AUX => {
                let name = module::name(self.input.length()?);
                self.pass_module_value()?;
                self.tell(Event::Passed(&format!("what the module of '{name}' keeps beside its keys")))?;
            }
            opcode::FUNCTION_BARE => {
                return Err(unsupported("functions as Redis wrote them before 7.0 was released"));
            }
            _ => return Err(unsupported("slots that a cluster was importing: let it end first, then save again")),
        }
        (self.one, self.other) = (one, other);
        Ok(())
    }

    fn key(&mut self, kind: Type, at: u64, name: &[u8], attributes: Attributes) -> Result<(), Wrong> {
        self.refuse_modules(kind)?;
        let Attributes { expires_at, idle_seconds, frequency } = attributes;
        self.tell(Event::Key(Key { at, name, kind: kind_of(kind), expires_at, idle_seconds, frequency }))?;
        self.value(kind)?;
        self.tell(Event::EndOfKey)
    }

    fn end(&mut self, version: u32) -> Result<(), Wrong> {
        let found = self.input.settle()?;
        let mut checksum = None;
        if version >= 5 {
            let stored = self.input.array().map(u64::from_le_bytes)?;
            // 0: whoever wrote it did not want to sum up.
            checksum = Some(stored).filter(|stored| *stored != 0);
            if let Some(stored) = checksum.filter(|stored| *stored != found) {
                return Err(Wrong::Checksum { stored, found });
            }
        }
        self.input.settle()?;
        self.tell(Event::End { checksum })
    }
}

fn unsupported(what: &str) -> Wrong {
    Wrong::Unsupported(format!("{what} can't be held here"))
}

fn kind_of(kind: Type) -> Kind {
    match kind {
        Type::String => Kind::String,
        Type::List | Type::ListZiplist | Type::ListQuicklist | Type::ListQuicklist2 => Kind::List,
        Type::Set | Type::SetIntset | Type::SetListpack => Kind::Set,
        Type::SortedSetText | Type::SortedSet | Type::SortedSetZiplist | Type::SortedSetListpack => Kind::SortedSet,
        Type::Stream | Type::Stream2 | Type::Stream3 => Kind::Stream,
        _ => Kind::Hash,
    }
}

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    /// Libraries of functions alone, as in a payload.
    pub(crate) fn lone_libraries(&mut self) -> Result<(), Wrong> {
        while !self.input.is_at_end()? {
            match self.input.byte()? {
                byte @ opcode::FUNCTION => self.beside(byte)?,
                byte => return Err(Wrong::Type(byte)),
            }
        }
        Ok(())
    }

    /// A key's value alone, as in a payload.
    pub(crate) fn lone_value(&mut self) -> Result<(), Wrong> {
        let byte = self.input.byte()?;
        let kind = Type::of(byte).ok_or(Wrong::Type(byte))?;
        self.key(kind, 0, b"", Attributes::default())?;
        if self.input.is_at_end()? { Ok(()) } else { Err(Wrong::Corrupt("more bytes follow behind the value")) }
    }
}
