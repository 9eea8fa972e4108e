//! Decimal digits to the nearest double, ties to even (IEEE 754).
//!
//! Rides have few digits and small exponents, which one multiplication or division of exact doubles reads. What is left is read by
//! whole numbers of any length: slower, and a fraction of the code that it takes to be fast there too.

use std::cmp::Ordering;

use crate::num;

/// Powers of ten up to this are doubles exactly: 5^22 < 2^53.
const EXACT_POWER: i64 = 22;
/// Digits that may matter: a number half-way between two doubles has at most 767. One digit behind them stands for all others.
const DIGITS: usize = 800;

/// The double nearest to a number in JSON's grammar; beyond the largest double, an infinity. Text in another grammar gives some
/// number.
pub(crate) fn nearest(text: &str) -> f64 {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let decimal = Decimal::read(text.as_bytes());
    let magnitude = decimal.small().unwrap_or_else(|| decimal.large(text.as_bytes()));
    if negative { -magnitude } else { magnitude }
}

/// digits * 10^exponent.
struct Decimal {
    /// The significant digits as a number, if there are at most 19.
    value: Option<u64>,
    exponent: i64,
}

impl Decimal {
    fn read(text: &[u8]) -> Decimal {
        let (mut value, mut exponent, mut behind_point) = (Some(0_u64), 0, false);
        let mut rest = text.iter();
        for byte in rest.by_ref() {
            match byte {
                b'0'..=b'9' => {
                    value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(byte - b'0')));
                    exponent -= i64::from(behind_point);
                }
                b'.' => behind_point = true,
                // The exponent follows.
                _ => break,
            }
        }
        let rest = rest.as_slice();
        let (sign, digits) = match rest.first() {
            Some(b'-') => (-1, &rest[1..]),
            Some(b'+') => (1, &rest[1..]),
            _ => (1, rest),
        };
        // Far beyond what any count of digits in a request can make up for.
        let written = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit & 15)).min(1 << 40));
        Decimal { value, exponent: exponent + sign * written }
    }

    /// The number, where a single rounding gives it.
    fn small(&self) -> Option<f64> {
        let value = self.value?;
        if value == 0 {
            return Some(0.0);
        }
        if value > 1 << 53 || self.exponent.abs() > EXACT_POWER {
            return None;
        }
        let power = (0..self.exponent.abs()).fold(1.0, |power, _| power * 10.0);
        let value = num::exact(value);
        Some(if self.exponent < 0 { value / power } else { value * power })
    }

    /// The number by long division.
    fn large(&self, text: &[u8]) -> f64 {
        let mantissa = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(|byte| **byte != b'.');
        let digits: Vec<u8> = mantissa.map(|digit| digit & 15).skip_while(|digit| *digit == 0).collect();
        let (kept, cut) = digits.split_at(digits.len().min(DIGITS));
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX >> 1);
        // The number lies in [10^(length + exponent - 1), 10^(length + exponent)).
        if length + self.exponent > 310 {
            return f64::INFINITY;
        }
        if length + self.exponent < -330 {
            return 0.0;
        }
        let mut above = Natural::default();
        let mut exponent = self.exponent;
        for digit in kept {
            above.multiply_add(10, u32::from(*digit));
        }
        if !cut.is_empty() {
            exponent += i64::try_from(cut.len()).unwrap_or(0) - 1;
            above.multiply_add(10, u32::from(cut.iter().any(|digit| *digit != 0)));
        }
        let mut below = Natural(vec![1]);
        let scaled = if exponent < 0 { &mut below } else { &mut above };
        for _ in 0..exponent.abs() {
            scaled.multiply_add(10, 0);
        }
        quotient(above, below)
    }
}

/// above / below, both above 0, rounded once.
fn quotient(mut above: Natural, mut below: Natural) -> f64 {
    // above / below = (above' / below') * 2^exponent with 1 <= above' / below' < 2.
    let mut exponent = above.bits() - below.bits();
    if exponent > 0 {
        below.shift(exponent);
    } else {
        above.shift(-exponent);
    }
    if above.is_below(&below) {
        above.shift(1);
        exponent -= 1;
    }
    // Bits that the double has, fewer below its least exponent, and one more to round by.
    let bits = 53.min(53 + 1022 + exponent) + 1;
    if exponent > 1023 {
        return f64::INFINITY;
    }
    let mut mantissa = 0_u64;
    for _ in 0..bits {
        mantissa <<= 1;
        if !above.is_below(&below) {
            above.subtract(&below);
            mantissa |= 1;
        }
        above.shift(1);
    }
    let odd_or_more = mantissa & 2 != 0 || above.bits() > 0;
    let rounded = (mantissa >> 1) + (mantissa & u64::from(odd_or_more));
    // The leading bit adds itself to the exponent's field, and so does a carry into the next power of two.
    let field = u64::try_from(exponent + 1022).unwrap_or(0);
    f64::from_bits((field << 52) + rounded)
}

/// A whole number of any length, least significant part first, no part above the last one that is not 0.
#[derive(Default)]
struct Natural(Vec<u32>);

impl Natural {
    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = summand;
        for part in &mut self.0 {
            let wide = u64::from(*part) * u64::from(factor) + u64::from(carry);
            (*part, carry) = num::halves(wide);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    /// Its length in binary.
    fn bits(&self) -> i64 {
        let whole = i64::try_from(self.0.len()).unwrap_or(0) * 32;
        self.0.last().map_or(0, |last| whole - i64::from(last.leading_zeros()))
    }

    /// Multiplies by 2^bits.
    fn shift(&mut self, bits: i64) {
        for _ in 0..bits & 31 {
            self.multiply_add(2, 0);
        }
        let whole = usize::try_from(bits >> 5).unwrap_or(0);
        if whole > 0 && !self.0.is_empty() {
            let mut parts = vec![0; whole];
            parts.append(&mut self.0);
            self.0 = parts;
        }
    }

    fn is_below(&self, other: &Natural) -> bool {
        match self.0.len().cmp(&other.0.len()) {
            Ordering::Equal => self.0.iter().rev().lt(other.0.iter().rev()),
            unequal => unequal == Ordering::Less,
        }
    }

    /// Subtracts one that is not above.
    fn subtract(&mut self, other: &Natural) {
        let mut borrow = false;
        let others = other.0.iter().chain(std::iter::repeat(&0));
        for (part, taken) in self.0.iter_mut().zip(others) {
            let (less, one) = part.overflowing_sub(*taken);
            let (less, two) = less.overflowing_sub(u32::from(borrow));
            (*part, borrow) = (less, one || two);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
