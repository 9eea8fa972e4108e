//! e to the x, with the bits of glibc's `exp` on machines with fused multiplication: what LightGBM's predictions are made with.
//!
//! It is apart from the other functions because `libm`'s is up to a place off, which makes two of a probability. The method is
//! Arm's (`exp.c` of the optimized routines, which glibc took over): with x = k ln 2 / 128 + r, 2^(k/128) comes from a table and e^r
//! from a polynomial. Here the product of two small tables takes the place of one of 2 KB, and fused multiplications, which
//! WebAssembly has not, are put together from exact products.

use super::truncate_to_i64;

/// 2^(i/8), and what the nearest double leaves out of it.
const EIGHTHS: [(f64, f64); 8] = [
    (1.0, 0.0),
    (1.090_507_732_665_257_7, -3.046_782_079_812_471e-17),
    (1.189_207_115_002_721, 3.982_015_231_465_646e-17),
    (1.296_839_554_651_009_6, 2.538_250_279_488_831_5e-17),
    (std::f64::consts::SQRT_2, -9.667_293_313_452_913e-17),
    (1.542_210_825_407_940_7, 7.949_834_809_697_621e-17),
    (1.681_792_830_507_429, 8.199_010_020_581_497e-17),
    (1.834_008_086_409_342_4, 3.283_107_224_245_627e-17),
];

/// 2^(i/128), and what the nearest double leaves out of it.
const PARTS: [(f64, f64); 16] = [
    (1.0, 0.0),
    (1.005_429_901_112_802_7, 9.499_186_535_455_032e-17),
    (1.010_889_286_051_700_5, -1.523_477_860_336_857_7e-17),
    (1.016_378_314_910_953, -5.772_170_073_199_66e-17),
    (1.021_897_148_654_116_6, 5.109_225_028_973_444e-17),
    (1.027_445_949_118_763_7, -4.956_074_174_645_370_4e-17),
    (1.033_024_879_021_228_4, 7.600_838_874_027_088e-18),
    (1.038_634_101_961_378_7, 5.996_273_788_852_511e-17),
    (1.044_273_782_427_413_8, 8.551_889_705_537_965e-17),
    (1.049_944_085_800_687_2, 5.592_937_848_127_003e-17),
    (1.055_645_178_360_557_2, 1.759_325_738_772_092e-18),
    (1.061_377_227_289_262, -1.197_353_708_536_565_8e-17),
    (1.067_140_400_676_823_7, -7.899_853_966_841_582e-17),
    (1.072_934_867_525_975_6, -3.839_668_843_358_824e-18),
    (1.078_760_797_757_119_9, -6.656_660_436_056_593e-17),
    (1.084_618_362_213_309_2, 3.166_152_845_816_346e-17),
];

/// 128 / ln 2, and -ln 2 / 128 in two parts.
const TO_STEPS: f64 = f64::from_bits(0x4067_1547_652b_82fe);
const STEP: (f64, f64) = (f64::from_bits(0xbf76_2e42_fefa_0000), f64::from_bits(0xbd0c_f79a_bc9e_3b39));

/// Coefficients of r^2 to r^5.
const POLYNOMIAL: [f64; 4] = [
    f64::from_bits(0x3fdf_ffff_ffff_fdbd),
    f64::from_bits(0x3fc5_5555_5555_543c),
    f64::from_bits(0x3fa5_5555_cf17_2b91),
    f64::from_bits(0x3f81_1111_67a4_d017),
];

/// Added and taken away again, it leaves the nearest whole number: 1.5 * 2^52.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// e to the `x`: of every `x` from -512 up glibc's bits, and below within one place.
pub(crate) fn exp(x: f64) -> f64 {
    // Where it is 1 plus what rounding leaves of x; and where it is infinite or 0.
    const TINY: f64 = 1.0 / 18_014_398_509_481_984.0;
    if x.abs() < TINY || x.is_nan() {
        return 1.0 + x;
    }
    if !(-745.14..=709.79).contains(&x) {
        return if x > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let steps = fused(TO_STEPS, x, ROUNDER) - ROUNDER;
    let r = fused(steps, STEP.1, fused(steps, STEP.0, x));
    let k = truncate_to_i64(steps);
    // Seven bits of k, so that both are places of their tables.
    let place = |k: i64| usize::try_from(k).unwrap_or(0);
    let (eighth, part) = (EIGHTHS[place(k >> 4 & 7)], PARTS[place(k & 15)]);
    let (high, rest) = product(eighth.0, part.0);
    let rest = rest + (eighth.0 * part.1 + eighth.1 * part.0);
    let power = high + rest;
    let tail = (rest - (power - high)) / power;
    let [c2, c3, c4, c5] = POLYNOMIAL;
    let r2 = r * r;
    let grown = fused(r2 * r2, fused(r, c5, c4), fused(r2, fused(r, c3, c2), tail + r));
    // In two halves, so that neither leaves the range of doubles before the result does.
    let exponent = k >> 7;
    let half = exponent / 2;
    fused(power, grown, power) * two_to(half) * two_to(exponent - half)
}

/// 2 to the `n`, which is that of a normal double.
fn two_to(n: i64) -> f64 {
    f64::from_bits(u64::try_from(n + 1023).unwrap_or(0) << 52)
}

/// `a * b` as the nearest double and the rest (Dekker).
fn product(a: f64, b: f64) -> (f64, f64) {
    // 2^27 + 1.
    const SPLITTER: f64 = 134_217_729.0;
    let halves = |x: f64| {
        let wide = SPLITTER * x;
        let high = wide - (wide - x);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let product = a * b;
    (product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// `a * b + c`, rounded once.
fn fused(a: f64, b: f64, c: f64) -> f64 {
    let (product, rest) = product(a, b);
    let sum = product + c;
    let added = sum - product;
    sum + (((product - (sum - added)) + (c - added)) + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_glibcs() {
        // Written by glibc 2.36's exp on a machine with fused multiplication; libm's differ in each of the first five.
        let rows: [(f64, u64); 16] = [
            (3.258_431, 0x403a_0239_ff43_5e15),
            (3.948_967, 0x4049_f0dd_07af_fceb),
            (0.353_359, 0x3ff6_c80e_c531_a887),
            (3.838_484, 0x4047_3a3d_48da_e08f),
            (-1.151_983, 0x3fd4_397f_e9cc_7145),
            (0.0, 0x3ff0_0000_0000_0000),
            (-0.0, 0x3ff0_0000_0000_0000),
            (1.0, 0x4005_bf0a_8b14_5769),
            (-1.0, 0x3fd7_8b56_362c_ef38),
            (1e-300, 0x3ff0_0000_0000_0000),
            (std::f64::consts::LN_2, 0x4000_0000_0000_0000),
            (-500.25, 0x12d3_9634_f3ad_26d0),
            (709.75, 0x7fee_f85a_11e7_3f2d),
            (710.0, 0x7ff0_0000_0000_0000),
            (f64::INFINITY, 0x7ff0_0000_0000_0000),
            (f64::NEG_INFINITY, 0),
        ];
        for (x, bits) in rows {
            assert_eq!(exp(x).to_bits(), bits, "{x}");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn a_product_and_a_sum_are_rounded_once() {
        // (1 + 2^-30)^2 - 1 = 2^-29 + 2^-60, whose last term a rounded product has lost.
        let x = 1.0 + two_to(-30);
        assert_eq!(fused(x, x, -1.0).to_bits(), (two_to(-29) + two_to(-60)).to_bits());
    }
}
