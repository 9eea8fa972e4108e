//! Decision trees and their sum.
//!
//! A tree is its nodes in preorder: a split, then all of its left side, then all of its right side. The left child of
//! node `i` is therefore node `i + 1` and only the right one is written down, so that a cycle or an orphan cannot be.

use serde::{Deserialize, Serialize};

use super::ModelError;
use crate::num::{self, Shown};

/// Whose arithmetic an ensemble is scored with, so that its predictions agree to the bit with the library that trained it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// LightGBM: features and thresholds in `f64`, `value <= threshold` goes left, leaves summed in `f64` in tree order
    /// from 0 (`src/boosting/gbdt_prediction.cpp`, `include/LightGBM/tree.h`).
    LightGbm,
    /// XGBoost: features, thresholds and leaves in `f32`, `value < threshold` goes left, leaves summed in `f32` in tree order
    /// from the base score; a category in the set goes right (`src/predictor/`, `src/common/categorical.h`). Only in an
    /// [`ExtendedEnsemble`](super::ExtendedEnsemble), which has the base score.
    XGBoost,
}

/// Which values a numeric split takes as missing. LightGBM decides it per split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingRule {
    /// None is; NaN counts as 0.
    None,
    /// Zero (within 1e-35 as `f32`) and NaN are.
    Zero,
    /// NaN is.
    Nan,
}

/// A sum over trees.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeEnsemble {
    /// Whose arithmetic it is.
    pub dialect: Dialect,
    /// The trees, in summing order.
    pub trees: Vec<Tree>,
}

/// One tree: its nodes in preorder, the root first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Never empty in a tree that validates.
    pub nodes: Vec<Node>,
}

/// A place in a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// The end: what the tree adds to the sum.
    Leaf(f64),
    /// A question about one feature.
    Split(Split),
}

/// A question about one feature; its "yes" is the next node.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Column of the row.
    pub feature: u16,
    /// The question.
    pub rule: Rule,
    /// Index of the node for "no".
    pub right: u32,
}

/// What a split asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Is the value at most the threshold?
    Numeric {
        /// Not NaN.
        threshold: f64,
        /// Which values are missing.
        missing: MissingRule,
        /// Where the missing ones go.
        default_left: bool,
    },
    /// Is the category, truncated to an integer, in the set? NaN, negative and unseen ones are not.
    Categorical {
        /// The set, 32 categories a word from the lowest bit on.
        bitset: Vec<u32>,
    },
    /// The same, but NaN is in the set; in the XGBoost dialect alone.
    CategoricalOrMissing {
        /// As above.
        bitset: Vec<u32>,
    },
}

impl Rule {
    /// The set of a question about a category.
    pub fn categories(&self) -> Option<&[u32]> {
        match self {
            Rule::Numeric { .. } => None,
            Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset } => Some(bitset),
        }
    }
}

/// Bounds on what an ensemble may ask of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeShape {
    /// Trees.
    pub trees: usize,
    /// Nodes of all trees, leaves included.
    pub nodes: usize,
    /// Splits from the root to a leaf.
    pub depth: usize,
}

impl TreeEnsemble {
    /// Every split of every tree, in order.
    pub fn splits(&self) -> impl Iterator<Item = &Split> {
        self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
            Node::Split(split) => Some(split),
            Node::Leaf(_) => None,
        })
    }

    /// Every leaf of every tree, in order.
    pub fn leaves(&self) -> impl Iterator<Item = f64> {
        self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
            Node::Leaf(value) => Some(*value),
            Node::Split(_) => None,
        })
    }

    pub(super) fn validate(&self, columns: usize, shape: &TreeShape) -> Result<(), ModelError> {
        match self.dialect {
            Dialect::LightGbm => self.validate_trees(columns, shape, Split::fits_lightgbm),
            Dialect::XGBoost => Err(ModelError::new(
                "expected the LightGBM dialect, found XGBoost: its sum begins with a base score, so it is an extended ensemble"
                    .to_owned(),
            )),
        }
    }

    /// Checks the trees; `fits` says what a split has that the dialect has no arithmetic for.
    pub(super) fn validate_trees(
        &self,
        columns: usize,
        shape: &TreeShape,
        fits: fn(&Split) -> Result<(), String>,
    ) -> Result<(), ModelError> {
        let bound = |what: &str, found: usize, limit: usize| {
            if found <= limit {
                Ok(())
            } else {
                Err(ModelError::new(format!("expected at most {limit} {what}, found {found}")))
            }
        };
        bound("trees", self.trees.len(), shape.trees)?;
        bound("nodes", self.trees.iter().map(|tree| tree.nodes.len()).sum(), shape.nodes)?;
        for (index, tree) in self.trees.iter().enumerate() {
            tree.validate(columns, shape.depth, fits)
                .map_err(|fault| ModelError::new(format!("tree {index}: {fault}")))?;
        }
        Ok(())
    }
}

impl Tree {
    /// Checks that the nodes form one whole tree in preorder and that every question can be asked of a row.
    fn validate(&self, columns: usize, max_depth: usize, fits: fn(&Split) -> Result<(), String>) -> Result<(), String> {
        // What is still to come: for each open split, where its right side must begin.
        let mut open: Vec<u32> = Vec::new();
        let mut ended = false;
        for (index, node) in self.nodes.iter().enumerate() {
            if ended {
                return Err(format!("expected {index} nodes, found {}", self.nodes.len()));
            }
            match node {
                Node::Split(split) => {
                    let right = split.validate(columns).and_then(|()| fits(split));
                    right.map_err(|fault| format!("node {index}: {fault}"))?;
                    open.push(split.right);
                    if open.len() > max_depth {
                        return Err(format!("node {index}: expected a depth of at most {max_depth}"));
                    }
                }
                Node::Leaf(value) => {
                    if !value.is_finite() {
                        return Err(format!("node {index}: expected a finite leaf_value, found {}", Shown(*value)));
                    }
                    match open.pop() {
                        Some(right) if right as usize == index + 1 => {}
                        Some(right) => {
                            return Err(format!(
                                "node {index}: expected the right side at {}, found {right}",
                                index + 1
                            ));
                        }
                        None => ended = true,
                    }
                }
            }
        }
        if ended { Ok(()) } else { Err("expected more nodes: a side of a split is absent".to_owned()) }
    }
}

impl Split {
    fn validate(&self, columns: usize) -> Result<(), String> {
        if usize::from(self.feature) >= columns {
            return Err(format!("expected a feature below {columns}, found {}", self.feature));
        }
        match &self.rule {
            Rule::Numeric { threshold, .. } if threshold.is_nan() => Err("expected a threshold, found NaN".to_owned()),
            Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset }
                if u16::try_from(bitset.len()).is_err() =>
            {
                Err(format!("expected at most {} words of categories, found {}", u16::MAX, bitset.len()))
            }
            _ => Ok(()),
        }
    }

    /// LightGBM has no split that takes NaN for a category of its set.
    pub(super) fn fits_lightgbm(&self) -> Result<(), String> {
        match self.rule {
            Rule::CategoricalOrMissing { .. } => {
                Err("expected a rule that LightGBM has, found a category or missing".to_owned())
            }
            Rule::Numeric { .. } | Rule::Categorical { .. } => Ok(()),
        }
    }

    /// XGBoost has `f32` thresholds, and NaN alone is missing.
    pub(super) fn fits_xgboost(&self) -> Result<(), String> {
        match self.rule {
            Rule::Numeric { missing: MissingRule::None | MissingRule::Zero, .. } => {
                Err("expected NaN alone to be missing in the XGBoost dialect, found another rule".to_owned())
            }
            Rule::Numeric { threshold, .. } if !num::is_f32(threshold) => {
                Err(format!("expected a threshold that is an f32 in the XGBoost dialect, found {}", Shown(threshold)))
            }
            _ => Ok(()),
        }
    }
}

/// Lays a tree out in preorder from parts that come in any order, as foreign formats have them.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    nodes: Vec<Node>,
    /// Splits whose right side has not begun.
    open: Vec<usize>,
}

impl TreeBuilder {
    /// Adds a split; what is added next is its left side.
    pub fn split(&mut self, feature: u16, rule: Rule) {
        self.open.push(self.nodes.len());
        self.nodes.push(Node::Split(Split { feature, rule, right: 0 }));
    }

    /// Adds a leaf; what is added next is the right side of the last split that has none.
    pub fn leaf(&mut self, value: f64) {
        self.nodes.push(Node::Leaf(value));
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let parent = self.open.pop().map(|index| &mut self.nodes[index]);
        if let Some(Node::Split(split)) = parent {
            split.right = next;
        }
    }

    /// The tree. Whether it is whole is for [`Model::validate`](super::Model::validate) to say.
    pub fn finish(self) -> Tree {
        Tree { nodes: self.nodes }
    }
}
