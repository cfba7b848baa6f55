//! Zipf-distributed ranks by rejection-inversion: constant time and no table, for any number of keys.
//!
//! W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions" (1996).

use crate::random::Random;

/// Draws ranks 1 to n, rank k in proportion to k^-exponent.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    exponent: f64,
    count: f64,
    integral_of_first: f64,
    integral_of_last: f64,
    shift: f64,
}

impl Zipf {
    pub(crate) fn new(count: u64, exponent: f64) -> Self {
        let mut zipf =
            Self { exponent, count: count as f64, integral_of_first: 0.0, integral_of_last: 0.0, shift: 0.0 };
        zipf.integral_of_first = zipf.integral(1.5) - 1.0;
        zipf.integral_of_last = zipf.integral(zipf.count + 0.5);
        zipf.shift = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    /// A rank from 0 to n - 1.
    pub(crate) fn draw(&self, random: &mut Random) -> u64 {
        loop {
            let area = self.integral_of_last + random.unit() * (self.integral_of_first - self.integral_of_last);
            let x = self.inverse(area);
            let rank = (x + 0.5).floor().clamp(1.0, self.count);
            if rank - x <= self.shift || area >= self.integral(rank + 0.5) - self.weight(rank) {
                return rank as u64 - 1;
            }
        }
    }

    fn weight(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// The integral of the weight, from 1 to x.
    fn integral(&self, x: f64) -> f64 {
        let log = x.ln();
        growth((1.0 - self.exponent) * log) * log
    }

    fn inverse(&self, area: f64) -> f64 {
        let t = (area * (1.0 - self.exponent)).max(-1.0);
        (logarithm(t) * area).exp()
    }
}

/// (e^x - 1) / x, also where x is nearly 0.
fn growth(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x / 2.0 }
}

/// ln(1 + x) / x, also where x is nearly 0.
fn logarithm(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_come_as_often_as_they_should() {
        for exponent in [0.5, 0.99, 1.0, 1.5] {
            let (count, draws) = (1000u64, 400_000);
            let zipf = Zipf::new(count, exponent);
            let mut random = Random::new(3);
            let mut seen = vec![0u32; count as usize];
            for _ in 0..draws {
                seen[zipf.draw(&mut random) as usize] += 1;
            }
            let total: f64 = (1..=count).map(|rank| (rank as f64).powf(-exponent)).sum();
            for rank in [1u64, 2, 3, 10, 100] {
                let expected = (rank as f64).powf(-exponent) / total * f64::from(draws);
                let found = f64::from(seen[rank as usize - 1]);
                let tolerance = 5.0 * expected.sqrt();
                assert!((found - expected).abs() < tolerance, "{exponent} {rank}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn one_key_is_always_the_first() {
        let mut random = Random::new(1);
        assert_eq!(Zipf::new(1, 1.0).draw(&mut random), 0);
    }
}
