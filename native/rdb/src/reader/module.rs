//! Modules' data: named, so that whoever reads an error knows what he would lose, and passed over where it is no key.

use std::io::BufRead;

use super::{Reader, unsupported};
use crate::format::Type;
use crate::{Event, Wrong};

/// The letters of a type's name, six bits each.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NAME_LETTERS: u32 = 9;
/// Bits of its version below them.
const VERSION_BITS: u32 = 10;

/// What a module calls its type.
pub(super) fn name(id: u64) -> String {
    let letter = |at: u32| LETTERS[(id >> (VERSION_BITS + 6 * (NAME_LETTERS - 1 - at))) as usize & 63];
    (0..NAME_LETTERS).map(|at| char::from(letter(at))).collect()
}

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    /// A module's value, by the name of its type; other types pass.
    pub(super) fn refuse_modules(&mut self, kind: Type) -> Result<(), Wrong> {
        if !matches!(kind, Type::Module | Type::ModuleBare) {
            return Ok(());
        }
        let name = name(self.input.length()?);
        Err(unsupported(&format!("a value of the type '{name}', which is a module's,")))
    }

    /// Passes over what a module wrote: values, each behind what it is, up to a mark.
    pub(super) fn pass_module_value(&mut self) -> Result<(), Wrong> {
        loop {
            match self.input.length()? {
                0 => return Ok(()),
                1 | 2 => _ = self.input.length()?,
                3 => _ = self.input.array::<4>()?,
                4 => _ = self.input.array::<8>()?,
                5 => {
                    let mut passed = std::mem::take(&mut self.other);
                    self.input.string(&mut passed)?;
                    self.other = passed;
                }
                _ => return Err(Wrong::Corrupt("a module's data is not of values that are known")),
            }
        }
    }
}
