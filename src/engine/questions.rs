//! The questions of a model's trees by themselves, for explanations: what a split answers is each walk's own affair.

use super::source::Source;
use super::walk::WalkKernel;
use super::xgboost::XgBoostKernel;
use crate::model::{Dialect, TreeEnsemble};

/// Trees that can be asked, split by split.
#[derive(Clone, Debug)]
pub(crate) enum Questions {
    LightGbm(WalkKernel),
    XgBoost(XgBoostKernel),
}

impl Questions {
    /// Takes the trees of a model that has passed [`Model::validate`](crate::model::Model::validate).
    pub(crate) fn new(trees: &TreeEnsemble) -> Questions {
        match trees.dialect {
            Dialect::LightGbm => Questions::LightGbm(WalkKernel::new(trees)),
            Dialect::XGBoost => Questions::XgBoost(XgBoostKernel::new(trees, 0.0)),
        }
    }

    pub(crate) fn source(&self) -> &dyn Source {
        match self {
            Questions::LightGbm(walk) => walk,
            Questions::XgBoost(walk) => walk,
        }
    }
}
