//! Building tables from a walk: every bin's representative is put to every split, once.

use super::row::{BITS, Row, WORDS};
use super::{Block, Feature, Keyed, Leaves, MAX_FEATURES, ROW_BITS, TableKernel, steps};
use crate::engine::bins::{Bins, representatives};
use crate::engine::source::{Cuts, Place, Source, Summing, leaves};
use crate::engine::walk::index_of;
use crate::features::{FAMILIES, Family};
use crate::num;

/// What the tables of one ensemble may take. 300 trees of 31 leaves take half a megabyte.
const MAX_BYTES: usize = 8 << 20;

/// Bins are counted in 16 bits, and two of them have no cut.
const MAX_CUTS: usize = u16::MAX as usize - 1;

/// A split, and what each answer rules out.
struct Stump {
    node: usize,
    column: usize,
    /// In which word of a row its tree's mask begins.
    word: usize,
    /// The bits of the leaves that a ride cannot reach any more which goes left here, or right; in that word and the next.
    lost: [[u64; 2]; 2],
}

impl TableKernel {
    /// The tables of a walk. `None` where they would not serve: a tree has more than 128 leaves, a feature more cuts than can
    /// be counted, there are more features than a ride's row can have, or the tables would take more than 8 MiB.
    ///
    /// Where they take keys too, that is for the families given; if there is room for it.
    pub(in crate::engine) fn build(source: &dyn Source, families: &[Family; FAMILIES]) -> Option<TableKernel> {
        let most_leaves = (0..source.trees()).map(|tree| leaves(source, source.tree(tree)).count()).max()?;
        let mask = match most_leaves {
            0..=32 => 32,
            33..=64 => 64,
            65..=128 => 128,
            _ => return None,
        };
        let mut budget = Budget { bytes: MAX_BYTES };
        let leaves = match source.summing() {
            Summing::F64 => {
                let all: Vec<f64> = (0..source.trees()).flat_map(|tree| leaves(source, source.tree(tree))).collect();
                match steps::of(&all, source.trees()) {
                    Some(step) => {
                        Leaves::Steps { step, leaves: budget.leaves(source, mask, |leaf| steps::count(leaf, step))? }
                    }
                    None => Leaves::F64(budget.leaves(source, mask, |leaf| leaf)?),
                }
            }
            Summing::F32(base) => Leaves::F32 { base, leaves: budget.leaves(source, mask, num::nearest_f32)? },
        };
        Builder::new(source, mask, leaves, budget, families)?.build(families)
    }
}

/// Tables that are being built.
struct Builder<'a> {
    source: &'a dyn Source,
    /// Leaves that a mask has room for.
    mask: usize,
    kernel: TableKernel,
    budget: Budget,
}

impl<'a> Builder<'a> {
    /// Everything but the rows, and the places in them.
    fn new(
        source: &'a dyn Source,
        mask: usize,
        leaves: Leaves,
        mut budget: Budget,
        families: &[Family; FAMILIES],
    ) -> Option<Builder<'a>> {
        let blocks = source.trees().div_ceil(trees_a_row(mask));
        let mut features = Vec::new();
        let mut places = 0;
        for (column, cuts) in cuts_by_column(source)?.into_iter().enumerate() {
            let Some(cuts) = cuts else { continue };
            let bins = Bins::new(cuts.finish(source, MAX_CUTS)?);
            budget.take::<u8>(bins.bytes())?;
            budget.take::<u16>(bins.len() * blocks)?;
            places += bins.len() * blocks;
            // The budget counts them in less than 32 bits.
            features.push(Feature { column, first_place: index_of(places - bins.len() * blocks), bins });
        }
        // Those that keys stand for come last: see `Keyed`.
        let (free, keyed): (Vec<Feature>, Vec<Feature>) =
            features.into_iter().partition(|feature| !families.iter().any(|family| family.has(feature.column)));
        let features = free.into_iter().chain(keyed).collect();
        let kernel = TableKernel {
            features,
            blocks: Vec::with_capacity(blocks),
            places: vec![0; places],
            rows: Vec::new(),
            mask,
            leaves,
            keyed: None,
        };
        Some(Builder { source, mask, kernel, budget })
    }

    fn build(mut self, families: &[Family; FAMILIES]) -> Option<TableKernel> {
        let at_once = trees_a_row(self.mask);
        for first in (0..self.source.trees()).step_by(at_once) {
            let trees = at_once.min(self.source.trees() - first);
            let stumps: Vec<Stump> = (0..trees).flat_map(|tree| self.stumps(first + tree, tree)).collect();
            self.kernel.blocks.push(Block { first_row: self.kernel.rows.len() });
            self.budget.take::<Row>(1)?;
            self.kernel.rows.push(Row::ALL);
            for feature in 0..self.kernel.features.len() {
                self.add_rows(feature, &stumps)?;
            }
        }
        self.kernel.keyed = self.keyed(families);
        Some(self.kernel)
    }

    /// What keys say; `None` where no split asks for a column of a family, or there is no room.
    fn keyed(&mut self, families: &[Family; FAMILIES]) -> Option<Keyed> {
        let features = &self.kernel.features;
        let is_free = |feature: &Feature| !families.iter().any(|family| family.has(feature.column));
        let free = features.partition_point(is_free);
        if free == features.len() {
            return None;
        }
        let keys: usize = families.iter().map(|family| family.keys).sum();
        self.budget.take::<Row>(keys * self.kernel.blocks.len())?;
        let last = families.each_ref().map(|family| u16::try_from(family.keys.saturating_sub(1)).unwrap_or(u16::MAX));
        Some(Keyed { free, rows: families.each_ref().map(|family| self.kernel.rows_of(family)), last })
    }

    /// Adds what the last block's splits say of one feature; nothing, if none asks for it.
    fn add_rows(&mut self, feature: usize, stumps: &[Stump]) -> Option<()> {
        let TableKernel { features, blocks, places, rows, .. } = &mut self.kernel;
        let (Feature { column, bins, first_place }, number) = (&features[feature], blocks.len() - 1);
        let stumps: Vec<&Stump> = stumps.iter().filter(|stump| stump.column == *column).collect();
        if stumps.is_empty() {
            return Some(());
        }
        let mut cuts = Cuts::default();
        for stump in &stumps {
            self.source.add_cuts(stump.node, &mut cuts);
        }
        let cuts = cuts.finish(self.source, MAX_CUTS)?;
        self.budget.take::<Row>(cuts.len() + 2)?;
        let first = rows.len() - blocks[number].first_row;
        // The block's cuts are some of the feature's, so that each of the feature's bins lies in one of the block's.
        let all_blocks = self.source.trees().div_ceil(trees_a_row(self.mask));
        let places = places[*first_place as usize..].chunks_exact_mut(all_blocks).map(|places| &mut places[number]);
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
            for stump in &stumps {
                let goes_left = self.source.goes_left(stump.node, value);
                let lost = stump.lost[usize::from(!goes_left)];
                reachable[stump.word..].iter_mut().zip(lost).for_each(|(word, lost)| *word &= !lost);
            }
            rows.push(Row::new(reachable));
        }
        Some(())
    }

    /// The splits of one tree, of its place in its block.
    fn stumps(&self, index: usize, place: usize) -> Vec<Stump> {
        let nodes = self.source.tree(index);
        let (word, shift) = (place * self.mask / BITS, place * self.mask % BITS);
        // For each node, the bits of the leaves on its side of the tree.
        let mut sides = vec![[0_u64; 2]; nodes.len()];
        let mut leaf = leaves(self.source, nodes.clone()).count() + shift;
        let mut stumps = Vec::new();
        // In preorder both sides of a split come after it, the left one first.
        for node in nodes.clone().rev() {
            sides[node - nodes.start] = match self.source.place(node) {
                Place::Leaf(_) => {
                    leaf -= 1;
                    std::array::from_fn(|word| if leaf / BITS == word { 1 << (leaf % BITS) } else { 0 })
                }
                Place::Split { feature, right } => {
                    let (left, right) = (sides[node + 1 - nodes.start], sides[right - nodes.start]);
                    stumps.push(Stump { node, column: usize::from(feature), word, lost: [right, left] });
                    [left[0] | right[0], left[1] | right[1]]
                }
            };
        }
        stumps
    }
}

impl TableKernel {
    /// For each key of a family, for each block, what the family's columns leave.
    fn rows_of(&self, family: &Family) -> Vec<Row> {
        let mut rows = Vec::with_capacity(family.keys * self.blocks.len());
        let width = family.columns.len();
        for key in 0..family.keys {
            let values = &family.values[key * width..(key + 1) * width];
            let places: Vec<u32> = self
                .features
                .iter()
                .filter_map(|feature| {
                    let value = values[family.columns.iter().position(|column| *column == feature.column)?];
                    Some(feature.first_place + feature.bins.bin(value) * index_of(self.blocks.len()))
                })
                .collect();
            rows.extend(self.blocks.iter().enumerate().map(|(number, block)| self.row(*block, &places, number)));
        }
        rows
    }
}

/// How many trees a row has masks for.
fn trees_a_row(mask: usize) -> usize {
    BITS * WORDS / mask
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

    /// Takes room for the leaves of all blocks, and puts them where their bits are.
    fn leaves<T: Copy>(
        &mut self,
        source: &dyn Source,
        mask: usize,
        of: impl Fn(f64) -> T,
    ) -> Option<Vec<[T; ROW_BITS]>> {
        let blocks = source.trees().div_ceil(trees_a_row(mask));
        self.take::<[T; ROW_BITS]>(blocks)?;
        // Minus zero changes no sum, not even minus zero.
        let mut all = vec![[of(-0.0); ROW_BITS]; blocks];
        for (tree, values) in (0..source.trees()).zip(all.as_flattened_mut().chunks_exact_mut(mask)) {
            for (place, leaf) in values.iter_mut().zip(leaves(source, source.tree(tree))) {
                *place = of(leaf);
            }
        }
        Some(all)
    }
}

/// Where the answers of each column's splits change; `None` if there are too many columns.
fn cuts_by_column(source: &dyn Source) -> Option<Vec<Option<Cuts>>> {
    let mut cuts: Vec<Option<Cuts>> = (0..MAX_FEATURES).map(|_| None).collect();
    for node in (0..source.trees()).flat_map(|tree| source.tree(tree)) {
        if let Place::Split { feature, .. } = source.place(node) {
            source.add_cuts(node, cuts.get_mut(usize::from(feature))?.get_or_insert_default());
        }
    }
    Some(cuts)
}
