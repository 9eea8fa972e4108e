//! XGBoost's walk: everything in `f32`, `<` instead of `<=`.
//!
//! It is apart from the other walk because hardly a line would be the same: the type, the comparison, what a category may
//! be, and where the sum begins.

use std::ops::Range;

use super::source::{Cuts, Place, Source, Summing};
use super::walk::index_of;
use crate::model::{Node, Rule, TreeEnsemble};
use crate::num;

/// Categories from here on, and below 0, are in no set (`InvalidCat` in `src/common/categorical.h`).
const OUT_OF_RANGE: f32 = 16_777_216.0;

const TWO_TO_THE_128: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

/// A node of all trees in one array: 16 bytes.
#[derive(Clone, Copy, Debug)]
struct PackedNode {
    /// Threshold of a numeric split; the value of a leaf.
    number: f32,
    /// Where "no" goes; for a leaf, unused.
    right: u32,
    /// Which set a categorical split has.
    set: u32,
    feature: u16,
    ask: Ask,
}

#[derive(Clone, Copy, Debug)]
enum Ask {
    Leaf,
    /// Below the threshold? NaN goes left (true) or right.
    Below(bool),
    /// In the set? NaN is (true) or is not.
    InSet(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct XgBoostKernel {
    base: f32,
    nodes: Vec<PackedNode>,
    roots: Vec<u32>,
    /// First word of each set and how many it has.
    sets: Vec<(u32, u32)>,
    words: Vec<u32>,
}

impl XgBoostKernel {
    pub(super) fn new(ensemble: &TreeEnsemble, base: f32) -> XgBoostKernel {
        let mut kernel =
            XgBoostKernel { base, nodes: Vec::new(), roots: Vec::new(), sets: Vec::new(), words: Vec::new() };
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
        let split = match node {
            // `ExtendedEnsemble::validate` has made sure that leaves and thresholds are `f32`.
            Node::Leaf(value) => {
                return PackedNode { number: num::nearest_f32(*value), right: 0, set: 0, feature: 0, ask: Ask::Leaf };
            }
            Node::Split(split) => split,
        };
        let (number, set, ask) = match &split.rule {
            Rule::Numeric { threshold, default_left, .. } => {
                (num::nearest_f32(*threshold), 0, Ask::Below(*default_left))
            }
            Rule::Categorical { bitset } => (0.0, self.pack_set(bitset), Ask::InSet(false)),
            Rule::CategoricalOrMissing { bitset } => (0.0, self.pack_set(bitset), Ask::InSet(true)),
        };
        PackedNode { number, right: root + split.right, set, feature: split.feature, ask }
    }

    fn pack_set(&mut self, bitset: &[u32]) -> u32 {
        self.sets.push((index_of(self.words.len()), index_of(bitset.len())));
        self.words.extend(bitset);
        index_of(self.sets.len() - 1)
    }

    /// Base and leaves in tree order, in `f32`.
    pub(super) fn predict(&self, row: &[f64]) -> f32 {
        self.roots.iter().fold(self.base, |sum, root| sum + self.leaf(*root, row))
    }

    fn leaf(&self, root: u32, row: &[f64]) -> f32 {
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
        let value = num::nearest_f32(value);
        match node.ask {
            Ask::Below(missing) | Ask::InSet(missing) if value.is_nan() => missing,
            Ask::Below(_) => value < node.number,
            Ask::InSet(_) => self.in_set(node.set, value),
            Ask::Leaf => true,
        }
    }

    fn in_set(&self, set: u32, value: f32) -> bool {
        let category = num::truncate_to_u32(f64::from(value));
        // A negative fraction truncates to category 0, but is no category.
        (0.0..OUT_OF_RANGE).contains(&value)
            && self.set(set).get(category as usize / 32).is_some_and(|word| word >> (category % 32) & 1 == 1)
    }

    fn set(&self, set: u32) -> &[u32] {
        let (first, count) = self.sets[set as usize];
        &self.words[first as usize..(first + count) as usize]
    }
}

impl Source for XgBoostKernel {
    fn trees(&self) -> usize {
        self.roots.len()
    }

    fn tree(&self, index: usize) -> Range<usize> {
        let end = self.roots.get(index + 1).map_or(self.nodes.len(), |root| *root as usize);
        self.roots[index] as usize..end
    }

    fn place(&self, node: usize) -> Place {
        match &self.nodes[node] {
            PackedNode { ask: Ask::Leaf, number, .. } => Place::Leaf(f64::from(*number)),
            PackedNode { feature, right, .. } => Place::Split { feature: *feature, right: *right as usize },
        }
    }

    fn goes_left(&self, node: usize, value: f64) -> bool {
        XgBoostKernel::goes_left(self, &self.nodes[node], value)
    }

    fn add_cuts(&self, node: usize, cuts: &mut Cuts) {
        let node = &self.nodes[node];
        match node.ask {
            Ask::Leaf => {}
            Ask::Below(_) => last_rounded_below(node.number).into_iter().for_each(|cut| cuts.add(cut)),
            Ask::InSet(_) => cuts.add_set(self.set(node.set)),
        }
    }

    /// What is rounded to a number below the category; for category 0, to a negative number.
    fn last_before(&self, category: u32) -> f64 {
        let below = num::nearest_f32(f64::from(category));
        last_rounded_below(below).unwrap_or(f64::NEG_INFINITY)
    }

    fn summing(&self) -> Summing {
        Summing::F32(self.base)
    }
}

/// The largest `f64` whose nearest `f32` is below this one; `None` below minus infinity, where there is none.
fn last_rounded_below(limit: f32) -> Option<f64> {
    if limit == f32::NEG_INFINITY {
        return None;
    }
    // Numbers from half way to 2^128 on are rounded to infinity, as if that were the next `f32` after the largest.
    let finite = |x: f32| if x.is_finite() { f64::from(x) } else { f64::from(x.signum()) * TWO_TO_THE_128 };
    // Half way between two `f32` is an `f64`; it is rounded to the one whose last bit is 0.
    let half_way = f64::midpoint(finite(limit.next_down()), finite(limit));
    Some(if num::nearest_f32(half_way) < limit { half_way } else { half_way.next_down() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dialect, MissingRule, TreeBuilder};

    fn kernel(rules: Vec<Rule>) -> XgBoostKernel {
        // Each tree asks one question of column 0: left is worth 1, right 2, times 10 for each tree before it; 0.5 to begin with.
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
        XgBoostKernel::new(&TreeEnsemble { dialect: Dialect::XGBoost, trees }, 0.5)
    }

    #[test]
    fn below_is_left_and_missing_goes_where_it_is_told() {
        let below = |default_left| Rule::Numeric { threshold: 1.0, missing: MissingRule::Nan, default_left };
        let trees = kernel(vec![below(true), below(false)]);
        let rows = [
            (1.0, 22.5),
            (0.999_999_99, 22.5), // rounds to 1 as f32
            (0.999_999_9, 11.5),
            (f64::NAN, 21.5),
            (f64::NEG_INFINITY, 11.5),
            (f64::INFINITY, 22.5),
            (1e300, 22.5),
        ];
        for (value, expected) in rows {
            assert_eq!(trees.predict(&[value]).to_bits(), f32::to_bits(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_category_is_in_no_set() {
        // Categories 0, 2 and 33 are in the set; NaN too in the second tree.
        let bitset = || vec![0b101, 0b10];
        let trees =
            kernel(vec![Rule::Categorical { bitset: bitset() }, Rule::CategoricalOrMissing { bitset: bitset() }]);
        for value in [0.0, -0.0, 2.0, 2.9, 33.0] {
            assert_eq!(trees.predict(&[value]).to_bits(), 11.5f32.to_bits(), "{value}");
        }
        for value in [1.0, -0.5, -1.0, 64.0, 16_777_216.0, f64::INFINITY, f64::NEG_INFINITY, 1e18] {
            assert_eq!(trees.predict(&[value]).to_bits(), 22.5f32.to_bits(), "{value}");
        }
        assert_eq!(trees.predict(&[f64::NAN]).to_bits(), 12.5f32.to_bits());
    }
    #[test]
    fn a_cut_is_the_last_number_that_is_rounded_below() {
        let odd =
            [0.0, -0.0, 1.0, -1.0, 0.1, 16_777_216.0, 1e-45, -1e-45, 1.5e-38, f32::MIN_POSITIVE, f32::MAX, f32::MIN];
        for limit in odd.into_iter().flat_map(|x| [x.next_down(), x, x.next_up()]).chain([f32::INFINITY]) {
            match last_rounded_below(limit) {
                Some(cut) => {
                    assert!(num::nearest_f32(cut) < limit, "{limit}: {cut}");
                    assert!(num::nearest_f32(cut.next_up()) >= limit, "{limit}: {cut}");
                }
                None => assert_eq!(limit.to_bits(), f32::NEG_INFINITY.to_bits()),
            }
        }
        assert_eq!(last_rounded_below(f32::NEG_INFINITY), None);
    }
}
