//! An opened bundle: the one thing that scores rides, on every host.
//!
//! [`Estimator`] is frozen: it is built once, checks its golden rides then, and from there on estimating cannot fail,
//! allocates nothing and reads no clock. [`Estimator::prepare`] makes it faster and changes no bit.

mod explain;

use ndarray::{Array1, ArrayView2, Axis};

use crate::bundle::{Bundle, Card, GoldenRide, Limits, OpenError, Section};
use crate::engine::{Calibrator, IntervalPredictor, Predictor, Rows};
use crate::features::{Encoder, FAMILIES, Keys, LocalTime, ZonePairs, Zones};
use crate::model::{Interval, Target};
use crate::num::Shown;
use crate::trip::{Pickup, Trip};
use crate::warning::{Warning, Warnings};
use explain::Explainable;

/// Columns that a row on the stack has room for; `Limits` cannot raise it.
const MAX_COLUMNS: usize = 128;

/// Rows that are laid out for the kernels at once: few enough for the processor's nearest caches.
const ROWS_AT_ONCE: usize = 256;

/// What a rider is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Minutes (or the target's unit), within the target's bounds.
    pub duration: f64,
    /// Where the truth is expected with the probability that [`Estimator::coverage`] names, around `duration` and within
    /// the target's bounds; `None` for a model that does not say.
    pub interval: Option<Interval>,
    /// Wall time of the pickup that was scored.
    pub pickup: LocalTime,
    /// Miles that were scored, given or assumed.
    pub trip_distance: f64,
    /// Whether the miles were assumed.
    pub distance_assumed: bool,
    /// What the rider should know.
    pub warnings: Warnings,
}

/// A bundle, frozen.
#[derive(Clone, Debug)]
pub struct Estimator {
    card: Card,
    target: Target,
    zones: Zones,
    pairs: ZonePairs,
    encoder: Encoder,
    predictor: Predictor,
    calibrator: Calibrator,
    explainable: Explainable,
    /// Whether model and scale are asked by the keys of a ride, its zones, in the place of the columns that come from one of them.
    takes_keys: bool,
    /// What tables have to answer as the walk did, before they serve.
    golden: Vec<GoldenRide>,
}

impl Estimator {
    /// Opens a bundle (the gzip around the stored object already taken off) within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the section, what was expected, what was found and what to do.
    ///
    /// # Panics
    ///
    /// Never, for any input.
    pub fn open(bytes: &[u8]) -> Result<Estimator, OpenError> {
        Estimator::open_with(bytes, &Limits::default())
    }

    /// Opens a bundle within the caller's limits.
    ///
    /// # Errors
    ///
    /// As [`open`](Estimator::open).
    ///
    /// # Panics
    ///
    /// Never, for any input.
    pub fn open_with(bytes: &[u8], limits: &Limits) -> Result<Estimator, OpenError> {
        Estimator::from_bundle(Bundle::from_bytes(bytes, limits)?, limits)
    }

    /// Freezes a bundle and checks its golden rides.
    ///
    /// The parts are validated in the order in which they lean on each other: target, features with zones, pairs,
    /// model against the columns and background against the model, calibration, golden rides against all of them.
    ///
    /// # Errors
    ///
    /// [`OpenError`] of kind `Invalid`, `Limit` or `Golden`.
    pub fn from_bundle(bundle: Bundle, limits: &Limits) -> Result<Estimator, OpenError> {
        let Bundle { card, target, features, zones, pairs, model, background, calibration, golden } = bundle;
        if !(target.low.is_finite() && target.high.is_finite() && target.low <= target.high) {
            let message =
                format!("expected finite bounds, low <= high, found {} and {}", Shown(target.low), Shown(target.high));
            return Err(OpenError::invalid(Section::Target, message));
        }
        let max_columns = limits.columns.min(MAX_COLUMNS);
        if features.columns.len() > max_columns {
            let message = format!("expected at most {max_columns} columns, found {}", features.columns.len());
            return Err(OpenError::invalid(Section::Features, message));
        }
        let keys: usize = features.tables.iter().map(|table| table.keys.len()).sum();
        if keys > limits.table_keys {
            let message = format!("expected at most {} keys of tables, found {keys}", limits.table_keys);
            return Err(OpenError::invalid(Section::Features, message));
        }
        let encoder = Encoder::new(features, &zones).map_err(|fault| OpenError::invalid(Section::Features, fault))?;
        if !pairs.is_valid() {
            return Err(OpenError::invalid(Section::Pairs, "expected a bitset of 265 x 265"));
        }
        model.validate(encoder.columns(), &limits.shape).map_err(|fault| OpenError::invalid(Section::Model, fault))?;
        if let Some(background) = &background {
            background.validate(&model).map_err(|fault| OpenError::invalid(Section::Background, fault))?;
        }
        calibration
            .validate(encoder.columns(), &limits.shape)
            .map_err(|fault| OpenError::invalid(Section::Calibration, fault))?;
        if golden.len() > limits.golden {
            let message = format!("expected at most {} rides, found {}", limits.golden, golden.len());
            return Err(OpenError::invalid(Section::Golden, message));
        }
        let (predictor, calibrator) = (Predictor::new(&model), Calibrator::new(&calibration));
        let explainable = Explainable::new(model, background);
        let estimator = Estimator {
            card,
            target,
            zones,
            pairs,
            encoder,
            predictor,
            calibrator,
            explainable,
            takes_keys: false,
            golden,
        };
        estimator.check_all_golden()?;
        Ok(estimator)
    }

    /// Builds tables, or a packed walk for trees too large for them, by which an estimate takes a fraction of the time: for the
    /// model and for the size of its errors. To be called when the host is idle, after the first estimate, for it takes some
    /// milliseconds. Until then the trees are walked; the estimates are the same to the bit.
    ///
    /// The golden rides are answered by what was built before it serves: if one had other bits, the walk would stay. Called
    /// again, it does nothing. Returns whether something faster than the walk serves the model.
    ///
    /// # Panics
    ///
    /// Never, for any bundle.
    pub fn prepare(&mut self) -> bool {
        if self.predictor.is_prepared() {
            return true;
        }
        let families = self.encoder.families();
        let (predictor, scale) = (self.predictor.prepare(&families), self.calibrator.prepare(&families));
        let scale_takes_keys = self.calibrator.interval().is_none_or(|interval| interval.predictor().takes_keys());
        self.takes_keys = self.predictor.takes_keys() && scale_takes_keys;
        if (predictor.is_some() || scale.is_some()) && self.check_all_golden().is_err() {
            self.takes_keys = false;
            if let Some(walk) = predictor {
                self.predictor = walk;
            }
            if let Some(walk) = scale {
                self.calibrator.restore(walk);
            }
        }
        self.predictor.is_prepared()
    }

    fn check_all_golden(&self) -> Result<(), OpenError> {
        self.golden.iter().enumerate().try_for_each(|(index, ride)| self.check_golden(index, ride))
    }

    fn check_golden(&self, index: usize, golden: &GoldenRide) -> Result<(), OpenError> {
        let trip = Pickup::from_local_minutes(golden.pickup_minutes)
            .and_then(|pickup| Trip::new(golden.pu_location_id, golden.do_location_id, golden.trip_distance, pickup))
            .map_err(|fault| OpenError::invalid(Section::Golden, format!("ride {index}: {fault}")))?;
        let found = self.estimate(&trip);
        let interval = found.interval.map(|interval| [interval.low.to_bits(), interval.high.to_bits()]);
        if found.duration.to_bits() == golden.duration_bits && interval == golden.interval_bits {
            return Ok(());
        }
        Err(OpenError::golden(format!(
            "ride {index}: expected {}, found {}",
            shown(golden.duration_bits, golden.interval_bits),
            shown(found.duration.to_bits(), interval)
        )))
    }

    /// Estimates one ride.
    ///
    /// # Panics
    ///
    /// Never, for any trip.
    pub fn estimate(&self, trip: &Trip) -> Estimate {
        let mut row = [0.0; MAX_COLUMNS];
        let (started, keys) = self.start(trip, &mut row);
        let (mut number, mut scale) = ([0.0], [0.0]);
        self.score(Rows { keys: Some(&[keys]), ..Rows::one(&row) }, &mut number, &mut scale);
        self.finish(started, number[0], scale[0])
    }

    /// Estimates many rides, and tells the estimate of each with its place among them. Some are scored together, which takes less
    /// time than one by one and gives the same bits.
    pub fn estimate_batch(&self, trips: &[Trip], mut tell: impl FnMut(usize, Estimate)) {
        const AT_ONCE: usize = 16;
        let columns = self.encoder.columns();
        let (mut values, mut keys) = ([0.0; AT_ONCE * MAX_COLUMNS], [[0; FAMILIES]; AT_ONCE]);
        let (mut numbers, mut scales) = ([0.0; AT_ONCE], [0.0; AT_ONCE]);
        for (some, trips) in trips.chunks(AT_ONCE).enumerate() {
            let started: [Option<Estimate>; AT_ONCE] = std::array::from_fn(|index| {
                let (started, key) = self.start(trips.get(index)?, &mut values[index * columns..]);
                keys[index] = key;
                Some(started)
            });
            let rows = Rows { values: &values, columns, keys: Some(&keys) };
            self.score(rows, &mut numbers[..trips.len()], &mut scales[..trips.len()]);
            for (index, started) in started.into_iter().flatten().enumerate() {
                tell(some * AT_ONCE + index, self.finish(started, numbers[index], scales[index]));
            }
        }
    }

    /// Encodes a ride into a row and its keys. Returns what is known of the estimate without scoring.
    fn start(&self, trip: &Trip, row: &mut [f64]) -> (Estimate, Keys) {
        let ride = self.encoder.settle(trip);
        if self.takes_keys {
            self.encoder.encode_keyed(&ride, row);
        } else {
            self.encoder.encode(&ride, row);
        }
        let mut warnings = ride.warnings;
        warnings.add_if(!self.pairs.contains(trip.pu_location_id(), trip.do_location_id()), Warning::UnseenZonePair);
        let estimate = Estimate {
            duration: f64::NAN,
            interval: None,
            pickup: ride.pickup,
            trip_distance: ride.trip_distance,
            distance_assumed: ride.distance_assumed,
            warnings,
        };
        (estimate, [trip.pu_location_id(), trip.do_location_id()])
    }

    /// The model's own numbers and the scales of their errors. The kernels look at keys only where all of them do.
    fn score(&self, rows: Rows<'_>, numbers: &mut [f64], scales: &mut [f64]) {
        let rows = Rows { keys: rows.keys.filter(|_| self.takes_keys), ..rows };
        self.predictor.predict_rows(rows, numbers);
        if let Some(interval) = self.calibrator.interval() {
            interval.scales(rows, scales);
        }
    }

    /// The estimate, from what `start` has begun and `score` has found.
    fn finish(&self, started: Estimate, number: f64, scale: f64) -> Estimate {
        let (duration, clipped) = self.target.bound(self.calibrator.correction().apply(number));
        let interval = self.calibrator.interval();
        let mut warnings = started.warnings;
        warnings.add_if(clipped, Warning::DurationClipped);
        let interval = interval.map(|i| i.around(duration, scale, started.distance_assumed, &self.target));
        Estimate { duration, interval, warnings, ..started }
    }

    /// Scores a feature matrix, one row a ride, as [`Encoder::encode_batch`] makes it: the durations, within the target's
    /// bounds. Gives the bits that [`estimate`](Estimator::estimate) gives.
    ///
    /// # Errors
    ///
    /// A sentence, if the matrix has not the encoder's number of columns.
    pub fn predict_matrix(&self, matrix: &ArrayView2<'_, f64>) -> Result<Array1<f64>, String> {
        let correction = self.calibrator.correction();
        let mut numbers = self.raw_matrix(matrix)?;
        numbers.mapv_inplace(|number| self.target.bound(correction.apply(number)).0);
        Ok(numbers)
    }

    /// The model's own numbers for a feature matrix, before correction and bounds: what the library that trained the model
    /// predicts, and what a correction is learnt from.
    ///
    /// # Errors
    ///
    /// As [`predict_matrix`](Estimator::predict_matrix).
    pub fn raw_matrix(&self, matrix: &ArrayView2<'_, f64>) -> Result<Array1<f64>, String> {
        self.score_rows(matrix, |rows, numbers| self.raw_rows(rows, numbers))
    }

    /// The model's own numbers for rows of columns laid out one after another, into `numbers`: for as many as that has places
    /// for and `rows` has whole rows.
    pub fn raw_rows(&self, rows: &[f64], numbers: &mut [f64]) {
        let columns = self.encoder.columns();
        let whole = rows.len().checked_div(columns).map_or(numbers.len(), |whole| whole.min(numbers.len()));
        self.predictor.predict_rows(Rows { values: rows, columns, keys: None }, &mut numbers[..whole]);
    }

    /// The expected sizes of the errors of a feature matrix, in the target's unit, each above 0: what residuals are divided
    /// by before quantiles are taken of them. 1 for every row where the bundle has no interval.
    ///
    /// # Errors
    ///
    /// As [`predict_matrix`](Estimator::predict_matrix).
    pub fn scale_matrix(&self, matrix: &ArrayView2<'_, f64>) -> Result<Array1<f64>, String> {
        self.score_rows(matrix, |rows, scales| match self.calibrator.interval() {
            Some(interval) => {
                interval.scales(Rows { values: rows, columns: self.encoder.columns(), keys: None }, scales);
            }
            None => scales.fill(1.0),
        })
    }

    fn score_rows(
        &self,
        matrix: &ArrayView2<'_, f64>,
        score: impl Fn(&[f64], &mut [f64]),
    ) -> Result<Array1<f64>, String> {
        let columns = self.encoder.columns();
        if matrix.ncols() != columns {
            return Err(format!("expected {columns} columns, found {}", matrix.ncols()));
        }
        let mut numbers = vec![0.0; matrix.nrows()];
        if let Some(rows) = matrix.as_slice() {
            score(rows, &mut numbers);
        } else {
            // Column by column, or every other row: some rows at a time are laid out one after another.
            let mut rows = Vec::new();
            for (some, numbers) in matrix.axis_chunks_iter(Axis(0), ROWS_AT_ONCE).zip(numbers.chunks_mut(ROWS_AT_ONCE))
            {
                rows.clear();
                rows.extend(&some);
                score(&rows, numbers);
            }
        }
        Ok(numbers.into())
    }

    /// The nominal share of rides whose truth lies in their interval; `None` for a model without intervals.
    pub fn coverage(&self) -> Option<f64> {
        self.calibrator.interval().map(IntervalPredictor::coverage)
    }

    /// Where the model comes from and how good it is.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What the number means.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The places.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// The zone pairs of the training rides.
    pub fn pairs(&self) -> &ZonePairs {
        &self.pairs
    }

    /// The frozen feature logic.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The frozen model.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// The frozen calibration.
    pub fn calibration(&self) -> &Calibrator {
        &self.calibrator
    }
}

/// An estimate's numbers and bits, for a message.
fn shown(duration: u64, interval: Option<[u64; 2]>) -> String {
    let number = |bits: u64| format!("{} ({bits:016x})", Shown(f64::from_bits(bits)));
    match interval {
        Some([low, high]) => format!("{} in {} to {}", number(duration), number(low), number(high)),
        None => format!("{} without an interval", number(duration)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &[u8] = include_bytes!("../tests/web/small.curb.raw");

    #[test]
    fn tables_serve_once_they_have_answered_the_golden_rides() {
        let walk = Estimator::open(BUNDLE).unwrap();
        let mut prepared = walk.clone();
        assert!(!walk.predictor().is_prepared());
        // The second time finds nothing to do. The two trees of the interval's scale are not worth tables.
        for _ in 0..2 {
            assert!(prepared.prepare());
            assert_eq!(prepared.predictor().kernel(), "tables");
            assert_eq!(prepared.calibration().interval().map(|interval| interval.predictor().kernel()), Some("walk"));
        }
        for golden in &walk.golden {
            let pickup = Pickup::from_local_minutes(golden.pickup_minutes).unwrap();
            let trip = Trip::new(golden.pu_location_id, golden.do_location_id, golden.trip_distance, pickup).unwrap();
            assert_eq!(prepared.estimate(&trip), walk.estimate(&trip));
        }
    }

    #[test]
    fn the_walk_stays_where_tables_answer_with_other_bits() {
        let walk = Estimator::open(BUNDLE).unwrap();
        let last = walk.golden.len() - 1;
        let damages: [fn(&mut GoldenRide); 2] = [
            |golden| golden.duration_bits ^= 1,
            |golden| golden.interval_bits = golden.interval_bits.map(|[low, high]| [low, high ^ 1]),
        ];
        for damage in damages {
            let mut estimator = walk.clone();
            damage(&mut estimator.golden[last]);
            assert!(!estimator.prepare());
            assert_eq!(estimator.predictor().kernel(), "walk");
        }
    }
}
