//! What goes wrong with the records of a ride, as often as it does in the published green months of 2020 to 2024.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::chance::Chance;
use super::{hundredths, seconds};
use crate::ride::Ride;

/// Shares of all rides; each was between these bounds in the published months.
const ZERO_DISTANCE: f64 = 0.035; // 2.6 to 5.7 %
const ABSURD_DISTANCE: f64 = 0.000_6; // 0.005 to 0.12 %
const UNDER_A_MINUTE: f64 = 0.021; // 1.6 to 3.3 %
const OF_THESE_NOTHING: f64 = 0.05; // 4 to 12 %
const METER_LEFT_ON: f64 = 0.002; // 0.1 to 0.3 %
const BACKWARDS: f64 = 0.000_02; // 0 to 0.005 %
const NOWHERE: f64 = 0.005; // 0.4 to 1.4 %
const OLD_CLOCK: f64 = 0.000_06;
const NEXT_MONTH: f64 = 0.000_06; // together 0 to 0.04 %

/// Lets happen to a ride's record what happens to records.
pub(super) fn befall(ride: &mut Ride, chance: &mut Chance, month_end: NaiveDateTime) {
    if chance.happens(UNDER_A_MINUTE) {
        let nothing = chance.happens(OF_THESE_NOTHING);
        lasts(ride, if nothing { 0.0 } else { chance.between(1.0, 59.0) });
        ride.trip_distance = if chance.happens(0.6) { 0.0 } else { hundredths(chance.between(0.0, 0.3)) };
    } else if chance.happens(METER_LEFT_ON) {
        // Most of these are a day less a little: the meter was switched off at the next ride's end.
        lasts(
            ride,
            if chance.happens(0.9) { chance.between(84_000.0, 86_400.0) } else { chance.between(4000.0, 60_000.0) },
        );
    } else if chance.happens(BACKWARDS) {
        lasts(ride, -chance.between(1.0, 900.0));
    }
    if chance.happens(ZERO_DISTANCE) {
        ride.trip_distance = 0.0;
    } else if chance.happens(ABSURD_DISTANCE) {
        ride.trip_distance = hundredths(chance.between(10_000.0, 294_000.0));
    }
    if chance.happens(NOWHERE) {
        let unknown = if chance.happens(0.4) { 264 } else { 265 };
        ride.do_location_id = unknown;
        if chance.happens(0.3) {
            ride.pu_location_id = unknown;
        }
    }
    let begins = if chance.happens(OLD_CLOCK) {
        // A clock that has lost its date starts at New Year 2009.
        NaiveDate::from_ymd_opt(2009, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0))
    } else if chance.happens(NEXT_MONTH) {
        Some(month_end)
    } else {
        None
    };
    if let Some(begins) = begins {
        let duration = ride.duration();
        ride.pickup = begins + seconds(chance.between(0.0, 7200.0));
        ride.dropoff = ride.pickup + duration;
    }
}

fn lasts(ride: &mut Ride, duration: f64) {
    let duration: TimeDelta = seconds(duration);
    ride.dropoff = ride.pickup + duration;
}
