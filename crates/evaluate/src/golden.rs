//! Golden rides: a few rides with the bits of their estimates, which every host checks when it opens the bundle.

use curbside::bundle::GoldenRide;
use curbside::trip::{Distance, MAX_LOCATION_ID, Pickup};
use curbside::{Estimator, Trip};

/// Rides taken from the training rides, evenly spread over them.
const FROM_TRAINING: usize = 24;

/// Minutes from 1970-01-01T00:00 to 2021-07-04T12:00, a holiday that is a Sunday.
const HOLIDAY: i64 = 27_090_000;

/// Golden rides of a bundle: 24 spread evenly over `trips`, then odd ones, each with the bits of its estimate.
pub fn golden_rides(trips: &[Trip], estimator: &Estimator) -> Vec<GoldenRide> {
    let spread = (0..FROM_TRAINING).filter_map(|index| trips.get(index * trips.len() / FROM_TRAINING)).copied();
    spread.chain(odd_rides()).map(|trip| answered(&trip, estimator)).collect()
}

/// The same golden rides, answered by another estimator.
pub(crate) fn answered_again(rides: &[GoldenRide], estimator: &Estimator) -> Vec<GoldenRide> {
    let trip = |ride: &GoldenRide| {
        let pickup = Pickup::from_local_minutes(ride.pickup_minutes).ok()?;
        Trip::new(ride.pu_location_id, ride.do_location_id, ride.trip_distance, pickup).ok()
    };
    // Golden rides of a bundle that opened are rides: none is lost here.
    rides.iter().filter_map(trip).map(|trip| answered(&trip, estimator)).collect()
}

/// What training rides seldom are: without a distance, at its bounds, within one zone, at airports, without a place, at
/// the ends of the calendar.
fn odd_rides() -> impl Iterator<Item = Trip> {
    let rows = [
        (130, 205, None, HOLIDAY),
        (130, 205, Some(3.66), HOLIDAY + 1439 - 720),
        (74, 74, None, HOLIDAY + 720),
        (132, 138, Some(0.01), 19_460_160),
        (1, MAX_LOCATION_ID, Some(50.0), HOLIDAY),
        (264, 264, None, 68_373_000),
        (95, 130, Some(1.234_567_890_123_456_7), HOLIDAY + 5000),
        (166, 41, Some(2.0), HOLIDAY - 260_000),
    ];
    rows.into_iter().filter_map(|(pu, to, miles, minutes)| {
        let pickup = Pickup::from_local_minutes(minutes).ok()?;
        Trip::new(pu, to, miles, pickup).ok()
    })
}

fn answered(trip: &Trip, estimator: &Estimator) -> GoldenRide {
    let estimate = estimator.estimate(trip);
    GoldenRide {
        pu_location_id: trip.pu_location_id(),
        do_location_id: trip.do_location_id(),
        trip_distance: match trip.trip_distance() {
            Distance::Miles(miles) => Some(miles),
            Distance::NotGiven | Distance::Implausible => None,
        },
        pickup_minutes: estimate.pickup.minutes(),
        duration_bits: estimate.duration.to_bits(),
        interval_bits: estimate.interval.map(|interval| [interval.low.to_bits(), interval.high.to_bits()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_odd_ride_is_a_ride() {
        assert_eq!(odd_rides().count(), 8);
    }
}
