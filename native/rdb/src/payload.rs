//! One value by itself, as DUMP gives it and RESTORE takes it: its type, the value, two bytes of version, eight of checksum.

use crate::format::{FUNCTIONS_VERSION, REDIS_VERSION_MAX, VALKEY_VERSION};
use crate::reader::Reader;
use crate::{Crc64, Error, Event, Options, Writer};

const FOOTER: usize = 10;

/// Ends a payload that a bare writer holds: readers of this version and later ones can read it.
#[must_use]
pub fn seal(mut writer: Writer, version: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    writer.take(&mut bytes);
    bytes.extend_from_slice(&version.to_le_bytes());
    let sum = Crc64::of(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Libraries of functions, as FUNCTION DUMP gives them.
#[must_use]
pub fn libraries(codes: &[&[u8]]) -> Vec<u8> {
    let mut writer = Writer::bare(Options::default());
    codes.iter().for_each(|code| writer.library(code));
    seal(writer, FUNCTIONS_VERSION as u16)
}

/// The value in a payload whose checksum is right and whose version is known; `None` of any other.
#[must_use]
pub fn open(payload: &[u8]) -> Option<Payload<'_>> {
    let (value, footer) = payload.split_at_checked(payload.len().checked_sub(FOOTER)?)?;
    let (version, sum) = footer.split_first_chunk::<2>()?;
    let version = u32::from(u16::from_le_bytes(*version));
    let is_known = version <= REDIS_VERSION_MAX || version == VALKEY_VERSION;
    let is_right = Crc64::of(&payload[..payload.len() - sum.len()]).to_le_bytes() == sum;
    (is_known && is_right).then_some(Payload { value, is_valkey: version == VALKEY_VERSION })
}

/// A payload that was opened.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    value: &'a [u8],
    is_valkey: bool,
}

impl Payload<'_> {
    /// The code of each library in what the function `libraries` made.
    ///
    /// # Errors
    /// It holds something else.
    pub fn libraries(self) -> Result<Vec<Vec<u8>>, Error> {
        let mut codes = Vec::new();
        let mut reader = Reader::new(self.value, |event| {
            if let Event::Library(code) = event {
                codes.push(code.to_vec());
            }
            Ok(())
        });
        reader.lone_libraries().map_err(|wrong| reader.error(None, wrong))?;
        Ok(codes)
    }

    /// Tells `visit` a key without a name, its value, and `EndOfKey`.
    ///
    /// # Errors
    /// As `read`.
    pub fn read(self, visit: impl FnMut(Event<'_>) -> Result<(), String>) -> Result<(), Error> {
        let mut reader = Reader::new(self.value, visit).of_valkey(self.is_valkey);
        reader.lone_value().map_err(|wrong| reader.error(None, wrong))
    }
}
