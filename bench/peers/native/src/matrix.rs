//! Files of doubles, little-endian and without a header: what Rust, Python and JavaScript all read in one line.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Reads all numbers of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<f64>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes.as_chunks().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect())
}

/// Writes numbers, one after another.
pub(crate) fn write(path: &Path, numbers: impl Iterator<Item = f64>) -> Result<()> {
    let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The largest difference between two lists of numbers; infinite where their lengths differ or one is NaN.
pub(crate) fn largest_difference(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    differences
        .fold(0.0, |largest, difference| if difference.is_nan() { f64::INFINITY } else { difference.max(largest) })
}

#[cfg(test)]
mod tests {
    use super::largest_difference;

    #[test]
    fn a_difference_cannot_hide() {
        for (found, expected, difference) in [
            ([1.0, 2.0].as_slice(), [1.0, 2.5].as_slice(), 0.5),
            (&[1.0, 2.0], &[1.0, 2.0], 0.0),
            (&[3.0, 2.0], &[1.0, 1.0], 2.0),
            (&[f64::NAN, 2.0], &[1.0, 2.0], f64::INFINITY),
            (&[1.0], &[1.0, 2.0], f64::INFINITY),
        ] {
            assert_eq!(largest_difference(found, expected).to_bits(), f64::to_bits(difference), "{found:?}");
        }
    }
}
