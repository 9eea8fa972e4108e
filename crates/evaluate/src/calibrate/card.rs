//! What the card of a recalibrated bundle says.

use std::fmt::Write as _;

use chrono::NaiveDate;
use curbside::bundle::{Card, Header, Month};
use curbside::{Estimator, Limits};
use curbside_tlc::MonthName;

use super::Recalibration;
use crate::error::EvaluateError;
use crate::months::{MEASURED_ON, Months, looks_back};

/// How the note of a recalibration begins, by which the next one knows it.
const NOTE: &str = "Recalibrated: ";

/// The bundle whose model it is, as `recalibrated_from` has it: that of an earlier recalibration, else the base itself.
pub(super) fn base_of(bytes: &[u8], estimator: &Estimator) -> Result<String, EvaluateError> {
    let card = estimator.card();
    if let Some(first) = &card.recalibrated_from {
        return Ok(first.clone());
    }
    let digest = Header::from_bytes(bytes, &Limits::default())?.digest;
    let mut text = format!("{} (sha256 ", card.version);
    for byte in digest {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text + ")")
}

/// How a warning about the months calibrated on begins.
const CALIBRATED_ON: &str = "Calibrated on ";

/// A word where a month to calibrate on begins before the last training month.
pub(super) fn calibrated_back(card: &Card, on: &Months) -> Option<String> {
    let (first, last) = looking_back(card, on)?;
    Some(format!(
        "{CALIBRATED_ON}{first}, which begins before the last month learnt from, {last}: correction and interval are those of the \
         past."
    ))
}

/// The same of a month to measure on.
pub(super) fn measured_back(card: &Card, validate: &Months) -> Option<String> {
    let (first, last) = looking_back(card, validate)?;
    Some(looks_back(first, last))
}

/// The first of these files and the last training file, where the first begins earlier.
fn looking_back<'a>(card: &'a Card, months: &'a Months) -> Option<(&'a str, &'a str)> {
    let named = |month: &&Month| MonthName::from_file_name(month.file.as_ref());
    let last = card.trained_on.iter().filter_map(|month| Some((named(&month)?, &month.file))).max();
    let (first, (month, last)) = months.files().first().zip(last)?;
    (first.first_pickup() < month.start()).then_some((&first.month.file, last))
}

/// Says what was learnt again, and takes out the figures that no longer hold.
pub(super) fn rewrite(
    card: &mut Card,
    base: &str,
    calibrated_on: Vec<Month>,
    last_day: Option<&NaiveDate>,
    how: &Recalibration,
) {
    let day = last_day.map_or_else(|| card.created.clone(), ToString::to_string);
    let version = base.split(" (").next().unwrap_or(base);
    // `YYYY-MM` of `YYYY-MM-DD`.
    let fallback = || format!("{version}+{}", day.get(..7).unwrap_or(&day));
    let files: Vec<&str> = calibrated_on.iter().map(|month| month.file.as_str()).collect();
    let note = format!(
        "{NOTE}model and scale are those of {version}; correction and interval were learnt from {}. Errors by folds of days are \
         the model's own, before the correction.",
        files.join(", ")
    );
    let first_time = card.recalibrated_from.is_none();
    card.notes.retain(|note| !note.starts_with(NOTE));
    if first_time {
        card.notes.iter_mut().for_each(|note| *note = format!("Of {version}: {note}"));
    }
    card.notes.push(note);
    card.warnings.retain(|warning| !warning.starts_with(MEASURED_ON) && !warning.starts_with(CALIBRATED_ON));
    *card = Card {
        version: how.version.clone().unwrap_or_else(fallback),
        created: day,
        command: how.command.clone(),
        calibrated_on,
        recalibrated_from: Some(base.to_owned()),
        measured_on: Vec::new(),
        test: None,
        test_without_distance: None,
        interval: None,
        interval_without_distance: None,
        boroughs: Vec::new(),
        ..std::mem::take(card)
    };
}
