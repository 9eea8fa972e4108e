//! The background as the file has it: the covers of leaves, which are counts of rows, in little more than a byte each.
//!
//! A count is written as how far a split's left side is from what its threshold makes one expect. LightGBM's thresholds lie
//! about as many rows apart as each other, so that the thresholds on each side of a split, of those that its path leaves,
//! say how the rows divide. It is apart from the ensemble's streams because it reads them, and bundles without it have none.

use serde::{Deserialize, Serialize};

use super::Limits;
use super::ensemble::{Floats, Outline, StoredEnsemble};
use super::stored::StoredModel;
use crate::model::Background;
#[cfg(not(target_arch = "wasm32"))]
use crate::num;

/// A background as the file has it.
#[derive(Serialize, Deserialize)]
pub(super) enum StoredBackground {
    /// Means of a weighted sum's terms.
    Means(Vec<f64>),
    /// Covers that are whole numbers: the sum of each tree, then for each split the deviation of its left side, in byte planes
    /// with the most significant byte first.
    Counts { totals: Vec<u32>, deviations: Vec<u8> },
    /// Any other covers.
    Weights(Floats),
}

/// Covers of a tree add up to less than 2^31, so that a deviation and its sign fit 32 bits.
const LARGEST_TOTAL: u32 = u32::MAX >> 1;

impl StoredBackground {
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn from_background(background: &Background, model: &StoredModel) -> StoredBackground {
        match background {
            Background::Means(means) => StoredBackground::Means(means.clone()),
            Background::Covers(covers) => {
                let counts = model.trees().and_then(|trees| counts(covers, trees));
                counts.unwrap_or_else(|| StoredBackground::Weights(Floats::new(covers)))
            }
        }
    }

    /// Whether it is a background of the model is for [`Background::validate`] to say.
    pub(super) fn into_background(self, model: &StoredModel, limits: &Limits) -> Result<Background, String> {
        match self {
            StoredBackground::Means(means) => Ok(Background::Means(means)),
            StoredBackground::Weights(covers) => Ok(Background::Covers(covers.values()?)),
            StoredBackground::Counts { totals, deviations } => {
                let trees = model.trees().ok_or("expected means for a weighted sum, found counts")?;
                let splits = trees.splits();
                let width = deviations.len() / splits.max(1);
                if width * splits != deviations.len() || width > 4 {
                    let found = deviations.len();
                    return Err(format!("expected 1 to 4 bytes for each of {splits} splits, found {found} bytes"));
                }
                let mut split = 0;
                covers(trees, &totals, limits, |total, expected| {
                    // `covers` asks once for each split of the model's streams, perhaps oftener than they promise.
                    let byte = |plane: usize| deviations.get(plane * splits + split).copied();
                    let mut zigzag = 0;
                    for plane in 0..width {
                        zigzag = zigzag << 8 | u32::from(byte(plane).ok_or("expected a deviation for each split")?);
                    }
                    split += 1;
                    let deviation = i64::from(zigzag >> 1) ^ -i64::from(zigzag & 1);
                    let left = u32::try_from(i64::from(expected) + deviation).ok();
                    left.filter(|left| (1..total).contains(left))
                        .ok_or_else(|| format!("expected a side of a split of {total} rows, found another number"))
                })
                .map(Background::Covers)
            }
        }
    }
}

/// The deviations, for covers that are whole numbers and fit the trees.
#[cfg(not(target_arch = "wasm32"))]
fn counts(leaves: &[f64], trees: &StoredEnsemble) -> Option<StoredBackground> {
    let outline: Vec<Outline> = trees.outline().collect::<Result<_, _>>().ok()?;
    // In reverse, what was put down last is what stands to the left.
    let (mut sides, mut lefts, mut rest) = (Vec::new(), Vec::new(), leaves.iter().rev());
    for node in outline.iter().rev() {
        if let Outline::Leaf = node {
            sides.push(num::category(*rest.next()?).filter(|count| *count > 0)?);
        } else {
            let (left, right) = (sides.pop()?, sides.pop()?);
            lefts.push(left);
            sides.push(left.checked_add(right).filter(|total| *total <= LARGEST_TOTAL)?);
        }
    }
    let totals: Vec<u32> = sides.into_iter().rev().collect();
    let (mut lefts, mut zigzags) = (lefts.into_iter().rev(), Vec::new());
    let found = covers(trees, &totals, &Limits::default(), |_, expected| {
        let left = lefts.next().ok_or("expected a side for each split")?;
        let deviation = i64::from(left) - i64::from(expected);
        zigzags.push(u32::try_from(deviation << 1 ^ deviation >> 63).map_err(|fault| fault.to_string())?);
        Ok(left)
    });
    // Also where there are leaves to spare.
    if found.as_deref() != Ok(leaves) {
        return None;
    }
    let width = zigzags.iter().map(|zigzag| 4 - zigzag.leading_zeros() as usize / 8).max().unwrap_or(0);
    let plane = |plane: usize| zigzags.iter().map(move |zigzag| zigzag.to_be_bytes()[plane]);
    Some(StoredBackground::Counts { totals, deviations: (4 - width..4).flat_map(plane).collect() })
}

/// A split on the way to the node at hand.
struct Above {
    /// Its feature, which of the bins lie to the left, and the bins that its own path has left it; `None` for a set.
    cut: Option<(usize, usize, (usize, usize))>,
    /// Rows on its right side.
    right: u32,
    is_right: bool,
}

/// Goes through the trees and gives the cover of each leaf, asking `left` for that of each split's left side, which it is told
/// the split's own cover and what to expect.
fn covers(
    trees: &StoredEnsemble,
    totals: &[u32],
    limits: &Limits,
    mut left: impl FnMut(u32, u32) -> Result<u32, String>,
) -> Result<Vec<f64>, String> {
    if trees.nodes() > limits.shape.nodes {
        return Err(format!("expected at most {} nodes, found {}", limits.shape.nodes, trees.nodes()));
    }
    let mut covers = Vec::new();
    // The bins of each feature that the path to the node at hand leaves: from the first up to, without, the second.
    let mut bins: Vec<(usize, usize)> = trees.bins().map(|bins| (0, bins)).collect();
    let mut path: Vec<Above> = Vec::new();
    let mut totals = totals.iter();
    // Rows of the node at hand, if its tree has begun.
    let mut cover: Option<u32> = None;
    for node in trees.outline() {
        let total = match cover {
            Some(total) => total,
            None => *totals.next().ok_or("expected as many sums as trees, found fewer")?,
        };
        let cut = match node? {
            Outline::Leaf => {
                covers.push(f64::from(total));
                cover = next(&mut path, &mut bins);
                continue;
            }
            Outline::Set => None,
            Outline::Threshold { feature, rank } => {
                let left_of = bins.get(feature).copied().ok_or("expected a feature with thresholds")?;
                Some((feature, rank + 1, left_of))
            }
        };
        if !(2..=LARGEST_TOTAL).contains(&total) {
            return Err(format!("expected 2 to {LARGEST_TOTAL} rows at a split, found {total}"));
        }
        let rows = left(total, expected(total, cut.map(|(_, end, bins)| (end, bins))))?;
        if let Some((feature, end, (first, _))) = cut {
            bins[feature] = (first, end);
        }
        path.push(Above { cut, right: total - rows, is_right: false });
        cover = Some(rows);
    }
    if cover.is_some() || totals.len() > 0 {
        return Err("expected as many sums as whole trees, found another number".to_owned());
    }
    Ok(covers)
}

/// Steps from a leaf to the next node: its cover, or `None` where a tree ends.
fn next(path: &mut Vec<Above>, bins: &mut [(usize, usize)]) -> Option<u32> {
    while let Some(split) = path.last_mut() {
        if !split.is_right {
            split.is_right = true;
            if let Some((feature, end, (_, last))) = split.cut {
                bins[feature] = (end, last);
            }
            return Some(split.right);
        }
        if let Some((feature, _, before)) = split.cut {
            bins[feature] = before;
        }
        path.pop();
    }
    None
}

/// How many of a split's rows go left, by the bins on each side: at least one, and not all. Half of them for a set.
fn expected(total: u32, cut: Option<(usize, (usize, usize))>) -> u32 {
    let share = match cut {
        Some((end, (first, last))) if first < end && end < last => (end - first, last - first),
        _ => (1, 2),
    };
    // A feature has at most 65,536 bins.
    let [part, whole] = [share.0, share.1].map(|bins| u64::try_from(bins).unwrap_or(1));
    u32::try_from(u64::from(total) * part / whole).unwrap_or(1).clamp(1, total - 1)
}
