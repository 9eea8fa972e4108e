//! What an engine sends over the wire: its module, its glue, the weights, packed by one gzip for all.

use std::fs;
use std::io::Write as _;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes after gzip -9 of module, glue and weights, from lines of a kind and a path; weights that are packed travel as they are.
///
/// # Errors
/// When a line has another kind, or its file cannot be read.
pub(super) fn measured(lines: &str) -> Result<[f64; 3]> {
    let (mut module, mut glue, mut weights) = (0.0, Vec::new(), 0.0);
    for line in lines.lines() {
        let (kind, path) =
            line.split_once(' ').with_context(|| format!("expected a kind and a path, found {line:?}"))?;
        let bytes = fs::read(path).with_context(|| format!("cannot read {path}"))?;
        match kind {
            "module" => module = packed(&bytes)?,
            "glue" => glue.extend(bytes),
            "weights" => weights = packed(&bytes)?,
            "packed" => weights = count(bytes.len()),
            other => anyhow::bail!("expected module, glue, weights or packed, found {other:?}"),
        }
    }
    Ok([module, if glue.is_empty() { 0.0 } else { packed(&glue)? }, weights])
}

fn packed(bytes: &[u8]) -> Result<f64> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(count(gzip.finish()?.len()))
}

fn count(bytes: usize) -> f64 {
    u32::try_from(bytes).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn every_part_is_counted_once() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let whole = std::fs::metadata(manifest).map_or(0, |file| file.len());
        let lines = format!("glue {manifest}\nglue {manifest}\npacked {manifest}\n");
        let Ok([module, glue, weights]) = measured(&lines) else { return assert!(measured(&lines).is_ok()) };
        assert!(module == 0.0 && glue > 0.0 && glue < weights, "{module} {glue} {weights}");
        assert_eq!(weights.to_string(), whole.to_string());
        assert!(measured("letters /dev/null").is_err());
    }
}
