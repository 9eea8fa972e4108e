//! Tables: every answer of every tree looked up by the bins of a ride, several trees at a time.
//!
//! A tree of at most 128 leaves fits a mask, one bit a leaf from left to right. For each block of trees there is one row for
//! each bin of each feature, and in it for each tree the mask of the leaves that a ride in that bin can still reach. The rows
//! of a ride's bins, put together by AND, leave one leaf a tree: the lowest bit that is set. (The masks are those of Lucchese et
//! al., "A Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", 2015; looking up their conjunction by
//! bin is what makes the work the same for every ride.)
//!
//! The leaves are added in tree order in the walk's own type, as the walk adds them, so that the sum has the walk's bits; or as
//! integers, where that cannot be told apart.
//!
//! A row is one line of the processor's cache: 32 trees of at most 16 leaves, 16 of at most 32, 8 of at most 64 or 4 of at most 128. A block
//! has rows for those bins alone that its own splits can tell apart, which is a small part of the ensemble's, and a map from the one to the other.

mod build;
mod row;
mod steps;

use std::ops::AddAssign;

use super::bins::Bins;
use super::walk::index_of;
use row::{BITS, Row, WORDS};

/// Features that splits may ask for: as many as a ride's row on the stack has room for.
const MAX_FEATURES: usize = 128;

/// Rows of which a block of trees is asked before the next one is.
const ROWS_AT_ONCE: usize = 32;

/// The tables of an ensemble.
#[derive(Clone, Debug)]
pub(super) struct TableKernel {
    features: Vec<Feature>,
    blocks: Vec<Block>,
    /// For each feature, for each of its bins, for each block: a row among the block's. In this order the places that a ride
    /// needs of one feature lie side by side.
    places: Vec<u16>,
    /// Block after block.
    rows: Vec<Row>,
    leaves: Leaves,
}

/// A feature that some split asks for.
#[derive(Clone, Debug)]
struct Feature {
    column: usize,
    bins: Bins,
    first_place: u32,
}

/// Trees that are looked up together.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The row that rules no leaf out, for features that no split of the block asks for; the others follow.
    first_row: usize,
}

/// The leaves, in the type in which they are added up.
#[derive(Clone, Debug)]
enum Leaves {
    F64(ByWidth<f64>),
    F32 {
        base: f32,
        leaves: ByWidth<f32>,
    },
    /// Of an `f64` ensemble, in steps so coarse that every leaf is so many of them: then every sum is too, in whatever order, and
    /// none is rounded. They take a quarter of the room, and adding integers waits for nothing.
    Steps {
        step: f64,
        leaves: ByWidth<i16>,
    },
}

/// The leaves of each tree by the number that a mask has room for, those beyond its own -0; the last block is filled up with trees
/// of such leaves.
#[derive(Clone, Debug)]
enum ByWidth<T> {
    Few(Vec<[T; 16]>),
    Some(Vec<[T; 32]>),
    Many(Vec<[T; 64]>),
    Most(Vec<[T; 128]>),
}

/// Where the places of a ride's bins begin, for each feature.
type FirstPlaces = [u32; MAX_FEATURES];

impl TableKernel {
    /// Base and leaves in tree order, in the arithmetic of the walk.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        let mut number = [0.0];
        self.predict_some::<1>(row, row.len(), &mut number);
        number[0]
    }

    /// The same for many rows of `columns`, laid out one after another; there is one for each number. A block of trees is asked
    /// about some rows before the next block is, while its masks are in the nearest cache.
    pub(super) fn predict_rows(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        for (index, numbers) in numbers.chunks_mut(ROWS_AT_ONCE).enumerate() {
            self.predict_some::<ROWS_AT_ONCE>(&rows[index * ROWS_AT_ONCE * columns..], columns, numbers);
        }
    }

    /// At most `ROWS` rows.
    fn predict_some<const ROWS: usize>(&self, rows: &[f64], columns: usize, numbers: &mut [f64]) {
        let mut places = [[0; MAX_FEATURES]; ROWS];
        let places = &mut places[..numbers.len()];
        for (index, places) in places.iter_mut().enumerate() {
            self.find_places(&rows[index * columns..], places);
        }
        match &self.leaves {
            Leaves::F64(leaves) => tell(numbers, self.sums_by_width::<_, _, ROWS>(leaves, 0.0, places), |sum| sum),
            Leaves::F32 { base, leaves } => {
                tell(numbers, self.sums_by_width::<_, _, ROWS>(leaves, *base, places), f64::from);
            }
            Leaves::Steps { step, leaves } => {
                tell(numbers, self.sums_by_width::<_, i32, ROWS>(leaves, 0, places), |sum| f64::from(sum) * step);
            }
        }
    }

    fn sums_by_width<T: Copy, S: Copy + AddAssign + From<T>, const ROWS: usize>(
        &self,
        leaves: &ByWidth<T>,
        base: S,
        places: &[FirstPlaces],
    ) -> [S; ROWS] {
        match leaves {
            ByWidth::Few(leaves) => self.sums(leaves, base, places),
            ByWidth::Some(leaves) => self.sums(leaves, base, places),
            ByWidth::Many(leaves) => self.sums(leaves, base, places),
            ByWidth::Most(leaves) => self.sums(leaves, base, places),
        }
    }

    fn sums<T: Copy, S: Copy + AddAssign + From<T>, const LEAVES: usize, const ROWS: usize>(
        &self,
        leaves: &[[T; LEAVES]],
        base: S,
        places: &[FirstPlaces],
    ) -> [S; ROWS] {
        let mut sums = [base; ROWS];
        let blocks = self.blocks.iter().enumerate().zip(leaves.chunks_exact(BITS * WORDS / LEAVES));
        for ((number, block), leaves) in blocks {
            let rows = &self.rows[block.first_row..];
            for (sum, places) in sums.iter_mut().zip(places) {
                let reachable = self.reachable(rows, &places[..self.features.len()], number);
                *sum = plus_leaves(*sum, &reachable, leaves);
            }
        }
        sums
    }

    #[inline(never)]
    fn find_places(&self, row: &[f64], places: &mut FirstPlaces) {
        // `build` has bounded the features and what the places count, `Tree::validate` has checked that each feature is a column,
        // and every index below and in `reachable` was made by `build` for the vector it goes into.
        let blocks = index_of(self.blocks.len());
        for (place, feature) in places.iter_mut().zip(&self.features) {
            *place = feature.first_place + feature.bins.bin(row[feature.column]) * blocks;
        }
    }

    /// The leaves that are left of each tree of a block, whose rows these are. A function of its own, so that the compiler keeps
    /// the masks in vectors, whatever is done with them afterwards.
    #[inline(never)]
    fn reachable(&self, rows: &[Row], places: &[u32], block: usize) -> Row {
        let mut reachable = Row::ALL;
        for place in places {
            reachable = reachable.and(&rows[usize::from(self.places[*place as usize + block])]);
        }
        reachable
    }
}

/// A sum and the leaves of a block that can be reached. Written out, because optimisers that mind the size leave loops as they are.
#[inline(always)]
#[expect(clippy::inline_always, reason = "its two dozen instructions are most of the loop that calls it")]
fn plus_leaves<T: Copy, S: AddAssign + From<T>, const LEAVES: usize>(
    mut sum: S,
    reachable: &Row,
    leaves: &[[T; LEAVES]],
) -> S {
    // By reference: the array would be copied by a call otherwise.
    let words = &reachable.words();
    if LEAVES > BITS {
        for (words, leaves) in words.chunks_exact(LEAVES / BITS).zip(leaves) {
            let (low, high) = (words[0].trailing_zeros(), words[1].trailing_zeros());
            let leaf = if words[0] == 0 { low + high } else { low } as usize;
            sum += S::from(leaves[leaf % LEAVES]);
        }
        return sum;
    }
    let masks_a_word = (BITS / LEAVES).max(1);
    for (word, leaves) in words.iter().zip(leaves.chunks_exact(masks_a_word)) {
        sum += S::from(leaf(*word, leaves, 0));
        if masks_a_word > 1 {
            sum += S::from(leaf(*word, leaves, 1));
        }
        if masks_a_word > 2 {
            sum += S::from(leaf(*word, leaves, 2));
            sum += S::from(leaf(*word, leaves, 3));
        }
    }
    sum
}

/// The leaf that a mask leaves of its tree.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as above")]
fn leaf<T: Copy, const LEAVES: usize>(word: u64, leaves: &[[T; LEAVES]], mask: usize) -> T {
    // One of a tree's leaves is always left, so that this is none of the next mask's.
    let leaf = (word >> (mask * LEAVES)).trailing_zeros() as usize;
    // The remainder changes nothing but what the compiler knows.
    leaves[mask][leaf % LEAVES]
}

/// Puts sums into their places as numbers.
fn tell<S, const ROWS: usize>(numbers: &mut [f64], sums: [S; ROWS], number: impl Fn(S) -> f64) {
    for (place, sum) in numbers.iter_mut().zip(sums) {
        *place = number(sum);
    }
}
