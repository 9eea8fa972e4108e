//! The walk: from the root of each tree to a leaf, one question at a time.
//!
//! It is the kernel that needs no preparation, so it answers a cold start; and it is plain enough to be right by reading,
//! so faster kernels are built from its answers and checked against them.

use std::ops::Range;

use super::source::{Cuts, Place, Source, Summing};
use crate::model::{MissingRule, Node, Rule, TreeEnsemble};
use crate::num;

/// LightGBM's `kZeroThreshold`: the literal is an `f32` there.
pub(super) const ZERO: f64 = 1e-35_f32 as f64;

/// A node of all trees in one array: 24 bytes.
#[derive(Clone, Copy, Debug)]
struct PackedNode {
    /// Threshold of a numeric split; the value of a leaf.
    number: f64,
    /// Where "no" goes, among the nodes of all trees; for a leaf, unused.
    right: u32,
    /// First word of a categorical split's set, and how many words it has.
    words: (u32, u16),
    feature: u16,
    ask: Ask,
}

/// The question, with everything that does not need a number decided beforehand.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Leaf,
    /// NaN counts as 0.
    Plain,
    /// Zero and NaN go left (true) or right.
    ZeroMissing(bool),
    /// NaN goes left (true) or right.
    NanMissing(bool),
    InSet,
}

#[derive(Clone, Debug)]
pub(crate) struct WalkKernel {
    nodes: Vec<PackedNode>,
    roots: Vec<u32>,
    words: Vec<u32>,
}

impl WalkKernel {
    pub(super) fn new(ensemble: &TreeEnsemble) -> WalkKernel {
        let mut kernel = WalkKernel { nodes: Vec::new(), roots: Vec::new(), words: Vec::new() };
        for tree in &ensemble.trees {
            let root = index_of(kernel.nodes.len());
            kernel.roots.push(root);
            for node in &tree.nodes {
                let packed = kernel.pack(node, root);
                kernel.nodes.push(packed);
            }
        }
        kernel
    }

    fn pack(&mut self, node: &Node, root: u32) -> PackedNode {
        match node {
            Node::Leaf(value) => PackedNode { number: *value, right: 0, words: (0, 0), feature: 0, ask: Ask::Leaf },
            Node::Split(split) => {
                let (number, words, ask) = match &split.rule {
                    Rule::Numeric { threshold, missing, default_left } => {
                        let ask = match missing {
                            MissingRule::None => Ask::Plain,
                            MissingRule::Zero => Ask::ZeroMissing(*default_left),
                            MissingRule::Nan => Ask::NanMissing(*default_left),
                        };
                        (*threshold, (0, 0), ask)
                    }
                    // The second is the XGBoost dialect's, which `Split::fits_lightgbm` keeps out of here.
                    Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset } => {
                        let first = index_of(self.words.len());
                        self.words.extend(bitset);
                        (0.0, (first, u16::try_from(bitset.len()).unwrap_or(u16::MAX)), Ask::InSet)
                    }
                };
                PackedNode { number, right: root + split.right, words, feature: split.feature, ask }
            }
        }
    }

    /// Sum of the leaves in tree order, in `f64`, from 0.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        self.leaf_values(row).fold(0.0, |sum, value| sum + value)
    }

    /// The leaf that the row reaches in each tree, in order.
    pub(super) fn leaf_values(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        self.roots.iter().map(|root| self.leaf(*root, row))
    }

    fn leaf(&self, root: u32, row: &[f64]) -> f64 {
        let mut index = root;
        // `Tree::validate` has checked that every path ends in a leaf and that every feature is a column.
        loop {
            let node = &self.nodes[index as usize];
            if let Ask::Leaf = node.ask {
                return node.number;
            }
            let left = self.goes_left(node, row[usize::from(node.feature)]);
            index = if left { index + 1 } else { node.right };
        }
    }

    #[inline]
    fn goes_left(&self, node: &PackedNode, value: f64) -> bool {
        match node.ask {
            Ask::Leaf => true,
            Ask::Plain => (if value.is_nan() { 0.0 } else { value }) <= node.number,
            Ask::ZeroMissing(default_left) => {
                if value.is_nan() || value.abs() <= ZERO {
                    default_left
                } else {
                    value <= node.number
                }
            }
            Ask::NanMissing(default_left) => {
                if value.is_nan() {
                    default_left
                } else {
                    value <= node.number
                }
            }
            Ask::InSet => self.in_set(node, value),
        }
    }

    fn in_set(&self, node: &PackedNode, value: f64) -> bool {
        // NaN would truncate to category 0.
        let Ok(category) = usize::try_from(num::truncate_to_i32(value)) else { return false };
        !value.is_nan() && self.set(node).get(category / 32).is_some_and(|word| word >> (category % 32) & 1 == 1)
    }

    /// The categories that go left, 32 a word; empty for a split on a number.
    fn set(&self, node: &PackedNode) -> &[u32] {
        let (first, count) = node.words;
        &self.words[first as usize..first as usize + usize::from(count)]
    }
}

impl Source for WalkKernel {
    fn trees(&self) -> usize {
        self.roots.len()
    }

    fn tree(&self, index: usize) -> Range<usize> {
        let end = self.roots.get(index + 1).map_or(self.nodes.len(), |root| *root as usize);
        self.roots[index] as usize..end
    }

    fn place(&self, node: usize) -> Place {
        match &self.nodes[node] {
            PackedNode { ask: Ask::Leaf, number, .. } => Place::Leaf(*number),
            PackedNode { feature, right, .. } => Place::Split { feature: *feature, right: *right as usize },
        }
    }

    fn goes_left(&self, node: usize, value: f64) -> bool {
        WalkKernel::goes_left(self, &self.nodes[node], value)
    }

    fn add_cuts(&self, node: usize, cuts: &mut Cuts) {
        let node = &self.nodes[node];
        match node.ask {
            Ask::Leaf => {}
            Ask::Plain | Ask::NanMissing(_) => cuts.add(node.number),
            // What counts as zero is an interval with two ends, both included.
            Ask::ZeroMissing(_) => [node.number, (-ZERO).next_down(), ZERO].into_iter().for_each(|cut| cuts.add(cut)),
            Ask::InSet => cuts.add_set(self.set(node)),
        }
    }

    /// What is truncated to a category below; for category 0, to a negative number.
    fn last_before(&self, category: u32) -> f64 {
        if category == 0 { -1.0 } else { f64::from(category).next_down() }
    }

    fn summing(&self) -> Summing {
        Summing::F64
    }
}

/// An index that `Limits` keep far below 2^32.
pub(super) fn index_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dialect, TreeBuilder};

    fn numeric(threshold: f64, missing: MissingRule, default_left: bool) -> Rule {
        Rule::Numeric { threshold, missing, default_left }
    }

    fn kernel(rules: Vec<Rule>) -> WalkKernel {
        // Each tree asks one question of column 0: left is worth 1, right 2, times 10 for each tree before it.
        let mut worth = 1.0;
        let trees = rules
            .into_iter()
            .map(|rule| {
                let mut tree = TreeBuilder::default();
                tree.split(0, rule);
                tree.leaf(worth);
                tree.leaf(2.0 * worth);
                worth *= 10.0;
                tree.finish()
            })
            .collect();
        WalkKernel::new(&TreeEnsemble { dialect: Dialect::LightGbm, trees })
    }

    #[test]
    fn missing_rules_of_numeric_splits() {
        let trees = kernel(vec![
            numeric(-1.0, MissingRule::None, true),
            numeric(-1.0, MissingRule::Zero, true),
            numeric(-1.0, MissingRule::Nan, true),
            numeric(1.0, MissingRule::Nan, false),
        ]);
        let rows = [
            // tree 4 (threshold 1), 3, 2, 1 (threshold -1): the digit is 1 for left, 2 for right
            (-1.0, 1111.0),
            (-0.5, 1222.0),
            (f64::NAN, 2112.0),
            (0.0, 1212.0),
            (-0.0, 1212.0),
            (1e-35, 1212.0),
            (1.1e-35, 1222.0),
            (1.0, 1222.0),
            (1.0 + f64::EPSILON, 2222.0),
            (f64::INFINITY, 2222.0),
            (f64::NEG_INFINITY, 1111.0),
        ];
        for (value, expected) in rows {
            assert_eq!(trees.predict(&[value]).to_bits(), f64::to_bits(expected), "{value}");
        }
    }

    #[test]
    fn categories_are_truncated_and_looked_up() {
        // Categories 0, 2 and 33 go left.
        let trees = kernel(vec![Rule::Categorical { bitset: vec![0b101, 0b10] }]);
        let left = [0.0, 2.0, 33.0, 2.9, -0.9, -0.0];
        let right = [1.0, 32.0, 64.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e18];
        for value in left {
            assert_eq!(trees.predict(&[value]).to_bits(), 1.0f64.to_bits(), "{value}");
        }
        for value in right {
            assert_eq!(trees.predict(&[value]).to_bits(), 2.0f64.to_bits(), "{value}");
        }
    }
}
