//! The calendar without a clock: wall time, weekdays, daylight saving and holidays, all computed from the minute given.
//!
//! The rules are data in the bundle, so that another city, or another year's law, is another bundle and not another
//! program.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::trip::Pickup;

const MINUTES_OF_DAY: i64 = 1440;
/// Days from 0001-01-01 to 1970-01-01, as chrono counts days.
const DAYS_TO_1970: i32 = 719_163;

/// Wall time where the ride is, in minutes since 1970-01-01T00:00 on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(i64);

impl LocalTime {
    /// Wall time from its minutes; any [`Pickup::Local`] gives them.
    pub fn from_minutes(minutes: i64) -> LocalTime {
        LocalTime(minutes)
    }

    /// Minutes since 1970-01-01T00:00 on the wall.
    pub fn minutes(self) -> i64 {
        self.0
    }

    /// Minute of the day, 0 to 1439.
    pub fn minute_of_day(self) -> i64 {
        self.0.rem_euclid(MINUTES_OF_DAY)
    }

    /// Day of the week, Monday 0 to Sunday 6.
    pub fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.0.div_euclid(MINUTES_OF_DAY) + 3).rem_euclid(7)
    }

    /// The date on the wall; `None` beyond chrono's years, which no checked trip reaches.
    pub fn date(self) -> Option<NaiveDate> {
        let days = i32::try_from(self.0.div_euclid(MINUTES_OF_DAY)).ok()?;
        NaiveDate::from_num_days_from_ce_opt(days.checked_add(DAYS_TO_1970)?)
    }
}

impl std::fmt::Display for LocalTime {
    /// `2021-02-03T08:30`, as the wire has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minute = self.minute_of_day();
        match self.date() {
            Some(date) => {
                write!(
                    f,
                    "{:04}-{:02}-{:02}T{:02}:{:02}",
                    date.year(),
                    date.month(),
                    date.day(),
                    minute / 60,
                    minute % 60
                )
            }
            None => write!(f, "minute {} since 1970", self.0),
        }
    }
}

/// Minutes from 1970-01-01 to the beginning of `date`.
fn midnight(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce() - DAYS_TO_1970) * MINUTES_OF_DAY
}

/// The day in a year on which clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Month, 1 to 12.
    pub month: u8,
    /// Which Sunday of the month, 1 to 4.
    pub sunday: u8,
    /// Minute of that day, in the wall time that ends there.
    pub minute: u16,
}

/// A zone's rule for wall time: a standard offset, and daylight saving between two switches in one calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeZoneRule {
    /// Minutes east of UTC in winter.
    pub standard_offset: i16,
    /// Minutes east of UTC in summer.
    pub daylight_offset: i16,
    /// Beginning of summer time.
    pub begins: Switch,
    /// End of summer time.
    pub ends: Switch,
}

impl TimeZoneRule {
    /// New York since 2007 (Energy Policy Act of 2005, section 110): second Sunday of March to first Sunday of November.
    pub const NEW_YORK: TimeZoneRule = TimeZoneRule {
        standard_offset: -300,
        daylight_offset: -240,
        begins: Switch { month: 3, sunday: 2, minute: 120 },
        ends: Switch { month: 11, sunday: 1, minute: 120 },
    };

    /// Wall time at an instant given in minutes of UTC.
    pub fn local(&self, utc: i64) -> LocalTime {
        let standard = LocalTime(utc + i64::from(self.standard_offset));
        let daylight = standard.date().is_some_and(|date| {
            let begins = self.begins.utc(date.year(), self.standard_offset);
            let ends = self.ends.utc(date.year(), self.daylight_offset);
            matches!((begins, ends), (Some(begins), Some(ends)) if (begins..ends).contains(&utc))
        });
        if daylight { LocalTime(utc + i64::from(self.daylight_offset)) } else { standard }
    }
}

impl Switch {
    /// The instant of the switch in minutes of UTC, where `offset` holds before it.
    fn utc(self, year: i32, offset: i16) -> Option<i64> {
        let date = NaiveDate::from_weekday_of_month_opt(year, u32::from(self.month), Weekday::Sun, self.sunday)?;
        Some(midnight(date) + i64::from(self.minute) - i64::from(offset))
    }

    fn is_valid(self) -> bool {
        (1..=12).contains(&self.month) && (1..=4).contains(&self.sunday) && self.minute < 1440
    }
}

/// A holiday that comes every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HolidayRule {
    /// On a fixed date, from a first year on.
    Fixed {
        /// Month, 1 to 12.
        month: u8,
        /// Day of the month.
        day: u8,
        /// The first year.
        since: u16,
    },
    /// On the n-th such weekday of a month.
    Nth {
        /// Month, 1 to 12.
        month: u8,
        /// Monday 0 to Sunday 6.
        weekday: u8,
        /// 1 to 4 from the beginning; 0 is the last one of the month.
        nth: u8,
    },
}

impl HolidayRule {
    /// The federal holidays of the United States (5 U.S.C. 6103), on the days themselves and not as observed by offices:
    /// it is the day that empties the streets.
    pub fn us_federal() -> Vec<HolidayRule> {
        let fixed = |month, day, since| HolidayRule::Fixed { month, day, since };
        let nth = |nth, weekday, month| HolidayRule::Nth { month, weekday, nth };
        vec![
            fixed(1, 1, 0),
            nth(3, 0, 1),
            nth(3, 0, 2),
            nth(0, 0, 5),
            fixed(6, 19, 2021),
            fixed(7, 4, 0),
            nth(1, 0, 9),
            nth(2, 0, 10),
            fixed(11, 11, 0),
            nth(4, 3, 11),
            fixed(12, 25, 0),
        ]
    }

    fn falls_on(self, date: NaiveDate) -> bool {
        match self {
            HolidayRule::Fixed { month, day, since } => {
                date.month() == u32::from(month) && date.day() == u32::from(day) && date.year() >= i32::from(since)
            }
            HolidayRule::Nth { month, weekday, nth } => {
                let in_month =
                    date.month() == u32::from(month) && date.weekday().num_days_from_monday() == u32::from(weekday);
                let week = (date.day() - 1) / 7 + 1;
                in_month
                    && match nth {
                        // The last one: seven days on, it is another month.
                        0 => {
                            date.checked_add_days(chrono::Days::new(7)).is_none_or(|next| next.month() != date.month())
                        }
                        _ => week == u32::from(nth),
                    }
            }
        }
    }

    fn is_valid(self) -> bool {
        match self {
            HolidayRule::Fixed { month, day, .. } => (1..=12).contains(&month) && (1..=31).contains(&day),
            HolidayRule::Nth { month, weekday, nth } => (1..=12).contains(&month) && weekday < 7 && nth <= 4,
        }
    }
}

/// What a city's calendar knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Wall time.
    pub time_zone: TimeZoneRule,
    /// Holidays.
    pub holidays: Vec<HolidayRule>,
}

impl Calendar {
    /// New York, with the federal holidays.
    pub fn new_york() -> Calendar {
        Calendar { time_zone: TimeZoneRule::NEW_YORK, holidays: HolidayRule::us_federal() }
    }

    /// Wall time of a pickup.
    pub fn local(&self, pickup: Pickup) -> LocalTime {
        match pickup {
            Pickup::Local(minutes) => LocalTime(minutes),
            Pickup::Utc(minutes) => self.time_zone.local(minutes),
        }
    }

    /// Whether the day is a holiday.
    pub fn is_holiday(&self, time: LocalTime) -> bool {
        time.date().is_some_and(|date| self.holidays.iter().any(|rule| rule.falls_on(date)))
    }

    /// Whether every rule names a day that can exist; said of bytes from a bundle.
    pub(super) fn is_valid(&self) -> bool {
        let zone = self.time_zone;
        let offsets = -1440..=1440;
        zone.begins.is_valid()
            && zone.ends.is_valid()
            && offsets.contains(&zone.standard_offset)
            && offsets.contains(&zone.daylight_offset)
            && self.holidays.iter().all(|rule| rule.is_valid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trip::parse_pickup;

    fn wall(text: &str) -> LocalTime {
        Calendar::new_york().local(parse_pickup(text).unwrap())
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
        let calendar = Calendar::new_york();
        let holidays_2021 =
            ["01-01", "01-18", "02-15", "05-31", "06-19", "07-04", "09-06", "10-11", "11-11", "11-25", "12-25"];
        let mut found = Vec::new();
        for day in 0..365 {
            let time = LocalTime(wall("2021-01-01T12:00").minutes() + day * MINUTES_OF_DAY);
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
}
