//! A calendar frozen for speed: every summer and every holiday of the years that a trip may name, looked up.

use super::calendar::{Calendar, LocalTime};
use crate::trip::Pickup;

/// The years of `trip::pickup`, and one on each side: an instant of 2007 may be in 2006 on the wall.
const YEARS: std::ops::RangeInclusive<i32> = 2006..=2100;

/// A [`Calendar`], worked out.
#[derive(Clone, Debug)]
pub(super) struct FrozenCalendar {
    /// Minutes east of UTC in winter and in summer.
    offsets: (i64, i64),
    /// Begin and end of each summer in minutes of UTC, in order.
    summers: Vec<(i64, i64)>,
    /// The first day that has a bit, in days since 1970-01-01.
    first_day: i64,
    /// One bit a day, 64 of them a word.
    holidays: Vec<u64>,
}

impl FrozenCalendar {
    pub(super) fn new(calendar: &Calendar) -> FrozenCalendar {
        let zone = &calendar.time_zone;
        let summers = YEARS.filter_map(|year| zone.summer(year)).map(|summer| (summer.start, summer.end)).collect();
        let days: Vec<i64> =
            YEARS.flat_map(|year| calendar.holidays.iter().filter_map(move |rule| rule.day_in(year))).collect();
        let first_day = days.iter().copied().min().unwrap_or(0);
        let mut frozen = FrozenCalendar {
            offsets: (i64::from(zone.standard_offset), i64::from(zone.daylight_offset)),
            summers,
            first_day,
            holidays: Vec::new(),
        };
        for day in days {
            // The first is the least of them.
            let Some((word, bit)) = frozen.place(day) else { continue };
            frozen.holidays.resize(frozen.holidays.len().max(word + 1), 0);
            frozen.holidays[word] |= 1 << bit;
        }
        frozen
    }

    /// Wall time of a pickup.
    pub(super) fn local(&self, pickup: Pickup) -> LocalTime {
        match pickup {
            Pickup::Local(minutes) => LocalTime::from_minutes(minutes),
            Pickup::Utc(minutes) => {
                let begun = self.summers.partition_point(|(begins, _)| *begins <= minutes);
                let is_summer = begun > 0 && minutes < self.summers[begun - 1].1;
                let (standard, daylight) = self.offsets;
                LocalTime::from_minutes(minutes + if is_summer { daylight } else { standard })
            }
        }
    }

    /// Whether the day is a holiday.
    pub(super) fn is_holiday(&self, time: LocalTime) -> bool {
        self.place(time.day())
            .and_then(|(word, bit)| self.holidays.get(word).map(|word| word >> bit & 1 == 1))
            .unwrap_or(false)
    }

    /// The word and the bit of a day.
    fn place(&self, day: i64) -> Option<(usize, usize)> {
        let day = usize::try_from(day.checked_sub(self.first_day)?).ok()?;
        Some((day / 64, day % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::calendar::{HolidayRule, TimeZoneRule};
    use crate::trip::parse_pickup;

    fn new_york() -> FrozenCalendar {
        FrozenCalendar::new(&Calendar::new_york())
    }

    fn wall(text: &str) -> LocalTime {
        new_york().local(parse_pickup(text).unwrap())
    }

    #[test]
    fn wall_time_follows_new_yorks_rule_to_the_minute() {
        let rows = [
            ("2021-02-03T13:30:00Z", "2021-02-03T08:30"),
            ("2021-07-03T12:30:00Z", "2021-07-03T08:30"),
            // Spring 2021: 14 March, 01:59 EST is followed by 03:00 EDT.
            ("2021-03-14T06:59:00Z", "2021-03-14T01:59"),
            ("2021-03-14T07:00:00Z", "2021-03-14T03:00"),
            // Autumn 2021: 7 November, 01:59 EDT is followed by 01:00 EST.
            ("2021-11-07T05:59:00Z", "2021-11-07T01:59"),
            ("2021-11-07T06:00:00Z", "2021-11-07T01:00"),
            // The year changes on the wall five hours after it does in UTC.
            ("2022-01-01T04:59:00Z", "2021-12-31T23:59"),
            ("2021-02-03T08:30:00+09:00", "2021-02-02T18:30"),
        ];
        for (instant, expected) in rows {
            assert_eq!(wall(instant).to_string(), expected, "{instant}");
        }
    }

    #[test]
    fn federal_holidays_fall_on_their_days() {
        let calendar = new_york();
        let holidays_2021 =
            ["01-01", "01-18", "02-15", "05-31", "06-19", "07-04", "09-06", "10-11", "11-11", "11-25", "12-25"];
        let mut found = Vec::new();
        for day in 0..365 {
            let time = LocalTime::from_minutes(wall("2021-01-01T12:00").minutes() + day * 1440);
            if calendar.is_holiday(time) {
                found.push(time.to_string()[5..10].to_owned());
            }
        }
        assert_eq!(found, holidays_2021);
        assert!(!calendar.is_holiday(wall("2020-06-19T12:00")), "Juneteenth is a federal holiday since 2021");
    }

    #[test]
    fn weekdays_begin_on_monday() {
        assert_eq!(wall("2021-02-01T00:00").weekday(), 0);
        assert_eq!(wall("2021-02-07T23:59").weekday(), 6);
        assert_eq!(wall("2021-02-03T08:30").minute_of_day(), 510);
    }

    #[test]
    fn last_and_leap_days_of_all_years() {
        // The last Monday of May is the fourth or the fifth; 29 February is there in leap years alone.
        let holidays =
            vec![HolidayRule::Nth { month: 5, weekday: 0, nth: 0 }, HolidayRule::Fixed { month: 2, day: 29, since: 0 }];
        let calendar = FrozenCalendar::new(&Calendar { holidays, ..Calendar::new_york() });
        let rows = [
            ("2021-05-31T23:59", true),
            ("2021-05-24T12:00", false),
            ("2022-05-30T00:00", true),
            ("2024-02-29T12:00", true),
            ("2023-03-01T12:00", false),
            ("2099-05-25T12:00", true),
            ("2007-05-28T12:00", true),
        ];
        for (day, expected) in rows {
            assert_eq!(calendar.is_holiday(wall(day)), expected, "{day}");
        }
    }

    #[test]
    fn summers_that_do_not_lie_in_a_year_are_none() {
        let TimeZoneRule { begins, ends, .. } = TimeZoneRule::NEW_YORK;
        let never = TimeZoneRule { begins: ends, ends: begins, ..TimeZoneRule::NEW_YORK };
        let calendar = FrozenCalendar::new(&Calendar { time_zone: never, holidays: Vec::new() });
        assert_eq!(calendar.local(parse_pickup("2021-07-03T12:30:00Z").unwrap()).to_string(), "2021-07-03T07:30");
    }
}
