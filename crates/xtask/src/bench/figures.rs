//! What was measured of one engine on one model, and what stands for it: medians.

/// The measurements, round by round.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    /// CPU nanoseconds of a single row, caches warm.
    pub(super) warm: Vec<f64>,
    /// CPU nanoseconds of a row among thousands.
    pub(super) batch: Vec<f64>,
    /// Wall nanoseconds of a single row, caches cold.
    pub(super) cold: Vec<f64>,
    /// Milliseconds from the bytes in memory to the first estimate.
    pub(super) starts: Vec<f64>,
    /// The same by CPU time of all threads.
    pub(super) start_work: Vec<f64>,
    /// CPU nanoseconds of an explanation, where the engine explains.
    pub(super) explanations: Vec<f64>,
    /// Bytes after gzip: module, glue, weights.
    pub(super) sizes: Vec<f64>,
    /// Largest difference from the library that trained the model.
    pub(super) difference: Option<f64>,
    /// Why there are no measurements.
    pub(super) failed: Option<String>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Warm,
    Batch,
    Cold,
    Start,
    StartWork,
}

impl Figures {
    /// An engine that cannot be measured.
    pub(super) fn failed(reason: String) -> Self {
        Self { failed: Some(reason), ..Self::default() }
    }

    /// The median; `None` where nothing was measured.
    pub(super) fn median(&self, measure: Measure) -> Option<f64> {
        median(match measure {
            Measure::Warm => &self.warm,
            Measure::Batch => &self.batch,
            Measure::Cold => &self.cold,
            Measure::Start => &self.starts,
            Measure::StartWork => &self.start_work,
        })
    }

    /// How many times as long this engine takes as `ours`.
    pub(super) fn ratio(&self, ours: &Self, measure: Measure) -> Option<f64> {
        Some(self.median(measure)? / ours.median(measure)?)
    }
}

/// The middle value; of an even number the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(upper, *sorted.get(middle - 1)?))
}

#[cfg(test)]
mod tests {
    use super::{Figures, Measure, median};

    #[test]
    fn medians_are_in_the_middle() {
        for (values, expected) in [
            (vec![], None),
            (vec![3.0], Some(3.0)),
            (vec![9.0, 1.0, 2.0], Some(2.0)),
            (vec![4.0, 1.0, 100.0, 2.0], Some(3.0)),
        ] {
            assert_eq!(median(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_ratio_needs_both_sides() {
        let ours = Figures { warm: vec![2.0, 1.0, 3.0], ..Figures::default() };
        let peer = Figures { warm: vec![40.0], batch: vec![5.0], ..Figures::default() };
        assert_eq!(peer.ratio(&ours, Measure::Warm), Some(20.0));
        assert_eq!(peer.ratio(&ours, Measure::Batch), None);
        assert_eq!(Figures::failed("absent".to_owned()).ratio(&ours, Measure::Warm), None);
    }
}
