//! Natural numbers of any size, with as much arithmetic as the conversion between decimal and binary fractions takes. It knows nothing
//! of either.

use std::cmp::Ordering;

/// The largest power of ten in a limb.
const TEN_TO_NINE: u32 = 1_000_000_000;
/// Its digits.
const DIGITS: usize = 9;
/// Bits of a quotient.
const QUOTIENT_BITS: u32 = 80;

/// A natural number: limbs of 32 bits, the lowest first, the highest not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Natural(Vec<u32>);

impl Natural {
    pub(crate) fn of(value: u128) -> Self {
        let mut limbs: Vec<u32> = (0..4).map(|limb| (value >> (32 * limb)) as u32).collect();
        trim(&mut limbs);
        Self(limbs)
    }

    /// From decimal digits.
    pub(crate) fn from_digits(digits: &[u8]) -> Self {
        digits.chunks(DIGITS).fold(Self(Vec::new()), |number, chunk| {
            let value = chunk.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            number.times_plus(10_u32.pow(chunk.len() as u32), value)
        })
    }

    /// Times a factor and plus something.
    pub(crate) fn times_plus(mut self, factor: u32, addend: u32) -> Self {
        let mut carry = u64::from(addend);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
        self
    }

    /// Times 10 to a power.
    pub(crate) fn times_ten_to(self, power: usize) -> Self {
        let number = (0..power / DIGITS).fold(self, |number, _| number.times_plus(TEN_TO_NINE, 0));
        number.times_plus(10_u32.pow((power % DIGITS) as u32), 0)
    }

    /// Times 2 to a power.
    pub(crate) fn shifted(&self, bits: usize) -> Self {
        let mut limbs = vec![0; bits / 32];
        limbs.extend_from_slice(&self.0);
        Self(limbs).times_plus(1 << (bits % 32), 0)
    }

    fn bits(&self) -> usize {
        self.0.last().map_or(0, |limb| 32 * self.0.len() - limb.leading_zeros() as usize)
    }

    /// Its highest bits, at least 97 where it has so many, whether there are others that are not 0, and the power of 2 that they are
    /// to be taken times.
    pub(crate) fn top(&self) -> (u128, bool, i64) {
        let (rest, top) = self.0.split_at(self.0.len().saturating_sub(4));
        let bits = top.iter().rev().fold(0, |bits, &limb| bits << 32 | u128::from(limb));
        (bits, rest.iter().any(|&limb| limb != 0), 32 * rest.len() as i64)
    }

    /// The highest bits of the quotient, at least 79, whether there is a remainder, and the power of 2 that they are to be taken
    /// times. Neither number is 0.
    pub(crate) fn over(&self, divisor: &Self) -> (u128, bool, i64) {
        let width = self.bits().max(divisor.bits());
        let (up, down) = (width - self.bits(), width - divisor.bits());
        let (mut rest, divisor) = (self.shifted(up), divisor.shifted(down));
        let mut quotient = 0;
        for _ in 0..QUOTIENT_BITS {
            quotient <<= 1;
            if rest.cmp(&divisor) != Ordering::Less {
                rest.subtract(&divisor);
                quotient |= 1;
            }
            rest = rest.times_plus(2, 0);
        }
        (quotient, !rest.0.is_empty(), down as i64 - up as i64 + 1 - i64::from(QUOTIENT_BITS))
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Minus something that is not more.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let (value, first) = limb.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (value, second) = value.overflowing_sub(borrow.into());
            *limb = value;
            borrow = first || second;
        }
        trim(&mut self.0);
    }

    /// In decimal.
    pub(crate) fn digits(&self) -> Vec<u8> {
        let (mut limbs, mut chunks) = (self.0.clone(), Vec::new());
        while !limbs.is_empty() {
            let mut rest = 0;
            for limb in limbs.iter_mut().rev() {
                let value = rest << 32 | u64::from(*limb);
                *limb = (value / u64::from(TEN_TO_NINE)) as u32;
                rest = value % u64::from(TEN_TO_NINE);
            }
            chunks.push(rest);
            trim(&mut limbs);
        }
        let first = chunks.pop().unwrap_or(0).to_string();
        let rest = chunks.iter().rev().map(|chunk| format!("{chunk:0DIGITS$}"));
        std::iter::once(first).chain(rest).collect::<String>().into_bytes()
    }
}

fn trim(limbs: &mut Vec<u32>) {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_go_there_and_back(text in "[1-9][0-9]{0,200}") {
            prop_assert_eq!(Natural::from_digits(text.as_bytes()).digits(), text.into_bytes());
        }

        #[test]
        fn it_divides_like_integers(one in 1..u64::MAX, other in 1..u64::MAX) {
            let (quotient, is_more, shift) = Natural::of(one.into()).over(&Natural::of(other.into()));
            // quotient <= one / other * 2^-shift < quotient + 1, compared without fractions.
            let exact = Natural::of(one.into()).shifted((-shift).max(0) as usize);
            let product = |factor: u128| Natural::of(factor).shifted(shift.max(0) as usize).times(other);
            prop_assert_eq!(product(quotient).cmp(&exact), if is_more { Ordering::Less } else { Ordering::Equal });
            prop_assert_eq!(product(quotient + 1).cmp(&exact), Ordering::Greater);
        }
    }

    impl Natural {
        fn times(&self, factor: u64) -> Self {
            let high = self.clone().times_plus((factor >> 32) as u32, 0).shifted(32).0;
            let low = self.clone().times_plus(factor as u32, 0).0;
            let mut sum = Vec::new();
            let mut carry = 0;
            for at in 0..high.len().max(low.len()) + 1 {
                let limb = |limbs: &[u32]| u64::from(limbs.get(at).copied().unwrap_or(0));
                carry += limb(&high) + limb(&low);
                sum.push(carry as u32);
                carry >>= 32;
            }
            trim(&mut sum);
            Self(sum)
        }
    }
}
