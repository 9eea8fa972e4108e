//! What a bundle has learnt about its model after training, for `inspect` and for the verbs that make bundles.

use std::fmt;

use curbside::model::{Calibration, IntervalModel, Model, Quantiles};
use serde::Serialize;

/// Correction and interval in numbers; the trees of the scale are counted.
#[derive(Serialize)]
pub(crate) struct Calibrated {
    correction: Correction,
    /// Null for a bundle that gives no intervals.
    interval: Option<Interval>,
}

#[derive(Serialize)]
struct Correction {
    intercept: f64,
    slope: f64,
}

#[derive(Serialize)]
struct Interval {
    coverage: f64,
    given: Ends,
    assumed: Ends,
    scale: Scale,
}

/// In multiples of the scale.
#[derive(Serialize)]
struct Ends {
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct Scale {
    smallest: f64,
    #[serde(flatten)]
    size: Size,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Size {
    Trees(usize),
    Terms(usize),
}

impl Calibrated {
    pub(crate) fn new(calibration: &Calibration) -> Calibrated {
        let ends = |Quantiles { low, high }: Quantiles| Ends { low, high };
        let interval = |interval: &IntervalModel| Interval {
            coverage: interval.coverage,
            given: ends(interval.given),
            assumed: ends(interval.assumed),
            scale: Scale {
                smallest: interval.smallest_scale,
                size: match &interval.scale {
                    Model::Linear(linear) => Size::Terms(linear.terms.len()),
                    Model::Ensemble(ensemble) => Size::Trees(ensemble.trees.len()),
                    Model::Extended(extended) => Size::Trees(extended.trees.trees.len()),
                },
            },
        };
        let curbside::model::Correction { intercept, slope } = calibration.correction;
        Calibrated {
            correction: Correction { intercept, slope },
            interval: calibration.interval.as_ref().map(interval),
        }
    }
}

impl fmt::Display for Calibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Correction { intercept, slope } = self.correction;
        writeln!(f, "  correction: {intercept:.4} + {slope:.4} x the model's number")?;
        let Some(Interval { coverage, given, assumed, scale }) = &self.interval else {
            return writeln!(f, "  interval: none");
        };
        let size = match scale.size {
            Size::Trees(trees) => format!("a scale of {trees} trees"),
            Size::Terms(0) => "the same scale for every ride".to_owned(),
            Size::Terms(terms) => format!("a scale of {terms} terms"),
        };
        writeln!(f, "  interval: {}, {size}, at least {}", promise(*coverage), scale.smallest)?;
        writeln!(f, "    with a distance {:+.4} to {:+.4} scales", given.low, given.high)?;
        writeln!(f, "    without one     {:+.4} to {:+.4} scales", assumed.low, assumed.high)
    }
}

/// A share of rides in the words that the page has too: "4 of 5 rides" for 0.8, "9 of 10 rides" for 0.9, else per cent.
pub(crate) fn promise(coverage: f64) -> String {
    for whole in [5.0, 10.0] {
        let part = (coverage * whole).round();
        if part > 0.0 && part < whole && (part / whole - coverage).abs() < 1e-9 {
            return format!("{part} of {whole} rides");
        }
    }
    format!("{} of rides", percent(coverage))
}

/// "80 %", "76.8 %": one digit after the point where there is one.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", format!("{:.1}", share * 100.0).trim_end_matches(".0"))
}

#[cfg(test)]
mod tests {
    use super::promise;

    #[test]
    fn shares_in_words() {
        for (coverage, words) in
            [(0.8, "4 of 5 rides"), (0.9, "9 of 10 rides"), (0.955, "95.5 % of rides"), (0.07, "7 % of rides")]
        {
            assert_eq!(promise(coverage), words);
        }
    }
}
