//! Why an estimate is what it is: how much each thing that the rider told moves it from the average of the training.
//!
//! What a column contributes is its Shapley value: contributions and the average add up to the model's number. Only `+`, `*` and
//! `/` are used on numbers that the engine has, so that an explanation has the same bits on every host. It is apart from the
//! engine because no estimate waits for it, and because most of it is about words.
//!
//! - [`Explanation`]: what a rider may be told; [`Contribution`], [`ColumnContribution`], [`Space`].
//! - [`Fact`], [`Facts`]: what contributions are grouped by.
//! - [`ExplainError`]: why there is no explanation.
//! - `trees`, `quadrature`, `lanes`: Shapley values of trees.

mod facts;
mod lanes;
mod quadrature;
#[cfg(test)]
mod tests;
mod trees;

use std::fmt;

use serde::Serialize;

use crate::engine::contribution;
use crate::features::FeatureSpec;
use crate::model::{Background, Linear, Link, Model};
use crate::num;
pub use facts::{Fact, Facts};
use trees::{Scratch, TreeExplainer};

/// Why an estimate is what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'a> {
    /// What the numbers below are numbers of.
    pub space: Space,
    /// Their unit, such as `minutes`, or `log minutes`.
    pub unit: String,
    /// The average over the training, in that unit.
    pub base_value: f64,
    /// What moves the estimate from there, the largest first.
    pub contributions: Vec<Contribution<'a>>,
    /// `base_value` and all contributions. In the target's space the estimate before bounds, but for rounding.
    pub sum: f64,
    /// Whether the estimate was moved into the target's bounds after that.
    pub clipped: bool,
}

/// What the numbers of an explanation are numbers of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// Of the estimate itself: they are added up.
    Target,
    /// Of its logarithm.
    Log,
    /// Of the logarithm of its odds.
    LogOdds,
    /// Of its root, with its sign.
    Root,
}

/// What some facts contribute together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution<'a> {
    /// The facts that its columns are computed from.
    pub facts: Facts,
    /// What a rider calls them.
    pub words: String,
    /// How much they move the estimate.
    pub amount: f64,
    /// The same by columns, in the model's order.
    pub columns: Vec<ColumnContribution<'a>>,
}

/// What a column contributes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ColumnContribution<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its number in the row; NaN where it is missing.
    pub value: f64,
    /// How much it moves the estimate.
    pub amount: f64,
}

/// Why there is no explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainError {
    /// The bundle does not say what to compare with.
    NoBackground,
    /// The leaves are linear, whose Shapley values nobody has defined by covers.
    LinearLeaves,
}

impl ExplainError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            ExplainError::NoBackground => "NO_BACKGROUND",
            ExplainError::LinearLeaves => "LINEAR_LEAVES",
        }
    }

    /// What is wrong, and what to do.
    pub fn message(self) -> &'static str {
        match self {
            ExplainError::NoBackground => {
                "the bundle: expected a background to compare the estimate with, found none; make it again from a model file that says \
                 how many rows its leaves had"
            }
            ExplainError::LinearLeaves => {
                "the model: expected leaves that are constants, found linear ones, which cannot be explained; train without linear_tree"
            }
        }
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for ExplainError {}

/// A model ready to be explained.
#[derive(Clone, Debug)]
pub(crate) struct Explainer {
    kind: Kind,
    base_value: f64,
    /// What contributions are divided by: the number of trees whose mean is taken.
    divisor: f64,
    space: Space,
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
enum Kind {
    Trees(Box<TreeExplainer>),
    Linear(Linear, Vec<f64>),
}

/// Columns that are computed from the same facts.
#[derive(Clone, Debug)]
struct Group {
    facts: Facts,
    columns: Vec<usize>,
}

/// Whether a model can be explained at all.
pub(crate) fn explainable(model: &Model, background: Option<&Background>) -> Result<(), ExplainError> {
    match (model, background) {
        (Model::Extended(extended), _) if !extended.linear_leaves.is_empty() => Err(ExplainError::LinearLeaves),
        (_, None) => Err(ExplainError::NoBackground),
        _ => Ok(()),
    }
}

impl Explainer {
    /// Freezes a model with its background, both validated against each other.
    ///
    /// # Errors
    ///
    /// As [`explainable`].
    pub(crate) fn new(
        model: &Model,
        background: Option<&Background>,
        spec: &FeatureSpec,
    ) -> Result<Explainer, ExplainError> {
        explainable(model, background)?;
        let columns = spec.columns.len();
        let (mut base, mut divisor, mut link) = (0.0, 1.0, Link::Identity);
        let trees = match model {
            Model::Linear(_) => None,
            Model::Ensemble(trees) => Some(trees),
            Model::Extended(extended) => {
                (base, link) = (extended.base, extended.link);
                if extended.average {
                    divisor = num::count_to_f64(extended.trees.trees.len().max(1));
                }
                Some(&extended.trees)
            }
        };
        let (kind, expected) = match (trees, model, background) {
            (Some(trees), _, Some(Background::Covers(covers))) => {
                let trees = TreeExplainer::new(trees, covers, columns);
                let expected = trees.expected();
                (Kind::Trees(Box::new(trees)), expected)
            }
            (None, Model::Linear(linear), Some(Background::Means(means))) => {
                let expected = means.iter().fold(linear.intercept, |sum, mean| sum + mean);
                (Kind::Linear(linear.clone(), means.clone()), expected)
            }
            _ => return Err(ExplainError::NoBackground),
        };
        let space = match link {
            Link::Identity => Space::Target,
            Link::Exp => Space::Log,
            Link::Logistic { .. } => Space::LogOdds,
            Link::SignedSquare => Space::Root,
        };
        let groups = groups(spec, &model.uses(columns));
        Ok(Explainer { kind, base_value: (base + expected) / divisor, divisor, space, groups })
    }

    /// The average of the model's number before its link.
    pub(crate) fn base_value(&self) -> f64 {
        self.base_value
    }

    pub(crate) fn space(&self) -> Space {
        self.space
    }

    /// Where [`contributions`](Explainer::contributions) writes: kept by whoever explains many rows.
    pub(crate) fn scratch(&self, columns: usize) -> ExplainScratch {
        ExplainScratch(match &self.kind {
            Kind::Trees(trees) => Some(trees.scratch(columns)),
            Kind::Linear(..) => None,
        })
    }

    /// What each column of a row contributes to the model's number before its link; `out` has a place for each column.
    pub(crate) fn contributions(&self, row: &[f64], scratch: &mut ExplainScratch, out: &mut [f64]) {
        out.fill(0.0);
        match (&self.kind, &mut scratch.0) {
            (Kind::Trees(trees), Some(scratch)) => trees.add(row, scratch, out),
            (Kind::Linear(linear, means), _) => {
                for (term, mean) in linear.terms.iter().zip(means) {
                    out[usize::from(term.column())] += contribution(term, row) - mean;
                }
            }
            // `scratch` is this explainer's own.
            (Kind::Trees(_), None) => {}
        }
        for amount in out {
            *amount /= self.divisor;
        }
    }

    /// Groups the amounts of columns by facts, the largest first.
    pub(crate) fn grouped<'a>(
        &self,
        spec: &'a FeatureSpec,
        (row, amounts): (&[f64], &[f64]),
        distance_assumed: bool,
    ) -> Vec<Contribution<'a>> {
        let column = |column: &usize| ColumnContribution {
            name: &spec.columns[*column].name,
            value: row[*column],
            amount: amounts[*column],
        };
        let group = |group: &Group| {
            let columns: Vec<_> = group.columns.iter().map(column).collect();
            let amount = columns.iter().fold(0.0, |sum, column| sum + column.amount);
            Contribution { facts: group.facts, words: group.facts.words(distance_assumed), amount, columns }
        };
        let mut contributions: Vec<Contribution<'_>> = Vec::with_capacity(self.groups.len());
        // A handful: putting each in its place takes less code than sorting. Equal ones stay in the order of the columns.
        for next in self.groups.iter().map(group) {
            let smaller = contributions.iter().position(|known| known.amount.abs() < next.amount.abs());
            contributions.insert(smaller.unwrap_or(contributions.len()), next);
        }
        contributions
    }
}

/// What explaining writes in.
#[derive(Clone, Debug)]
pub(crate) struct ExplainScratch(Option<Scratch>);

/// The columns that the model uses, by the facts that they are computed from, in the order of the first of each.
fn groups(spec: &FeatureSpec, uses: &[usize]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (column, facts) in facts::of_columns(spec).into_iter().enumerate().filter(|(column, _)| uses[*column] > 0) {
        match groups.iter_mut().find(|group| group.facts == facts) {
            Some(group) => group.columns.push(column),
            None => groups.push(Group { facts, columns: vec![column] }),
        }
    }
    groups
}
