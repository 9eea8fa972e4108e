//! How far estimates are from the truth, and how well intervals keep what they promise.

use curbside::Interval;
use curbside::bundle::{IntervalMetrics, Metrics};

/// Sums of errors of the rides seen so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorSums {
    squared: f64,
    absolute: f64,
    signed: f64,
    rides: u32,
}

impl ErrorSums {
    /// Adds one ride; both numbers in minutes.
    pub fn add(&mut self, estimate: f64, truth: f64) {
        let error = estimate - truth;
        self.squared += error * error;
        self.absolute += error.abs();
        self.signed += error;
        self.rides += 1;
    }

    /// The errors of rides in order.
    pub fn of(estimates: &[f64], truths: &[f64]) -> ErrorSums {
        let mut sums = ErrorSums::default();
        estimates.iter().zip(truths).for_each(|(estimate, truth)| sums.add(*estimate, *truth));
        sums
    }

    /// Root mean square, mean absolute and mean error; zeros for no rides.
    pub fn metrics(&self) -> Metrics {
        let rides = f64::from(self.rides.max(1));
        Metrics {
            rmse: (self.squared / rides).sqrt(),
            mae: self.absolute / rides,
            bias: self.signed / rides,
            rides: u64::from(self.rides),
        }
    }
}

/// Sums over the intervals of the rides seen so far.
#[derive(Clone, Copy, Debug)]
pub struct IntervalSums {
    coverage: f64,
    inside: u32,
    width: f64,
    rides: u32,
}

impl IntervalSums {
    /// None yet, of intervals that promise this coverage.
    pub fn new(coverage: f64) -> IntervalSums {
        IntervalSums { coverage, inside: 0, width: 0.0, rides: 0 }
    }

    /// Adds one ride, in minutes; the ends belong to the interval.
    pub fn add(&mut self, interval: Interval, truth: f64) {
        self.inside += u32::from(interval.low <= truth && truth <= interval.high);
        self.width += interval.high - interval.low;
        self.rides += 1;
    }

    /// Share inside and mean width; zeros for no rides.
    pub fn metrics(&self) -> IntervalMetrics {
        let rides = f64::from(self.rides.max(1));
        IntervalMetrics {
            coverage: self.coverage,
            covered: f64::from(self.inside) / rides,
            mean_width: self.width / rides,
            rides: u64::from(self.rides),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_hand() {
        // errors +3 and -1: mean square (9 + 1) / 2 = 5, mean absolute 2, bias +1
        let metrics = ErrorSums::of(&[13.0, 9.0], &[10.0, 10.0]).metrics();
        assert!((metrics.rmse - 5.0f64.sqrt()).abs() < 1e-15);
        assert!((metrics.mae - 2.0).abs() < 1e-15 && (metrics.bias - 1.0).abs() < 1e-15);
        assert_eq!(metrics.rides, 2);
    }

    #[test]
    fn intervals_by_hand() {
        // 10 lies in 8 to 12 and at the end of 10 to 13, not in 11 to 12: 2 of 3; widths 4 + 3 + 1 = 8.
        let mut sums = IntervalSums::new(0.8);
        for (low, high) in [(8.0, 12.0), (10.0, 13.0), (11.0, 12.0)] {
            sums.add(Interval { low, high }, 10.0);
        }
        let IntervalMetrics { coverage, covered, mean_width, rides } = sums.metrics();
        assert!((coverage - 0.8).abs() < 1e-15 && (covered - 2.0 / 3.0).abs() < 1e-15);
        assert!((mean_width - 8.0 / 3.0).abs() < 1e-15 && rides == 3);
        assert_eq!(IntervalSums::new(0.8).metrics().rides, 0);
    }
}
