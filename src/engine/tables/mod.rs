//! Tables: every answer of every tree looked up by the bins of a ride, several trees at a time.
//!
//! A tree of at most 64 leaves fits a mask, one bit a leaf from left to right. For each block of trees there is one row for
//! each bin of each feature, and in it for each tree the mask of the leaves that a ride in that bin can still reach. The rows
//! of a ride's bins, put together by AND, leave one leaf a tree: the lowest bit that is set. (The masks are those of Lucchese et
//! al., "A Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", 2015; looking up their conjunction by
//! bin is what makes the work the same for every ride.)
//!
//! The leaves are added in tree order in the walk's own type, as the walk adds them, so that the sum has the walk's bits.
//!
//! A row is one line of the processor's cache: 32 trees of at most 16 leaves, 16 of at most 32, or 8 of at most 64. A block has rows for those
//! bins alone that its own splits can tell apart, which is a small part of the ensemble's, and a map from the one to the other.

mod build;
mod row;

use std::ops::AddAssign;

use super::bins::Bins;
use row::{BITS, Row, WORDS};

/// Features that splits may ask for: as many as a ride's row on the stack has room for.
const MAX_FEATURES: usize = 128;

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
    first_place: usize,
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
    F32 { base: f32, leaves: ByWidth<f32> },
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

impl TableKernel {
    /// Base and leaves in tree order, in the arithmetic of the walk.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        match &self.leaves {
            Leaves::F64(leaves) => self.sum_by_width(leaves, 0.0, row),
            Leaves::F32 { base, leaves } => f64::from(self.sum_by_width(leaves, *base, row)),
        }
    }

    fn sum_by_width<T: Copy + AddAssign>(&self, leaves: &ByWidth<T>, base: T, row: &[f64]) -> T {
        match leaves {
            ByWidth::Few(leaves) => self.sum(leaves, base, row),
            ByWidth::Some(leaves) => self.sum(leaves, base, row),
            ByWidth::Many(leaves) => self.sum(leaves, base, row),
            ByWidth::Most(leaves) => self.sum(leaves, base, row),
        }
    }

    fn sum<T: Copy + AddAssign, const LEAVES: usize>(&self, leaves: &[[T; LEAVES]], base: T, row: &[f64]) -> T {
        let mut places = [0; MAX_FEATURES];
        let places = self.places_of(row, &mut places);
        let mut sum = base;
        let blocks = self.blocks.iter().enumerate().zip(leaves.chunks_exact(BITS * WORDS / LEAVES));
        for ((number, block), leaves) in blocks {
            let reachable = self.reachable(&self.rows[block.first_row..], places, number).words();
            if LEAVES > BITS {
                for (words, leaves) in reachable.chunks_exact(LEAVES / BITS).zip(leaves) {
                    let (low, high) = (words[0].trailing_zeros(), words[1].trailing_zeros());
                    let leaf = if words[0] == 0 { low + high } else { low } as usize;
                    sum += leaves[leaf % LEAVES];
                }
                continue;
            }
            for (word, leaves) in reachable.into_iter().zip(leaves.chunks_exact((BITS / LEAVES).max(1))) {
                for (mask, leaves) in leaves.iter().enumerate() {
                    // One of a tree's leaves is always left, so that this is none of the next mask's.
                    let leaf = (word >> (mask * LEAVES)).trailing_zeros() as usize;
                    // The remainder changes nothing but what the compiler knows.
                    sum += leaves[leaf % LEAVES];
                }
            }
        }
        sum
    }

    /// For each feature, where the places of the ride's bin begin.
    #[inline(never)]
    fn places_of<'a>(&self, row: &[f64], places: &'a mut [usize; MAX_FEATURES]) -> &'a [usize] {
        // `build` has bounded the features, `Tree::validate` has checked that each is a column, and every index below and in
        // `reachable` was made by `build` for the vector it goes into.
        for (place, feature) in places.iter_mut().zip(&self.features) {
            *place = feature.first_place + feature.bins.bin(row[feature.column]) * self.blocks.len();
        }
        &places[..self.features.len()]
    }

    /// The leaves that are left of each tree of a block, whose rows these are. A function of its own, so that the compiler keeps
    /// the masks in vectors, whatever is done with them afterwards.
    #[inline(never)]
    fn reachable(&self, rows: &[Row], places: &[usize], block: usize) -> Row {
        let mut reachable = rows[0];
        for place in places {
            reachable = reachable.and(&rows[usize::from(self.places[place + block])]);
        }
        reachable
    }
}
