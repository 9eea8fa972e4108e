//! Planes: 64 rows at once through small trees that ask about many columns.
//!
//! Tables read a row of masks for each column, so that their time grows with the columns. Here every split is asked, but of 64 rows by a
//! few instructions: the rows' bins of a column, one byte each, are a plane, and a split chooses for each row between the leaves
//! that its two sides have found, which are planes as well. So the time grows with the splits instead.
//!
//! Natively alone: in WebAssembly, whose vectors are compiled less well, tables are faster even for 30 columns.

use super::super::rows::Rows;
use super::{Bins, IN_SET, Leaves, PackedKernel, PackedNode};

/// Rows side by side.
const ROWS: usize = 64;

/// Features from which on planes are clearly faster than tables, for trees of any size.
pub(in crate::engine) const FEWEST_FEATURES: usize = 16;

/// Rows that are worth a plane.
const FEWEST_ROWS: usize = ROWS / 2;

/// Features, and leaves of one tree: what planes on the stack have room for.
const MAX_FEATURES: usize = 128;
const MAX_LEAVES: usize = 64;

/// The trees of an ensemble, as splits that come after those on both their sides.
#[derive(Clone, Debug)]
pub(in crate::engine) struct PlaneKernel {
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

impl Split {
    /// `None` for a set of categories that is no interval.
    fn new(node: PackedNode, left: u8, right: u8) -> Option<Split> {
        if node.next & IN_SET != 0 {
            return None;
        }
        let feature = u8::try_from(node.feature()).ok()?;
        if node.first == u16::MAX {
            // No bin goes left.
            return Some(Split { feature, bins: (0, 0), left: right, right });
        }
        // Round the end of a byte instead of two.
        let low = |bin: u16| bin.to_le_bytes()[0];
        let (first, last) = (low(node.first), low(node.first.wrapping_add(node.more)));
        Some(Split { feature, bins: (first, last.wrapping_sub(first)), left, right })
    }
}

impl PlaneKernel {
    /// The planes of packed trees. `None` if a tree has more than 64 leaves, a feature more than 256 bins, or a split a set of
    /// categories that is no interval.
    pub(in crate::engine) fn build(packed: PackedKernel) -> Option<PlaneKernel> {
        if packed.features.iter().any(|(_, bins)| bins.len() > 1 << 8) || packed.features.len() > MAX_FEATURES {
            return None;
        }
        // Behind the last tree comes what the lanes are filled up with.
        let end = packed.nodes.len() - 1;
        let (mut splits, mut trees) = (Vec::new(), Vec::new());
        for (index, (root, first_leaf)) in packed.trees.iter().enumerate() {
            let (root, next) = (*root as usize, packed.trees.get(index + 1).map_or(end, |(root, _)| *root as usize));
            if root == end {
                break;
            }
            let first_split = splits.len();
            let mut planes = vec![0; next - root];
            // Level by level both sides of a split come after it.
            for (at, node) in packed.nodes[root..next].iter().enumerate().rev() {
                let left = node.yes() as usize - root;
                planes[at] = if left == at {
                    u8::try_from(node.first).ok().filter(|leaf| usize::from(*leaf) < MAX_LEAVES)?
                } else {
                    let number = MAX_LEAVES + splits.len() - first_split;
                    splits.push(Split::new(*node, planes[left], planes[left + 1])?);
                    u8::try_from(number).ok()?
                };
            }
            trees.push((splits.len() - first_split, *first_leaf as usize));
        }
        Some(PlaneKernel { features: packed.features, splits, trees, leaves: packed.leaves })
    }

    /// How many of so many rows are to be scored by planes: all but a rest that is not worth one.
    pub(in crate::engine) fn worth(rows: usize) -> usize {
        if rows % ROWS >= FEWEST_ROWS { rows } else { rows - rows % ROWS }
    }

    /// Base and leaves in tree order, in the arithmetic of the walk, for many rows; there is one for each number.
    pub(in crate::engine) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        if numbers.is_empty() {
            return;
        }
        let mut planes = [Plane([0; ROWS]); 2 * MAX_LEAVES];
        for (leaf, plane) in (0_u8..).zip(&mut planes[..MAX_LEAVES]) {
            *plane = Plane([leaf; ROWS]);
        }
        for (index, numbers) in numbers.chunks_mut(ROWS).enumerate() {
            self.predict_some(rows.from(index * ROWS), &mut planes, numbers);
        }
    }

    /// At most so many rows as a plane has.
    fn predict_some(&self, rows: Rows<'_>, planes: &mut [Plane; 2 * MAX_LEAVES], numbers: &mut [f64]) {
        let mut binned = [Plane([0; ROWS]); MAX_FEATURES];
        for (plane, (column, bins)) in binned.iter_mut().zip(&self.features) {
            for (row, byte) in plane.0.iter_mut().enumerate().take(numbers.len()) {
                // `build` has counted the bins.
                *byte = u8::try_from(bins.bin(rows.row(row)[*column])).unwrap_or(u8::MAX);
            }
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
            self.leaves.add(numbers, found.0.iter().map(|leaf| first_leaf + usize::from(*leaf)));
        }
    }
}

/// One byte a row.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Plane([u8; ROWS]);

impl Plane {
    /// Of each row the byte of `left` if its bin is the first or one of so many more, round the end; else of `right`.
    #[inline]
    fn choose(bins: &Plane, (first, more): (u8, u8), left: &Plane, right: &Plane) -> Plane {
        Plane(std::array::from_fn(|row| {
            let goes_left = if bins.0[row].wrapping_sub(first) <= more { u8::MAX } else { 0 };
            goes_left & left.0[row] | !goes_left & right.0[row]
        }))
    }
}
