//! Folds of whole days: rides of one day share its weather and its jams, so a day is either learnt from or measured on.

use chrono::NaiveDate;

use crate::error::{TrainError, TrainErrorKind};

/// How many folds.
pub(crate) const FOLDS: usize = 5;

/// The fold of each ride: days in order take the folds in turn.
///
/// # Errors
///
/// `TRAIN_NO_RIDES` for rides of so few days that a fold would be empty.
pub(crate) fn by_day(days: &[NaiveDate]) -> Result<Vec<usize>, TrainError> {
    let mut known = days.to_vec();
    known.sort_unstable();
    known.dedup();
    if known.len() < FOLDS {
        let message = format!(
            "expected rides of at least {FOLDS} days to choose by folds of whole days, found {}: give the whole month",
            known.len()
        );
        return Err(TrainError::new(TrainErrorKind::NoRides, message));
    }
    Ok(days.iter().map(|day| known.binary_search(day).unwrap_or(0) % FOLDS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_never_split() {
        let day = |day| NaiveDate::from_ymd_opt(2021, 1, day).unwrap();
        let days = [day(3), day(1), day(3), day(2), day(9), day(8), day(7)];
        // Days in order: 1, 2, 3, 7, 8, 9 in folds 0, 1, 2, 3, 4, 0.
        assert_eq!(by_day(&days).unwrap(), [2, 0, 2, 1, 0, 4, 3]);
        let few = by_day(&[day(1), day(2), day(2), day(8)]).unwrap_err();
        assert!(few.to_string().contains("at least 5 days") && few.to_string().contains("found 3"), "{few}");
    }
}
