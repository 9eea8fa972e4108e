//! The calendar without a clock: wall time, weekdays, daylight saving and holidays, all computed from the minute given.
//!
//! The rules are data in the bundle, so that another city, or another year's law, is another bundle and not another
//! program.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

const MINUTES_OF_DAY: i64 = 1440;
/// Days from 0001-01-01 to 1970-01-01, as chrono counts days.
const DAYS_TO_1970: i32 = 719_163;

/// Wall time where the ride is, in minutes since 1970-01-01T00:00 on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(i64);

impl LocalTime {
    /// Wall time from its minutes; any [`Pickup::Local`](crate::trip::Pickup::Local) gives them.
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
        (self.day() + 3).rem_euclid(7)
    }

    /// Days since 1970-01-01.
    pub(super) fn day(self) -> i64 {
        self.0.div_euclid(MINUTES_OF_DAY)
    }

    /// The date on the wall; `None` beyond chrono's years, which no checked trip reaches.
    pub fn date(self) -> Option<NaiveDate> {
        let days = i32::try_from(self.day()).ok()?;
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

    /// The minutes of UTC in which summer time holds in a year; none, where it does not end after it began.
    pub(super) fn summer(&self, year: i32) -> Option<Range<i64>> {
        let begins = self.begins.utc(year, self.standard_offset)?;
        let ends = self.ends.utc(year, self.daylight_offset)?;
        // The rule speaks of one calendar year, which ends on the wall of winter.
        let new_year = midnight(NaiveDate::from_ymd_opt(year.checked_add(1)?, 1, 1)?) - i64::from(self.standard_offset);
        Some(begins..ends.min(new_year)).filter(|summer| !summer.is_empty())
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

    /// The day in a year; none, where the holiday did not exist yet or the year has no such day.
    pub(super) fn day_in(self, year: i32) -> Option<i64> {
        let date = match self {
            HolidayRule::Fixed { month, day, since } => {
                NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day)).filter(|_| year >= i32::from(since))
            }
            HolidayRule::Nth { month, weekday, nth } => {
                let weekday = Weekday::try_from(weekday).ok()?;
                let day = |nth| NaiveDate::from_weekday_of_month_opt(year, u32::from(month), weekday, nth);
                // The last one is the fifth, where there are five.
                if nth == 0 { day(5).or_else(|| day(4)) } else { day(nth) }
            }
        };
        date.map(|date| midnight(date) / MINUTES_OF_DAY)
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
