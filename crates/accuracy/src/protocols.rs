//! What is trained on which months and measured on which, with what was to be reached.

use anyhow::{Context, Result};
use curbside::Bundle;
use curbside::bundle::Metrics;
use curbside_evaluate::{Within, measure};
use curbside_tlc::MonthName;
use curbside_train::{Algorithm, BoostingParameters};
use serde::Serialize;

use crate::figures::{Both, Figures, errors, frozen, recalibrated, shifted};
use crate::months::{Archive, named};
use crate::training::{Id, Plan, Results};
use crate::work::{self, Task};

/// The month that both protocols are measured on.
const TEST: &str = "2021-02";
/// What one month teaches.
const ONE_MONTH: [&str; 1] = ["2021-01"];
/// What all months before the test month teach.
pub(crate) const ALL_BEFORE: [&str; 11] = [
    "2020-03", "2020-04", "2020-05", "2020-06", "2020-07", "2020-08", "2020-09", "2020-10", "2020-11", "2020-12",
    "2021-01",
];
/// A month, the RMSE that the study had on it, and the three newest months before it that there are.
const THREE_BEFORE: [(&str, f64, [&str; 3]); 3] = [
    ("2021-03", 4.72, ["2020-12", "2021-01", "2021-02"]),
    ("2022-02", 4.56, ["2021-03", "2021-04", "2022-01"]),
    ("2023-02", 3.99, ["2022-01", "2022-02", "2023-01"]),
];
/// Months that the recalibrated intervals were to hold on.
const RECALIBRATED: [&str; 3] = ["2021-03", "2022-02", "2023-02"];

/// The share of rides that intervals promise to hold.
pub(crate) const COVERAGE: f64 = 0.8;

/// The trainings of the protocols.
#[derive(Debug)]
pub(crate) struct Trainings {
    pub(crate) one_month: Id,
    pub(crate) all_before: Id,
    three_before: Vec<Before>,
}

/// A model of the months before one.
#[derive(Debug)]
struct Before {
    month: MonthName,
    study: f64,
    learnt: Vec<MonthName>,
    id: Id,
}

/// An error with what was to be reached and what an earlier study of the same data reached, each RMSE and MAE.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) rmse: f64,
    pub(crate) mae: f64,
    pub(crate) bias: f64,
    pub(crate) bound: Option<(f64, f64)>,
    pub(crate) study: Option<(f64, f64)>,
    /// Whether the bound holds.
    pub(crate) holds: Option<bool>,
}

/// One model on one later month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Later {
    pub(crate) model: &'static str,
    pub(crate) month: String,
    pub(crate) frozen: Both,
    /// The month before, where it is there and was not learnt from.
    pub(crate) on: Option<String>,
    pub(crate) recalibrated: Option<Both>,
    /// Moved by the mean error of the month before, and no more.
    pub(crate) shifted: Option<Metrics>,
    /// Whether it is one of those that had to hold.
    pub(crate) bound: bool,
    /// Whether it did.
    pub(crate) holds: Option<bool>,
}

/// A model of the three months before a month, on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Three {
    pub(crate) month: String,
    pub(crate) learnt_from: Vec<String>,
    pub(crate) both: Both,
    /// The study's RMSE.
    pub(crate) study: f64,
}

/// All protocols, measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// What intervals promise.
    pub(crate) coverage: f64,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) frozen: Vec<Frozen>,
    pub(crate) later: Vec<Later>,
    pub(crate) three: Vec<Three>,
    /// What the folds chose to grow each model by.
    pub(crate) chosen: Vec<Grown>,
}

/// A model and its parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Grown {
    pub(crate) model: String,
    pub(crate) parameters: String,
}

/// The intervals of a model as it was trained, on the test month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Frozen {
    pub(crate) model: &'static str,
    pub(crate) both: Both,
    pub(crate) holds: bool,
}

/// The first of what `curbside train` tries, which is meant for one month.
pub(crate) fn one_month() -> BoostingParameters {
    candidates().first().copied().unwrap_or_default()
}

/// The last of what it tries, which is meant for several months.
pub(crate) fn several_months() -> BoostingParameters {
    candidates().last().copied().unwrap_or_default()
}

fn candidates() -> Vec<BoostingParameters> {
    match Algorithm::boosting() {
        Algorithm::Boosting(candidates) => candidates,
        Algorithm::Linear => Vec::new(),
    }
}

/// Plans the trainings.
///
/// # Errors
/// Names a month that is missing.
pub(crate) fn plan(plan: &mut Plan, archive: &Archive) -> Result<Trainings> {
    let one_month = plan.boosting("P1", archive.paths(&named(&ONE_MONTH)?)?, &candidates());
    let all_before = plan.boosting("P2", archive.paths(&named(&ALL_BEFORE)?)?, &[several_months()]);
    let mut three_before = Vec::new();
    for (month, study, learnt) in THREE_BEFORE {
        let learnt = named(&learnt)?;
        let id = plan.boosting(&format!("three months before {month}"), archive.paths(&learnt)?, &[several_months()]);
        three_before.push(Before { month: month.parse()?, study, learnt, id });
    }
    Ok(Trainings { one_month, all_before, three_before })
}

/// Measures what was planned.
///
/// # Errors
/// When a month cannot be read or a bundle does not open.
pub(crate) fn measured(trainings: &Trainings, results: &Results, archive: &Archive) -> Result<Measured> {
    let models = [("P1", &results[trainings.one_month].bundle), ("P2", &results[trainings.all_before].bundle)];
    let test: MonthName = TEST.parse()?;
    let mut tasks = Vec::new();
    for (name, bundle) in models {
        for month in archive.months().filter(|month| *month >= test) {
            tasks.push(Task::new(format!("{name} on {month}"), move || later(name, bundle, (month, test), archive)));
        }
    }
    let later = work::run(tasks)?;
    let three = |before: &Before| {
        let (month, study, bundle) = (before.month, before.study, &results[before.id].bundle);
        let learnt_from = before.learnt.iter().map(ToString::to_string).collect();
        Task::new(format!("three months before {month} on it"), move || {
            Ok(Three { month: month.to_string(), learnt_from, both: on(bundle, month, archive)?, study })
        })
    };
    let three = work::run(trainings.three_before.iter().map(three).collect())?;
    let on_test = |name: &str| later.iter().find(|row| row.model == name && row.month == TEST).map(|row| row.frozen);
    let missing = || format!("expected figures on {TEST}, found none");
    let (p1, p2) = (on_test("P1").with_context(missing)?, on_test("P2").with_context(missing)?);
    Ok(Measured {
        coverage: COVERAGE,
        protocols: protocols(&p1, &p2),
        frozen: [("P1", p1), ("P2", p2)]
            .map(|(model, both)| Frozen { model, both, holds: frozen_holds(&both) })
            .to_vec(),
        later,
        three,
        chosen: models.iter().map(|(name, bundle)| grown(name, bundle)).collect(),
    })
}

fn on(bundle: &Bundle, month: MonthName, archive: &Archive) -> Result<Both> {
    Ok(measure(&frozen(bundle)?, &archive.read(month, Within::File)?.into_rides()).into())
}

fn later(
    model: &'static str,
    bundle: &Bundle,
    (month, first): (MonthName, MonthName),
    archive: &Archive,
) -> Result<Later> {
    let before = month.previous();
    let unseen = archive.has(before) && before >= first;
    let again = || -> Result<Both> {
        let estimator = recalibrated(bundle, archive.read(before, Within::NamedMonth)?, COVERAGE)?;
        Ok(measure(&estimator, &archive.read(month, Within::File)?.into_rides()).into())
    };
    let moved = || -> Result<Metrics> {
        let estimator = shifted(bundle, archive.read(before, Within::NamedMonth)?)?;
        Ok(errors(&estimator, &archive.read(month, Within::File)?.into_rides()))
    };
    let name = month.to_string();
    let bound = RECALIBRATED.contains(&name.as_str());
    let recalibrated = unseen.then(again).transpose()?;
    Ok(Later {
        model,
        month: name,
        frozen: on(bundle, month, archive)?,
        on: unseen.then(|| before.to_string()),
        holds: recalibrated.as_ref().filter(|_| bound).map(recalibrated_holds),
        recalibrated,
        shifted: unseen.then(moved).transpose()?,
        bound,
    })
}

/// What the folds have chosen, as the card has it.
fn grown(model: &str, bundle: &Bundle) -> Grown {
    let pairs = bundle.card.parameters.iter().map(|(name, value)| format!("{name}={value}"));
    Grown { model: model.to_owned(), parameters: pairs.collect::<Vec<String>>().join(" ") }
}

/// At least 76 % inside and at most 9.6 minutes wide, each as it is shown.
fn frozen_holds(both: &Both) -> bool {
    let shown = both.given.interval.map(|interval| (rounded(10.0 * interval.covered), rounded(interval.mean_width)));
    shown.is_some_and(|(covered, width)| covered >= 7.6 && width <= 9.6)
}

/// 78 to 82 % inside.
fn recalibrated_holds(both: &Both) -> bool {
    both.given.interval.is_some_and(|interval| (7.8..=8.2).contains(&rounded(10.0 * interval.covered)))
}

/// The errors on the test month beside their bounds.
fn protocols(p1: &Both, p2: &Both) -> Vec<Protocol> {
    let row = |name, what, both: &Figures, bound: Option<(f64, f64)>, study| {
        let metrics = both.metrics;
        let holds = bound.map(|(rmse, mae)| rounded(metrics.rmse) <= rmse && rounded(metrics.mae) <= mae);
        Protocol {
            name,
            what,
            rmse: metrics.rmse,
            mae: metrics.mae,
            bias: metrics.bias,
            bound,
            study: Some(study),
            holds,
        }
    };
    vec![
        row("P1", "2021-01", &p1.given, Some((5.18, 3.36)), (5.164, 3.352)),
        row("P2", "2020-03 to 2021-01", &p2.given, Some((4.92, 3.21)), (4.897, 3.190)),
        row("P1, hidden", "2021-01", &p1.hidden, Some((6.10, 4.12)), (6.040, 4.081)),
        row("P2, hidden", "2020-03 to 2021-01", &p2.hidden, None, (5.824, 3.929)),
    ]
}

/// To the hundredth, as the bounds are given.
fn rounded(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::bundle::IntervalMetrics;

    #[test]
    fn a_bound_holds_to_the_hundredth() {
        let figures = |rmse, mae| Figures { metrics: Metrics { rmse, mae, bias: 0.0, rides: 9 }, interval: None };
        let both = |given, hidden| Both { given, hidden };
        let p1 = both(figures(5.184, 3.364), figures(6.106, 4.0));
        let p2 = both(figures(4.9, 3.216), figures(5.8, 3.9));
        let holds: Vec<Option<bool>> = protocols(&p1, &p2).iter().map(|row| row.holds).collect();
        assert_eq!(holds, [Some(true), Some(false), Some(false), None]);
    }

    #[test]
    fn bounds_of_intervals() {
        let with = |covered, mean_width| {
            let metrics = Metrics { rmse: 5.0, mae: 3.0, bias: 0.0, rides: 9 };
            let interval = Some(IntervalMetrics { coverage: 0.8, covered, mean_width, rides: 9 });
            let figures = Figures { metrics, interval };
            Both { given: figures, hidden: Figures { metrics, interval: None } }
        };
        let frozen =
            [(0.76, 9.6), (0.7594, 9.0), (0.9, 9.61)].map(|(covered, width)| frozen_holds(&with(covered, width)));
        assert_eq!(frozen, [true, false, false]);
        let again = [0.78, 0.8, 0.82, 0.779, 0.821].map(|covered| recalibrated_holds(&with(covered, 20.0)));
        assert_eq!(again, [true, true, true, false, false]);
    }

    #[test]
    fn three_months_end_before_theirs_and_the_protocols_before_the_test() {
        for (month, _, learnt) in THREE_BEFORE {
            assert!(learnt.iter().all(|before| *before < month) && learnt.is_sorted(), "{month}");
        }
        assert!(ALL_BEFORE.iter().chain(&ONE_MONTH).all(|month| *month < TEST) && ALL_BEFORE.is_sorted());
    }
}
