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
//! A row is one line of the processor's cache: 16 trees of at most 32 leaves, 8 of at most 64 or 4 of at most 128. A block
//! has rows for those bins alone that its own splits can tell apart, which is a small part of the ensemble's, and a map from the one to the other.

mod build;
mod row;
mod steps;

use std::ops::AddAssign;

use super::Rows;
use super::bins::Bins;
use super::walk::index_of;
use crate::features::{FAMILIES, Keys};
use row::{BITS, Row, WORDS};

/// Features that splits may ask for: as many as a ride's row on the stack has room for.
const MAX_FEATURES: usize = 128;

/// Rows of which a block of trees is asked before the next one is.
const ROWS_AT_ONCE: usize = 32;

/// Blocks whose rows are put together before their leaves are added.
const BLOCKS_AT_ONCE: usize = 8;

/// Bits of a row: as many leaves as all its trees have at most.
const ROW_BITS: usize = BITS * WORDS;

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
    /// Leaves that a mask has room for: 32, 64 or 128.
    mask: usize,
    leaves: Leaves,
    keyed: Option<Keyed>,
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

/// The leaves of each block by the bit that stands for them in a row, in the type in which they are added up. Bits without a leaf
/// have -0.
#[derive(Clone, Debug)]
enum Leaves {
    F64(Vec<[f64; ROW_BITS]>),
    F32 {
        base: f32,
        leaves: Vec<[f32; ROW_BITS]>,
    },
    /// Of an `f64` ensemble, in steps so coarse that every leaf is so many of them: then every sum is too, in whatever order, and
    /// none is rounded. They take a quarter of the room, and adding integers waits for nothing.
    Steps {
        step: f64,
        leaves: Vec<[i16; ROW_BITS]>,
    },
}

/// What keys say at once, in the place of their families' columns.
#[derive(Clone, Debug)]
struct Keyed {
    /// The features whose columns are of no family come first, so many.
    free: usize,
    /// For each family, for each key, for each block, what its columns leave: a ride reads one stretch of each.
    rows: [Vec<Row>; FAMILIES],
    /// The largest key of each.
    last: Keys,
}

/// Where the places of a ride's bins begin, for each feature; and where its keys' rows do.
#[derive(Clone, Copy, Debug)]
struct Found {
    places: [u32; MAX_FEATURES],
    keyed: [usize; FAMILIES],
}

impl Found {
    const NOTHING: Found = Found { places: [0; MAX_FEATURES], keyed: [0; FAMILIES] };
}

impl TableKernel {
    /// How many features its splits ask for.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn features(&self) -> usize {
        self.features.len()
    }

    /// Base and leaves in tree order, in the arithmetic of the walk, for many rows; there is one for each number. A block of trees
    /// is asked about some rows before the next block is, while its masks are in the nearest cache.
    pub(super) fn predict_rows(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        if let [_] = numbers {
            return self.predict_some::<1>(rows, numbers);
        }
        for (index, numbers) in numbers.chunks_mut(ROWS_AT_ONCE).enumerate() {
            self.predict_some::<ROWS_AT_ONCE>(rows.from(index * ROWS_AT_ONCE), numbers);
        }
    }

    pub(super) fn takes_keys(&self) -> bool {
        self.keyed.is_some()
    }

    /// At most `ROWS` rows.
    fn predict_some<const ROWS: usize>(&self, rows: Rows<'_>, numbers: &mut [f64]) {
        let mut found = [Found::NOTHING; ROWS];
        let found = &mut found[..numbers.len()];
        let keyed = self.keyed.as_ref().filter(|_| rows.keys.is_some());
        for (index, found) in found.iter_mut().enumerate() {
            self.find_places(keyed, rows.row(index), found);
            if let (Some(keyed), Some(keys)) = (keyed, rows.keys) {
                // No trip has a key beyond the last.
                let key = |family: usize| usize::from(keys[index][family].min(keyed.last[family]));
                found.keyed = std::array::from_fn(|family| key(family) * self.blocks.len());
            }
        }
        let ride = (keyed, &*found);
        match &self.leaves {
            Leaves::F64(leaves) => self.tell([0.0; ROWS], leaves, ride, numbers, |sum| sum),
            Leaves::F32 { base, leaves } => self.tell([*base; ROWS], leaves, ride, numbers, f64::from),
            Leaves::Steps { step, leaves } => {
                self.tell([0; ROWS], leaves, ride, numbers, |sum: i32| f64::from(sum) * step);
            }
        }
    }

    fn tell<T: Copy, S: Copy + AddAssign + From<T>, const ROWS: usize>(
        &self,
        mut sums: [S; ROWS],
        leaves: &[[T; ROW_BITS]],
        (keyed, found): (Option<&Keyed>, &[Found]),
        numbers: &mut [f64],
        number: impl Fn(S) -> f64,
    ) {
        match self.mask {
            32 => self.add_leaves::<T, S, 32>(leaves, keyed, found, &mut sums),
            64 => self.add_leaves::<T, S, 64>(leaves, keyed, found, &mut sums),
            _ => self.add_leaves::<T, S, 128>(leaves, keyed, found, &mut sums),
        }
        for (place, sum) in numbers.iter_mut().zip(sums) {
            *place = number(sum);
        }
    }

    #[inline(never)]
    fn add_leaves<T: Copy, S: Copy + AddAssign + From<T>, const MASK: usize>(
        &self,
        leaves: &[[T; ROW_BITS]],
        keyed: Option<&Keyed>,
        found: &[Found],
        sums: &mut [S],
    ) {
        let mut reachable = [[[0; WORDS]; BLOCKS_AT_ONCE]; 2];
        for (index, leaves) in leaves.chunks(BLOCKS_AT_ONCE).enumerate() {
            let first = index * BLOCKS_AT_ONCE;
            // Two rides at a time, so that neither addition waits for the other.
            let (pairs, last) = sums[..found.len()].as_chunks_mut::<2>();
            let (found_pairs, found_last) = found.as_chunks::<2>();
            for (sums, found) in pairs.iter_mut().zip(found_pairs) {
                self.reach(keyed, &found[0], first, &mut reachable[0]);
                self.reach(keyed, &found[1], first, &mut reachable[1]);
                for (block, leaves) in leaves.iter().enumerate() {
                    add_block::<T, S, MASK, 2>(sums, [&reachable[0][block], &reachable[1][block]], leaves);
                }
            }
            for (sum, found) in last.iter_mut().zip(found_last) {
                self.reach(keyed, found, first, &mut reachable[0]);
                for (words, leaves) in reachable[0].iter().zip(leaves) {
                    add_block::<T, S, MASK, 1>(std::array::from_mut(sum), [words], leaves);
                }
            }
        }
    }

    /// How many features have to be looked up.
    fn free(&self, keyed: Option<&Keyed>) -> usize {
        keyed.map_or(self.features.len(), |keyed| keyed.free)
    }

    #[inline(never)]
    fn find_places(&self, keyed: Option<&Keyed>, row: &[f64], found: &mut Found) {
        // `build` has bounded the features and what the places count, `Tree::validate` has checked that each feature is a column,
        // and every index below and in `row` was made by `build` for the vector it goes into.
        let blocks = index_of(self.blocks.len());
        for (place, feature) in found.places.iter_mut().zip(&self.features[..self.free(keyed)]) {
            *place = feature.first_place + feature.bins.bin(row[feature.column]) * blocks;
        }
    }

    /// The leaves of each tree of some blocks that a ride can reach.
    #[inline(never)]
    fn reach(
        &self,
        keyed: Option<&Keyed>,
        found: &Found,
        first: usize,
        reachable: &mut [[u64; WORDS]; BLOCKS_AT_ONCE],
    ) {
        let places = &found.places[..self.free(keyed)];
        for ((number, block), words) in (first..).zip(&self.blocks[first..]).zip(reachable) {
            let mut row = self.row(*block, places, number);
            if let Some(keyed) = keyed {
                for (rows, first) in keyed.rows.iter().zip(found.keyed) {
                    row = row.and(&rows[first + number]);
                }
            }
            *words = row.words();
        }
    }

    /// What is left by the rows of a block at these places.
    #[inline]
    fn row(&self, block: Block, places: &[u32], number: usize) -> Row {
        let rows = &self.rows[block.first_row..];
        let mut row = Row::ALL;
        for place in places {
            row = row.and(&rows[usize::from(self.places[*place as usize + number])]);
        }
        row
    }
}

/// Adds the leaves of a block that can be reached: of each mask the lowest bit. For one ride or for two; written out, because
/// optimisers that mind the size leave loops as they are.
#[inline(always)]
#[expect(clippy::inline_always, reason = "its few instructions a tree are most of the loop that calls it")]
fn add_block<T: Copy, S: Copy + AddAssign + From<T>, const MASK: usize, const RIDES: usize>(
    sums: &mut [S; RIDES],
    reachable: [&[u64; WORDS]; RIDES],
    leaves: &[T; ROW_BITS],
) {
    let mut found = *sums;
    for index in 0..WORDS {
        let first = index * BITS;
        let mut add = |ride: usize, shift: usize| {
            let words = reachable[ride];
            // One bit of a tree's mask is always set, so that what is found is none of the next mask's.
            let mut bit = (words[index] >> shift).trailing_zeros();
            if MASK > BITS {
                if index % 2 == 1 {
                    return;
                }
                if words[index] == 0 {
                    bit += words[index + 1].trailing_zeros();
                }
            }
            // The remainder changes nothing but what the compiler knows.
            found[ride] += S::from(leaves[(first + shift + bit as usize) % ROW_BITS]);
        };
        let mut add_all = |shift: usize| {
            add(0, shift);
            if RIDES > 1 {
                add(1, shift);
            }
        };
        add_all(0);
        if MASK <= 32 {
            add_all(32);
        }
    }
    *sums = found;
}
