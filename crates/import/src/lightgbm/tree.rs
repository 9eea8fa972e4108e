//! One tree: from arrays of splits and leaves in any order to nodes in preorder.
//!
//! Linear leaves are numbered as the file numbers leaves, and put into the order of the nodes at the end.

use curbside::model::{LinearLeaf, MissingRule, Node, Rule, Tree, TreeBuilder, TreeShape};

use super::block::Block;
use crate::error::ImportError;

/// Bit 0 of `decision_type`.
const CATEGORICAL: u8 = 1;
/// Bit 1 of `decision_type`.
const DEFAULT_LEFT: u8 = 2;

/// LightGBM's `kZeroThreshold`: the literal is an `f32` there.
const ZERO: f64 = 1e-35_f32 as f64;

/// The arrays of a tree, each as long as the others promise.
struct Arrays {
    split_feature: Vec<u16>,
    threshold: Vec<f64>,
    decision_type: Vec<u8>,
    left_child: Vec<i64>,
    right_child: Vec<i64>,
    leaf_value: Vec<f64>,
    sets: Sets,
}

/// The sets of the categorical splits.
struct Sets {
    /// Where each set begins in `words`, and where the last one ends.
    boundaries: Vec<usize>,
    words: Vec<u32>,
}

/// A tree, and what its leaves are beside their values.
pub(super) struct Read {
    pub(super) tree: Tree,
    /// In the order of the nodes; `None` for constant leaves.
    pub(super) linear: Option<Vec<LinearLeaf>>,
    /// How many rows of the training ended in each leaf, in the order of the nodes, where the file says so.
    pub(super) covers: Option<Vec<f64>>,
}

impl Read {
    /// A linear leaf for each leaf, whichever kind the tree's are.
    pub(super) fn linear_leaves(&self) -> Vec<LinearLeaf> {
        let constant = |node: &Node| match node {
            Node::Leaf(value) => Some(LinearLeaf { constant: *value, terms: Vec::new() }),
            Node::Split(_) => None,
        };
        self.linear.clone().unwrap_or_else(|| self.tree.nodes.iter().filter_map(constant).collect())
    }
}

/// Reads the tree of one block.
pub(super) fn read(block: &Block<'_>, columns: usize, shape: &TreeShape) -> Result<Read, ImportError> {
    let leaves: usize = block.number("num_leaves")?;
    let leaf_value = block.numbers::<f64>("leaf_value", leaves)?;
    // One split less than leaves.
    let most = shape.nodes.div_ceil(2);
    if leaves == 0 || leaves > most {
        let entry = block.required("num_leaves")?;
        let expected = format!("1 to {most} leaves, so that all trees have at most as many nodes as a bundle");
        return Err(ImportError::new(entry.line, entry.key, expected, entry.value));
    }
    let linear = match block.optional("is_linear") {
        Some(entry) if entry.value == "1" => Some(linear_leaves(block, leaves, columns)?),
        Some(entry) if entry.value != "0" => {
            return Err(ImportError::new(entry.line, "is_linear", "0 or 1", entry.value));
        }
        _ => None,
    };
    if leaves == 1 {
        // LightGBM reads nothing else of such a tree.
        let mut tree = TreeBuilder::default();
        tree.leaf(leaf_value[0]);
        // All rows ended there, however many.
        return Ok(Read { tree: tree.finish(), linear, covers: Some(vec![1.0]) });
    }
    let splits = leaves - 1;
    let decision_type = match block.optional("decision_type") {
        Some(_) => block.numbers("decision_type", splits)?,
        // As LightGBM takes it: numeric, no missing values.
        None => vec![0; splits],
    };
    let arrays = Arrays {
        split_feature: block.numbers("split_feature", splits)?,
        threshold: block.numbers("threshold", splits)?,
        decision_type,
        left_child: block.numbers("left_child", splits)?,
        right_child: block.numbers("right_child", splits)?,
        leaf_value,
        sets: read_sets(block)?,
    };
    if let Some(feature) = arrays.split_feature.iter().find(|feature| usize::from(**feature) >= columns) {
        let line = block.required("split_feature")?.line;
        return Err(ImportError::new(line, "split_feature", format!("features below {columns}"), feature.to_string()));
    }
    let counts = leaf_counts(block, &arrays)?;
    let (tree, order) = arrays.into_tree(block, shape)?;
    // Every leaf was met once, so that each number is one of `linear` and of the counts.
    let linear = linear.map(|linear| order.iter().map(|leaf| linear[*leaf].clone()).collect());
    let covers = counts.map(|counts| order.iter().map(|leaf| f64::from(counts[*leaf])).collect());
    Ok(Read { tree, linear, covers })
}

/// Rows of each leaf in the file's own order; `None` where the file does not say, or where a leaf or a split has other counts than
/// training gives it, as when somebody has put the tree together.
fn leaf_counts(block: &Block<'_>, arrays: &Arrays) -> Result<Option<Vec<u32>>, ImportError> {
    if block.optional("leaf_count").is_none() || block.optional("internal_count").is_none() {
        return Ok(None);
    }
    let leaves = block.numbers::<u32>("leaf_count", arrays.leaf_value.len())?;
    let splits = block.numbers::<u32>("internal_count", arrays.threshold.len())?;
    let of = |child: i64| {
        let (counts, index) = if child >= 0 { (&splits, child) } else { (&leaves, !child) };
        usize::try_from(index).ok().and_then(|index| counts.get(index))
    };
    let sums = arrays.left_child.iter().zip(&arrays.right_child).zip(&splits);
    let whole = sums.into_iter().all(|((left, right), sum)| {
        of(*left).zip(of(*right)).and_then(|(left, right)| left.checked_add(*right)) == Some(*sum)
    });
    Ok((whole && leaves.iter().all(|count| *count > 0)).then_some(leaves))
}

/// The linear leaves in the file's own order.
fn linear_leaves(block: &Block<'_>, leaves: usize, columns: usize) -> Result<Vec<LinearLeaf>, ImportError> {
    let constants = block.numbers::<f64>("leaf_const", leaves)?;
    let counts = block.numbers::<usize>("num_features", leaves)?;
    let terms = counts.iter().try_fold(0_usize, |sum, count| sum.checked_add(*count)).unwrap_or(usize::MAX);
    let features = block.numbers::<u16>("leaf_features", terms)?;
    let coefficients = block.numbers::<f64>("leaf_coeff", terms)?;
    if let Some(feature) = features.iter().find(|feature| usize::from(**feature) >= columns) {
        let line = block.required("leaf_features")?.line;
        return Err(ImportError::new(line, "leaf_features", format!("features below {columns}"), feature.to_string()));
    }
    let mut terms = features.into_iter().zip(coefficients);
    let leaf = |(constant, count): (f64, &usize)| LinearLeaf { constant, terms: terms.by_ref().take(*count).collect() };
    Ok(constants.into_iter().zip(&counts).map(leaf).collect())
}

fn read_sets(block: &Block<'_>) -> Result<Sets, ImportError> {
    let count: usize = block.number("num_cat")?;
    if count == 0 {
        return Ok(Sets { boundaries: Vec::new(), words: Vec::new() });
    }
    let entry = block.required("cat_boundaries")?;
    let expected = count
        .checked_add(1)
        .ok_or_else(|| ImportError::new(entry.line, "num_cat", "as many sets as the tree has", count.to_string()))?;
    let boundaries: Vec<usize> = block.numbers("cat_boundaries", expected)?;
    let words = block.numbers("cat_threshold", boundaries.last().copied().unwrap_or(0))?;
    if boundaries[0] != 0 || !boundaries.windows(2).all(|pair| pair[0] <= pair[1]) {
        return Err(ImportError::new(entry.line, "cat_boundaries", "ascending from 0", entry.value));
    }
    Ok(Sets { boundaries, words })
}

impl Arrays {
    /// Walks from the root, left before right, without recursion. A split met twice, or never, is an error.
    /// With the tree come the numbers of its leaves in the order of the nodes.
    fn into_tree(self, block: &Block<'_>, shape: &TreeShape) -> Result<(Tree, Vec<usize>), ImportError> {
        let children = block.required("left_child")?;
        let fail = |expected: &str, found: String| {
            Err(ImportError::new(children.line, "left_child/right_child", expected, found))
        };
        let mut split_met = vec![false; self.threshold.len()];
        let mut leaf_met = vec![false; self.leaf_value.len()];
        let (mut tree, mut order) = (TreeBuilder::default(), Vec::new());
        // What is still to be laid out, with its depth.
        let mut open: Vec<(i64, usize)> = vec![(0, 0)];
        while let Some((child, depth)) = open.pop() {
            if depth > shape.depth {
                return fail(&format!("at most {} splits from root to leaf", shape.depth), "more".to_owned());
            }
            let (met, index) = if child >= 0 { (&mut split_met, child) } else { (&mut leaf_met, !child) };
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            match met.get_mut(index) {
                Some(seen @ false) => *seen = true,
                Some(true) => return fail("each split and leaf once", format!("{child} twice")),
                None => return fail("splits from 0 and leaves from -1 down that exist", child.to_string()),
            }
            if child >= 0 {
                tree.split(self.split_feature[index], self.rule(index, block)?);
                open.push((self.right_child[index], depth + 1));
                open.push((self.left_child[index], depth + 1));
            } else {
                tree.leaf(self.leaf_value[index]);
                order.push(index);
            }
        }
        if split_met.iter().chain(&leaf_met).all(|met| *met) {
            Ok((tree.finish(), order))
        } else {
            fail("every split and leaf to be reached from the root", "some that are not".to_owned())
        }
    }

    /// What a split asks.
    fn rule(&self, index: usize, block: &Block<'_>) -> Result<Rule, ImportError> {
        let (threshold, decision) = (self.threshold[index], self.decision_type[index]);
        let fail = |key: &str, expected: String, found: String| {
            Err(ImportError::new(block.optional(key).map_or(0, |entry| entry.line), key, expected, found))
        };
        if decision & CATEGORICAL != 0 {
            let sets = self.sets.boundaries.len().saturating_sub(1);
            #[expect(clippy::cast_precision_loss, reason = "a count of sets in a text file, far below 2^53")]
            let known = threshold >= 0.0 && threshold.fract() == 0.0 && threshold < sets as f64;
            if !known {
                return fail("threshold", format!("the number of one of {sets} sets"), threshold.to_string());
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below `sets`")]
            let set = threshold as usize;
            let words = self.sets.boundaries[set]..self.sets.boundaries[set + 1];
            // `read_sets` has checked that boundaries ascend to the number of words.
            return Ok(Rule::Categorical { bitset: self.sets.words[words].to_vec() });
        }
        let missing = match decision >> 2 {
            0 => MissingRule::None,
            1 => MissingRule::Zero,
            2 => MissingRule::Nan,
            _ => return fail("decision_type", "0 to 11".to_owned(), decision.to_string()),
        };
        if threshold.is_nan() {
            return fail("threshold", "a number".to_owned(), "NaN".to_owned());
        }
        Ok(Rule::Numeric { threshold: around_zero(threshold), missing, default_left: decision & DEFAULT_LEFT != 0 })
    }
}

/// A threshold that decides values as they are as LightGBM decides them after taking those near zero for zero.
///
/// LightGBM's prediction from rows (`RowPairFunctionFromDenseMatric` in `src/c_api.cpp`, and its text parser) replaces a
/// value within `ZERO` by 0 before any tree sees it. It writes thresholds at `-ZERO` and `ZERO`, the edges of its own
/// bin for zero, so this is no curiosity: a value of exactly `-ZERO` goes right there, though `-ZERO <= -ZERO`.
fn around_zero(threshold: f64) -> f64 {
    if (-ZERO..0.0).contains(&threshold) {
        (-ZERO).next_down()
    } else if (0.0..ZERO).contains(&threshold) {
        ZERO
    } else {
        threshold
    }
}
