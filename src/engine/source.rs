//! What a walk tells of its trees, for faster kernels to be built from.
//!
//! A faster kernel restates no rule: it puts numbers to the walk's own questions ([`Source::goes_left`]) once, when it is built, and
//! keeps the answers. What it has to know beforehand is between which numbers an answer may change: the [`Cuts`]. With them, rules
//! for missing values, rounding to another type and sets of categories are each walk's own affair.

use std::collections::BinaryHeap;
use std::ops::Range;

/// The trees of a walk. Nodes are numbered through all trees, each tree's in preorder; the left side of a split is the next node.
pub(crate) trait Source {
    /// How many trees there are.
    fn trees(&self) -> usize;

    /// The nodes of one tree, the root first.
    fn tree(&self, index: usize) -> Range<usize>;

    /// What a node is.
    fn place(&self, node: usize) -> Place;

    /// What a split answers to a value of its feature. A leaf asks nothing, so its "yes" means nothing.
    fn goes_left(&self, node: usize, value: f64) -> bool;

    /// Adds the values at which a split's answer may change.
    fn add_cuts(&self, node: usize, cuts: &mut Cuts);

    /// The largest value that is taken for a category below this one; for category 0, for none.
    fn last_before(&self, category: u32) -> f64;

    /// The arithmetic of the sum.
    fn summing(&self) -> Summing;
}

/// A node of a walk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The end, and its value.
    Leaf(f64),
    /// A question about a feature.
    Split {
        /// Column of the row.
        feature: u16,
        /// The node for "no".
        right: usize,
    },
}

/// How leaves are added up in tree order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Summing {
    /// In `f64`, from 0.
    F64,
    /// In `f32`, from this base; the leaves are `f32`.
    F32(f32),
}

/// The leaves of some nodes, in order.
pub(super) fn leaves(source: &dyn Source, nodes: Range<usize>) -> impl Iterator<Item = f64> {
    nodes.filter_map(|node| match source.place(node) {
        Place::Leaf(value) => Some(value),
        Place::Split { .. } => None,
    })
}

/// Collects where the answers of one feature's splits change.
#[derive(Debug, Default)]
pub(crate) struct Cuts {
    numbers: Vec<f64>,
    /// Bit `k`: some set holds one of the categories `k - 1` and `k` and not the other.
    changes: Vec<u32>,
}

impl Cuts {
    /// The answer to this number may differ from that to the next one.
    pub(super) fn add(&mut self, number: f64) {
        self.numbers.push(number);
    }

    /// Adds the ends of what a set of categories holds, 32 of them a word.
    pub(super) fn add_set(&mut self, words: &[u32]) {
        if self.changes.len() <= words.len() {
            self.changes.resize(words.len() + 1, 0);
        }
        let mut carry = 0;
        for (change, word) in self.changes.iter_mut().zip(words.iter().chain(&[0])) {
            *change |= word ^ (word << 1 | carry);
            carry = word >> 31;
        }
    }

    /// The cuts in ascending order, each once; `None` if there are more than `most`. They are of this source's splits.
    pub(super) fn finish(mut self, source: &dyn Source, most: usize) -> Option<Vec<f64>> {
        let changes: usize = self.changes.iter().map(|word| word.count_ones() as usize).sum();
        if changes > most {
            return None;
        }
        for (index, word) in (0_u32..).zip(&self.changes) {
            let in_word = (0..32).filter(|bit| word >> bit & 1 == 1);
            self.numbers.extend(in_word.map(|bit| source.last_before(index * 32 + bit)));
        }
        let mut numbers = ascending(self.numbers);
        // The two zeros are one: no comparison tells them apart.
        numbers.dedup();
        (numbers.len() <= most).then_some(numbers)
    }
}

/// Numbers from the least to the largest. By a heap, for the module's size: the library's sort takes five kilobytes there.
fn ascending(numbers: Vec<f64>) -> Vec<f64> {
    // As integers that are ordered as `f64::total_cmp` orders; the same again turns them back.
    let order = |bits: i64| bits ^ (bits >> 63 & i64::MAX);
    let heap: BinaryHeap<i64> = numbers.into_iter().map(|x| order(x.to_bits().cast_signed())).collect();
    heap.into_sorted_vec().into_iter().map(|bits| f64::from_bits(order(bits).cast_unsigned())).collect()
}
