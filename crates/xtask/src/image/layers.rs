//! What the image weighs, layer by layer, unpacked.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::build::{Image, ask};

/// One layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// The digest of its files as an archive, unpacked: `sha256:...`.
    pub(super) digest: String,
    /// What was copied, in the words of `Containerfile`.
    pub(super) from: String,
    /// Bytes of its archive, unpacked.
    pub(super) bytes: u64,
}

/// The layers of an image, lowest first.
///
/// # Errors
/// When buildah's answer cannot be read.
pub(super) fn of(image: &Image) -> Result<Vec<Layer>> {
    let told = ask(&["inspect", "--type", "image", &image.id])?;
    let told: Value = serde_json::from_str(&told).context("buildah inspect told no JSON")?;
    let digests = told["OCIv1"]["rootfs"]["diff_ids"].as_array().context("buildah inspect told no layers")?;
    let history = told["OCIv1"]["history"].as_array().context("buildah inspect told no history")?;
    let copies = history.iter().filter(|step| step["empty_layer"] != true);
    let sizes = sizes()?;
    digests
        .iter()
        .zip(copies)
        .map(|(digest, step)| {
            let digest = digest.as_str().context("buildah inspect: a digest is no text")?.to_owned();
            let step = step["created_by"].as_str().unwrap_or_default();
            let (_, target) = step.rsplit_once(" in ").with_context(|| format!("no COPY made a layer: {step}"))?;
            let bytes = sizes.iter().find(|(known, _)| *known == digest).map(|(_, bytes)| *bytes);
            let bytes = bytes.with_context(|| format!("the storage knows no layer {digest}"))?;
            Ok(Layer { digest, from: target.trim().to_owned(), bytes })
        })
        .collect()
}

/// Digest and size of every layer in the storage, as its own list tells them.
fn sizes() -> Result<Vec<(String, u64)>> {
    let told: Value = serde_json::from_str(&ask(&["info"])?).context("buildah info told no JSON")?;
    let root = told["store"]["GraphRoot"].as_str().context("buildah info told no storage")?;
    let driver = told["store"]["GraphDriverName"].as_str().context("buildah info told no storage driver")?;
    let list = PathBuf::from(root).join(format!("{driver}-layers")).join("layers.json");
    let list = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let list: Vec<Value> = serde_json::from_slice(&list).context("the storage's list of layers is not JSON")?;
    let size = |layer: &Value| Some((layer["diff-digest"].as_str()?.to_owned(), layer["diff-size"].as_u64()?));
    Ok(list.iter().filter_map(size).collect())
}

/// Prints the table that docs/container.md shows.
pub(super) fn print(image: &Image, layers: &[Layer]) {
    println!("\n{} {}", image.name, image.id);
    for layer in layers {
        println!("  {:>7.1} MB  {}  {}", megabytes(layer.bytes), layer.digest, layer.from);
    }
    println!("  {:>7.1} MB  together, unpacked", megabytes(layers.iter().map(|layer| layer.bytes).sum()));
}

#[allow(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
