//! What a trip file says beyond the five columns: fares, payment, passengers. Plausible, and unrelated to anything
//! that could be learnt.

use super::chance::Chance;
use super::hundredths;
use crate::ride::Ride;

/// The other cells of a row. Rides booked by an app have no meter entries, so those cells are empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bill {
    pub(super) vendor: i64,
    pub(super) metered: Option<Metered>,
    pub(super) fare_amount: f64,
    pub(super) extra: f64,
    pub(super) mta_tax: f64,
    pub(super) tip_amount: f64,
    pub(super) tolls_amount: f64,
    pub(super) improvement_surcharge: f64,
    pub(super) total_amount: f64,
}

/// What only a meter records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metered {
    pub(super) passengers: f64,
    pub(super) payment_type: f64,
    pub(super) congestion_surcharge: f64,
}

/// Share of rides booked by an app, as in the green months of 2021.
const BOOKED: f64 = 0.45;

impl Bill {
    /// Draws the cells that go with a ride.
    pub(super) fn of(ride: &Ride, chance: &mut Chance) -> Self {
        // Meters charge by distance or time; those of absurd rides were never paid.
        let (miles, minutes) = (ride.trip_distance.clamp(0.0, 60.0), ride.duration_minutes().clamp(0.0, 120.0));
        let fare = hundredths(2.5 + 2.5 * miles + 0.25 * minutes);
        let booked = chance.happens(BOOKED);
        let card = chance.happens(0.6);
        let tip = if card { hundredths(fare * chance.between(0.1, 0.25)) } else { 0.0 };
        let tolls = if miles > 8.0 && chance.happens(0.3) { 6.55 } else { 0.0 };
        let passengers = 1.0 + (chance.between(0.0, 1.0) * chance.between(0.0, 5.0)).floor();
        let extra = if chance.happens(0.3) { 0.5 } else { 0.0 };
        // A ride in 600 is entered again with all its amounts negative, to cancel it.
        let sign = if chance.happens(0.001_7) { -1.0 } else { 1.0 };
        let congestion_surcharge = if chance.happens(0.3) { 2.75 } else { 0.0 };
        let metered = Metered { passengers, payment_type: if card { 1.0 } else { 2.0 }, congestion_surcharge };
        let surcharge = if booked { 0.0 } else { congestion_surcharge };
        let total = fare + extra + 0.5 + tip + tolls + 0.3 + surcharge;
        Self {
            vendor: if chance.happens(0.15) { 1 } else { 2 },
            metered: (!booked).then_some(metered),
            fare_amount: sign * fare,
            extra: sign * extra,
            mta_tax: sign * 0.5,
            tip_amount: tip,
            tolls_amount: tolls,
            improvement_surcharge: sign * 0.3,
            total_amount: sign * hundredths(total),
        }
    }
}
