//! Whether what is measured on is kept apart from what is learnt from.

use curbside::bundle::Month;
use curbside_tlc::MonthName;

use super::{Months, TripFile};
use crate::error::{EvaluateError, EvaluateErrorKind};

/// How a warning about the months measured on begins, by which it is known when they no longer matter.
pub(crate) const MEASURED_ON: &str = "Measured on ";

/// Refuses to measure on what was learnt from; gives what a reader of the figures must know.
///
/// Rides of one day share its weather and its jams, so days count and not only rides: no file to learn from may hold rides,
/// but for strays, of a month that is measured on.
///
/// A month to measure on that begins before the last month to learn from is accepted with a warning: such figures say how
/// well a model looks back.
///
/// # Errors
///
/// `EVALUATE_LEAKAGE` with both files.
pub fn kept_apart(learnt: &Months, measured: &Months) -> Result<Vec<String>, EvaluateError> {
    for measure in measured.files() {
        for learn in learnt.files() {
            check(learn, measure)?;
        }
    }
    Ok(looking_back(learnt, measured).into_iter().collect())
}

fn check(learn: &TripFile, measure: &TripFile) -> Result<(), EvaluateError> {
    let shared = learn.overlap(measure);
    let same_days = learn.rides_in(&measure.months());
    let found = if learn.month.sha256 == measure.month.sha256 {
        "the same bytes in both".to_owned()
    } else if let Some(shared) = shared {
        format!("{shared} in both")
    } else if learn.more_than_strays(same_days) {
        let months: Vec<String> = measure.months().iter().map(ToString::to_string).collect();
        format!("{same_days} rides of {} to learn from as well", months.join(", "))
    } else {
        return Ok(());
    };
    let (learn, measure) = (learn.path.display(), measure.path.display());
    let message = format!(
        "{measure}: expected a month that nothing is learnt from, found {found} (to learn from: {learn}): measure on \
         another month, or leave that file out of the learning"
    );
    Err(EvaluateError::new(EvaluateErrorKind::Leakage, message))
}

fn looking_back(learnt: &Months, measured: &Months) -> Option<String> {
    let (measure, learn) = (measured.files().first()?, learnt.files().last()?);
    let back = measure.first_pickup() < learn.first_pickup();
    back.then(|| looks_back(&measure.month.file, &learn.month.file))
}

/// The warning of a file to measure on that begins before the last file learnt from.
pub(crate) fn looks_back(measure: &str, learn: &str) -> String {
    format!(
        "{MEASURED_ON}{measure}, which begins before the last month learnt from, {learn}: such figures look back and say less \
         of the months to come."
    )
}

/// Refuses rides that a bundle has learnt from, by what its card says of its training files: their digests and the months
/// in their names. `purpose` is what the rides are for.
///
/// # Errors
///
/// `EVALUATE_LEAKAGE` with the file and the training file.
pub fn not_learnt_from(trained_on: &[Month], months: &Months, purpose: &str) -> Result<(), EvaluateError> {
    for file in months.files() {
        let known = |month: &&Month| {
            let named = MonthName::from_file_name(month.file.as_ref());
            month.sha256 == file.month.sha256
                || named.is_some_and(|named| file.more_than_strays(file.rides_in(&[named])))
        };
        if let Some(month) = trained_on.iter().find(known) {
            let message = format!(
                "{}: expected rides {purpose} that the bundle has not learnt from, found rides of a month that it has ({}): \
                 give a later month",
                file.path.display(),
                month.file
            );
            return Err(EvaluateError::new(EvaluateErrorKind::Leakage, message));
        }
    }
    Ok(())
}
