//! LightGBM's linear leaves: the walk finds the leaf, the row decides what it is worth.

use super::packed::PackedKernel;
use super::walk::WalkKernel;
use crate::model::{LinearLeaf, TreeEnsemble};

/// LightGBM's `kZeroThreshold`: the literal is an `f32` there.
const ZERO: f64 = 1e-35_f32 as f64;

#[derive(Clone, Debug)]
pub(super) struct LinearLeafKernel {
    finder: Finder,
    /// The plain values, for rows with NaN.
    plain: Vec<f64>,
    leaves: Vec<LinearLeaf>,
}

/// What finds the leaves.
#[derive(Clone, Debug)]
enum Finder {
    /// Gives the number of the leaf instead of its value: below 2^53, so exact.
    Walk(WalkKernel),
    Packed(PackedKernel),
}

impl LinearLeafKernel {
    pub(super) fn new(trees: &TreeEnsemble, leaves: &[LinearLeaf]) -> LinearLeafKernel {
        let mut numbered = trees.clone();
        let mut next = 0.0;
        for node in numbered.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            if let crate::model::Node::Leaf(value) = node {
                *value = next;
                next += 1.0;
            }
        }
        let finder = Finder::Walk(WalkKernel::new(&numbered));
        LinearLeafKernel { finder, plain: trees.leaves().collect(), leaves: leaves.to_vec() }
    }

    /// The same by the packed walk, if that serves; tables keep sums and not leaves.
    pub(super) fn prepared(&self) -> Option<LinearLeafKernel> {
        let Finder::Walk(walk) = &self.finder else { return None };
        let finder = Finder::Packed(PackedKernel::build(walk)?);
        Some(LinearLeafKernel { finder, plain: self.plain.clone(), leaves: self.leaves.clone() })
    }

    pub(super) fn is_prepared(&self) -> bool {
        matches!(self.finder, Finder::Packed(_))
    }

    /// Sum of the leaves in tree order, in `f64`, from 0.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        let mut sum = 0.0;
        match &self.finder {
            Finder::Walk(walk) => walk.leaf_values(row).for_each(|number| sum += self.numbered(number, row)),
            Finder::Packed(packed) => packed.each_leaf(row, |leaf| sum += self.worth(leaf, row)),
        }
        sum
    }

    fn numbered(&self, number: f64, row: &[f64]) -> f64 {
        usize::try_from(crate::num::truncate_to_i64(number)).map_or(0.0, |index| self.worth(index, row))
    }

    fn worth(&self, index: usize, row: &[f64]) -> f64 {
        // `validate_linear_leaves` has counted the leaves; what is behind them stands for no tree.
        let Some(leaf) = self.leaves.get(index) else { return 0.0 };
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
