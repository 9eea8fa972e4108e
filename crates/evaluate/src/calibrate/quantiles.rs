//! Conformal quantiles: how far the ends of an interval must lie for the promised share of rides to fall inside.

use curbside::model::Quantiles;

/// The two quantiles of scores (truth minus estimate, in multiples of the scale) that hold the part `coverage` of rides
/// between them, each side leaving out half of the rest; `None` of no scores. Sorts the scores.
///
/// Of n scores the upper one is the ceil((n + 1) (1 + coverage) / 2)-th smallest and the lower one the same from the other
/// end (Lei et al., "Distribution-Free Predictive Inference for Regression", 2018, section 2.2): the n + 1 counts the ride to
/// come, so the promise holds for few scores too. Where there are too few for that, the extreme scores stand.
pub fn quantiles(scores: &mut [f64], coverage: f64) -> Option<Quantiles> {
    scores.sort_unstable_by(f64::total_cmp);
    let inside = rank(scores.len(), f64::midpoint(1.0, coverage));
    let (low, high) = (scores.len().checked_sub(inside)?, inside.checked_sub(1)?);
    Some(Quantiles { low: *scores.get(low)?, high: *scores.get(high)? })
}

/// ceil((n + 1) part), between 1 and n; 0 of none.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rides are counted in millions, far below 2^53, and the part is between 0 and 1"
)]
fn rank(scores: usize, part: f64) -> usize {
    // 0.85 as a double is a little more than 0.85: a product that is whole but for that is whole.
    let exact = (scores as f64 + 1.0) * part - 1e-9;
    (exact.ceil() as usize).clamp(1, scores.max(1)).min(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Low and high of the scores 1 to n, given from the last to the first.
    fn of_ranks(n: u32, coverage: f64) -> Option<(f64, f64)> {
        let mut scores: Vec<f64> = (1..=n).rev().map(f64::from).collect();
        quantiles(&mut scores, coverage).map(|Quantiles { low, high }| (low, high))
    }

    #[test]
    fn ranks_by_hand() {
        let rows = [
            // (19 + 1) 0.9 = 18, from either end: 18th smallest, 18th largest.
            (19, 0.8, Some((2.0, 18.0))),
            // (20 + 1) 0.9 = 18.9, so the 19th.
            (20, 0.8, Some((2.0, 19.0))),
            // (29 + 1) 0.9 = 27.
            (29, 0.8, Some((3.0, 27.0))),
            // (19 + 1) 0.85 = 17, though the double 0.85 is none.
            (19, 0.7, Some((3.0, 17.0))),
            // (8 + 1) 0.9 = 8.1: a 9th there is not, the extremes stand.
            (8, 0.8, Some((1.0, 8.0))),
            (1, 0.8, Some((1.0, 1.0))),
            (0, 0.8, None),
        ];
        for (n, coverage, expected) in rows {
            assert_eq!(of_ranks(n, coverage), expected, "{n} scores at {coverage}");
        }
    }

    #[test]
    fn each_side_has_its_own_distance() {
        // Durations run over more than under: of nine scores the extremes but one, (9 + 1) 0.9 = 9 -> extremes themselves.
        let mut scores = [3.0, -1.0, 0.0, 0.5, -0.5, 1.0, 2.0, 0.25, 8.0];
        assert_eq!(quantiles(&mut scores, 0.8), Some(Quantiles { low: -1.0, high: 8.0 }));
        // (9 + 1) 0.75 = 7.5, so the 8th smallest is 3 and the 8th largest -0.5.
        assert_eq!(quantiles(&mut scores, 0.5), Some(Quantiles { low: -0.5, high: 3.0 }));
    }

    #[test]
    fn what_is_promised_of_one_ride_more_is_kept() {
        // With any of 20 equally likely scores left out, it lies within the quantiles of the 19 others 18 times or more.
        let all: Vec<f64> = (0..20).map(|i| f64::from(i * i % 23)).collect();
        let kept = (0..all.len()).filter(|out| {
            let mut others = all.clone();
            let left_out = others.remove(*out);
            let Quantiles { low, high } = quantiles(&mut others, 0.8).unwrap();
            (low..=high).contains(&left_out)
        });
        assert!(kept.count() >= 16, "80 % of 20");
    }
}
