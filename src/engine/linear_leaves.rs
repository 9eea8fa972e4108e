//! LightGBM's linear leaves: the walk finds the leaf, the row decides what it is worth.

use super::walk::WalkKernel;
use crate::model::{LinearLeaf, TreeEnsemble};

/// LightGBM's `kZeroThreshold`: the literal is an `f32` there.
const ZERO: f64 = 1e-35_f32 as f64;

#[derive(Clone, Debug)]
pub(super) struct LinearLeafKernel {
    walk: WalkKernel,
    /// The plain values, for rows with NaN.
    plain: Vec<f64>,
    leaves: Vec<LinearLeaf>,
}

impl LinearLeafKernel {
    pub(super) fn new(trees: &TreeEnsemble, leaves: &[LinearLeaf]) -> LinearLeafKernel {
        // The walk gives the number of the leaf instead of its value: below 2^53, so exact.
        let mut numbered = trees.clone();
        let mut next = 0.0;
        for node in numbered.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            if let crate::model::Node::Leaf(value) = node {
                *value = next;
                next += 1.0;
            }
        }
        LinearLeafKernel { walk: WalkKernel::new(&numbered), plain: trees.leaves().collect(), leaves: leaves.to_vec() }
    }

    /// Sum of the leaves in tree order, in `f64`, from 0.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        self.walk.leaf_values(row).fold(0.0, |sum, number| sum + self.worth(number, row))
    }

    fn worth(&self, number: f64, row: &[f64]) -> f64 {
        // `new` has numbered the leaves and `validate_linear_leaves` has counted them.
        let Ok(index) = usize::try_from(crate::num::truncate_to_i64(number)) else { return 0.0 };
        let leaf = &self.leaves[index];
        let mut worth = leaf.constant;
        for (column, coefficient) in &leaf.terms {
            let value = row[usize::from(*column)];
            if value.is_nan() {
                return self.plain[index];
            }
            // LightGBM takes what is this near to zero for zero before any tree sees it.
            worth += coefficient * if value.abs() <= ZERO { 0.0 } else { value };
        }
        worth
    }
}
