//! Leaves as whole numbers of steps.

use crate::num;

/// Leaves that an `i32` can always sum up, one a tree.
const MOST_TREES: usize = 1 << 16;

/// Bits of an `f64` below its exponent.
const FRACTION_BITS: u32 = 52;

/// What the exponent's bits of 1 hold.
const EXPONENT_OF_1: u64 = 1023;

/// The largest power of two of which each of these leaves is a multiple, if none is more than an `i16` of it and an `i32` holds every
/// sum of one leaf a tree. Such a sum needs 31 bits, and an `f64` has 53: it is exact there, and the same in any order.
pub(super) fn of(leaves: &[f64], trees: usize) -> Option<f64> {
    let mut lowest = None;
    for leaf in leaves.iter().filter(|leaf| **leaf != 0.0) {
        let exponent = lowest_exponent(*leaf)?;
        lowest = Some(lowest.map_or(exponent, |lowest: u64| lowest.min(exponent)));
    }
    let step = f64::from_bits(lowest.unwrap_or(EXPONENT_OF_1) << FRACTION_BITS);
    let fits = leaves.iter().all(|leaf| (leaf / step).abs() <= f64::from(i16::MAX));
    (fits && trees <= MOST_TREES).then_some(step)
}

/// How many steps a leaf is, of those that [`of`] found for it.
pub(super) fn count(leaf: f64, step: f64) -> i16 {
    i16::try_from(num::truncate_to_i32(leaf / step)).unwrap_or(i16::MAX)
}

/// The exponent, as the bits of an `f64` have it, of the lowest bit that is set in a number; `None` where there is no such normal
/// power of two, as for infinities.
fn lowest_exponent(number: f64) -> Option<u64> {
    let bits = number.to_bits();
    let exponent = bits >> FRACTION_BITS & 0x7ff;
    // A normal number's highest bit is not written down.
    let fraction = bits & ((1 << FRACTION_BITS) - 1) | 1 << FRACTION_BITS;
    let lowest = (exponent + u64::from(fraction.trailing_zeros())).checked_sub(u64::from(FRACTION_BITS))?;
    (lowest > 0 && exponent < 0x7ff).then_some(lowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_steps_where_no_sum_of_them_is_rounded() {
        let rows: [(&str, &[f64], Option<f64>); 12] = [
            ("none", &[], Some(1.0)),
            ("zeros", &[0.0, -0.0], Some(1.0)),
            ("whole", &[1.0, -3.0, 12.0], Some(1.0)),
            ("even", &[2.0, -6.0, 0.0], Some(2.0)),
            ("1024ths", &[15.25, -0.5, 3.0 / 1024.0], Some(1.0 / 1024.0)),
            ("the largest", &[32_767.0, -32_767.0], Some(1.0)),
            ("too large", &[32_768.0, 1.0], None),
            ("a third", &[1.0 / 3.0], None),
            ("too far apart", &[1e-30, 1.0], None),
            ("the smallest normal number", &[f64::MIN_POSITIVE], Some(f64::MIN_POSITIVE)),
            ("one below", &[f64::MIN_POSITIVE.next_down()], None),
            ("not finite", &[f64::INFINITY], None),
        ];
        for (name, leaves, expected) in rows {
            let step = of(leaves, 1);
            assert_eq!(step.map(f64::to_bits), expected.map(f64::to_bits), "{name}: {step:?}");
            for leaf in leaves {
                let told = step.map(|step| f64::from(count(*leaf, step)) * step);
                assert!(
                    told.is_none_or(|told| told.total_cmp(&(leaf + 0.0)).is_eq()),
                    "{name}: {leaf} became {told:?}"
                );
            }
        }
        assert!(of(&[1.0], MOST_TREES).is_some() && of(&[1.0], MOST_TREES + 1).is_none());
    }
}
