//! Building tables from a walk: every bin's representative is put to every split, once.

use super::bins::{Bins, Cuts, representatives};
use super::row::{BITS, Row, WORDS};
use super::{Block, Feature, Leaves, MAX_FEATURES, TableKernel};
use crate::engine::walk::{Ask, PackedNode, WalkKernel};

/// What the tables of one ensemble may take. 300 trees of 31 leaves take half a megabyte.
const MAX_BYTES: usize = 8 << 20;

/// Bins are counted in 16 bits, and two of them have no cut.
const MAX_CUTS: usize = u16::MAX as usize - 1;

/// A split, and what each answer rules out.
struct Stump<'a> {
    node: &'a PackedNode,
    /// Which word of a row has its tree's mask.
    word: usize,
    /// The bits of the leaves that a ride cannot reach any more which goes left here, or right.
    lost: [u64; 2],
}

impl TableKernel {
    /// The tables of a walk. `None` where they would not serve: a tree has more than 64 leaves, a feature more cuts than can
    /// be counted, there are more features than a ride's row can have, or the tables would take more than 8 MiB.
    pub(in crate::engine) fn build(walk: &WalkKernel) -> Option<TableKernel> {
        let most_leaves = (0..walk.trees()).map(|tree| leaves_of(walk.tree(tree)).count()).max()?;
        let mut budget = Budget { bytes: MAX_BYTES };
        match most_leaves {
            0..=16 => Builder::new(walk, 16, budget.leaves(walk).map(Leaves::Few)?, budget)?.build(),
            17..=32 => Builder::new(walk, 32, budget.leaves(walk).map(Leaves::Some)?, budget)?.build(),
            33..=64 => Builder::new(walk, 64, budget.leaves(walk).map(Leaves::Many)?, budget)?.build(),
            _ => None,
        }
    }
}

/// Tables that are being built.
struct Builder<'a> {
    walk: &'a WalkKernel,
    /// Leaves that a mask has room for.
    mask: usize,
    kernel: TableKernel,
    budget: Budget,
}

impl<'a> Builder<'a> {
    /// Everything but the rows, and the places in them.
    fn new(walk: &'a WalkKernel, mask: usize, leaves: Leaves, mut budget: Budget) -> Option<Builder<'a>> {
        let blocks = walk.trees().div_ceil(trees_a_row(mask));
        let mut features = Vec::new();
        let mut places = 0;
        for (column, cuts) in cuts_by_column(walk)?.into_iter().enumerate() {
            let Some(cuts) = cuts else { continue };
            let bins = Bins::new(cuts.finish(MAX_CUTS)?);
            budget.take::<u8>(bins.bytes())?;
            budget.take::<u16>(bins.len() * blocks)?;
            places += bins.len() * blocks;
            features.push(Feature { column, first_place: places - bins.len() * blocks, bins });
        }
        let places = vec![0; places];
        let kernel = TableKernel { features, blocks: Vec::with_capacity(blocks), places, rows: Vec::new(), leaves };
        Some(Builder { walk, mask, kernel, budget })
    }

    fn build(mut self) -> Option<TableKernel> {
        let at_once = trees_a_row(self.mask);
        for first in (0..self.walk.trees()).step_by(at_once) {
            let trees = at_once.min(self.walk.trees() - first);
            let stumps: Vec<Stump<'_>> = (0..trees).flat_map(|tree| self.stumps(first + tree, tree)).collect();
            self.kernel.blocks.push(Block { first_row: self.kernel.rows.len() });
            self.budget.take::<Row>(1)?;
            self.kernel.rows.push(Row::ALL);
            for feature in 0..self.kernel.features.len() {
                self.add_rows(feature, &stumps)?;
            }
        }
        Some(self.kernel)
    }

    /// Adds what the last block's splits say of one feature; nothing, if none asks for it.
    fn add_rows(&mut self, feature: usize, stumps: &[Stump<'_>]) -> Option<()> {
        let TableKernel { features, blocks, places, rows, .. } = &mut self.kernel;
        let (Feature { column, bins, first_place }, number) = (&features[feature], blocks.len() - 1);
        let of_feature = || stumps.iter().filter(|stump| usize::from(stump.node.feature) == *column);
        if of_feature().next().is_none() {
            return Some(());
        }
        let mut cuts = Cuts::default();
        of_feature().for_each(|stump| cuts.add(self.walk, stump.node));
        let cuts = cuts.finish(MAX_CUTS)?;
        self.budget.take::<Row>(cuts.len() + 2)?;
        let first = rows.len() - blocks[number].first_row;
        // The block's cuts are some of the feature's, so that each of the feature's bins lies in one of the block's.
        let all_blocks = self.walk.trees().div_ceil(trees_a_row(self.mask));
        let places = places[*first_place..].chunks_exact_mut(all_blocks).map(|places| &mut places[number]);
        let mut bin = 0;
        for (place, value) in places.zip(representatives(bins.cuts())) {
            bin = if value.is_nan() {
                cuts.len() + 1
            } else {
                bin + cuts[bin..].iter().take_while(|cut| **cut < value).count()
            };
            *place = u16::try_from(first + bin).ok()?;
        }
        for value in representatives(&cuts) {
            let mut reachable = [u64::MAX; WORDS];
            for stump in of_feature() {
                let goes_left = self.walk.goes_left(stump.node, value);
                reachable[stump.word] &= !stump.lost[usize::from(!goes_left)];
            }
            rows.push(Row::new(reachable));
        }
        Some(())
    }

    /// The splits of one tree, of its place in its block.
    fn stumps(&self, index: usize, place: usize) -> Vec<Stump<'a>> {
        let nodes = self.walk.tree(index);
        let masks_a_word = BITS / self.mask;
        let (word, shift) = (place / masks_a_word, place % masks_a_word * self.mask);
        // For each node, the bits of the leaves on its side of the tree.
        let mut sides = vec![0_u64; nodes.len()];
        let mut leaf = leaves_of(nodes).count() + shift;
        let mut stumps = Vec::new();
        // In preorder both sides of a split come after it, the left one first.
        for (number, node) in nodes.iter().enumerate().rev() {
            sides[number] = if is_leaf(node) {
                leaf -= 1;
                1 << leaf
            } else {
                let (left, right) = (sides[number + 1], sides[self.walk.right_within(index, node)]);
                stumps.push(Stump { node, word, lost: [right, left] });
                left | right
            };
        }
        stumps
    }
}

/// How many trees a row has masks for.
fn trees_a_row(mask: usize) -> usize {
    BITS / mask * WORDS
}

/// What may still be taken.
struct Budget {
    bytes: usize,
}

impl Budget {
    /// Takes room for so many, if there is.
    fn take<T>(&mut self, count: usize) -> Option<()> {
        self.bytes = self.bytes.checked_sub(size_of::<T>().checked_mul(count)?)?;
        Some(())
    }

    /// Makes the leaves of all trees, of the trees with which the last block is filled up too.
    fn leaves<const LEAVES: usize>(&mut self, walk: &WalkKernel) -> Option<Vec<[f64; LEAVES]>> {
        let trees = walk.trees().next_multiple_of(trees_a_row(LEAVES));
        self.take::<[f64; LEAVES]>(trees)?;
        let mut leaves = vec![[0.0; LEAVES]; trees];
        for (tree, values) in leaves.iter_mut().take(walk.trees()).enumerate() {
            for (place, leaf) in values.iter_mut().zip(leaves_of(walk.tree(tree))) {
                *place = leaf.number;
            }
        }
        Some(leaves)
    }
}

/// Where the answers of each column's splits change; `None` if there are too many columns.
fn cuts_by_column(walk: &WalkKernel) -> Option<Vec<Option<Cuts>>> {
    let mut cuts: Vec<Option<Cuts>> = (0..MAX_FEATURES).map(|_| None).collect();
    for split in (0..walk.trees()).flat_map(|tree| walk.tree(tree)).filter(|node| !is_leaf(node)) {
        cuts.get_mut(usize::from(split.feature))?.get_or_insert_default().add(walk, split);
    }
    Some(cuts)
}

fn leaves_of(nodes: &[PackedNode]) -> impl Iterator<Item = &PackedNode> {
    nodes.iter().filter(|node| is_leaf(node))
}

fn is_leaf(node: &PackedNode) -> bool {
    matches!(node.ask, Ask::Leaf)
}
