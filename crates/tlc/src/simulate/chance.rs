//! Chance with a seed: the same draws on every platform, for ever. Only additions, multiplications and `libm` are
//! used, because a platform's own exponential function may differ in the last bit.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A seeded stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Chance(Pcg64);

impl Chance {
    /// Streams of one seed that must not follow each other's draws differ in `stream`.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg64::seed_from_u64(mixed(seed) ^ mixed(stream).rotate_left(32)))
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with the probability `share`.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Nearly normal, mean 0 and variance 1: the sum of twelve uniform draws, less 6.
    pub(super) fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            sum += self.unit();
        }
        sum
    }

    /// A position in a table of running sums, with the probability of its step.
    pub(super) fn step(&mut self, running_sums: &[f64]) -> usize {
        let total = running_sums.last().copied().unwrap_or(0.0);
        let drawn = self.unit() * total;
        running_sums.partition_point(|sum| *sum <= drawn).min(running_sums.len().saturating_sub(1))
    }
}

/// A number of a thing's own, in [0, 1): the same for every seed, so that all simulated months are of one city.
pub(super) fn trait_of(thing: u64) -> f64 {
    unit(mixed(thing))
}

#[allow(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// The finaliser of `SplitMix64`: neighbouring numbers become unrelated ones.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_what_they_say() {
        let mut chance = Chance::new(1, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| chance.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let mut steps = [0; 3];
        for _ in 0..20_000 {
            steps[chance.step(&[1.0, 1.0, 4.0])] += 1;
        }
        assert!((4600..5400).contains(&steps[0]) && steps[1] == 0, "{steps:?}");
        assert_ne!(Chance::new(1, 0).unit().to_bits(), Chance::new(1, 1).unit().to_bits());
        assert_ne!(Chance::new(1, 0).unit().to_bits(), Chance::new(2, 0).unit().to_bits());
    }
}
