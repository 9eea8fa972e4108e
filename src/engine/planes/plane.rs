//! A plane: one byte of each of 64 rows, computed with in vectors.
//!
//! It is apart for the reason why rows of masks are: WebAssembly's vectors have to be asked for by name.

/// Rows side by side.
pub(super) const ROWS: usize = 64;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vectors {
    use std::arch::wasm32::{u8x16_le, u8x16_splat, u8x16_sub, u64x2, u64x2_extract_lane, v128, v128_bitselect};

    /// One byte a row.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::engine::planes) struct Plane([v128; 4]);

    impl Plane {
        pub(in crate::engine::planes) fn splat(byte: u8) -> Plane {
            Plane([u8x16_splat(byte); 4])
        }

        pub(in crate::engine::planes) fn new(bytes: &[u8; super::ROWS]) -> Plane {
            let (words, _) = bytes.as_chunks::<8>();
            Plane(std::array::from_fn(|vector| {
                u64x2(u64::from_le_bytes(words[2 * vector]), u64::from_le_bytes(words[2 * vector + 1]))
            }))
        }

        pub(in crate::engine::planes) fn bytes(&self) -> [[u8; 8]; super::ROWS / 8] {
            std::array::from_fn(|word| {
                let vector = self.0[word / 2];
                let word =
                    if word % 2 == 0 { u64x2_extract_lane::<0>(vector) } else { u64x2_extract_lane::<1>(vector) };
                word.to_le_bytes()
            })
        }

        /// Of each row the byte of `left` if its bin is one of `more` after `first` or that one itself, round the end; else of `right`.
        #[inline]
        pub(in crate::engine::planes) fn choose(
            bins: &Plane,
            (first, more): (u8, u8),
            left: &Plane,
            right: &Plane,
        ) -> Plane {
            let (first, more) = (u8x16_splat(first), u8x16_splat(more));
            let choose = |vector: usize| {
                let goes_left = u8x16_le(u8x16_sub(bins.0[vector], first), more);
                v128_bitselect(left.0[vector], right.0[vector], goes_left)
            };
            Plane([choose(0), choose(1), choose(2), choose(3)])
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod vectors {
    /// One byte a row.
    #[derive(Clone, Copy, Debug)]
    #[repr(align(64))]
    pub(in crate::engine::planes) struct Plane([u8; super::ROWS]);

    impl Plane {
        pub(in crate::engine::planes) fn splat(byte: u8) -> Plane {
            Plane([byte; super::ROWS])
        }

        pub(in crate::engine::planes) fn new(bytes: &[u8; super::ROWS]) -> Plane {
            Plane(*bytes)
        }

        pub(in crate::engine::planes) fn bytes(&self) -> [[u8; 8]; super::ROWS / 8] {
            let (words, _) = self.0.as_chunks::<8>();
            std::array::from_fn(|word| words[word])
        }

        /// Of each row the byte of `left` if its bin is one of `more` after `first` or that one itself, round the end; else of `right`.
        #[inline]
        pub(in crate::engine::planes) fn choose(
            bins: &Plane,
            (first, more): (u8, u8),
            left: &Plane,
            right: &Plane,
        ) -> Plane {
            Plane(std::array::from_fn(|row| {
                let goes_left = if bins.0[row].wrapping_sub(first) <= more { u8::MAX } else { 0 };
                goes_left & left.0[row] | !goes_left & right.0[row]
            }))
        }
    }
}

pub(super) use vectors::Plane;
