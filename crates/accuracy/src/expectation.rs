//! What one may expect of a month to come: how the months after a training turned out.

use serde::Serialize;

use crate::figures::Both;
use crate::protocols::Measured;

/// One way of meeting later months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// How many months.
    pub(crate) months: usize,
    pub(crate) rmse: Range,
    pub(crate) bias: Range,
    /// Shares of rides inside their intervals.
    pub(crate) covered: Range,
    /// The same without the distance.
    pub(crate) hidden: Range,
}

/// Least and most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Each model on all later months, frozen and recalibrated, and the models of three months on the month after them; ways that no
/// month was met in are left out.
pub(crate) fn rows(measured: &Measured) -> Vec<Row> {
    let mut rows = Vec::new();
    for model in ["P1", "P2"] {
        let later = || measured.later.iter().filter(|row| row.model == model);
        rows.push((format!("{model}, frozen"), later().map(|row| row.frozen).collect::<Vec<Both>>()));
        rows.push((
            format!("{model}, recalibrated on the month before"),
            later().filter_map(|row| row.recalibrated).collect(),
        ));
    }
    rows.push(("three months before, frozen".to_owned(), measured.three.iter().map(|row| row.both).collect()));
    rows.into_iter().filter_map(|(what, months)| row(what, &months)).collect()
}

fn row(what: String, months: &[Both]) -> Option<Row> {
    let range = |of: &dyn Fn(&Both) -> Option<f64>| {
        let mut values = months.iter().map(of).collect::<Option<Vec<f64>>>()?;
        values.sort_unstable_by(f64::total_cmp);
        Some(Range { low: *values.first()?, high: *values.last()? })
    };
    Some(Row {
        what,
        months: months.len(),
        rmse: range(&|both| Some(both.given.metrics.rmse))?,
        bias: range(&|both| Some(both.given.metrics.bias))?,
        covered: range(&|both| Some(both.given.interval?.covered))?,
        hidden: range(&|both| Some(both.hidden.interval?.covered))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use curbside::bundle::{IntervalMetrics, Metrics};

    fn month(rmse: f64, covered: f64) -> Both {
        let figures = |covered| Figures {
            metrics: Metrics { rmse, mae: 3.0, bias: -rmse, rides: 9 },
            interval: Some(IntervalMetrics { coverage: 0.8, covered, mean_width: 9.0, rides: 9 }),
        };
        Both { given: figures(covered), hidden: figures(covered - 0.1) }
    }

    #[test]
    fn ranges_by_hand() {
        let found = row("some".to_owned(), &[month(5.0, 0.8), month(4.0, 0.78), month(4.5, 0.83)]).unwrap();
        let is =
            |range: Range, low: f64, high: f64| (range.low - low).abs() < 1e-12 && (range.high - high).abs() < 1e-12;
        assert!(is(found.rmse, 4.0, 5.0) && is(found.bias, -5.0, -4.0) && is(found.covered, 0.78, 0.83), "{found:?}");
        assert!(is(found.hidden, 0.68, 0.73) && found.months == 3);
        assert_eq!(row("none".to_owned(), &[]), None);
    }
}
