//! Measuring a bundle on months it has not learnt from, by the estimator that serves.

use curbside::Estimator;
use curbside::bundle::{BoroughError, Metrics};
use curbside::features::Zones;

use crate::metrics::{ErrorSums, by_borough};
use crate::rides::Rides;

/// How good estimates are on rides kept apart.
#[derive(Clone, Debug)]
pub struct Measured {
    /// As asked for, with the distance as recorded.
    pub all: Metrics,
    /// The same rides asked for without a distance.
    pub without_distance: Metrics,
    /// By borough of the pickup.
    pub boroughs: Vec<BoroughError>,
}

/// Estimates every ride twice: as recorded, and without its distance.
pub fn measure(estimator: &Estimator, rides: &Rides) -> Measured {
    let estimates: Vec<f64> = rides.trips.iter().map(|trip| estimator.estimate(trip).duration).collect();
    let blind: Vec<f64> = rides.without_distance().iter().map(|trip| estimator.estimate(trip).duration).collect();
    let zones: &Zones = estimator.zones();
    let borough = |id| zones.get(id).map_or("", |zone| zones.borough(zone));
    let rows = rides.trips.iter().zip(&estimates).zip(&rides.minutes);
    Measured {
        all: ErrorSums::of(&estimates, &rides.minutes).metrics(),
        without_distance: ErrorSums::of(&blind, &rides.minutes).metrics(),
        boroughs: by_borough(rows.map(|((trip, estimate), truth)| (borough(trip.pu_location_id()), *estimate, *truth))),
    }
}
