//! An opened bundle: the one thing that scores rides, on every host.
//!
//! [`Estimator`] is frozen: it is built once, checks its golden rides then, and from there on estimating cannot fail,
//! allocates nothing and reads no clock.

use ndarray::{Array1, ArrayView2, Axis};

use crate::bundle::{Bundle, Card, GoldenRide, Limits, OpenError, Section};
use crate::engine::Predictor;
use crate::features::{Encoder, LocalTime, ZonePairs, Zones};
use crate::model::Target;
use crate::trip::{Pickup, Trip};
use crate::warning::{Warning, Warnings};

/// Columns that a row on the stack has room for; `Limits` cannot raise it.
const MAX_COLUMNS: usize = 128;

/// What a rider is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Minutes (or the target's unit), within the target's bounds.
    pub duration: f64,
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
    /// model against the columns, golden rides against all of them.
    ///
    /// # Errors
    ///
    /// [`OpenError`] of kind `Invalid`, `Limit` or `Golden`.
    pub fn from_bundle(bundle: Bundle, limits: &Limits) -> Result<Estimator, OpenError> {
        let Bundle { card, target, features, zones, pairs, model, golden } = bundle;
        if !(target.low.is_finite() && target.high.is_finite() && target.low <= target.high) {
            let message = format!("expected finite bounds, low <= high, found {} and {}", target.low, target.high);
            return Err(OpenError::invalid(Section::Target, message));
        }
        let max_columns = limits.columns.min(MAX_COLUMNS);
        if features.columns.len() > max_columns {
            let message = format!("expected at most {max_columns} columns, found {}", features.columns.len());
            return Err(OpenError::invalid(Section::Features, message));
        }
        let encoder = Encoder::new(features, &zones).map_err(|fault| OpenError::invalid(Section::Features, fault))?;
        if !pairs.is_valid() {
            return Err(OpenError::invalid(Section::Pairs, "expected a bitset of 265 x 265"));
        }
        model.validate(encoder.columns(), &limits.shape).map_err(|fault| OpenError::invalid(Section::Model, fault))?;
        if golden.len() > limits.golden {
            let message = format!("expected at most {} rides, found {}", limits.golden, golden.len());
            return Err(OpenError::invalid(Section::Golden, message));
        }
        let predictor = Predictor::new(&model);
        let estimator = Estimator { card, target, zones, pairs, encoder, predictor };
        golden.iter().enumerate().try_for_each(|(index, ride)| estimator.check_golden(index, ride))?;
        Ok(estimator)
    }

    fn check_golden(&self, index: usize, golden: &GoldenRide) -> Result<(), OpenError> {
        let trip = Pickup::from_local_minutes(golden.pickup_minutes)
            .and_then(|pickup| Trip::new(golden.pu_location_id, golden.do_location_id, golden.trip_distance, pickup))
            .map_err(|fault| OpenError::invalid(Section::Golden, format!("ride {index}: {fault}")))?;
        let found = self.estimate(&trip).duration;
        let expected = f64::from_bits(golden.duration_bits);
        if found.to_bits() == golden.duration_bits {
            return Ok(());
        }
        Err(OpenError::golden(format!(
            "ride {index}: expected {expected} ({:016x}), found {found} ({:016x})",
            golden.duration_bits,
            found.to_bits()
        )))
    }

    /// Estimates one ride.
    ///
    /// # Panics
    ///
    /// Never, for any trip.
    pub fn estimate(&self, trip: &Trip) -> Estimate {
        let ride = self.encoder.settle(trip);
        let mut row = [0.0; MAX_COLUMNS];
        self.encoder.encode(&ride, &mut row);
        let (duration, clipped) = self.bound(self.predictor.predict(&row));
        let mut warnings = ride.warnings;
        warnings.add_if(!self.pairs.contains(trip.pu_location_id(), trip.do_location_id()), Warning::UnseenZonePair);
        warnings.add_if(clipped, Warning::DurationClipped);
        Estimate {
            duration,
            pickup: ride.pickup,
            trip_distance: ride.trip_distance,
            distance_assumed: ride.distance_assumed,
            warnings,
        }
    }

    /// Estimates many rides into `out`, ride by ride; stops at the shorter of the two.
    pub fn estimate_batch<'a>(&self, trips: impl IntoIterator<Item = &'a Trip>, out: &mut [Estimate]) {
        for (place, trip) in out.iter_mut().zip(trips) {
            *place = self.estimate(trip);
        }
    }

    /// Scores a feature matrix, one row a ride, as [`Encoder::encode_batch`] makes it: the durations, within the target's
    /// bounds. Gives the bits that [`estimate`](Estimator::estimate) gives.
    ///
    /// # Errors
    ///
    /// A sentence, if the matrix has not the encoder's number of columns.
    pub fn predict_matrix(&self, matrix: &ArrayView2<'_, f64>) -> Result<Array1<f64>, String> {
        if matrix.ncols() != self.encoder.columns() {
            return Err(format!("expected {} columns, found {}", self.encoder.columns(), matrix.ncols()));
        }
        let mut row = [0.0; MAX_COLUMNS];
        Ok(matrix.map_axis(Axis(1), |values| {
            for (place, value) in row.iter_mut().zip(values) {
                *place = *value;
            }
            self.bound(self.predictor.predict(&row)).0
        }))
    }

    /// Moves a raw number into the target's bounds, and says whether it had to be moved.
    fn bound(&self, raw: f64) -> (f64, bool) {
        if raw > self.target.high {
            (self.target.high, true)
        } else if raw >= self.target.low {
            (raw, false)
        } else {
            // Below, or NaN: a sum of finite parts that overflowed both ways. No estimate is ever NaN.
            (self.target.low, true)
        }
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
}
