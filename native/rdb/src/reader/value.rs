//! Values by their types: those that are written element by element here, those in one piece in `packed`, streams in `stream`.

use std::io::BufRead;

use super::{Reader, unsupported};
use crate::format::Type;
use crate::packed::{Form, text_score};
use crate::{Event, Wrong};

/// How a sorted set's score in digits begins where it is none.
const NOT_A_NUMBER: u8 = 253;
const INFINITY: u8 = 254;
const MINUS_INFINITY: u8 = 255;

impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    pub(super) fn value(&mut self, kind: Type) -> Result<(), Wrong> {
        match kind {
            Type::String => self.whole(),
            Type::List | Type::Set => {
                let count = self.input.length()?;
                self.elements(count)
            }
            Type::Hash => self.fields(),
            Type::SortedSetText => self.members(Self::score_in_digits),
            Type::SortedSet => self.members(|reader| reader.input.array().map(f64::from_le_bytes)),
            Type::HashZipmap => self.pairs_in(Form::Zipmap),
            Type::HashZiplist => self.pairs_in(Form::Ziplist),
            Type::HashListpack => self.pairs_in(Form::Listpack),
            Type::ListZiplist => self.elements_in(Form::Ziplist),
            Type::SetListpack => self.elements_in(Form::Listpack),
            Type::SetIntset => self.elements_in(Form::Intset),
            Type::SortedSetZiplist => self.members_in(Form::Ziplist),
            Type::SortedSetListpack => self.members_in(Form::Listpack),
            Type::ListQuicklist => {
                for _ in 0..self.input.length()? {
                    self.elements_in(Form::Ziplist)?;
                }
                Ok(())
            }
            Type::ListQuicklist2 => self.quicklist(),
            Type::Stream | Type::Stream2 | Type::Stream3 => self.stream(kind),
            Type::HashMetadata => self.expiring_fields(),
            Type::HashListpackEx => self.expiring_in_listpack(),
            Type::HashExpiring22 if self.is_valkey => self.expiring_fields_of_valkey(),
            Type::HashExpiring22 | Type::HashExpiring23 => {
                Err(unsupported("a hash as Redis wrote it before 7.4 was released"))
            }
            Type::Module | Type::ModuleBare => self.refuse_modules(kind),
        }
    }

    fn whole(&mut self) -> Result<(), Wrong> {
        let mut one = std::mem::take(&mut self.one);
        self.input.string(&mut one)?;
        self.tell(Event::String(&one))?;
        self.one = one;
        Ok(())
    }

    /// So many elements, a string each.
    pub(super) fn elements(&mut self, count: u64) -> Result<(), Wrong> {
        let mut one = std::mem::take(&mut self.one);
        for _ in 0..count {
            self.input.string(&mut one)?;
            self.tell(Event::Element(&one))?;
        }
        self.one = one;
        Ok(())
    }

    fn fields(&mut self) -> Result<(), Wrong> {
        let (mut field, mut value) = (std::mem::take(&mut self.one), std::mem::take(&mut self.other));
        for _ in 0..self.input.length()? {
            self.input.string(&mut field)?;
            self.input.string(&mut value)?;
            self.tell(Event::Field { field: &field, value: &value })?;
        }
        (self.one, self.other) = (field, value);
        Ok(())
    }

    fn members(&mut self, read: impl Fn(&mut Self) -> Result<f64, Wrong>) -> Result<(), Wrong> {
        let mut member = std::mem::take(&mut self.one);
        for _ in 0..self.input.length()? {
            self.input.string(&mut member)?;
            let score = read(self)?;
            if score.is_nan() {
                return Err(Wrong::Corrupt("a sorted set's score is no number"));
            }
            self.tell(Event::Member { member: &member, score })?;
        }
        self.one = member;
        Ok(())
    }

    fn score_in_digits(&mut self) -> Result<f64, Wrong> {
        match self.input.byte()? {
            NOT_A_NUMBER => Ok(f64::NAN),
            INFINITY => Ok(f64::INFINITY),
            MINUS_INFINITY => Ok(f64::NEG_INFINITY),
            length => {
                let mut digits = Vec::new();
                self.input.append(length.into(), &mut digits)?;
                text_score(&digits)
            }
        }
    }
}

const EXPIRING: &str = "a hash with fields that expire by themselves";

/// Hashes whose fields may expire: they are loaded if none of them does.
impl<S: BufRead, V: FnMut(Event<'_>) -> Result<(), String>> Reader<S, V> {
    fn expiring_fields(&mut self) -> Result<(), Wrong> {
        self.input.millis()?;
        let (mut field, mut value) = (std::mem::take(&mut self.one), std::mem::take(&mut self.other));
        for _ in 0..self.input.length()? {
            let expires = self.input.length()?;
            self.input.string(&mut field)?;
            self.input.string(&mut value)?;
            if expires != 0 {
                return Err(unsupported(EXPIRING));
            }
            self.tell(Event::Field { field: &field, value: &value })?;
        }
        (self.one, self.other) = (field, value);
        Ok(())
    }

    fn expiring_fields_of_valkey(&mut self) -> Result<(), Wrong> {
        let (mut field, mut value) = (std::mem::take(&mut self.one), std::mem::take(&mut self.other));
        for _ in 0..self.input.length()? {
            self.input.string(&mut field)?;
            self.input.string(&mut value)?;
            if self.input.millis()? != -1 {
                return Err(unsupported(EXPIRING));
            }
            self.tell(Event::Field { field: &field, value: &value })?;
        }
        (self.one, self.other) = (field, value);
        Ok(())
    }

    fn expiring_in_listpack(&mut self) -> Result<(), Wrong> {
        self.input.millis()?;
        self.piece(Form::Listpack, |reader, mut elements| {
            while let Some(field) = elements.next() {
                let (field, value, expires) = (field?, elements.needed()?, elements.number()?);
                if expires != 0 {
                    return Err(unsupported(EXPIRING));
                }
                field.with(|field| value.with(|value| reader.tell(Event::Field { field, value })))?;
            }
            Ok(())
        })
    }
}
