//! Gauss-Legendre quadrature over 0 to 1: `n` points integrate every polynomial of a degree below `2 n` exactly.
//!
//! It is apart because it is plain numerical analysis. The points come from Newton's method with `num`'s functions, so that they
//! are the same on every host.

use super::lanes::{LANES, Lanes};
use crate::num;

/// Some points of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points {
    /// Between 0 and 1.
    pub(super) at: Lanes,
    /// What is left to 1.
    pub(super) rest: Lanes,
    /// One part of that: `1 / rest`.
    pub(super) inverse_of_rest: Lanes,
    /// What each weighs in the integral.
    pub(super) weights: Lanes,
}

/// The rule of `LANES * groups` points, as groups of them.
pub(super) fn rule(groups: usize) -> Vec<Points> {
    let roots: Vec<(f64, f64)> = (0..LANES * groups).map(|index| root(index, LANES * groups)).collect();
    let group = |roots: &[(f64, f64)]| {
        let rest = Lanes::from_fn(|lane| 0.5 * (1.0 + roots[lane].0));
        Points {
            at: Lanes::from_fn(|lane| 0.5 * (1.0 - roots[lane].0)),
            rest,
            inverse_of_rest: Lanes::all(1.0) / rest,
            weights: Lanes::from_fn(|lane| 0.5 * roots[lane].1),
        }
    };
    roots.chunks_exact(LANES).map(group).collect()
}

/// A root of the Legendre polynomial of degree `count`, the largest first, and its weight (Abramowitz and Stegun, 25.4.29).
fn root(index: usize, count: usize) -> (f64, f64) {
    let n = num::count_to_f64(count);
    let mut x = num::cos(std::f64::consts::PI * (num::count_to_f64(index) + 0.75) / (n + 0.5));
    let mut slope = 1.0;
    // The first guess has three digits or more, and each step doubles them.
    for _ in 0..6 {
        let (mut below, mut value) = (1.0, x);
        for degree in 1..count {
            let k = num::count_to_f64(degree);
            (below, value) = (value, ((2.0 * k + 1.0) * x * value - k * below) / (k + 1.0));
        }
        slope = n * (below - x * value) / (1.0 - x * x);
        x -= value / slope;
    }
    (x, 2.0 / ((1.0 - x * x) * slope * slope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_integrated_up_to_the_last_one_that_is_promised() {
        for groups in [1, 2, 3, 16] {
            let rule = rule(groups);
            for power in 0..8 * groups {
                let integral: f64 = rule
                    .iter()
                    .map(|points| (0..power).fold(points.weights, |product, _| product * points.at).sum())
                    .sum();
                let exact = 1.0 / num::count_to_f64(power + 1);
                assert!((integral - exact).abs() < 4e-15, "{groups} groups, power {power}: {integral} not {exact}");
            }
        }
    }
}
