//! The packed walk: trees too deep for tables, in nodes of 8 bytes, several steps at once.
//!
//! A walk through a large forest waits: for the processor to guess an answer right, and for a node to arrive from memory. So here
//! no branch depends on an answer, eight walks go side by side, and a cache holds three times as many nodes. One row walks eight
//! trees at once; many rows walk one tree, eight rows at once, before they come to the next, so that the tree stays in the
//! nearest caches.
//!
//! Nodes speak of [`Bins`], not of numbers: a row's bins are found once. To the bins of nearly every split belongs an interval that
//! goes left, taken round the end where need be: NaN's bin is the last one. Sets of categories that are no interval have one bit a
//! bin. Which bins go left is what the walk answers to one value of each.

#[cfg(not(target_arch = "wasm32"))]
pub(super) mod planes;

use super::bins::Bins;
use super::source::{Cuts, Place, Source, Summing, leaves};
use crate::num;

/// Walks side by side.
const LANES: usize = 8;

/// Bins of rows that are scored together, at most; 8 KiB of them.
const MOST_BINS: usize = 4096;

/// Features that splits may ask for: as many as a node has bits for.
const MAX_FEATURES: usize = 128;

/// Bins are counted in 16 bits, two of them have no cut, and one number stays free so that no bin has it.
const MAX_CUTS: usize = u16::MAX as usize - 2;

/// Nodes, so that 24 bits number them; and leaves of one tree.
const MAX_NODES: usize = 1 << 24;
const MAX_LEAVES: usize = 1 << 16;

/// Whether bins belong to the left side is a matter of single bits.
const IN_SET: u32 = 1 << 31;

/// A node of all trees in one array.
#[derive(Clone, Copy, Debug)]
struct PackedNode {
    /// The first bin that goes left; the number of a leaf within its tree; the lower half of where a set begins.
    first: u16,
    /// How many bins more do; all, in a leaf; the upper half of where a set begins.
    more: u16,
    /// From the highest bit on: `IN_SET`, 7 bits of feature, 24 bits of the node for "yes". The node for "no" comes after that. A leaf
    /// leads to itself.
    next: u32,
}

impl PackedNode {
    fn leaf(number: usize, at: u32) -> Option<PackedNode> {
        Some(PackedNode { first: u16::try_from(number).ok()?, more: u16::MAX, next: at })
    }

    #[inline]
    fn feature(self) -> usize {
        (self.next >> 24 & 0x7f) as usize
    }

    #[inline]
    fn yes(self) -> u32 {
        self.next & 0x00ff_ffff
    }
}

/// The trees of an ensemble, packed.
#[derive(Clone, Debug)]
pub(super) struct PackedKernel {
    /// In the order of the nodes' numbers for them.
    features: Vec<(usize, Bins)>,
    nodes: Vec<PackedNode>,
    /// The root and the first leaf of each tree, filled up to whole lanes with trees of one leaf.
    trees: Vec<(u32, u32)>,
    /// One bit a bin.
    sets: Vec<u32>,
    leaves: Leaves,
}

/// The leaves, in the type in which they are added up.
#[derive(Clone, Debug)]
enum Leaves {
    F64(Vec<f64>),
    F32 { base: f32, leaves: Vec<f32> },
}

impl PackedKernel {
    /// Packs a walk. `None` if it has more nodes, features or cuts than can be counted, or no tree.
    pub(super) fn build(source: &dyn Source) -> Option<PackedKernel> {
        if source.trees() == 0 {
            return None;
        }
        let mut packing = Packing::new(source)?;
        for tree in 0..source.trees() {
            packing.add_tree(tree)?;
        }
        packing.finish()
    }

    /// Base and leaves in tree order, in the arithmetic of the walk.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        match &self.leaves {
            Leaves::F64(leaves) => {
                let mut sum = 0.0;
                self.each_leaf(row, |leaf| sum += leaves[leaf]);
                sum
            }
            Leaves::F32 { base, leaves } => {
                let mut sum = *base;
                self.each_leaf(row, |leaf| sum += leaves[leaf]);
                f64::from(sum)
            }
        }
    }

    /// The number, among the leaves of all trees, of the leaf that the row reaches in each tree, in order; at the end may come a
    /// number behind all of them, which stands for no tree.
    #[inline]
    pub(super) fn each_leaf(&self, row: &[f64], mut with: impl FnMut(usize)) {
        let mut bins = [0; MAX_FEATURES];
        self.bin(row, &mut bins);
        for trees in self.trees.chunks_exact(LANES) {
            let mut at = std::array::from_fn(|lane| trees[lane].0);
            self.descend(&mut at, &bins, 0);
            for (at, (_, first)) in at.iter().zip(trees) {
                with(*first as usize + usize::from(self.nodes[*at as usize].first));
            }
        }
    }

    /// The same for rows of so many columns one after another, into as many places as there are.
    pub(super) fn predict_rows(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        let width = self.features.len().max(1);
        let at_once = MOST_BINS / width / LANES * LANES;
        for (index, numbers) in numbers.chunks_mut(at_once).enumerate() {
            if numbers.len() <= LANES / 2 {
                // Too few to fill the lanes.
                for (row, number) in numbers.iter_mut().enumerate() {
                    *number = self.predict(&rows[(index * at_once + row) * columns..]);
                }
                break;
            }
            let mut bins = [0; MOST_BINS];
            for (row, bins) in (0..numbers.len()).zip(bins.chunks_exact_mut(width)) {
                self.bin(&rows[(index * at_once + row) * columns..], bins);
            }
            numbers.fill(self.leaves.base());
            for (root, first) in &self.trees {
                for (index, numbers) in numbers.chunks_mut(LANES).enumerate() {
                    // Beyond the last row are bins too, of other rows or 0.
                    let mut at = [*root; LANES];
                    self.descend(&mut at, &bins[index * LANES * width..(index + 1) * LANES * width], width);
                    let leaf = |at| *first as usize + usize::from(self.nodes[at as usize].first);
                    self.leaves.add(numbers, at.into_iter().map(leaf));
                }
            }
        }
    }

    fn bin(&self, row: &[f64], into: &mut [u16]) {
        for (place, (column, bins)) in into.iter_mut().zip(&self.features) {
            // `build` has bounded the cuts.
            *place = u16::try_from(bins.bin(row[*column])).unwrap_or(u16::MAX);
        }
    }

    /// Leads each lane from its node to a leaf, by the bins of its row: the rows' begin so far apart.
    fn descend(&self, at: &mut [u32; LANES], bins: &[u16], apart: usize) {
        if self.sets.is_empty() {
            self.descend_by::<false>(at, bins, apart);
        } else {
            self.descend_by::<true>(at, bins, apart);
        }
    }

    #[inline(never)]
    #[expect(clippy::many_single_char_names, reason = "one a lane")]
    fn descend_by<const SETS: bool>(&self, at: &mut [u32; LANES], bins: &[u16], apart: usize) {
        // Lane by lane, because optimisers that mind the size leave loops as they are, and the lanes in memory.
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *at;
        loop {
            let before = [a, b, c, d, e, f, g, h];
            // A leaf leads to itself, so that it does no harm to go on.
            a = self.step::<SETS>(a, bins, 0);
            b = self.step::<SETS>(b, bins, apart);
            c = self.step::<SETS>(c, bins, 2 * apart);
            d = self.step::<SETS>(d, bins, 3 * apart);
            e = self.step::<SETS>(e, bins, 4 * apart);
            f = self.step::<SETS>(f, bins, 5 * apart);
            g = self.step::<SETS>(g, bins, 6 * apart);
            h = self.step::<SETS>(h, bins, 7 * apart);
            let moved = before[0] ^ a | before[1] ^ b | before[2] ^ c | before[3] ^ d;
            if moved | before[4] ^ e | before[5] ^ f | before[6] ^ g | before[7] ^ h == 0 {
                break;
            }
        }
        *at = [a, b, c, d, e, f, g, h];
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "its dozen instructions are most of the loop that calls it")]
    fn step<const SETS: bool>(&self, at: u32, bins: &[u16], row: usize) -> u32 {
        let node = self.nodes[at as usize];
        let bin = bins[row + node.feature()];
        let is_right = if SETS && node.next & IN_SET != 0 {
            let word = u32::from(node.first) | u32::from(node.more) << 16;
            self.sets[word as usize + usize::from(bin / 32)] >> (bin % 32) & 1 == 0
        } else {
            bin.wrapping_sub(node.first) > node.more
        };
        node.yes() + u32::from(is_right)
    }
}

impl Leaves {
    /// Adds one leaf to each sum.
    #[inline]
    fn add(&self, sums: &mut [f64], leaves_of_rows: impl Iterator<Item = usize>) {
        let sums = sums.iter_mut().zip(leaves_of_rows);
        match self {
            Leaves::F64(leaves) => sums.for_each(|(sum, leaf)| *sum += leaves[leaf]),
            // The sums are `f32`.
            Leaves::F32 { leaves, .. } => {
                sums.for_each(|(sum, leaf)| *sum = f64::from(num::nearest_f32(*sum) + leaves[leaf]));
            }
        }
    }

    /// What the sum begins with.
    fn base(&self) -> f64 {
        match self {
            Leaves::F64(_) => 0.0,
            Leaves::F32 { base, .. } => f64::from(*base),
        }
    }

    fn len(&self) -> usize {
        match self {
            Leaves::F64(leaves) => leaves.len(),
            Leaves::F32 { leaves, .. } => leaves.len(),
        }
    }

    fn push(&mut self, leaf: f64) {
        match self {
            Leaves::F64(leaves) => leaves.push(leaf),
            Leaves::F32 { leaves, .. } => leaves.push(num::nearest_f32(leaf)),
        }
    }
}

/// Trees that are being packed.
struct Packing<'a> {
    source: &'a dyn Source,
    /// The number of each column's feature.
    numbers: Vec<Option<u32>>,
    kernel: PackedKernel,
}

impl<'a> Packing<'a> {
    fn new(source: &'a dyn Source) -> Option<Packing<'a>> {
        let mut cuts: Vec<Option<Cuts>> = Vec::new();
        for node in (0..source.trees()).flat_map(|tree| source.tree(tree)) {
            if let Place::Split { feature, .. } = source.place(node) {
                let column = usize::from(feature);
                if cuts.len() <= column {
                    cuts.resize_with(column + 1, || None);
                }
                source.add_cuts(node, cuts[column].get_or_insert_default());
            }
        }
        let mut features = Vec::new();
        let mut numbers = vec![None; cuts.len()];
        for (column, cuts) in cuts.into_iter().enumerate() {
            let Some(cuts) = cuts else { continue };
            numbers[column] = Some(u32::try_from(features.len()).ok()?);
            features.push((column, Bins::new(cuts.finish(source, MAX_CUTS)?)));
        }
        let leaves = match source.summing() {
            Summing::F64 => Leaves::F64(Vec::new()),
            Summing::F32(base) => Leaves::F32 { base, leaves: Vec::new() },
        };
        if features.len() > MAX_FEATURES {
            return None;
        }
        let kernel = PackedKernel { features, nodes: Vec::new(), trees: Vec::new(), sets: Vec::new(), leaves };
        Some(Packing { source, numbers, kernel })
    }

    fn add_tree(&mut self, index: usize) -> Option<()> {
        let nodes = self.source.tree(index);
        // In preorder, which is the order of the leaves' numbers.
        let mut leaf = 0;
        let leaf_numbers: Vec<usize> = nodes
            .clone()
            .map(|node| {
                leaf += usize::from(matches!(self.source.place(node), Place::Leaf(_)));
                leaf.wrapping_sub(1)
            })
            .collect();
        let (root, first_leaf) = (self.kernel.nodes.len(), self.kernel.leaves.len());
        if root + nodes.len() > MAX_NODES || leaf > MAX_LEAVES {
            return None;
        }
        self.kernel.trees.push((u32::try_from(root).ok()?, u32::try_from(first_leaf).ok()?));
        leaves(self.source, nodes.clone()).for_each(|leaf| self.kernel.leaves.push(leaf));
        // Level by level, so that what every row asks lies together.
        let mut in_order = vec![nodes.start];
        let mut next = 0;
        while let Some(&node) = in_order.get(next) {
            let packed = match self.source.place(node) {
                Place::Leaf(_) => PackedNode::leaf(leaf_numbers[node - nodes.start], u32::try_from(root + next).ok()?)?,
                Place::Split { feature, right } => {
                    let yes = u32::try_from(root + in_order.len()).ok()?;
                    in_order.extend([node + 1, right]);
                    self.split(node, usize::from(feature), yes)?
                }
            };
            self.kernel.nodes.push(packed);
            next += 1;
        }
        Some(())
    }

    fn split(&mut self, node: usize, column: usize, yes: u32) -> Option<PackedNode> {
        let feature = self.numbers[column]?;
        let bins = &self.kernel.features[feature as usize].1;
        let mut own = Cuts::default();
        self.source.add_cuts(node, &mut own);
        // Between two of the split's own cuts the answer is the same: one is enough for the bins there.
        let mut runs: Vec<(usize, bool)> = Vec::new();
        let mut begin = 0;
        for cut in own.finish(self.source, MAX_CUTS)? {
            runs.push((begin, self.source.goes_left(node, cut)));
            begin = bins.cuts().partition_point(|of_feature| *of_feature <= cut);
        }
        let nan = bins.len() - 1;
        runs.push((begin, self.source.goes_left(node, f64::INFINITY)));
        runs.push((nan, self.source.goes_left(node, f64::NAN)));
        let ends: Vec<usize> = runs.iter().skip(1).map(|(begin, _)| *begin).chain([nan + 1]).collect();
        let mut left: Vec<(usize, usize)> = Vec::new();
        for ((begin, goes_left), end) in runs.into_iter().zip(ends) {
            if !goes_left {
                continue;
            }
            match left.last_mut() {
                Some(last) if last.1 == begin => last.1 = end,
                _ => left.push((begin, end)),
            }
        }
        let interval = match left[..] {
            // No bin has the largest number.
            [] => Some((usize::from(u16::MAX), 0)),
            [(begin, end)] => Some((begin, end - begin - 1)),
            // Round the end: behind the bin of NaN comes no other.
            [(0, end), (begin, last)] if last == nan + 1 => Some((begin, (1 << 16) - begin + end - 1)),
            _ => None,
        };
        if let Some((first, more)) = interval {
            let next = feature << 24 | yes;
            return Some(PackedNode { first: u16::try_from(first).ok()?, more: u16::try_from(more).ok()?, next });
        }
        let begin = self.kernel.sets.len();
        self.kernel.sets.resize(begin + bins.len().div_ceil(32), 0);
        for bin in left.into_iter().flat_map(|(begin, end)| begin..end) {
            self.kernel.sets[begin + bin / 32] |= 1 << (bin % 32);
        }
        let begin = u32::try_from(begin).ok()?;
        let [first, more] = [begin & 0xffff, begin >> 16].map(u16::try_from);
        Some(PackedNode { first: first.ok()?, more: more.ok()?, next: IN_SET | feature << 24 | yes })
    }

    /// Fills the lanes up.
    fn finish(mut self) -> Option<PackedKernel> {
        let kernel = &mut self.kernel;
        let (root, leaf) = (u32::try_from(kernel.nodes.len()).ok()?, u32::try_from(kernel.leaves.len()).ok()?);
        if root as usize >= MAX_NODES {
            return None;
        }
        kernel.nodes.push(PackedNode::leaf(0, root)?);
        // Minus zero changes no sum, not even minus zero.
        kernel.leaves.push(-0.0);
        kernel.trees.resize(kernel.trees.len().next_multiple_of(LANES), (root, leaf));
        Some(self.kernel)
    }
}
