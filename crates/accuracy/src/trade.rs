//! What statistics tables gain, and what they weigh on the wire.

use anyhow::{Context, Result};
use curbside::bundle::Metrics;
use curbside_train::{BoostingParameters, Statistics};
use serde::Serialize;

use crate::months::{Archive, named};
use crate::protocols::several_months;
use crate::training::{Id, Plan, Results};

/// Months to learn from and to fold: about as many rides as the shipped bundle learns from. With all months of P2 a run would take
/// twice as long.
pub(crate) const MONTHS: [&str; 5] = ["2020-09", "2020-10", "2020-11", "2020-12", "2021-01"];

/// Sets of tables, from none to all.
fn sets() -> [Statistics; 7] {
    let none = Statistics::NONE;
    let usual_duration = Statistics { usual_duration: true, ..none };
    let pairs = Statistics { pairs: true, ..usual_duration };
    [
        none,
        Statistics { detours: true, ..none },
        usual_duration,
        Statistics { zone_hours: true, ..usual_duration },
        pairs,
        Statistics { detours: true, ..pairs },
        Statistics { detours: true, zone_hours: true, ..pairs },
    ]
}

/// One set of tables; errors are by folds of whole days inside the training months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) statistics: String,
    /// Bytes of the packed bundle.
    pub(crate) stored: usize,
    pub(crate) given: Metrics,
    pub(crate) hidden: Metrics,
    /// Against no tables: thousandths of a minute of RMSE a kilobyte, with a distance and without.
    pub(crate) gain: Option<(f64, f64)>,
}

/// The trainings, a model of each set.
pub(crate) fn plan(plan: &mut Plan, archive: &Archive) -> Result<Vec<(Statistics, Id)>> {
    let from = archive.paths(&named(&MONTHS)?)?;
    let training = |statistics| {
        let parameters = BoostingParameters { statistics, ..several_months() };
        (statistics, plan.boosting(&format!("tables: {statistics}"), from.clone(), &[parameters]))
    };
    Ok(sets().map(training).to_vec())
}

/// The table of the trade.
///
/// # Errors
/// For a card without the errors of its folds.
pub(crate) fn rows(trainings: &[(Statistics, Id)], results: &Results) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for (statistics, id) in trainings {
        let trained = &results[*id];
        let card = &trained.bundle.card;
        let folds = card.folds.zip(card.folds_without_distance);
        let (given, hidden) =
            folds.with_context(|| format!("{statistics}: expected errors by folds in the card, found none"))?;
        let row = Row { statistics: statistics.to_string(), stored: trained.stored, given, hidden, gain: None };
        let gain = rows.first().and_then(|none| gain(none, &row));
        rows.push(Row { gain, ..row });
    }
    Ok(rows)
}

/// What a row gains over the first one for each kilobyte more; `None` where it is not larger.
fn gain(none: &Row, row: &Row) -> Option<(f64, f64)> {
    let more = u32::try_from(row.stored.checked_sub(none.stored)?).ok().filter(|more| *more > 0)?;
    let a_kilobyte = |before: Metrics, after: Metrics| 1000.0 * (before.rmse - after.rmse) / (f64::from(more) / 1000.0);
    Some((a_kilobyte(none.given, row.given), a_kilobyte(none.hidden, row.hidden)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_by_hand() {
        let metrics = |rmse| Metrics { rmse, mae: 3.0, bias: 0.0, rides: 9 };
        let row = |stored, given, hidden| Row {
            statistics: String::new(),
            stored,
            given: metrics(given),
            hidden: metrics(hidden),
            gain: None,
        };
        let none = row(80_000, 5.0, 6.0);
        // 0.1 minutes for 20 KB: 100 thousandths over 20; without a distance it costs 10.
        let (given, hidden) = gain(&none, &row(100_000, 4.9, 6.2)).unwrap();
        assert!((given - 5.0).abs() < 1e-9 && (hidden + 10.0).abs() < 1e-9, "{given} {hidden}");
        assert_eq!(gain(&none, &row(80_000, 4.9, 6.2)), None);
        assert_eq!(gain(&none, &row(79_000, 4.9, 6.2)), None);
    }

    #[test]
    fn every_set_is_one_of_its_own_and_the_first_is_none() {
        let names: std::collections::BTreeSet<String> = sets().iter().map(ToString::to_string).collect();
        assert_eq!((names.len(), sets()[0]), (7, Statistics::NONE));
        assert!(sets().contains(&Statistics::PAIRS));
    }
}
