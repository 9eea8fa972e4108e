//! What the image is built from, as its labels and the times of its files say it: the commit, and never the clock.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// A commit, or the state of a working copy after one.
#[derive(Debug)]
pub(crate) struct Commit {
    /// Its digest, with `-modified` after it where files differ from it.
    pub(crate) revision: String,
    /// Its time: seconds since 1970; `SOURCE_DATE_EPOCH` where that is set, for builds outside of a repository.
    pub(crate) seconds: u64,
    /// The same as RFC 3339 in UTC.
    pub(crate) created: String,
}

impl Commit {
    /// The commit of the working directory.
    ///
    /// # Errors
    /// Where neither git nor `SOURCE_DATE_EPOCH` tells a time.
    pub(crate) fn here() -> Result<Self> {
        let seconds = match env::var("SOURCE_DATE_EPOCH") {
            Ok(told) => told.trim().parse().context("SOURCE_DATE_EPOCH: expected seconds since 1970")?,
            Err(_) => git(&["log", "-1", "--format=%ct"])
                .context(
                    "git tells no commit here: set SOURCE_DATE_EPOCH to the time of the source, in seconds since 1970",
                )?
                .parse()
                .context("git tells the time of a commit in seconds since 1970")?,
        };
        let mut revision = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
        if git(&["status", "--porcelain"]).is_some_and(|changed| !changed.is_empty()) {
            revision.push_str("-modified");
        }
        Ok(Self { revision, seconds, created: rfc3339(seconds) })
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    Some(command::quiet_output(Command::new("git").args(arguments))?.trim().to_owned())
}

/// A time in UTC, by the calendar's arithmetic on days since 0000-03-01, where leap days come last in their year.
fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", era * 400 + year)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn seconds_become_a_date() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected, "{seconds}");
        }
    }
}
