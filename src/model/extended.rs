//! Trees with more than a plain sum around them, as models of other trainers and other objectives have it.
//!
//! It is apart from [`TreeEnsemble`] because most models, our own among them, need none of it, and their kernels should
//! not look for it.

use serde::{Deserialize, Serialize};

use super::{Dialect, ModelError, Split, TreeEnsemble, TreeShape};
use crate::num::{self, Shown};

/// Trees, what their sum begins with, and what is done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtendedEnsemble {
    /// The trees; their dialect is also that of the sum and of the link.
    pub trees: TreeEnsemble,
    /// What the sum begins with: XGBoost's base score as a margin; 0 for LightGBM.
    pub base: f64,
    /// Whether the sum is divided by the number of trees, as LightGBM's random forests are (`average_output`).
    pub average: bool,
    /// What is done to the sum.
    pub link: Link,
    /// One for each leaf in order, or none for trees whose leaves are constants. LightGBM's alone.
    pub linear_leaves: Vec<LinearLeaf>,
}

/// From the sum, x, to the prediction: the inverse of an objective's link function.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Link {
    /// x.
    Identity,
    /// e^x: Poisson, gamma, Tweedie.
    Exp,
    /// 1 / (1 + e^(-slope x)): a probability.
    Logistic {
        /// LightGBM's `sigmoid`, above 0; 1 for XGBoost.
        slope: f64,
    },
    /// x |x|: LightGBM's `reg_sqrt`.
    SignedSquare,
}

/// A leaf that is a linear function of the row: `constant` plus the terms in their order in `f64`. Where one of its columns is
/// NaN, the leaf's plain value counts instead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinearLeaf {
    /// What a row of zeros is worth.
    pub constant: f64,
    /// Column and coefficient.
    pub terms: Vec<(u16, f64)>,
}

impl ExtendedEnsemble {
    /// Trees whose plain sum is what is asked for, in their dialect.
    pub fn new(trees: TreeEnsemble) -> ExtendedEnsemble {
        ExtendedEnsemble { trees, base: 0.0, average: false, link: Link::Identity, linear_leaves: Vec::new() }
    }

    pub(super) fn validate(&self, columns: usize, shape: &TreeShape) -> Result<(), ModelError> {
        let fail = |message: String| Err(ModelError::new(message));
        let slope = if let Link::Logistic { slope } = self.link { slope } else { 1.0 };
        if !(slope > 0.0 && slope.is_finite()) {
            return fail(format!("link: expected a finite slope above 0, found {}", Shown(slope)));
        }
        if !self.base.is_finite() {
            return fail(format!("base: expected a finite number, found {}", Shown(self.base)));
        }
        match self.trees.dialect {
            Dialect::LightGbm => self.trees.validate_trees(columns, shape, Split::fits_lightgbm)?,
            Dialect::XGBoost => {
                self.trees.validate_trees(columns, shape, Split::fits_xgboost)?;
                self.fits_xgboost()?;
            }
        }
        self.validate_linear_leaves(columns)
    }

    /// What LightGBM has and XGBoost has not.
    fn fits_xgboost(&self) -> Result<(), ModelError> {
        let fail = |message: &str| Err(ModelError::new(format!("XGBoost dialect: {message}")));
        if self.trees.leaves().chain([self.base]).any(|number| !num::is_f32(number)) {
            return fail("expected leaves and a base that are f32, found one that is not");
        }
        if self.average || !self.linear_leaves.is_empty() {
            return fail("expected a sum of constant leaves, found a mean or linear leaves");
        }
        match self.link {
            Link::Identity | Link::Exp | Link::Logistic { slope: 1.0 } => Ok(()),
            Link::Logistic { .. } | Link::SignedSquare => fail("expected a link that XGBoost has, found another"),
        }
    }

    fn validate_linear_leaves(&self, columns: usize) -> Result<(), ModelError> {
        let leaves = self.trees.leaves().count();
        if !self.linear_leaves.is_empty() && self.linear_leaves.len() != leaves {
            let found = self.linear_leaves.len();
            return Err(ModelError::new(format!("linear leaves: expected none or {leaves}, found {found}")));
        }
        for (index, leaf) in self.linear_leaves.iter().enumerate() {
            let fail = |message: String| Err(ModelError::new(format!("linear leaf {index}: {message}")));
            if !leaf.constant.is_finite() || leaf.terms.iter().any(|(_, coefficient)| !coefficient.is_finite()) {
                return fail("expected finite numbers, found one that is not".to_owned());
            }
            if let Some((column, _)) = leaf.terms.iter().find(|(column, _)| usize::from(*column) >= columns) {
                return fail(format!("expected a column below {columns}, found {column}"));
            }
        }
        Ok(())
    }
}
