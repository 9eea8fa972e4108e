//! What a file holds, whatever it is called and however it is written.

use curbside_tlc::Ride;

/// A ride as every format writes it: times to the second, the distance to a hundredth of a mile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Print {
    pickup: i64,
    dropoff: i64,
    zones: (u16, u16),
    hundredths: i64,
}

/// The rides of a file, each once, in an order that does not depend on the file's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    prints: Vec<Print>,
    repeated: usize,
}

impl Content {
    pub(crate) fn new<'a>(rides: impl Iterator<Item = &'a Ride>) -> Content {
        let mut prints: Vec<Print> = rides.map(print).collect();
        prints.sort_unstable();
        let all = prints.len();
        prints.dedup();
        let repeated = all - prints.len();
        Content { prints, repeated }
    }

    /// How many different rides.
    pub(crate) fn len(&self) -> usize {
        self.prints.len()
    }

    /// How many rides were there already when they came.
    pub(crate) fn repeated(&self) -> usize {
        self.repeated
    }

    /// How many rides both have: one pass over two sorted lists.
    pub(crate) fn shared(&self, other: &Content) -> usize {
        let (mut ours, mut theirs) = (self.prints.iter().peekable(), other.prints.iter().peekable());
        let mut shared = 0;
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => _ = ours.next(),
                std::cmp::Ordering::Greater => _ = theirs.next(),
                std::cmp::Ordering::Equal => {
                    shared += 1;
                    (_, _) = (ours.next(), theirs.next());
                }
            }
        }
        shared
    }
}

fn print(ride: &Ride) -> Print {
    Print {
        pickup: ride.pickup.and_utc().timestamp(),
        dropoff: ride.dropoff.and_utc().timestamp(),
        zones: (ride.pu_location_id, ride.do_location_id),
        // Saturates, and is 0 for what is not a number: a distance that absurd is no mark of its own.
        #[allow(clippy::cast_possible_truncation, reason = "see above")]
        hundredths: (ride.trip_distance * 100.0).round() as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn rides_are_counted_once_and_known_by_what_every_format_writes() {
        let pickup = "2021-02-03T08:30:00".parse().unwrap();
        let ride = |seconds, miles| Ride {
            row: 0,
            pickup,
            dropoff: pickup + TimeDelta::milliseconds(seconds),
            pu_location_id: 130,
            do_location_id: 205,
            trip_distance: miles,
        };
        let ours = Content::new([ride(60_000, 1.0), ride(61_000, 1.0), ride(61_000, 1.0), ride(62_000, 1.0)].iter());
        // The first to the millisecond and with a distance as a float32 would have it; one of another distance; one more.
        let theirs = [ride(61_009, f64::from(1.000_01_f32)), ride(60_000, 1.01), ride(62_000, 1.0), ride(63_000, 1.0)];
        let theirs = Content::new(theirs.iter());
        assert_eq!((ours.len(), ours.repeated(), theirs.len(), theirs.repeated()), (3, 1, 4, 0));
        assert_eq!((ours.shared(&theirs), theirs.shared(&ours)), (2, 2));
        assert_eq!(ours.shared(&Content::default()), 0);
    }
}
