//! Rides that a packed model answers, there being no training rides to take them from.

use curbside::features::Zones;
use curbside::trip::Pickup;
use curbside::{Estimator, Trip};

/// Rides: as many as golden rides are spread over.
const RIDES: usize = 24;

/// 2024-01-01T00:00 on the wall, in minutes since 1970.
const START: i64 = 28_401_120;

/// Rides over all zones, hours and distances, in steps that have no factor in common with them.
pub(super) fn rides(zones: &Zones) -> Vec<Trip> {
    let zone = |index: usize| zones.zones.get(index % zones.zones.len().max(1)).map_or(1, |zone| zone.id);
    let ride = |index: usize| {
        // Every fifth ride gives no distance; the others 0.35 to about 20 miles.
        let step = f64::from(u32::try_from(index).unwrap_or(0));
        let miles = (index % 5 != 4).then_some(0.35 + step * 0.83);
        // 1,567 minutes are a day, two hours and seven minutes.
        let pickup = Pickup::from_local_minutes(START + i64::try_from(index).unwrap_or(0) * 1567).ok()?;
        Trip::new(zone(index * 41 + 7), zone(index * 67 + 3), miles, pickup).ok()
    };
    (0..RIDES).filter_map(ride).collect()
}

/// What is odd about the estimates of these rides, if they cannot well be minutes.
pub(super) fn doubt(rides: &[Trip], estimator: &Estimator) -> Option<String> {
    const SHORT: f64 = 6.0;
    let target = estimator.target();
    let minutes: Vec<f64> = rides.iter().map(|ride| estimator.estimate(ride).duration).collect();
    let advice = "say so in [target] of --features (unit, transform), or the estimates are wrong";
    let most = minutes.iter().fold(target.low, |most, minutes| most.max(*minutes));
    if most < SHORT {
        return Some(format!(
            "Of {} rides over all distances none is estimated to take {SHORT} minutes: if the model predicts hours or a logarithm, \
             {advice}.",
            rides.len()
        ));
    }
    let long = minutes.iter().filter(|minutes| **minutes >= target.high).count();
    (2 * long > rides.len()).then(|| {
        format!(
            "Of {} rides over all distances {long} are estimated to take {} minutes, the most there is: if the model predicts seconds, \
             {advice}.",
            rides.len(),
            target.high
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ride_is_a_ride() {
        assert_eq!(rides(&Zones::default()).len(), RIDES);
    }
}
