//! The checksum of RDB files: CRC-64 with Jones's polynomial, reflected, beginning with 0. Eight bytes a step: a file is read no slower
//! than a disk gives it.

const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// Bytes of a step.
const STEP: usize = 8;

static TABLES: [[u64; 256]; STEP] = tables();

const fn tables() -> [[u64; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut byte = 0;
    while byte < 256 {
        let (mut value, mut bit) = (byte as u64, 0);
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut table = 1;
    while table < STEP {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// A checksum of what has been added so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc64(u64);

impl Crc64 {
    /// The checksum of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        let mut sum = Self::default();
        sum.add(bytes);
        sum.0
    }

    /// Goes on with these bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        let (steps, rest) = bytes.as_chunks::<STEP>();
        let mut sum = self.0;
        for step in steps {
            let word = sum ^ u64::from_le_bytes(*step);
            sum = 0;
            for (at, byte) in word.to_le_bytes().into_iter().enumerate() {
                sum ^= TABLES[STEP - 1 - at][usize::from(byte)];
            }
        }
        self.0 = rest.iter().fold(sum, |sum, byte| (sum >> 8) ^ TABLES[0][usize::from(sum as u8 ^ byte)]);
    }

    /// What it comes to.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_and_any_split() {
        assert_eq!(Crc64::of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        let bytes: Vec<u8> = (0..=255).collect();
        for at in 0..bytes.len() {
            let mut sum = Crc64::default();
            sum.add(&bytes[..at]);
            sum.add(&bytes[at..]);
            assert_eq!(sum.value(), Crc64::of(&bytes));
        }
    }
}
