//! Planes: 64 rows at once through small trees that ask about many columns.
//!
//! Tables read a row of masks for each column, so that their time grows with the columns. Here every split is asked, but of 64 rows by a
//! few instructions: the rows' bins of a column, one byte each, are a plane, and a split chooses for each row between the leaves
//! that its two sides have found, which are planes as well. So the time grows with the splits instead.

mod plane;

use super::bins::Bins;
use super::packed::{Leaves, PackedKernel, Shape};
use super::rows::Rows;
use plane::{Plane, ROWS};

/// Features from which on planes are clearly faster than tables, for trees of any size.
pub(super) const FEWEST_FEATURES: usize = 16;

/// Rows that are worth a plane.
const FEWEST_ROWS: usize = ROWS / 2;

/// Features, and leaves of one tree: what planes on the stack have room for.
const MAX_FEATURES: usize = 128;
const MAX_LEAVES: usize = 64;

/// The trees of an ensemble, as splits that come after those on both their sides.
#[derive(Clone, Debug)]
pub(super) struct PlaneKernel {
    features: Vec<(usize, Bins)>,
    splits: Vec<Split>,
    /// For each tree how many splits it has, and its first leaf.
    trees: Vec<(usize, usize)>,
    leaves: Leaves,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    feature: u8,
    /// The first bin that goes left, and how many more do, round the end of a byte.
    bins: (u8, u8),
    /// The planes of both sides: below `MAX_LEAVES` of that leaf, from there on of the tree's splits.
    left: u8,
    right: u8,
}

impl PlaneKernel {
    /// The planes of packed trees. `None` if a tree has more than 64 leaves, a feature more than 256 bins, or a split a set of
    /// categories that is no interval.
    pub(super) fn build(packed: PackedKernel) -> Option<PlaneKernel> {
        if packed.features().iter().any(|(_, bins)| bins.len() > 1 << 8) || packed.features().len() > MAX_FEATURES {
            return None;
        }
        let (mut splits, mut trees) = (Vec::new(), Vec::new());
        for tree in 0..packed.trees() {
            let (first_leaf, nodes) = packed.tree(tree)?;
            let first_split = splits.len();
            let mut planes = vec![0; nodes.len()];
            // Level by level both sides of a split come after it.
            for (index, shape) in nodes.iter().enumerate().rev() {
                planes[index] = match *shape {
                    Shape::Leaf(number) if number < MAX_LEAVES => u8::try_from(number).ok()?,
                    Shape::Leaf(_) => return None,
                    Shape::Split { feature, bins, left } => {
                        let number = MAX_LEAVES + splits.len() - first_split;
                        let right = planes[left + 1];
                        // Where no bin goes left, both sides are the right one.
                        let (bins, left) = bins
                            .map_or(((0, 0), right), |(first, last)| ((first, last.wrapping_sub(first)), planes[left]));
                        splits.push(Split { feature: u8::try_from(feature).ok()?, bins, left, right });
                        u8::try_from(number).ok()?
                    }
                };
            }
            trees.push((splits.len() - first_split, first_leaf));
        }
        let (features, leaves) = packed.into_parts();
        Some(PlaneKernel { features, splits, trees, leaves })
    }

    /// How many of so many rows are to be scored by planes: all but a rest that is not worth one.
    pub(super) fn worth(rows: usize) -> usize {
        if rows % ROWS >= FEWEST_ROWS { rows } else { rows - rows % ROWS }
    }

    /// Base and leaves in tree order, in the arithmetic of the walk, for many rows; there is one for each number.
    pub(super) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        let mut planes = [Plane::splat(0); 2 * MAX_LEAVES];
        for (leaf, plane) in (0_u8..).zip(&mut planes[..MAX_LEAVES]) {
            *plane = Plane::splat(leaf);
        }
        for (index, numbers) in numbers.chunks_mut(ROWS).enumerate() {
            self.predict_some(rows.from(index * ROWS), &mut planes, numbers);
        }
    }

    /// At most so many rows as a plane has.
    fn predict_some(&self, rows: Rows<'_>, planes: &mut [Plane; 2 * MAX_LEAVES], numbers: &mut [f64]) {
        let mut binned = [Plane::splat(0); MAX_FEATURES];
        for (plane, (column, bins)) in binned.iter_mut().zip(&self.features) {
            let mut bytes = [0; ROWS];
            for (row, byte) in bytes.iter_mut().enumerate().take(numbers.len()) {
                // `build` has counted the bins.
                *byte = u8::try_from(bins.bin(rows.row(row)[*column])).unwrap_or(u8::MAX);
            }
            *plane = Plane::new(&bytes);
        }
        numbers.fill(self.leaves.base());
        let mut rest = &self.splits[..];
        for (count, first_leaf) in &self.trees {
            let (splits, others) = rest.split_at(*count);
            rest = others;
            let mut found = planes[0];
            // The remainders change nothing but what the compiler knows.
            for (number, split) in splits.iter().enumerate() {
                let plane = |number: u8| &planes[usize::from(number) % (2 * MAX_LEAVES)];
                let bins = &binned[usize::from(split.feature) % MAX_FEATURES];
                found = Plane::choose(bins, split.bins, plane(split.left), plane(split.right));
                planes[MAX_LEAVES + number % MAX_LEAVES] = found;
            }
            self.leaves.add(numbers, found.bytes().as_flattened().iter().map(|leaf| first_leaf + usize::from(*leaf)));
        }
    }
}
