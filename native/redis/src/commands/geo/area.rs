//! What lies within a circle or a box: the cells in which to look, and whether a place that was found there is inside.

use super::grid::{Cell, EARTH_RADIUS_METRES, Edges, Place, STEPS_MAX};

/// Half of the equator on Mercator's map.
const MAP_METRES: f64 = 20_037_726.37;

/// In metres.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Circle { radius: f64 },
    Rectangle { width: f64, height: f64 },
}

/// A shape around a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) centre: Place,
    pub(super) shape: Shape,
}

impl Area {
    /// How far a place is from the centre, in metres, if it is inside.
    pub(super) fn distance(&self, place: Place) -> Option<f64> {
        match self.shape {
            Shape::Circle { radius } => Some(self.centre.distance(place)).filter(|distance| *distance <= radius),
            Shape::Rectangle { width, height } => {
                let Place { longitude, latitude } = self.centre;
                let along = Place { longitude: place.longitude, latitude }.distance(place);
                let across = Place { longitude, latitude: place.latitude }.distance(place);
                (along <= height / 2.0 && across <= width / 2.0).then(|| self.centre.distance(place))
            }
        }
    }

    /// The cells that cover it, in the order in which Redis looks at them: its own, those beside it, those at its corners.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let edges = self.edges();
        let mut step = self.steps();
        let mut cell = Cell::around(self.centre, step);
        if step > 1 && reaches_farther(edges, cell) {
            step -= 1;
            cell = Cell::around(self.centre, step);
        }
        let own = cell.edges();
        let is_needed = |(east, north): (i32, i32)| {
            step < 2
                || !(north < 0 && own.south < edges.south
                    || north > 0 && own.north > edges.north
                    || east < 0 && own.west < edges.west
                    || east > 0 && own.east > edges.east)
        };
        const AROUND: [(i32, i32); 9] = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut cells: Vec<Cell> =
            AROUND.into_iter().filter(|at| is_needed(*at)).map(|(east, north)| cell.beside(east, north)).collect();
        // On a coarse grid two neighbours may be the same.
        cells.dedup();
        cells
    }

    /// On how fine a grid nine cells cover it, as a rule.
    fn steps(&self) -> u32 {
        let mut range = match self.shape {
            Shape::Circle { radius } => radius,
            Shape::Rectangle { width, height } => (width / 2.0).hypot(height / 2.0),
        };
        if range == 0.0 {
            return STEPS_MAX;
        }
        let mut step = -1;
        while range < MAP_METRES {
            range *= 2.0;
            step += 1;
        }
        // Towards the poles meridians are near each other.
        step -= i32::from(self.centre.latitude.abs() > 66.0) + i32::from(self.centre.latitude.abs() > 80.0);
        step.clamp(1, STEPS_MAX as i32).unsigned_abs()
    }

    /// The degrees within which it lies.
    fn edges(&self) -> Edges {
        let (width, height) = match self.shape {
            Shape::Circle { radius } => (radius, radius),
            Shape::Rectangle { width, height } => (width / 2.0, height / 2.0),
        };
        let Place { longitude, latitude } = self.centre;
        let up = (height / EARTH_RADIUS_METRES).to_degrees();
        // A degree of longitude is shortest on the side of the pole.
        let shortest = if latitude < 0.0 { latitude - up } else { latitude + up };
        let aside = (width / EARTH_RADIUS_METRES / shortest.to_radians().cos()).to_degrees();
        Edges { west: longitude - aside, east: longitude + aside, south: latitude - up, north: latitude + up }
    }
}

/// The cells beside this one do not reach as far as the area does.
fn reaches_farther(area: Edges, cell: Cell) -> bool {
    cell.beside(0, 1).edges().north < area.north
        || cell.beside(0, -1).edges().south > area.south
        || cell.beside(1, 0).edges().east < area.east
        || cell.beside(-1, 0).edges().west > area.west
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Not near the poles and the date line, where Redis's nine cells miss some, too.
        #[test]
        fn what_is_inside_lies_in_its_cells(
            longitude in -100.0..100.0, latitude in -60.0..60.0, size in 1.0..2_000_000.0, east in -1.0..1.0, north in -1.0..1.0,
            is_circle: bool,
        ) {
            let shape = if is_circle { Shape::Circle { radius: size } } else { Shape::Rectangle { width: size, height: size } };
            let area = Area { centre: Place { longitude, latitude }, shape };
            let reach = size / 80_000.0;
            let place = Place { longitude: longitude + reach * east, latitude: latitude + reach * north };
            let score = place.score() as f64;
            if area.distance(Place::of_score(score)).is_some() {
                let mut ranges = area.cells().into_iter().map(Cell::scores);
                prop_assert!(ranges.any(|(low, high)| (low..high).contains(&score)));
            }
        }
    }
}
