//! Four numbers side by side, in vectors where the compiler makes none by itself.
//!
//! The module is optimised for size, and then the compiler leaves loops over numbers as they are; so WebAssembly's instructions are
//! called by name. Each is the same operation of IEEE 754 on every number, so that the bits are those of the plain loop.

use std::ops::{Add, Div, Mul, Sub};

/// How many.
pub(super) const LANES: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use vectors as pairs;

/// Four numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes([pairs::Pair; 2]);

impl Lanes {
    pub(super) fn from_fn(number: impl Fn(usize) -> f64) -> Lanes {
        Lanes([pairs::new(number(0), number(1)), pairs::new(number(2), number(3))])
    }

    pub(super) fn all(number: f64) -> Lanes {
        Lanes::from_fn(|_| number)
    }

    /// Their sum.
    pub(super) fn sum(self) -> f64 {
        pairs::sum(self.0[0]) + pairs::sum(self.0[1])
    }
}

/// Each operation for both pairs.
macro_rules! each {
    ($($operator:ident $name:ident)*) => {$(
        impl $operator for Lanes {
            type Output = Lanes;

            #[inline]
            fn $name(self, other: Lanes) -> Lanes {
                Lanes([pairs::$name(self.0[0], other.0[0]), pairs::$name(self.0[1], other.0[1])])
            }
        }
    )*};
}

each!(Add add Sub sub Mul mul Div div);

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vectors {
    use core::arch::wasm32::f64x2_extract_lane;
    pub(super) use core::arch::wasm32::{
        f64x2 as new, f64x2_add as add, f64x2_div as div, f64x2_mul as mul, f64x2_sub as sub, v128 as Pair,
    };

    pub(super) fn sum(pair: Pair) -> f64 {
        f64x2_extract_lane::<0>(pair) + f64x2_extract_lane::<1>(pair)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod pairs {
    pub(super) type Pair = [f64; 2];

    pub(super) fn new(a: f64, b: f64) -> Pair {
        [a, b]
    }

    pub(super) fn add(a: Pair, b: Pair) -> Pair {
        [a[0] + b[0], a[1] + b[1]]
    }

    pub(super) fn sub(a: Pair, b: Pair) -> Pair {
        [a[0] - b[0], a[1] - b[1]]
    }

    pub(super) fn mul(a: Pair, b: Pair) -> Pair {
        [a[0] * b[0], a[1] * b[1]]
    }

    pub(super) fn div(a: Pair, b: Pair) -> Pair {
        [a[0] / b[0], a[1] / b[1]]
    }

    pub(super) fn sum(pair: Pair) -> f64 {
        pair[0] + pair[1]
    }
}
