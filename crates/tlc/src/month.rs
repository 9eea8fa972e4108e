//! The month that a trip file is named after, and its days, which are the units of the folds in training.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

/// A calendar month such as `2021-02`, as TLC names its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MonthName {
    /// The first day, so that the calendar has already been consulted.
    first: NaiveDate,
}

impl MonthName {
    /// The month of a year, 1 to 12; `None` for anything that is not a month between the years 1 and 9999.
    pub fn new(year: u16, month: u8) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), 1)?;
        (1..=9999).contains(&year).then_some(Self { first })
    }

    /// The first `YYYY-MM` in a file's name, so that `green_tripdata_2020-03.csv.gz` is `2020-03`; `None` if there
    /// is none.
    pub fn from_file_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.as_bytes();
        let digit = |at: usize| name.get(at).is_some_and(u8::is_ascii_digit);
        (0..name.len())
            .filter(|&start| start.checked_sub(1).is_none_or(|before| !digit(before)) && !digit(start + 7))
            .find_map(|start| std::str::from_utf8(name.get(start..start + 7)?).ok()?.parse().ok())
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.first.year()
    }

    /// The month of the year, 1 to 12.
    pub fn month(self) -> u32 {
        self.first.month()
    }

    /// Midnight at which the month begins (included in it).
    pub fn start(self) -> NaiveDateTime {
        self.first.and_time(NaiveTime::MIN)
    }

    /// Midnight at which the next month begins (not included in this one).
    pub fn end(self) -> NaiveDateTime {
        // Years stop at 9999 and the calendar at 262,142: there is always a next month.
        self.first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX).and_time(NaiveTime::MIN)
    }

    /// Whether a local time falls into this month.
    pub fn contains(self, time: NaiveDateTime) -> bool {
        (self.start()..self.end()).contains(&time)
    }

    /// The days of this month in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let end = self.end().date();
        self.first.iter_days().take_while(move |day| *day < end)
    }

    /// The month that follows; the last month of the year 9999 is followed by itself.
    #[must_use]
    pub fn next(self) -> Self {
        let first = self.end().date();
        if first.year() > 9999 { self } else { Self { first } }
    }

    /// The month before; the first month of the year 1 is preceded by itself.
    #[must_use]
    pub fn previous(self) -> Self {
        let last = self.first.checked_sub_days(Days::new(1));
        match last.and_then(|day| day.with_day(1)) {
            Some(first) if first.year() >= 1 => Self { first },
            _ => self,
        }
    }
}

impl fmt::Display for MonthName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl From<MonthName> for String {
    fn from(month: MonthName) -> Self {
        month.to_string()
    }
}

impl TryFrom<String> for MonthName {
    type Error = MonthNameError;

    fn try_from(text: String) -> Result<Self, MonthNameError> {
        text.parse()
    }
}

impl FromStr for MonthName {
    type Err = MonthNameError;

    /// Reads `YYYY-MM`, nothing before and nothing after.
    fn from_str(text: &str) -> Result<Self, MonthNameError> {
        let read = || {
            let (year, month) = text.split_once('-')?;
            let digits =
                year.len() == 4 && month.len() == 2 && (year.bytes().chain(month.bytes())).all(|b| b.is_ascii_digit());
            digits.then_some(())?;
            Self::new(year.parse().ok()?, month.parse().ok()?)
        };
        read().ok_or_else(|| MonthNameError { found: text.to_owned() })
    }
}

/// A text that does not name a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthNameError {
    found: String,
}

impl fmt::Display for MonthNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a month as YYYY-MM, found {:?}: write it like 2021-02", self.found)
    }
}

impl std::error::Error for MonthNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> MonthName {
        text.parse().unwrap()
    }

    #[test]
    fn file_names_give_their_month() {
        let cases = [
            ("green_tripdata_2021-02.parquet", Some("2021-02")),
            ("a/b/green_tripdata_2020-03.csv.gz", Some("2020-03")),
            ("yellow_tripdata_sample_2019-12.csv", Some("2019-12")),
            ("2021-01", Some("2021-01")),
            ("trips_2021-13.parquet", None),
            ("trips_12021-02.parquet", None),
            ("trips_2021-023.parquet", None),
            ("2021-02/trips.parquet", None),
            ("trips-2021.parquet", None),
            ("", None),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .filter(|(name, expected)| MonthName::from_file_name(Path::new(name)) != expected.map(month))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn only_whole_months_are_read() {
        for text in
            ["", "2021", "2021-00", "2021-13", "2021-1", "21-01", "2021-02-03", " 2021-02", "0000-01", "+021-02"]
        {
            let error = text.parse::<MonthName>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert_eq!(month("2021-02").to_string(), "2021-02");
        assert_eq!(serde_json::to_string(&month("2021-02")).unwrap(), "\"2021-02\"");
        assert_eq!(serde_json::from_str::<MonthName>("\"2021-02\"").unwrap(), month("2021-02"));
        assert!(serde_json::from_str::<MonthName>("\"2021-2\"").is_err());
    }

    #[test]
    fn a_month_is_half_open() {
        let february = month("2020-02");
        assert_eq!(february.days().count(), 29);
        assert_eq!(month("2021-12").days().count(), 31);
        assert_eq!(month("9999-12").days().count(), 31);
        assert!(february.contains(february.start()));
        assert!(!february.contains(february.end()));
        assert!(february.contains(february.end() - chrono::TimeDelta::seconds(1)));
        assert_eq!(month("2020-12").next(), month("2021-01"));
        assert_eq!(month("2021-01").previous(), month("2020-12"));
        assert_eq!(month("9999-12").next(), month("9999-12"));
        assert_eq!(month("0001-01").previous(), month("0001-01"));
    }
}
