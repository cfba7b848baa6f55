//! Finds a row by its name, in any case of letters. Measured with GETs pipelined by 16: a table with a hash function for keys that an
//! enemy may choose takes 40 ns more a request; these keys are our own.

use crate::command::Command;

/// An open table; a power of two of slots, a quarter of them taken at most.
#[derive(Debug)]
pub(crate) struct Names {
    slots: Vec<Option<&'static Command>>,
}

impl Names {
    pub(crate) fn of(rows: &[&'static Command]) -> Self {
        let mut slots = vec![None; (4 * rows.len()).next_power_of_two()];
        for row in rows {
            let mut at = place(row.name.as_bytes(), slots.len());
            while slots[at].is_some() {
                at = (at + 1) % slots.len();
            }
            slots[at] = Some(*row);
        }
        Self { slots }
    }

    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<&'static Command> {
        let mut at = place(name, self.slots.len());
        while let Some(row) = self.slots[at] {
            if row.name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(row);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        None
    }
}

/// Where a name's search begins: its length and its first and last bytes, letters as small ones, mixed.
#[inline]
fn place(name: &[u8], slots: usize) -> usize {
    const SMALL: u64 = 0x2020_2020_2020_2020;
    let (first, last) = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()),
            _ => match *name {
                [first, second, last] => (first.into(), u64::from(second) << 8 | u64::from(last)),
                [first, last] => (first.into(), last.into()),
                [only] => (only.into(), 0),
                _ => (0, 0),
            },
        },
    };
    let mixed = (first | SMALL).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (last | SMALL).rotate_left(23);
    let mixed = (mixed ^ name.len() as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 40) as usize & (slots - 1)
}

#[cfg(test)]
mod tests {
    use crate::command;

    #[test]
    fn every_row_is_found_in_any_case_and_nothing_else() {
        for row in command::all() {
            let found = |name: String| command::find(name.as_bytes()).map(|row| row.name);
            assert_eq!(found(row.name.to_owned()), Some(row.name));
            assert_eq!(found(row.name.to_uppercase()), Some(row.name));
            assert_ne!(found(format!("{}x", row.name)), Some(row.name));
        }
        assert!(command::find(b"").is_none());
        assert!(command::find(&[b'g'; 1000]).is_none());
    }
}
