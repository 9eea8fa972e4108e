//! What the rows that a model was trained on were like, as far as explaining an estimate asks for it.
//!
//! It is apart from [`Model`] because no estimate reads it: a model that came without it estimates as well, and is only not
//! explained.

use super::{Model, ModelError, TreeEnsemble};
use crate::num::Shown;

/// What an estimate is compared with: the average over the rows of the training.
#[derive(Clone, Debug, PartialEq)]
pub enum Background {
    /// For trees: the cover of each leaf, tree after tree in the order of the nodes. That is how many rows of the training ended
    /// there, or what those weighed; only the proportions within a tree count. A split's cover is that of its two sides.
    Covers(Vec<f64>),
    /// For a weighted sum: what each term added on average over the rows of the training.
    Means(Vec<f64>),
}

impl Background {
    /// Checks that it is a background of this model, which has passed [`Model::validate`].
    ///
    /// # Errors
    ///
    /// [`ModelError`] with what was expected and what was found.
    pub fn validate(&self, model: &Model) -> Result<(), ModelError> {
        let fail = |message: String| Err(ModelError::new(message));
        match (self, model) {
            (Background::Covers(_), Model::Extended(extended)) if !extended.linear_leaves.is_empty() => {
                fail("expected none for trees with linear leaves, found covers".to_owned())
            }
            (Background::Covers(covers), Model::Ensemble(trees)) => fits(covers, trees),
            (Background::Covers(covers), Model::Extended(extended)) => fits(covers, &extended.trees),
            (Background::Means(means), Model::Linear(linear)) => {
                if means.len() != linear.terms.len() {
                    return fail(format!(
                        "expected {} means, one for each term, found {}",
                        linear.terms.len(),
                        means.len()
                    ));
                }
                match means.iter().find(|mean| !mean.is_finite()) {
                    Some(mean) => fail(format!("expected finite means, found {}", Shown(*mean))),
                    None => Ok(()),
                }
            }
            (Background::Covers(_), Model::Linear(_)) => {
                fail("expected means for a weighted sum, found covers".to_owned())
            }
            (Background::Means(_), Model::Ensemble(_) | Model::Extended(_)) => {
                fail("expected covers for trees, found means".to_owned())
            }
        }
    }
}

fn fits(covers: &[f64], ensemble: &TreeEnsemble) -> Result<(), ModelError> {
    let leaves = ensemble.leaves().count();
    if covers.len() != leaves {
        return Err(ModelError::new(format!("expected {leaves} covers, one for each leaf, found {}", covers.len())));
    }
    // Their sum is finite too, so that every share of it is a number.
    let sum = covers.iter().fold(0.0, |sum, cover| sum + cover);
    match covers.iter().find(|cover| cover.is_nan() || **cover <= 0.0) {
        Some(cover) => Err(ModelError::new(format!("expected covers above 0, found {}", Shown(*cover)))),
        None if sum.is_finite() => Ok(()),
        None => Err(ModelError::new(format!("expected covers with a finite sum, found {}", Shown(sum)))),
    }
}
