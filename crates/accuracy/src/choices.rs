//! What the parameters rest on: models of one month with one of them changed, by folds of whole days inside it.

use anyhow::{Context, Result};
use curbside::bundle::Metrics;
use curbside_train::{BoostingParameters, Statistics};
use serde::Serialize;

use crate::months::{Archive, named};
use crate::protocols::{one_month, several_months};
use crate::training::{Id, Plan, Results};

/// The month that they are chosen on.
const MONTH: &str = "2021-01";

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) given: Metrics,
    pub(crate) hidden: Metrics,
}

/// All changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Choices {
    pub(crate) month: &'static str,
    /// The first ones differ by their seed alone.
    pub(crate) rows: Vec<Row>,
    /// How many do.
    pub(crate) seeds: usize,
    /// By how much RMSE differs among them at most, with a distance or without.
    pub(crate) chance: f64,
}

const SEEDS: [u32; 3] = [1, 2, 3];

fn changes() -> Vec<(String, BoostingParameters)> {
    let chosen = one_month();
    let mut rows = Vec::new();
    rows.extend(SEEDS.map(|seed| (format!("as chosen, seed {seed}"), BoostingParameters { seed, ..chosen })));
    let weights = [0.0, 0.1, 0.35, 0.5].map(|without_distance_weight| {
        let row = BoostingParameters { without_distance_weight, ..chosen };
        (format!("without_distance_weight {without_distance_weight}"), row)
    });
    let rates = [0.1, 0.18, 0.25].map(|learning_rate| {
        (format!("learning_rate {learning_rate}"), BoostingParameters { learning_rate, ..chosen })
    });
    let penalties =
        [5.0, 50.0].map(|lambda_l2| (format!("lambda_l2 {lambda_l2}"), BoostingParameters { lambda_l2, ..chosen }));
    let leaves = [15, 60].map(|min_data_in_leaf| {
        (format!("min_data_in_leaf {min_data_in_leaf}"), BoostingParameters { min_data_in_leaf, ..chosen })
    });
    let tables = [Statistics::NONE, Statistics::PAIRS]
        .map(|statistics| (format!("statistics {statistics}"), BoostingParameters { statistics, ..chosen }));
    rows.extend(tables);
    rows.push(("as several months are learnt from".to_owned(), several_months()));
    rows.extend(weights.into_iter().chain(rates).chain(penalties).chain(leaves));
    // A change to what is chosen is none.
    rows.retain(|(what, parameters)| *parameters != chosen || what.starts_with("as chosen"));
    rows
}

/// The trainings, a model of each change.
pub(crate) fn plan(plan: &mut Plan, archive: &Archive) -> Result<Vec<(String, Id)>> {
    let from = archive.paths(&named(&[MONTH])?)?;
    let training = |(what, parameters): (String, BoostingParameters)| {
        let id = plan.boosting(&what, from.clone(), &[parameters]);
        (what, id)
    };
    Ok(changes().into_iter().map(training).collect())
}

/// The table of the choices.
///
/// # Errors
/// For a card without the errors of its folds.
pub(crate) fn choices(trainings: &[(String, Id)], results: &Results) -> Result<Choices> {
    let row = |(what, id): &(String, Id)| {
        let card = &results[*id].bundle.card;
        let folds = card.folds.zip(card.folds_without_distance);
        let (given, hidden) =
            folds.with_context(|| format!("{what}: expected errors by folds in the card, found none"))?;
        Ok(Row { what: what.clone(), given, hidden })
    };
    let rows = trainings.iter().map(row).collect::<Result<Vec<Row>>>()?;
    let chance = chance(&rows[..SEEDS.len().min(rows.len())]);
    Ok(Choices { month: MONTH, rows, seeds: SEEDS.len(), chance })
}

fn chance(seeds: &[Row]) -> f64 {
    let range = |of: &dyn Fn(&Row) -> f64| {
        let (low, high) = seeds.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        high - low
    };
    range(&|row| row.given.rmse).max(range(&|row| row.hidden.rmse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_widest_range() {
        let metrics = |rmse| Metrics { rmse, mae: 3.0, bias: 0.0, rides: 9 };
        let row = |given, hidden| Row { what: String::new(), given: metrics(given), hidden: metrics(hidden) };
        let found = chance(&[row(4.5, 5.5), row(4.47, 5.52), row(4.49, 5.46)]);
        assert!((found - 0.06).abs() < 1e-9, "{found}");
    }

    #[test]
    fn every_change_changes_something() {
        let (rows, chosen) = (changes(), one_month());
        assert_eq!(rows.iter().filter(|(_, parameters)| *parameters == chosen).count(), 1, "seed {}", chosen.seed);
        assert!(rows.len() > 8);
    }
}
