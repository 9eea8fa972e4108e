//! Bins: the values of one feature, sorted into intervals within which no split of an ensemble can tell two apart.
//!
//! A bin ends at a cut and includes it, as `value <= threshold` does; its number is how many cuts the value passes. NaN has
//! a bin of its own, the last one. With that, missing rules, default directions and sets of categories need no thought
//! when a ride is scored: each bin has one representative, and what the walk answers to it holds for all of the bin.

use crate::engine::walk::index_of;
use crate::num;

/// Cuts that a value is compared with where the grid is even enough.
const WINDOW: usize = 4;

/// How fine a grid may be made so that it is even enough.
const MOST_BUCKETS_PER_CUT: usize = 8;

/// One value of each bin, in the order of the bins: the cuts, what lies beyond the last one, NaN.
pub(super) fn representatives(cuts: &[f64]) -> impl Iterator<Item = f64> {
    cuts.iter().copied().chain([f64::INFINITY, f64::NAN])
}

/// The bins of one feature, with a grid of equal buckets over them that leaves few cuts to compare.
#[derive(Clone, Debug)]
pub(super) struct Bins {
    /// The cuts, and behind them `WINDOW` that no value passes.
    cuts: Vec<f64>,
    /// For each bucket, how many cuts lie in buckets before it; and the number of all cuts.
    starts: Vec<u16>,
    lowest: f64,
    buckets_per_unit: f64,
    /// Whether no bucket has more than `WINDOW` cuts.
    is_even: bool,
    /// The bin of NaN, the last one.
    nan: u32,
}

impl Bins {
    /// Bins that end at these cuts, at most `u16::MAX - 1` of them.
    pub(super) fn new(mut cuts: Vec<f64>) -> Bins {
        let finite = || cuts.iter().copied().filter(|cut| cut.is_finite());
        let lowest = finite().next().unwrap_or(0.0);
        let span = finite().next_back().unwrap_or(0.0) - lowest;
        cuts.extend([f64::INFINITY; WINDOW]);
        let count = cuts.len() - WINDOW;
        let nan = index_of(count + 1);
        let mut bins = Bins { cuts, starts: Vec::new(), lowest, buckets_per_unit: 0.0, is_even: false, nan };
        let mut buckets = if span > 0.0 && span.is_finite() { count } else { 1 };
        while !bins.divide(buckets, span) && buckets > 1 && buckets < count * MOST_BUCKETS_PER_CUT {
            buckets *= 2;
        }
        bins
    }

    /// Divides the span into so many buckets; returns whether it did so evenly.
    fn divide(&mut self, buckets: usize, span: f64) -> bool {
        self.buckets_per_unit = num::count_to_f64(buckets) / span;
        self.starts.clear();
        self.starts.resize(buckets + 1, 0);
        // `bucket` never falls where the value rises, so a cut of an earlier bucket is below the value, one of a later
        // bucket is not, and only those of its own bucket have to be compared.
        for index in 0..self.cuts().len() {
            let bucket = self.bucket(self.cuts[index]);
            self.starts[bucket + 1] += 1;
        }
        self.is_even = self.starts.iter().all(|cuts| usize::from(*cuts) <= WINDOW);
        let mut before = 0;
        for start in &mut self.starts {
            before += *start;
            *start = before;
        }
        self.is_even
    }

    /// How many bins there are, that of NaN included.
    pub(super) fn len(&self) -> usize {
        self.cuts().len() + 2
    }

    /// What they take.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.cuts[..]) + size_of_val(&self.starts[..])
    }

    /// Where the bins end.
    pub(super) fn cuts(&self) -> &[f64] {
        &self.cuts[..self.cuts.len() - WINDOW]
    }

    /// The bin of a value.
    #[inline]
    pub(super) fn bin(&self, value: f64) -> u32 {
        if value.is_nan() {
            return self.nan;
        }
        let bucket = self.bucket(value);
        let first = self.starts[bucket];
        let cuts = &self.cuts[usize::from(first)..];
        let passed = if self.is_even {
            // Those of later buckets are not passed either, so that it does no harm to compare them, and no branch depends on
            // the value.
            cuts[..WINDOW].iter().map(|cut| u32::from(*cut < value)).sum()
        } else {
            index_of(cuts[..usize::from(self.starts[bucket + 1] - first)].partition_point(|cut| *cut < value))
        };
        u32::from(first) + passed
    }

    #[inline]
    fn bucket(&self, value: f64) -> usize {
        // Values beyond the cuts, infinite ones too, fall into the first or the last bucket.
        let bucket = num::truncate_to_u32((value - self.lowest) * self.buckets_per_unit) as usize;
        bucket.min(self.starts.len() - 2)
    }
}
