//! Which rides are learnt from. Every dropped ride has a reason, and every reason a count, so that a card can say
//! what the model has never seen.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::month::MonthName;
use crate::reasons::write_table;
use crate::ride::Ride;

/// Why a ride is not learnt from. A ride has the first reason that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The drop-off is before the pickup.
    NegativeDuration,
    /// Shorter than [`Filter::shortest`].
    TooShort,
    /// Longer than [`Filter::longest`].
    TooLong,
    /// The pickup is not in [`Filter::month`].
    OutsideMonth,
    /// A zone id that is not 1..=265.
    UnknownZone,
    /// The distance is not a number, infinite or negative.
    ImpossibleDistance,
}

impl DropReason {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 6] = [
        Self::NegativeDuration,
        Self::TooShort,
        Self::TooLong,
        Self::OutsideMonth,
        Self::UnknownZone,
        Self::ImpossibleDistance,
    ];

    /// Whether the duration alone decided.
    pub fn is_duration(self) -> bool {
        matches!(self, Self::NegativeDuration | Self::TooShort | Self::TooLong)
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NegativeDuration => "drop-off before pickup",
            Self::TooShort => "too short",
            Self::TooLong => "too long",
            Self::OutsideMonth => "pickup outside the month",
            Self::UnknownZone => "zone id not 1 to 265",
            Self::ImpossibleDistance => "distance not a number or negative",
        })
    }
}

/// The rule that a ride must pass to be learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// Shortest duration kept, inclusive.
    pub shortest: TimeDelta,
    /// Longest duration kept, inclusive.
    pub longest: TimeDelta,
    /// The month in which the pickup must be; `None` keeps every month.
    pub month: Option<MonthName>,
}

impl Filter {
    /// The filter of training and of every published measurement: 1 to 60 minutes inclusive, by the second, pickup
    /// in the named month (or anywhere, for `None`), zones 1..=265, a distance that is a number and not negative.
    ///
    /// Distances of 0 and of 290,000 miles pass: what they mean is for the features to say.
    pub fn training(month: impl Into<Option<MonthName>>) -> Self {
        Self { shortest: TimeDelta::minutes(1), longest: TimeDelta::minutes(60), month: month.into() }
    }

    /// Judges one ride.
    ///
    /// # Errors
    /// The first [`DropReason`] that applies.
    pub fn check(&self, ride: &Ride) -> Result<(), DropReason> {
        let duration = ride.duration();
        let zones = 1..=265;
        if duration < TimeDelta::zero() {
            Err(DropReason::NegativeDuration)
        } else if duration < self.shortest {
            Err(DropReason::TooShort)
        } else if duration > self.longest {
            Err(DropReason::TooLong)
        } else if self.month.is_some_and(|month| !month.contains(ride.pickup)) {
            Err(DropReason::OutsideMonth)
        } else if !zones.contains(&ride.pu_location_id) || !zones.contains(&ride.do_location_id) {
            Err(DropReason::UnknownZone)
        } else if !ride.trip_distance.is_finite() || ride.trip_distance < 0.0 {
            Err(DropReason::ImpossibleDistance)
        } else {
            Ok(())
        }
    }

    /// The rides that pass, in their order, and the account of those that do not.
    pub fn apply(&self, rides: impl IntoIterator<Item = Ride>) -> (Vec<Ride>, FilterReport) {
        let mut report = FilterReport::default();
        let kept = rides.into_iter().filter(|ride| report.count(self.check(ride))).collect();
        (kept, report)
    }
}

/// How many rides passed a [`Filter`], and how many did not for which reason. Prints as a table; serialises into a
/// bundle's card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterReport {
    /// Rides that were judged.
    pub rows: u64,
    /// Rides that passed.
    pub kept: u64,
    /// Rides that did not, by reason; reasons that never applied are absent.
    pub dropped: BTreeMap<DropReason, u64>,
}

impl FilterReport {
    /// Counts one verdict, and says whether the ride is kept.
    pub fn count(&mut self, verdict: Result<(), DropReason>) -> bool {
        self.rows += 1;
        match verdict {
            Ok(()) => self.kept += 1,
            Err(reason) => *self.dropped.entry(reason).or_default() += 1,
        }
        verdict.is_ok()
    }

    /// Rides dropped for one reason.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped.get(&reason).copied().unwrap_or(0)
    }

    /// Rides that pass by their duration, whatever the other reasons say.
    pub fn within_duration(&self) -> u64 {
        let by_duration: u64 =
            DropReason::ALL.iter().filter(|reason| reason.is_duration()).map(|reason| self.dropped_for(*reason)).sum();
        self.rows - by_duration
    }

    /// Adds the account of another file.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.kept += other.kept;
        for (reason, rows) in &other.dropped {
            *self.dropped.entry(*reason).or_default() += rows;
        }
    }
}

impl fmt::Display for FilterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<(String, u64)> =
            DropReason::ALL.iter().map(|reason| (reason.to_string(), self.dropped_for(*reason))).collect();
        lines.push(("kept".to_owned(), self.kept));
        lines.push(("all".to_owned(), self.rows));
        write_table(f, self.rows, &lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ride that passes: 2021-02-03 08:30:00, `seconds` long.
    fn ride(seconds: i64) -> Ride {
        let pickup = "2021-02-03T08:30:00".parse().unwrap();
        Ride {
            row: 0,
            pickup,
            dropoff: pickup + TimeDelta::seconds(seconds),
            pu_location_id: 130,
            do_location_id: 205,
            trip_distance: 3.66,
        }
    }

    #[test]
    fn every_boundary_of_the_rule() {
        let filter = Filter::training("2021-02".parse::<MonthName>().unwrap());
        let at = |pickup: &str| {
            let pickup = pickup.parse().unwrap();
            Ride { pickup, dropoff: pickup + TimeDelta::seconds(600), ..ride(0) }
        };
        let milliseconds = |ms| Ride { dropoff: ride(0).pickup + TimeDelta::milliseconds(ms), ..ride(0) };
        let cases = [
            ("a negative second", ride(-1), Err(DropReason::NegativeDuration)),
            ("nothing", ride(0), Err(DropReason::TooShort)),
            ("a second less than a minute", ride(59), Err(DropReason::TooShort)),
            ("a millisecond less than a minute", milliseconds(59_999), Err(DropReason::TooShort)),
            ("a minute", ride(60), Ok(())),
            ("an hour", ride(3600), Ok(())),
            ("a millisecond more than an hour", milliseconds(3_600_001), Err(DropReason::TooLong)),
            ("a second more than an hour", ride(3601), Err(DropReason::TooLong)),
            ("the first second of the month", at("2021-02-01T00:00:00"), Ok(())),
            ("the last second of the month", at("2021-02-28T23:59:59"), Ok(())),
            ("a second too early", at("2021-01-31T23:59:59"), Err(DropReason::OutsideMonth)),
            ("a second too late", at("2021-03-01T00:00:00"), Err(DropReason::OutsideMonth)),
            ("zone 0", Ride { pu_location_id: 0, ..ride(60) }, Err(DropReason::UnknownZone)),
            ("zone 266", Ride { do_location_id: 266, ..ride(60) }, Err(DropReason::UnknownZone)),
            ("zones unknown and outside", Ride { pu_location_id: 264, do_location_id: 265, ..ride(60) }, Ok(())),
            ("no distance", Ride { trip_distance: f64::NAN, ..ride(60) }, Err(DropReason::ImpossibleDistance)),
            ("infinite", Ride { trip_distance: f64::INFINITY, ..ride(60) }, Err(DropReason::ImpossibleDistance)),
            ("backwards", Ride { trip_distance: -0.01, ..ride(60) }, Err(DropReason::ImpossibleDistance)),
            ("standing", Ride { trip_distance: 0.0, ..ride(60) }, Ok(())),
            ("to the moon", Ride { trip_distance: 244_152.0, ..ride(60) }, Ok(())),
        ];
        let wrong: Vec<_> =
            cases.iter().filter(|(_, ride, expected)| filter.check(ride) != *expected).map(|case| case.0).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn the_account_adds_up_prints_and_serialises() {
        let filter = Filter::training(None);
        let (kept, mut report) = filter.apply([ride(30), ride(60), ride(90), ride(4000), ride(-5)]);
        assert_eq!(kept.iter().map(Ride::duration_minutes).collect::<Vec<_>>(), [1.0, 1.5]);
        assert_eq!((report.rows, report.kept, report.within_duration()), (5, 2, 2));
        report.add(&filter.apply([Ride { trip_distance: -1.0, ..ride(60) }]).1);
        assert_eq!((report.rows, report.kept, report.within_duration()), (6, 2, 3));
        let table = report.to_string();
        assert!(table.lines().any(|line| line.split_whitespace().eq(["too", "short", "1", "16.667", "%"])), "{table}");
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            json,
            r#"{"rows":6,"kept":2,"dropped":{"negative_duration":1,"too_short":1,"too_long":1,"impossible_distance":1}}"#
        );
        assert_eq!(serde_json::from_str::<FilterReport>(&json).unwrap(), report);
    }
}
