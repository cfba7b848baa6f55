//! Collections in one piece, whatever the piece's form: elements, fields with values, members with scores.

use std::io::BufRead;

use super::Reader;
use crate::packed::{Elements, Form};
use crate::{Event, Wrong};

/// How a list's node lies there: one element by itself, or several in a listpack.
const PLAIN: u64 = 1;
const PACKED: u64 = 2;

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    /// Reads a piece and does something with its elements.
    pub(super) fn piece(
        &mut self,
        form: Form,
        each: impl FnOnce(&mut Self, Elements<'_>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        let mut piece = std::mem::take(&mut self.piece);
        self.input.string(&mut piece)?;
        each(self, Elements::of(form, &piece)?)?;
        self.piece = piece;
        Ok(())
    }

    pub(super) fn elements_in(&mut self, form: Form) -> Result<(), Wrong> {
        self.piece(form, |reader, mut elements| {
            elements.try_for_each(|element| element?.with(|element| reader.tell(Event::Element(element))))
        })
    }

    pub(super) fn pairs_in(&mut self, form: Form) -> Result<(), Wrong> {
        self.piece(form, |reader, mut elements| {
            while let Some(field) = elements.next() {
                let (field, value) = (field?, elements.needed()?);
                field.with(|field| value.with(|value| reader.tell(Event::Field { field, value })))?;
            }
            Ok(())
        })
    }

    pub(super) fn members_in(&mut self, form: Form) -> Result<(), Wrong> {
        self.piece(form, |reader, mut elements| {
            while let Some(member) = elements.next() {
                let (member, score) = (member?, elements.needed()?.score()?);
                member.with(|member| reader.tell(Event::Member { member, score }))?;
            }
            Ok(())
        })
    }

    pub(super) fn quicklist(&mut self) -> Result<(), Wrong> {
        for _ in 0..self.input.length()? {
            match self.input.length()? {
                PLAIN => self.elements(1)?,
                PACKED => self.elements_in(Form::Listpack)?,
                _ => return Err(Wrong::Corrupt("a list's node lies neither by itself nor in a listpack")),
            }
        }
        Ok(())
    }
}
