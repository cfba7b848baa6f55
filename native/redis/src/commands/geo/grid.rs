//! Places as scores: the earth is a grid of 2^26 by 2^26 cells, and a cell's number, the bits of both its coordinates in turn, is the
//! score of what lies in it. A coarser grid's cell is a range of such scores. Knows nothing of sorted sets.

/// The finest grid: 52 bits, which a double holds.
pub(super) const STEPS_MAX: u32 = 26;
pub(super) const LONGITUDE_MAX: f64 = 180.0;
/// Mercator's projection ends here.
pub(super) const LATITUDE_MAX: f64 = 85.051_128_78;
/// Of a sphere that has WGS 84's quadratic mean radius.
pub(super) const EARTH_RADIUS_METRES: f64 = 6_372_797.560_856;

/// In degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
}

/// A cell of a grid of 2^step by 2^step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    longitude: u32,
    latitude: u32,
    step: u32,
}

/// The edges of a part of the earth, in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edges {
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north: f64,
}

impl Place {
    /// The place that a score stands for: the middle of its cell.
    pub(super) fn of_score(score: f64) -> Self {
        let edges = Cell::of_number(number_of(score), STEPS_MAX).edges();
        let middle = |low: f64, high: f64, limit: f64| f64::midpoint(low, high).clamp(-limit, limit);
        Self {
            longitude: middle(edges.west, edges.east, LONGITUDE_MAX),
            latitude: middle(edges.south, edges.north, LATITUDE_MAX),
        }
    }

    /// The score of a place.
    pub(super) fn score(self) -> u64 {
        Cell::at(self, STEPS_MAX, LATITUDE_MAX).number()
    }

    /// Metres along the sphere.
    pub(super) fn distance(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |from: f64, to: f64| ((to - from) / 2.0).sin();
        let across = half(self.longitude.to_radians(), other.longitude.to_radians());
        if across == 0.0 {
            return EARTH_RADIUS_METRES * (to - from).abs();
        }
        let along = half(from, to);
        2.0 * EARTH_RADIUS_METRES * (along * along + from.cos() * to.cos() * across * across).sqrt().asin()
    }

    /// The eleven letters that the world writes for a place; of the last one, of which a score has no bits, always the first.
    pub(super) fn geohash(self) -> [u8; 11] {
        const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let number = Cell::at(self, STEPS_MAX, 90.0).number();
        let mut text = [LETTERS[0]; 11];
        for (at, letter) in text[..10].iter_mut().enumerate() {
            *letter = LETTERS[(number >> (52 - 5 * (at + 1)) & 31) as usize];
        }
        text
    }
}

/// As C converts a double on the machines that Redis runs on.
fn number_of(score: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if score < HALF {
        score as i64 as u64
    } else if score < 2.0 * HALF {
        score as u64
    } else {
        0
    }
}

impl Cell {
    /// The cell in which a place lies, on a grid from one latitude to its opposite.
    fn at(place: Place, step: u32, latitude_max: f64) -> Self {
        let size = f64::from(1 << step);
        let part = |at: f64, limit: f64| ((at + limit) / (2.0 * limit) * size) as u32;
        let (longitude, latitude) = (part(place.longitude, LONGITUDE_MAX), part(place.latitude, latitude_max));
        Self { longitude, latitude, step }
    }

    /// The cell of a coarser grid in which a place lies.
    pub(super) fn around(place: Place, step: u32) -> Self {
        Self::at(place, step, LATITUDE_MAX)
    }

    fn of_number(number: u64, step: u32) -> Self {
        Self { longitude: gathered(number >> 1), latitude: gathered(number), step }
    }

    fn number(self) -> u64 {
        spread(self.latitude) | spread(self.longitude) << 1
    }

    /// The cell so many steps to the east and to the north; behind the last one comes the first.
    pub(super) fn beside(self, east: i32, north: i32) -> Self {
        let last = (1_u32 << self.step) - 1;
        let moved = |at: u32, by: i32| if by == 0 { at } else { at.wrapping_add_signed(by) & last };
        Self { longitude: moved(self.longitude, east), latitude: moved(self.latitude, north), ..self }
    }

    /// The scores of all that lies in it: from the first on, and below the second.
    pub(super) fn scores(self) -> (f64, f64) {
        let finer = 52 - 2 * self.step;
        let number = self.number();
        ((number << finer) as f64, ((number + 1) << finer) as f64)
    }

    pub(super) fn edges(self) -> Edges {
        let size = f64::from(1 << self.step);
        let edge = |at: u32, limit: f64| -limit + f64::from(at) / size * (2.0 * limit);
        // A score that stands for no place may have the last number there is.
        let next = |at: u32, limit: f64| -limit + (f64::from(at) + 1.0) / size * (2.0 * limit);
        Edges {
            west: edge(self.longitude, LONGITUDE_MAX),
            east: next(self.longitude, LONGITUDE_MAX),
            south: edge(self.latitude, LATITUDE_MAX),
            north: next(self.latitude, LATITUDE_MAX),
        }
    }
}

/// Puts a zero behind each bit.
fn spread(number: u32) -> u64 {
    const MASKS: [(u32, u64); 5] = [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ];
    MASKS.iter().fold(u64::from(number), |bits, (by, mask)| (bits | bits << by) & mask)
}

/// Every second bit, from the first on.
fn gathered(bits: u64) -> u32 {
    const MASKS: [(u32, u64); 5] = [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ];
    MASKS.iter().fold(bits & 0x5555_5555_5555_5555, |bits, (by, mask)| (bits | bits >> by) & mask) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALERMO: Place = Place { longitude: 13.361_389, latitude: 38.115_556 };
    const CATANIA: Place = Place { longitude: 15.087_269, latitude: 37.502_669 };

    #[test]
    fn places_that_redis_documents() {
        assert_eq!(PALERMO.score(), 3_479_099_956_230_698);
        assert_eq!(CATANIA.score(), 3_479_447_370_796_909);
        let (palermo, catania) = (Place::of_score(3_479_099_956_230_698.0), Place::of_score(3_479_447_370_796_909.0));
        assert_eq!(format!("{:.4}", palermo.distance(catania)), "166274.1516");
        assert_eq!(&palermo.geohash(), b"sqc8b49rny0");
        assert_eq!(&catania.geohash(), b"sqdtr74hyu0");
    }

    fn places() -> impl Strategy<Value = Place> {
        (-180.0..=180.0, -LATITUDE_MAX..=LATITUDE_MAX).prop_map(|(longitude, latitude)| Place { longitude, latitude })
    }

    proptest! {
        #[test]
        fn bits_are_spread_and_gathered(number in any::<u32>()) {
            prop_assert_eq!(gathered(spread(number)), number);
            prop_assert_eq!(gathered(spread(number) << 1), 0);
        }

        #[test]
        fn a_score_is_near_its_place(place in places()) {
            let found = Place::of_score(place.score() as f64);
            // Half a cell's diagonal at the equator is half a metre.
            prop_assert!(place.distance(found) < 0.6, "{found:?}");
        }

        #[test]
        fn a_place_lies_in_its_cell(place in places(), step in 1..=STEPS_MAX) {
            let cell = Cell::around(place, step);
            let (low, high) = cell.scores();
            prop_assert!((low..high).contains(&(place.score() as f64)));
            let edges = cell.edges();
            prop_assert!(edges.west <= place.longitude && place.longitude <= edges.east);
            prop_assert!(edges.south <= place.latitude && place.latitude <= edges.north);
        }

        #[test]
        fn there_and_back(place in places(), step in 1..=STEPS_MAX, east in -1..=1, north in -1..=1) {
            prop_assume!(place.longitude < LONGITUDE_MAX && place.latitude < LATITUDE_MAX);
            let cell = Cell::around(place, step);
            prop_assert_eq!(cell.beside(east, north).beside(-east, -north), cell);
        }
    }
}
