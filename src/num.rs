//! Numbers: every lossy cast and every transcendental function of the scoring module.
//!
//! They live apart because the same ride must give the same bits on every host. Rust's std takes `sin` and `ln`
//! from the platform's C library natively and from a bundled one in wasm, and the two differ in the last place; here
//! they come from `libm`, which is plain Rust and so the same everywhere, and the exponential has a module of its own, for
//! the bits of the C library that models are trained with. A cast that can lose something is written once, here, with the
//! reason why nothing is lost.

mod exp;

pub(crate) use exp::exp;

/// Mean radius of the earth in statute miles, as the great-circle feature uses it.
pub(crate) const EARTH_RADIUS_MILES: f64 = 3958.8;

/// Sine of an angle in radians.
pub(crate) fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
pub(crate) fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Arc sine in radians.
pub(crate) fn asin(x: f64) -> f64 {
    libm::asin(x)
}

/// Angle of the point (x, y) in radians, -pi to pi.
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// Square root. IEEE 754 demands the correctly rounded result, so the processor's own is the same everywhere.
pub(crate) fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// Largest integral number not above `x`.
pub(crate) fn floor(x: f64) -> f64 {
    x.floor()
}

/// The nearest integral number, halves away from zero, without the platform's function.
pub(crate) fn round(x: f64) -> f64 {
    libm::round(x)
}

/// Rounds to two decimals, half away from zero: what a rider is shown of an assumed distance.
pub(crate) fn round_to_cents(x: f64) -> f64 {
    round(x * 100.0) / 100.0
}

/// The integer that `x` is, if it is an integral number that fits an `i64` exactly.
#[expect(clippy::float_cmp, reason = "integral means equal to its floor, exactly")]
pub(crate) fn integral(x: f64) -> Option<i64> {
    // 2^53: beyond it neighbouring integers share a double, so "the integer that was meant" has no answer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if x.is_finite() && x.abs() <= EXACT && floor(x) == x { Some(truncate_to_i64(x)) } else { None }
}

/// The category that `x` is: an integral number from 0 to 2^32 - 1.
pub(crate) fn category(x: f64) -> Option<u32> {
    integral(x).and_then(|value| u32::try_from(value).ok())
}

/// Whether `x` is an `f32`, to the bit (any NaN is none).
pub(crate) fn is_f32(x: f64) -> bool {
    f64::from(nearest_f32(x)).to_bits() == x.to_bits() && !x.is_nan()
}

/// Truncates toward zero; saturates, and NaN gives 0, as Rust's `as` defines.
#[expect(clippy::cast_possible_truncation, reason = "truncation is what is asked for")]
pub(crate) fn truncate_to_i64(x: f64) -> i64 {
    x as i64
}

/// Truncates toward zero as C's cast to `int` does where it is defined; beyond `int` it saturates.
#[expect(clippy::cast_possible_truncation, reason = "truncation is what is asked for")]
pub(crate) fn truncate_to_i32(x: f64) -> i32 {
    x as i32
}

/// Truncates toward zero; what is below 0 or NaN gives 0, what is beyond `u32` its largest number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturation is what is asked for")]
pub(crate) fn truncate_to_u32(x: f64) -> u32 {
    x as u32
}

/// A count or index as a double; exact below 2^53, which no length in a bundle reaches (`Limits`).
#[expect(clippy::cast_precision_loss, reason = "lengths are bounded far below 2^53")]
pub(crate) fn count_to_f64(n: usize) -> f64 {
    n as f64
}

/// A double in a message: in the fewest digits that are read as the same, by the writer that replies have. The one in `core` is
/// 5 KB of the module.
pub(crate) struct Shown(pub(crate) f64);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut buffer = zmij::Buffer::new();
        let digits = buffer.format(self.0);
        f.write_str(digits.strip_suffix(".0").unwrap_or(digits))
    }
}

/// The nearest double, ties to even.
#[expect(clippy::cast_precision_loss, reason = "the nearest is what is asked for")]
pub(crate) fn nearest_f64(n: u64) -> f64 {
    n as f64
}

/// An `i64` of minutes or days as a double; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "dates are bounded far below 2^53 minutes")]
pub(crate) fn i64_to_f64(n: i64) -> f64 {
    n as f64
}

/// The nearest integer from 0 to 255, halves up; NaN gives 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturation is what is asked for")]
pub(crate) fn nearest_u8(x: f64) -> u8 {
    round(x) as u8
}

/// The nearest `f32`, ties to even: what leaves and thresholds of our own training are rounded to.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
pub fn nearest_f32(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integral_takes_what_is_an_integer_and_nothing_else() {
        let rows = [
            (130.0, Some(130)),
            (-0.0, Some(0)),
            (130.5, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (9_007_199_254_740_992.0, Some(9_007_199_254_740_992)),
            (1e300, None),
        ];
        for (x, expected) in rows {
            assert_eq!(integral(x), expected, "{x}");
        }
    }

    #[test]
    fn casts_saturate_instead_of_wrapping() {
        assert_eq!(truncate_to_i32(f64::INFINITY), i32::MAX);
        assert_eq!(truncate_to_i32(-1e18), i32::MIN);
        assert_eq!(truncate_to_i32(-0.9), 0);
    }
}
