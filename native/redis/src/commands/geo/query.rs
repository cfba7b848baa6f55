//! What a search asks for: an area, how much of what lies there, in which order, and where the answer goes.

use dataset::SortedSet;

use super::area::{Area, Shape};
use super::grid::{LATITUDE_MAX, LONGITUDE_MAX, Place};
use crate::fault::{Fault, Outcome};
use crate::{numbers, words};

const UNDECODED: Fault = Fault::of("ERR could not decode requested zset member");

/// How a command is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// GEORADIUS: a place and a radius stand before the options.
    Around { may_store: bool },
    /// GEORADIUSBYMEMBER: a member and a radius.
    AroundMember { may_store: bool },
    /// GEOSEARCH: all are options.
    Search,
    /// GEOSEARCHSTORE.
    SearchStore,
}

/// A search.
#[derive(Debug, Default)]
pub(super) struct Query<'w> {
    centre: Option<Place>,
    shape: Option<Shape>,
    /// Metres.
    pub(super) unit: f64,
    pub(super) with_distance: bool,
    pub(super) with_score: bool,
    pub(super) with_place: bool,
    /// The nearest first, or the farthest.
    pub(super) order: Option<Order>,
    /// As many as come first.
    pub(super) is_any: bool,
    /// At most.
    pub(super) count: Option<usize>,
    /// Where the answer is stored.
    pub(super) destination: Option<&'w [u8]>,
    /// The distance is the score then.
    pub(super) by_distance: bool,
    /// FROMMEMBER or FROMLONLAT is there; with no set there is no place of a member.
    has_centre: Option<From>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Nearest,
    Farthest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Member,
    Place,
}

/// Longitude and latitude.
pub(super) fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place, Fault> {
    let (longitude, latitude) = (numbers::float(longitude)?, numbers::float(latitude)?);
    if longitude.abs() > LONGITUDE_MAX || latitude.abs() > LATITUDE_MAX {
        return Err(Fault::made(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}")));
    }
    Ok(Place { longitude, latitude })
}

/// Metres of a unit.
pub(super) fn unit(word: &[u8]) -> Result<f64, Fault> {
    let units = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let found = units.into_iter().find(|(name, _)| words::is(word, name));
    found.map(|(_, metres)| metres).ok_or(Fault::of("ERR unsupported unit provided. please use M, KM, FT, MI"))
}

fn length(word: &[u8], what: &'static str) -> Result<f64, Fault> {
    numbers::double(word).ok_or_else(|| Fault::made(format!("ERR need numeric {what}")))
}

impl<'w> Query<'w> {
    /// Reads a command; `set` is what its key holds.
    pub(super) fn parse(form: Form, words: &[&'w [u8]], set: Option<&SortedSet>) -> Result<Self, Fault> {
        let mut query = Self { unit: 1.0, ..Self::default() };
        let first = match form {
            Form::Around { .. } => {
                query.centre = Some(place(words[2], words[3])?);
                query.circle(words[4], words[5])?;
                6
            }
            Form::AroundMember { .. } => {
                if let Some(set) = set {
                    query.centre = Some(member(set, words[2])?);
                    query.circle(words[3], words[4])?;
                }
                5
            }
            Form::Search => 2,
            Form::SearchStore => {
                query.destination = Some(words[1]);
                3
            }
        };
        let mut rest = &words[first..];
        while !rest.is_empty() {
            let taken = query.option(form, rest, set)?;
            rest = &rest[taken..];
        }
        query.check(form, words[0])?;
        Ok(query)
    }

    /// Takes an option; returns how many words it has.
    fn option(&mut self, form: Form, words: &[&'w [u8]], set: Option<&SortedSet>) -> Result<usize, Fault> {
        let (option, after) = (words[0], &words[1..]);
        let is = |name, needed| after.len() >= needed && words::is(option, name);
        match () {
            () if is("WITHDIST", 0) => self.with_distance = true,
            () if is("WITHHASH", 0) => self.with_score = true,
            () if is("WITHCOORD", 0) => self.with_place = true,
            () if is("ANY", 0) => self.is_any = true,
            () if is("ASC", 0) => self.order = Some(Order::Nearest),
            () if is("DESC", 0) => self.order = Some(Order::Farthest),
            () if is("COUNT", 1) => {
                let count = words::integer(after[0])?;
                let count = usize::try_from(count).ok().filter(|count| *count > 0);
                self.count = Some(count.ok_or(Fault::of("ERR COUNT must be > 0"))?);
                return Ok(2);
            }
            () if form == Form::SearchStore && is("STOREDIST", 0) => self.by_distance = true,
            () => return self.option_of_form(form, words, set),
        }
        Ok(1)
    }

    /// Those that only some commands have.
    fn option_of_form(&mut self, form: Form, words: &[&'w [u8]], set: Option<&SortedSet>) -> Result<usize, Fault> {
        let (option, after) = (words[0], &words[1..]);
        let is = |name, needed| after.len() >= needed && words::is(option, name);
        let is_search = matches!(form, Form::Search | Form::SearchStore);
        let may_store = matches!(form, Form::Around { may_store: true } | Form::AroundMember { may_store: true });
        if may_store && (is("STORE", 1) || is("STOREDIST", 1)) {
            (self.destination, self.by_distance) = (Some(after[0]), words::is(option, "STOREDIST"));
            Ok(2)
        } else if is_search && is("FROMMEMBER", 1) && self.has_centre != Some(From::Place) {
            self.centre = set.map(|set| member(set, after[0])).transpose()?;
            self.has_centre = Some(From::Member);
            Ok(2)
        } else if is_search && is("FROMLONLAT", 2) && self.has_centre != Some(From::Member) {
            self.centre = Some(place(after[0], after[1])?);
            self.has_centre = Some(From::Place);
            Ok(3)
        } else if is_search && is("BYRADIUS", 2) && !matches!(self.shape, Some(Shape::Rectangle { .. })) {
            self.circle(after[0], after[1])?;
            Ok(3)
        } else if is_search && is("BYBOX", 3) && !matches!(self.shape, Some(Shape::Circle { .. })) {
            self.rectangle(after)?;
            Ok(4)
        } else {
            Err(Fault::SYNTAX)
        }
    }

    fn circle(&mut self, radius: &[u8], unit_word: &[u8]) -> Outcome {
        let radius = length(radius, "radius")?;
        if radius < 0.0 {
            return Err(Fault::of("ERR radius cannot be negative"));
        }
        self.unit = unit(unit_word)?;
        self.shape = Some(Shape::Circle { radius: radius * self.unit });
        Ok(())
    }

    fn rectangle(&mut self, words: &[&[u8]]) -> Outcome {
        let (width, height) = (length(words[0], "width")?, length(words[1], "height")?);
        if width < 0.0 || height < 0.0 {
            return Err(Fault::of("ERR height or width cannot be negative"));
        }
        self.unit = unit(words[2])?;
        self.shape = Some(Shape::Rectangle { width: width * self.unit, height: height * self.unit });
        Ok(())
    }

    fn check(&self, form: Form, name: &[u8]) -> Outcome {
        let needed =
            |what: &str| Fault::naming(&[b"ERR exactly one of ", what.as_bytes(), b" can be specified for ", name]);
        if self.destination.is_some() && (self.with_distance || self.with_score || self.with_place) {
            let what = if form == Form::SearchStore { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Fault::made(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        if matches!(form, Form::Search | Form::SearchStore) {
            if self.has_centre.is_none() {
                return Err(needed("FROMMEMBER or FROMLONLAT"));
            }
            if self.shape.is_none() {
                return Err(needed("BYRADIUS and BYBOX"));
            }
        }
        if self.is_any && self.count.is_none() {
            return Err(Fault::of("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// Where it looks; `None` without a set to look in.
    pub(super) fn area(&self) -> Option<Area> {
        Some(Area { centre: self.centre?, shape: self.shape? })
    }
}

fn member(set: &SortedSet, member: &[u8]) -> Result<Place, Fault> {
    set.score(member).map(Place::of_score).ok_or(UNDECODED)
}
