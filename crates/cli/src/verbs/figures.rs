//! A card's figures for a person, for `inspect` and for the verbs that make bundles.

use std::fmt;

use curbside::bundle::{Card, IntervalMetrics, Metrics};

use super::calibrated::percent;

/// A card's figures, a line each.
pub(crate) fn figures(f: &mut fmt::Formatter<'_>, card: &Card) -> fmt::Result {
    let errors = [
        ("error by folds of days", &card.folds),
        ("  without a distance", &card.folds_without_distance),
        ("error on the measured months", &card.test),
        ("  without a distance", &card.test_without_distance),
    ];
    for (what, metrics) in errors {
        if let Some(metrics) = metrics {
            writeln!(f, "  {what}: {}", error(metrics))?;
        }
    }
    let intervals = [
        ("intervals on the measured months", &card.interval),
        ("  without a distance", &card.interval_without_distance),
    ];
    for (what, metrics) in intervals {
        if let Some(IntervalMetrics { coverage, covered, mean_width, rides }) = metrics {
            let (promised, kept) = (percent(*coverage), percent(*covered));
            writeln!(
                f,
                "  {what}: {kept} of {rides} rides inside ({promised} promised), {mean_width:.2} wide on average"
            )?;
        }
    }
    Ok(())
}

/// One error in words.
pub(crate) fn error(metrics: &Metrics) -> String {
    let Metrics { rmse, mae, bias, rides } = metrics;
    format!("RMSE {rmse:.4}, MAE {mae:.4}, bias {bias:+.4} over {rides} rides")
}
