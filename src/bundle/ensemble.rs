//! A tree ensemble as streams of one kind each, so that gzip finds what repeats.
//!
//! The shape of all trees is one bit a node, in preorder. Thresholds are indices into each feature's sorted distinct
//! ones. Floats are stored byte plane by byte plane, and as `f32` when that loses nothing: sign and exponent bytes
//! repeat, and the low bytes do not spoil them.

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
use crate::model::Node;
use crate::model::{Dialect, MissingRule, Rule, TreeBuilder, TreeEnsemble, TreeShape};
#[cfg(not(target_arch = "wasm32"))]
use crate::num;

/// Doubles in byte planes, the most significant byte first.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Floats {
    /// Every value is an `f32`: 4 planes.
    Single(Vec<u8>),
    /// 8 planes.
    Double(Vec<u8>),
}

impl Floats {
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn new(values: &[f64]) -> Floats {
        let single = values.iter().all(|x| f64::from(num::nearest_f32(*x)).to_bits() == x.to_bits());
        let mut planes = Vec::new();
        for plane in 0..if single { 4 } else { 8 } {
            planes.extend(
                values
                    .iter()
                    .map(|x| if single { num::nearest_f32(*x).to_be_bytes()[plane] } else { x.to_be_bytes()[plane] }),
            );
        }
        if single { Floats::Single(planes) } else { Floats::Double(planes) }
    }

    pub(super) fn values(&self) -> Result<Vec<f64>, String> {
        let (planes, width) = match self {
            Floats::Single(planes) => (planes, 4),
            Floats::Double(planes) => (planes, 8),
        };
        let count = planes.len() / width;
        if count * width != planes.len() {
            return Err(format!("expected a multiple of {width} bytes of numbers, found {}", planes.len()));
        }
        let byte = |index: usize, plane: usize| planes[plane * count + index];
        Ok((0..count)
            .map(|i| match self {
                Floats::Single(_) => f64::from(f32::from_be_bytes(std::array::from_fn(|plane| byte(i, plane)))),
                Floats::Double(_) => f64::from_be_bytes(std::array::from_fn(|plane| byte(i, plane))),
            })
            .collect())
    }
}

/// The streams.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredEnsemble {
    dialect: Dialect,
    /// Nodes of all trees.
    nodes: u32,
    /// One bit a node in preorder, from the lowest bit of each byte on: 1 for a split.
    shape: Vec<u8>,
    /// Feature of each split.
    features: Vec<u16>,
    /// Rule of each split: see `rule_byte`.
    rules: Vec<u8>,
    /// How many distinct thresholds each feature has.
    threshold_counts: Vec<u16>,
    /// Distinct thresholds, ascending within a feature.
    thresholds: Floats,
    /// For each numeric split, which of its feature's thresholds.
    threshold_indices: Vec<u16>,
    /// For each categorical split, words of its set.
    bitset_words: Vec<u16>,
    /// The sets.
    bitsets: Vec<u32>,
    /// Value of each leaf.
    leaves: Floats,
}

const CATEGORICAL: u8 = 6;
const CATEGORICAL_OR_MISSING: u8 = 7;

/// Numeric rules as `2 * missing + default_left`; 6 is categorical, 7 categorical with NaN in the set.
#[cfg(not(target_arch = "wasm32"))]
fn rule_byte(rule: &Rule) -> u8 {
    match rule {
        Rule::Categorical { .. } => CATEGORICAL,
        Rule::CategoricalOrMissing { .. } => CATEGORICAL_OR_MISSING,
        Rule::Numeric { missing, default_left, .. } => {
            let missing = match missing {
                MissingRule::None => 0,
                MissingRule::Zero => 2,
                MissingRule::Nan => 4,
            };
            missing + u8::from(*default_left)
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl StoredEnsemble {
    pub(super) fn from_ensemble(ensemble: &TreeEnsemble) -> Result<StoredEnsemble, String> {
        let too_many = |what: &str| format!("expected at most 65,535 {what}");
        let width = ensemble.splits().map(|split| usize::from(split.feature) + 1).max().unwrap_or(0);
        let mut tables: Vec<Vec<f64>> = vec![Vec::new(); width];
        for split in ensemble.splits() {
            if let Rule::Numeric { threshold, .. } = split.rule {
                tables[usize::from(split.feature)].push(threshold);
            }
        }
        for table in &mut tables {
            table.sort_by(f64::total_cmp);
            table.dedup_by_key(|x| x.to_bits());
        }
        let nodes = ensemble.trees.iter().flat_map(|tree| &tree.nodes);
        let count = nodes.clone().count();
        let mut stored = StoredEnsemble {
            dialect: ensemble.dialect,
            nodes: u32::try_from(count).map_err(|_| "expected below 2^32 nodes".to_owned())?,
            shape: vec![0; count.div_ceil(8)],
            features: Vec::new(),
            rules: Vec::new(),
            threshold_counts: Vec::new(),
            thresholds: Floats::new(&tables.concat()),
            threshold_indices: Vec::new(),
            bitset_words: Vec::new(),
            bitsets: Vec::new(),
            leaves: Floats::new(&ensemble.leaves().collect::<Vec<_>>()),
        };
        for table in &tables {
            stored.threshold_counts.push(u16::try_from(table.len()).map_err(|_| too_many("thresholds of a feature"))?);
        }
        for (index, node) in nodes.enumerate() {
            let Node::Split(split) = node else { continue };
            stored.shape[index / 8] |= 1 << (index % 8);
            stored.features.push(split.feature);
            stored.rules.push(rule_byte(&split.rule));
            match &split.rule {
                Rule::Numeric { threshold, .. } => {
                    let table = &tables[usize::from(split.feature)];
                    let rank = table.partition_point(|x| x.total_cmp(threshold).is_lt());
                    stored
                        .threshold_indices
                        .push(u16::try_from(rank).map_err(|_| too_many("thresholds of a feature"))?);
                }
                Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset } => {
                    stored.bitset_words.push(u16::try_from(bitset.len()).map_err(|_| too_many("words of categories"))?);
                    stored.bitsets.extend(bitset);
                }
            }
        }
        Ok(stored)
    }
}

/// What a node asks, by numbers alone.
#[derive(Clone, Copy)]
pub(super) enum Outline {
    Leaf,
    /// Which of its feature's distinct thresholds.
    Threshold {
        feature: usize,
        rank: usize,
    },
    /// Of categories.
    Set,
}

impl StoredEnsemble {
    /// Nodes of all trees, as far as they say so themselves.
    pub(super) fn nodes(&self) -> usize {
        self.nodes as usize
    }

    /// Splits of all trees, likewise.
    pub(super) fn splits(&self) -> usize {
        self.features.len()
    }

    /// How many bins each feature has: one more than it has thresholds.
    pub(super) fn bins(&self) -> impl Iterator<Item = usize> {
        self.threshold_counts.iter().map(|count| usize::from(*count) + 1)
    }

    /// The nodes in their order, as the streams have them: whether these fit each other is for
    /// [`into_ensemble`](StoredEnsemble::into_ensemble) to say.
    pub(super) fn outline(&self) -> impl Iterator<Item = Result<Outline, &'static str>> {
        let (mut splits, mut ranks) = (self.features.iter().zip(&self.rules), self.threshold_indices.iter());
        (0..self.nodes()).map(move |index| {
            let byte = self.shape.get(index / 8).ok_or("expected a bit of shape for each node, found fewer")?;
            if byte >> (index % 8) & 1 == 0 {
                return Ok(Outline::Leaf);
            }
            let (feature, rule) = splits.next().ok_or("expected a feature and a rule for each split, found fewer")?;
            if *rule >= CATEGORICAL {
                return Ok(Outline::Set);
            }
            let rank = ranks.next().ok_or("expected as many thresholds as splits, found fewer")?;
            Ok(Outline::Threshold { feature: usize::from(*feature), rank: usize::from(*rank) })
        })
    }

    /// Puts the trees together again. Every stream must be used up exactly.
    pub(super) fn into_ensemble(self, shape: &TreeShape) -> Result<TreeEnsemble, String> {
        let count = self.nodes as usize;
        if count > shape.nodes {
            return Err(format!("expected at most {} nodes, found {count}", shape.nodes));
        }
        if self.shape.len() != count.div_ceil(8) {
            return Err(format!("expected {} bytes of shape, found {}", count.div_ceil(8), self.shape.len()));
        }
        let tables = self.threshold_tables()?;
        let leaves = self.leaves.values()?;
        let mut streams = Streams {
            features: self.features.iter(),
            rules: self.rules.iter(),
            threshold_indices: self.threshold_indices.iter(),
            bitset_words: self.bitset_words.iter(),
            bitsets: &self.bitsets,
            leaves: leaves.iter(),
            tables: &tables,
        };
        let mut trees = Vec::new();
        let mut tree = TreeBuilder::default();
        // Sides still to come in the tree at hand.
        let mut open = 1usize;
        for index in 0..count {
            if self.shape[index / 8] >> (index % 8) & 1 == 1 {
                let (feature, rule) = streams.split()?;
                tree.split(feature, rule);
                open += 1;
            } else {
                tree.leaf(*streams.leaves.next().ok_or("expected as many leaf values as leaves, found fewer")?);
                open -= 1;
                if open == 0 {
                    trees.push(std::mem::take(&mut tree).finish());
                    open = 1;
                    if trees.len() > shape.trees {
                        return Err(format!("expected at most {} trees, found more", shape.trees));
                    }
                }
            }
        }
        if open != 1 || !tree.finish().nodes.is_empty() {
            return Err("expected the last tree to be whole".to_owned());
        }
        streams.ended()?;
        Ok(TreeEnsemble { dialect: self.dialect, trees })
    }

    fn threshold_tables(&self) -> Result<Vec<Vec<f64>>, String> {
        let thresholds = self.thresholds.values()?;
        let mut rest = thresholds.as_slice();
        let mut tables = Vec::new();
        for count in &self.threshold_counts {
            let (table, after) = rest
                .split_at_checked(usize::from(*count))
                .ok_or("expected as many thresholds as counted, found fewer")?;
            tables.push(table.to_vec());
            rest = after;
        }
        if rest.is_empty() { Ok(tables) } else { Err("expected as many thresholds as counted, found more".to_owned()) }
    }
}

/// Where reading stands in each stream.
struct Streams<'a> {
    features: std::slice::Iter<'a, u16>,
    rules: std::slice::Iter<'a, u8>,
    threshold_indices: std::slice::Iter<'a, u16>,
    bitset_words: std::slice::Iter<'a, u16>,
    bitsets: &'a [u32],
    leaves: std::slice::Iter<'a, f64>,
    tables: &'a [Vec<f64>],
}

impl Streams<'_> {
    fn split(&mut self) -> Result<(u16, Rule), String> {
        let feature = *self.features.next().ok_or("expected as many features as splits, found fewer")?;
        let byte = *self.rules.next().ok_or("expected as many rules as splits, found fewer")?;
        let rule = if byte == CATEGORICAL || byte == CATEGORICAL_OR_MISSING {
            let words = *self.bitset_words.next().ok_or("expected as many sets as categorical splits, found fewer")?;
            let (bitset, rest) = self
                .bitsets
                .split_at_checked(usize::from(words))
                .ok_or("expected as many words as counted, found fewer")?;
            self.bitsets = rest;
            let bitset = bitset.to_vec();
            if byte == CATEGORICAL { Rule::Categorical { bitset } } else { Rule::CategoricalOrMissing { bitset } }
        } else {
            let missing = match byte / 2 {
                0 => MissingRule::None,
                1 => MissingRule::Zero,
                2 => MissingRule::Nan,
                _ => return Err(format!("expected a rule of 0 to 7, found {byte}")),
            };
            let index = *self.threshold_indices.next().ok_or("expected as many thresholds as splits, found fewer")?;
            let table = self.tables.get(usize::from(feature));
            let threshold = *table
                .and_then(|table| table.get(usize::from(index)))
                .ok_or_else(|| format!("feature {feature} has no threshold {index}"))?;
            Rule::Numeric { threshold, missing, default_left: byte % 2 == 1 }
        };
        Ok((feature, rule))
    }

    fn ended(&self) -> Result<(), String> {
        let rests = [
            ("features", self.features.len()),
            ("rules", self.rules.len()),
            ("threshold indices", self.threshold_indices.len()),
            ("sets", self.bitset_words.len()),
            ("words", self.bitsets.len()),
            ("leaf values", self.leaves.len()),
        ];
        match rests.iter().find(|(_, rest)| *rest > 0) {
            Some((what, rest)) => Err(format!("expected the {what} to be used up, found {rest} more")),
            None => Ok(()),
        }
    }
}
