//! A row of masks: one line of the processor's cache, put together by AND in vectors.
//!
//! It is apart because WebAssembly's vectors have to be asked for by name: the module is optimised for size, and then the compiler
//! makes none of them by itself. Natively it does.

/// Words of a row.
pub(super) const WORDS: usize = 8;

/// Bits of a word.
pub(super) const BITS: usize = 64;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vectors {
    use std::arch::wasm32::{u64x2, u64x2_extract_lane, v128, v128_and};

    /// Masks of one width side by side, the first in the lowest bits of the first word.
    #[derive(Clone, Copy, Debug)]
    #[repr(align(64))]
    pub(in crate::engine::tables) struct Row([v128; 4]);

    impl Row {
        /// Everything can be reached.
        pub(in crate::engine::tables) const ALL: Row = Row([u64x2(u64::MAX, u64::MAX); 4]);

        pub(in crate::engine::tables) fn new(words: [u64; super::WORDS]) -> Row {
            Row(std::array::from_fn(|vector| u64x2(words[2 * vector], words[2 * vector + 1])))
        }

        pub(in crate::engine::tables) fn words(&self) -> [u64; super::WORDS] {
            let Row([first, second, third, last]) = *self;
            let (low, high) = (u64x2_extract_lane::<0>, u64x2_extract_lane::<1>);
            [low(first), high(first), low(second), high(second), low(third), high(third), low(last), high(last)]
        }

        #[inline]
        pub(in crate::engine::tables) fn and(self, other: &Row) -> Row {
            let Row([first, second, third, last]) = self;
            let others = &other.0;
            Row([
                v128_and(first, others[0]),
                v128_and(second, others[1]),
                v128_and(third, others[2]),
                v128_and(last, others[3]),
            ])
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod vectors {
    /// Masks of one width side by side, the first in the lowest bits of the first word.
    #[derive(Clone, Copy, Debug)]
    #[repr(align(64))]
    pub(in crate::engine::tables) struct Row([u64; super::WORDS]);

    impl Row {
        /// Everything can be reached.
        pub(in crate::engine::tables) const ALL: Row = Row([u64::MAX; super::WORDS]);

        pub(in crate::engine::tables) fn new(words: [u64; super::WORDS]) -> Row {
            Row(words)
        }

        pub(in crate::engine::tables) fn words(&self) -> [u64; super::WORDS] {
            self.0
        }

        #[inline]
        pub(in crate::engine::tables) fn and(self, other: &Row) -> Row {
            Row(std::array::from_fn(|word| self.0[word] & other.0[word]))
        }
    }
}

pub(super) use vectors::Row;
