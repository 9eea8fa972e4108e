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

        pub(in crate::engine::tables) fn new([a, b, c, d, e, f, g, h]: [u64; super::WORDS]) -> Row {
            Row([u64x2(a, b), u64x2(c, d), u64x2(e, f), u64x2(g, h)])
        }

        pub(in crate::engine::tables) fn words(self) -> [u64; super::WORDS] {
            let Row([a, b, c, d]) = self;
            let (low, high) = (u64x2_extract_lane::<0>, u64x2_extract_lane::<1>);
            [low(a), high(a), low(b), high(b), low(c), high(c), low(d), high(d)]
        }

        #[inline(always)]
        pub(in crate::engine::tables) fn and(self, other: &Row) -> Row {
            let (Row([a, b, c, d]), Row([e, f, g, h])) = (self, *other);
            Row([v128_and(a, e), v128_and(b, f), v128_and(c, g), v128_and(d, h)])
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

        pub(in crate::engine::tables) fn words(self) -> [u64; super::WORDS] {
            self.0
        }

        #[inline]
        pub(in crate::engine::tables) fn and(self, other: &Row) -> Row {
            Row(std::array::from_fn(|word| self.0[word] & other.0[word]))
        }
    }
}

pub(super) use vectors::Row;
