//! One tree: from arrays by node number to nodes in preorder.

use curbside::Limits;
use curbside::model::{MissingRule, Rule, Tree, TreeBuilder};

use crate::error::ImportError;
use crate::value::{Fields, index};

/// Words of categories in all trees. A set is as long as its largest category says, so what a file may ask for is counted.
pub(super) struct Words {
    left: usize,
}

impl Words {
    /// As many as a bundle could hold.
    pub(super) fn new(limits: &Limits) -> Words {
        Words { left: limits.bytes / 4 }
    }
}

/// The arrays of a tree, all of one length but the last.
struct Arrays<'a> {
    fields: &'a Fields<'a>,
    left: &'a [f64],
    right: &'a [f64],
    feature: &'a [f64],
    condition: &'a [f64],
    default_left: &'a [f64],
    categorical: &'a [f64],
    sets: Vec<Option<Vec<u32>>>,
    /// Sums of the second derivatives of the loss over the rows of the training: how much each node weighs.
    cover: Option<&'a [f64]>,
    /// What leaves are multiplied by.
    weight: Option<f32>,
    columns: usize,
}

/// A tree, and the covers of its leaves in the order of the nodes, where the file has them.
pub(super) struct Read {
    pub(super) tree: Tree,
    pub(super) covers: Option<Vec<f64>>,
}

/// Reads a tree of at most `nodes` nodes; `weight` is DART's.
pub(super) fn read(
    fields: &Fields<'_>,
    (columns, weight): (usize, Option<f32>),
    nodes: usize,
    limits: &Limits,
    words: &mut Words,
) -> Result<Read, ImportError> {
    let parameters = fields.object("tree_param")?;
    let count = parameters.count("num_nodes")?;
    if !["0", "1"].contains(&parameters.text("size_leaf_vector")?) {
        let expected = "0 or 1: leaves that are one number";
        return Err(parameters.fail("size_leaf_vector", expected, parameters.text("size_leaf_vector")?));
    }
    let deleted = parameters.count("num_deleted")?;
    parameters.ignore(&["num_feature"]);
    parameters.end()?;
    if count == 0 || count > nodes {
        return Err(fields.fail("tree_param.num_nodes", format!("1 to {nodes} nodes"), count.to_string()));
    }
    let array = |key: &str| {
        let numbers = fields.numbers(key)?;
        let expected = || format!("{count} numbers, as num_nodes says");
        if numbers.len() == count { Ok(numbers) } else { Err(fields.fail(key, expected(), numbers.len().to_string())) }
    };
    let arrays = Arrays {
        fields,
        left: array("left_children")?,
        right: array("right_children")?,
        feature: array("split_indices")?,
        condition: array("split_conditions")?,
        default_left: array("default_left")?,
        categorical: array("split_type")?,
        sets: sets(fields, count, words)?,
        cover: fields.optional("sum_hessian").map(|_| array("sum_hessian")).transpose()?,
        weight,
        columns,
    };
    fields.ignore(&["base_weights", "id", "loss_changes", "parents"]);
    fields.all_met()?;
    arrays.tree(deleted, limits.shape.depth)
}

/// The set of each node that has one.
fn sets(fields: &Fields<'_>, count: usize, words: &mut Words) -> Result<Vec<Option<Vec<u32>>>, ImportError> {
    let (nodes, categories) = (fields.numbers("categories_nodes")?, fields.numbers("categories")?);
    let (starts, sizes) = (fields.numbers("categories_segments")?, fields.numbers("categories_sizes")?);
    if starts.len() != nodes.len() || sizes.len() != nodes.len() {
        let found = format!("{} and {}", starts.len(), sizes.len());
        return Err(fields.fail("categories_segments", format!("{} of them, and sizes", nodes.len()), found));
    }
    let mut sets = vec![None; count];
    for ((node, start), size) in nodes.iter().zip(starts).zip(sizes) {
        let place = index(*node).and_then(|node| sets.get_mut(node)).filter(|set| set.is_none());
        let place = place.ok_or_else(|| fields.fail("categories_nodes", "each node once", node.to_string()))?;
        let range = index(*start).zip(index(*size)).and_then(|(start, size)| Some(start..start.checked_add(size)?));
        let chosen = range.and_then(|range| categories.get(range));
        let chosen =
            chosen.ok_or_else(|| fields.fail("categories_segments", "a part of categories", start.to_string()))?;
        *place = Some(bitset(fields, chosen, words)?);
    }
    Ok(sets)
}

fn bitset(fields: &Fields<'_>, categories: &[f64], words: &mut Words) -> Result<Vec<u32>, ImportError> {
    let mut set = Vec::new();
    for category in categories {
        let place = index(*category).filter(|category| category / 32 < usize::from(u16::MAX));
        let place = place.ok_or_else(|| {
            let expected = format!("whole numbers from 0 to {}", 32 * usize::from(u16::MAX) - 1);
            fields.fail("categories", expected, category.to_string())
        })?;
        let more = (place / 32 + 1).saturating_sub(set.len());
        words.left = words.left.checked_sub(more).ok_or_else(|| {
            fields.fail("categories", "sets that fit into a bundle", "larger ones: number categories from 0 on")
        })?;
        set.resize(set.len() + more, 0);
        set[place / 32] |= 1 << (place % 32);
    }
    Ok(set)
}

impl Arrays<'_> {
    /// Walks from the root, first side before second, without recursion. A node met twice is an error; one never met was deleted.
    fn tree(&self, deleted: usize, depth_limit: usize) -> Result<Read, ImportError> {
        let mut met = vec![false; self.left.len()];
        let (mut tree, mut covers) = (TreeBuilder::default(), Vec::new());
        // What is still to be laid out, with its depth.
        let mut open: Vec<(f64, usize)> = vec![(0.0, 0)];
        while let Some((node, depth)) = open.pop() {
            if depth > depth_limit {
                let expected = format!("at most {depth_limit} splits from root to leaf");
                return Err(self.fields.fail("left_children", expected, "more"));
            }
            let place = index(node).filter(|node| met.get(*node) == Some(&false));
            let Some(place) = place else {
                return Err(self.fields.fail("left_children", "nodes that exist, each once", node.to_string()));
            };
            met[place] = true;
            if self.left[place] < 0.0 {
                #[expect(clippy::cast_possible_truncation, reason = "an f32, as both notations hold them")]
                let value = self.condition[place] as f32;
                // The product in `f32`, as DART's prediction makes it.
                tree.leaf(f64::from(self.weight.map_or(value, |weight| value * weight)));
                covers.extend(self.cover.map(|cover| cover[place]));
                continue;
            }
            let (feature, rule) = self.split(place)?;
            // A category in the set goes right, and what a set answers with "yes" is laid out first.
            let yes_is_left = matches!(rule, Rule::Numeric { .. });
            tree.split(feature, rule);
            let (yes, no) = (self.left[place], self.right[place]);
            let (yes, no) = if yes_is_left { (yes, no) } else { (no, yes) };
            open.push((no, depth + 1));
            open.push((yes, depth + 1));
        }
        let unmet = met.iter().filter(|met| !**met).count();
        if unmet == deleted {
            // All rows end in the only leaf, however many; a leaf of no weight cannot be compared with.
            if covers.len() == 1 {
                covers = vec![1.0];
            }
            let sound = self.cover.is_some() && covers.iter().all(|cover| *cover > 0.0 && cover.is_finite());
            return Ok(Read { tree: tree.finish(), covers: sound.then_some(covers) });
        }
        let expected = format!("{deleted} nodes that the root does not reach, as num_deleted says");
        Err(self.fields.fail("left_children", expected, unmet.to_string()))
    }

    fn split(&self, node: usize) -> Result<(u16, Rule), ImportError> {
        let fail = |key, expected: &str, found: f64| self.fields.fail(key, expected, found.to_string());
        let feature = index(self.feature[node]).filter(|feature| *feature < self.columns);
        let Some(feature) = feature.and_then(|feature| u16::try_from(feature).ok()) else {
            return Err(fail("split_indices", &format!("features below {}", self.columns), self.feature[node]));
        };
        let flag = |key, numbers: &[f64]| match index(numbers[node]) {
            Some(flag @ 0..=1) => Ok(flag == 1),
            _ => Err(fail(key, "0 or 1", numbers[node])),
        };
        let default_left = flag("default_left", self.default_left)?;
        if !flag("split_type", self.categorical)? {
            let threshold = self.condition[node];
            if threshold.is_nan() {
                return Err(fail("split_conditions", "a number", threshold));
            }
            return Ok((feature, Rule::Numeric { threshold, missing: MissingRule::Nan, default_left }));
        }
        let Some(bitset) = self.sets[node].clone() else {
            return Err(fail("categories_nodes", "each node whose split_type is 1", self.categorical[node]));
        };
        let rule = if default_left { Rule::Categorical { bitset } } else { Rule::CategoricalOrMissing { bitset } };
        Ok((feature, rule))
    }
}
