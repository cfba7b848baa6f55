//! A set of integers: sorted, each as wide as the widest needs.

/// Sorted integers of one width.
#[derive(Clone, Debug)]
pub(super) enum Integers {
    Narrow(Vec<i16>),
    Middle(Vec<i32>),
    Wide(Vec<i64>),
}

impl Default for Integers {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

/// The same expression for the vector of whatever width.
macro_rules! whatever_width {
    ($integers:expr, $vector:ident => $result:expr) => {
        match $integers {
            Integers::Narrow($vector) => $result,
            Integers::Middle($vector) => $result,
            Integers::Wide($vector) => $result,
        }
    };
}

impl Integers {
    pub(super) fn len(&self) -> usize {
        whatever_width!(self, vector => vector.len())
    }

    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Narrow(vector) => vector.capacity() * 2,
            Self::Middle(vector) => vector.capacity() * 4,
            Self::Wide(vector) => vector.capacity() * 8,
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<i64> {
        whatever_width!(self, vector => get(vector, at))
    }

    pub(super) fn contains(&self, value: i64) -> bool {
        whatever_width!(self, vector => contains(vector, value))
    }

    /// False if it was there.
    pub(super) fn insert(&mut self, value: i64) -> bool {
        self.widen_for(value);
        whatever_width!(self, vector => insert(vector, value))
    }

    /// False if it was not there.
    pub(super) fn remove(&mut self, value: i64) -> bool {
        whatever_width!(self, vector => remove(vector, value))
    }

    fn widen_for(&mut self, value: i64) {
        match self {
            Self::Narrow(vector) if i16::try_from(value).is_err() => {
                *self = if i32::try_from(value).is_ok() {
                    Self::Middle(widened(vector))
                } else {
                    Self::Wide(widened(vector))
                };
            }
            Self::Middle(vector) if i32::try_from(value).is_err() => *self = Self::Wide(widened(vector)),
            _ => {}
        }
    }

    /// # Panics
    /// When they are not sorted, or not different.
    pub(super) fn validate(&self) {
        assert!(whatever_width!(self, vector => vector.is_sorted_by(|one, next| one < next)), "integers ascend");
    }
}

fn widened<N: Copy, W: From<N>>(narrow: &[N]) -> Vec<W> {
    let mut wide = Vec::with_capacity(narrow.len() + 1);
    wide.extend(narrow.iter().map(|&value| W::from(value)));
    wide
}

fn get<I: Copy + Into<i64>>(vector: &[I], at: usize) -> Option<i64> {
    vector.get(at).map(|&value| value.into())
}

fn contains<I: Ord + TryFrom<i64>>(vector: &[I], value: i64) -> bool {
    value.try_into().is_ok_and(|value| vector.binary_search(&value).is_ok())
}

fn insert<I: Ord + TryFrom<i64>>(vector: &mut Vec<I>, value: i64) -> bool {
    let Ok(value) = value.try_into() else { return false };
    let Err(at) = vector.binary_search(&value) else { return false };
    if vector.len() == vector.capacity() {
        vector.reserve_exact((vector.len() / 4).max(4));
    }
    vector.insert(at, value);
    true
}

fn remove<I: Ord + TryFrom<i64>>(vector: &mut Vec<I>, value: i64) -> bool {
    let Ok(value) = value.try_into() else { return false };
    let Ok(at) = vector.binary_search(&value) else { return false };
    vector.remove(at);
    if vector.len() < vector.capacity() / 2 {
        vector.shrink_to(vector.len() + vector.len() / 4);
    }
    true
}
