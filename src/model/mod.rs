//! Models as they are stored and edited. Predicting is [`engine`](crate::engine)'s work.
//!
//! - [`Model`]: what a bundle scores with.
//! - [`Linear`]: a weighted sum over encoded columns; [`Term`].
//! - [`TreeEnsemble`]: trees whose leaves are summed; [`Tree`], [`Node`], [`Split`], [`Rule`], [`MissingRule`].
//! - [`ExtendedEnsemble`]: trees with more than a sum around them: base score, mean, linear leaves, [`Link`]; [`LinearLeaf`].
//! - [`Calibration`]: what is learnt about a model afterwards: [`Correction`], [`IntervalModel`], [`Quantiles`], [`Interval`].
//! - [`Background`]: what estimates are compared with where they are explained.
//! - [`Target`]: what the number means and between which bounds it is kept.
//! - [`ModelError`]: why a model cannot be scored.

mod background;
mod calibration;
mod extended;
mod linear;
mod tree;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use background::Background;
pub use calibration::{Calibration, Correction, Interval, IntervalModel, Quantiles};
pub use extended::{ExtendedEnsemble, LinearLeaf, Link};
pub use linear::{Linear, Term};
pub use tree::{Dialect, MissingRule, Node, Rule, Split, Tree, TreeBuilder, TreeEnsemble, TreeShape};

/// What a bundle scores with.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// A weighted sum of the columns.
    Linear(Linear),
    /// A sum over trees.
    Ensemble(TreeEnsemble),
    /// A sum over trees that begins somewhere, is averaged or goes through a function.
    Extended(ExtendedEnsemble),
}

impl Model {
    /// Checks that every row of `columns` numbers can be scored.
    ///
    /// # Errors
    ///
    /// [`ModelError`] that names the term or the tree and node, what was expected and what was found.
    pub fn validate(&self, columns: usize, shape: &TreeShape) -> Result<(), ModelError> {
        match self {
            Model::Linear(linear) => linear.validate(columns),
            Model::Ensemble(ensemble) => ensemble.validate(columns, shape),
            Model::Extended(extended) => extended.validate(columns, shape),
        }
    }

    /// How often each column is used, in the model's own measure of weight: splits of an ensemble and terms of its
    /// linear leaves, terms of a sum.
    pub fn uses(&self, columns: usize) -> Vec<usize> {
        let mut uses = vec![0; columns];
        let mut count = |column: u16| {
            if let Some(n) = uses.get_mut(usize::from(column)) {
                *n += 1;
            }
        };
        match self {
            Model::Linear(linear) => linear.terms.iter().for_each(|term| count(term.column())),
            Model::Ensemble(ensemble) => ensemble.splits().for_each(|split| count(split.feature)),
            Model::Extended(extended) => {
                extended.trees.splits().for_each(|split| count(split.feature));
                extended.linear_leaves.iter().flat_map(|leaf| &leaf.terms).for_each(|(column, _)| count(*column));
            }
        }
        uses
    }
}

/// What a model's number means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Name of the quantity, such as `duration`.
    pub name: String,
    /// Its unit, such as `minutes`.
    pub unit: String,
    /// Estimates below this are raised to it.
    pub low: f64,
    /// Estimates above this are lowered to it.
    pub high: f64,
}

impl Target {
    /// Moves a raw number into the bounds, and says whether it had to be moved.
    pub fn bound(&self, raw: f64) -> (f64, bool) {
        if raw > self.high {
            (self.high, true)
        } else if raw >= self.low {
            (raw, false)
        } else {
            // Below, or NaN: a sum of finite parts that overflowed both ways. No estimate is ever NaN.
            (self.low, true)
        }
    }
}

/// A model that cannot be scored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError(String);

impl ModelError {
    pub(crate) fn new(message: String) -> ModelError {
        ModelError(message)
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ModelError {}
