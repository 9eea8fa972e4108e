//! Rides as a caller would have asked for them, with what they took in the end.

use chrono::NaiveDate;
use curbside::Trip;
use curbside::trip::{MAX_MILES, Pickup};
use curbside_tlc::Ride;

/// Rides in file order: parallel vectors, one entry a ride.
#[derive(Clone, Debug, Default)]
pub struct Rides {
    /// What a caller would have asked.
    pub trips: Vec<Trip>,
    /// Minutes that the ride took.
    pub minutes: Vec<f64>,
    /// Day of the pickup.
    pub days: Vec<NaiveDate>,
    /// Miles as recorded, absurd ones too.
    pub recorded_miles: Vec<f64>,
}

impl Rides {
    /// Adds a ride as recorded, unless nobody could have asked for it; then says why.
    pub(crate) fn add(&mut self, ride: &Ride) -> Result<(), String> {
        let minutes = ride.pickup.and_utc().timestamp().div_euclid(60);
        // A caller cannot ask for more than this; what is recorded so was not measured.
        let miles = Some(ride.trip_distance).filter(|miles| *miles <= MAX_MILES);
        let trip = Pickup::from_local_minutes(minutes)
            .and_then(|pickup| Trip::new(ride.pu_location_id, ride.do_location_id, miles, pickup))
            .map_err(|fault| fault.to_string())?;
        self.trips.push(trip);
        self.minutes.push(ride.duration_minutes());
        self.days.push(ride.pickup.date());
        self.recorded_miles.push(ride.trip_distance);
        Ok(())
    }

    /// Adds the rides of another file after these.
    pub(crate) fn append(&mut self, mut others: Rides) {
        self.trips.append(&mut others.trips);
        self.minutes.append(&mut others.minutes);
        self.days.append(&mut others.days);
        self.recorded_miles.append(&mut others.recorded_miles);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.trips.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.trips.is_empty()
    }

    /// The same rides as asked for by someone who does not know the distance.
    pub fn without_distance(&self) -> Vec<Trip> {
        // Zones and time of a trip are right already, so none is lost here.
        let blind = |trip: &Trip| Trip::new(trip.pu_location_id(), trip.do_location_id(), None, trip.pickup()).ok();
        self.trips.iter().filter_map(blind).collect()
    }
}
