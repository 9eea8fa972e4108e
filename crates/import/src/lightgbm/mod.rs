//! LightGBM's text format, as `Booster.save_model` and `LGBM_BoosterSaveModelToString` write it (versions 3 and 4).
//!
//! A file is a header of `key=value` lines, then a block of such lines for each tree, then `end of trees` and matter that
//! says nothing about predictions (importances, parameters, `pandas_categorical`). The meaning follows LightGBM 4.7:
//! `src/io/tree.cpp`, `include/LightGBM/tree.h` and `src/boosting/gbdt_model_text.cpp`.
//!
//! Random forests (`average_output`), linear leaves and objectives that transform the sum are read as an
//! [`ExtendedEnsemble`], and refused by [`read`], which is for whoever needs a plain sum of leaves. More than one tree an
//! iteration and objectives that are not known are refused by both.

mod block;
mod frame;
mod objective;
mod tree;

use curbside::Limits;
use curbside::model::{Background, Dialect, ExtendedEnsemble, LinearLeaf, Link, Model, Tree, TreeEnsemble};

use crate::error::ImportError;
use crate::{Imported, Options};
use block::{Block, Lines};

/// What a LightGBM file says.
#[derive(Clone, Debug, PartialEq)]
pub struct LightGbmModel {
    /// Names of the columns, in the order of the features.
    pub feature_names: Vec<String>,
    /// The objective as the file names it, such as `regression`; empty for a custom one.
    pub objective: String,
    /// The trees. Early stopping has already cut them.
    pub ensemble: TreeEnsemble,
    /// How many rows of the training each leaf had, where the file says so.
    pub background: Option<Background>,
}

/// Reads a LightGBM model whose prediction is the sum of its leaves.
///
/// # Errors
///
/// [`ImportError`] with the line, the key, what was expected and what was found: for a file that is no LightGBM model,
/// that is cut off, that exceeds `limits`, or that predicts by something other than a sum of constant leaves.
///
/// # Panics
///
/// Never, for any text.
pub fn read(text: &str, limits: &Limits) -> Result<LightGbmModel, ImportError> {
    let File { header, feature_names, extended, background } = File::read(text, limits, Leaves::Constant)?;
    if extended.average {
        let line = header.required("average_output")?.line;
        return Err(ImportError::new(line, "average_output", "a boosted sum, not a random forest's mean", "it"));
    }
    if extended.link != Link::Identity {
        let entry = header.required("objective")?;
        let expected = "an objective that predicts the sum itself, such as regression";
        return Err(ImportError::new(entry.line, "objective", expected, entry.value));
    }
    let objective = objective::name(&header).to_owned();
    Ok(LightGbmModel { feature_names, objective, ensemble: extended.trees, background })
}

/// Whether leaves may be linear.
#[derive(Clone, Copy, PartialEq)]
enum Leaves {
    Constant,
    Any,
}

/// Everything that a file says.
struct File<'a> {
    header: Block<'a>,
    feature_names: Vec<String>,
    extended: ExtendedEnsemble,
    background: Option<Background>,
}

impl<'a> File<'a> {
    fn read(text: &'a str, limits: &Limits, leaves: Leaves) -> Result<File<'a>, ImportError> {
        let mut lines = Lines::new(text);
        let header = read_header(&mut lines)?;
        let feature_names: Vec<String> =
            header.required("feature_names")?.value.split(' ').map(str::to_owned).collect();
        check_columns(&header, feature_names.len(), limits)?;
        check_outputs(&header)?;
        let link = objective::link(&header)?;
        let Blocks { trees, linear_leaves, covers } = read_trees(&mut lines, feature_names.len(), limits, leaves)?;
        if let Some(sizes) = header.optional("tree_sizes") {
            let promised = sizes.value.split_whitespace().count();
            if promised != trees.len() {
                let expected = format!("{} of them", trees.len());
                return Err(ImportError::new(sizes.line, "tree_sizes", expected, promised.to_string()));
            }
        }
        // Explanations know no linear leaves.
        let background = covers.filter(|_| linear_leaves.is_empty()).map(Background::Covers);
        let average = header.optional("average_output").is_some();
        let trees = TreeEnsemble { dialect: Dialect::LightGbm, trees };
        let extended = ExtendedEnsemble { average, link, linear_leaves, ..ExtendedEnsemble::new(trees) };
        let model = Model::Extended(extended);
        model.validate(feature_names.len(), &limits.shape).map_err(|fault| {
            ImportError::new(lines.number(), "trees", "a model that can be scored", fault.to_string())
        })?;
        match model {
            Model::Extended(extended) => Ok(File { header, feature_names, extended, background }),
            Model::Linear(_) | Model::Ensemble(_) => Err(ImportError::new(lines.number(), "trees", "trees", "none")),
        }
    }
}

/// What the blocks say.
struct Blocks {
    trees: Vec<Tree>,
    /// One for each leaf; none for a model that has none that is linear.
    linear_leaves: Vec<LinearLeaf>,
    /// One for each leaf, where every tree has them.
    covers: Option<Vec<f64>>,
}

/// The blocks of the trees.
fn read_trees(lines: &mut Lines<'_>, columns: usize, limits: &Limits, leaves: Leaves) -> Result<Blocks, ImportError> {
    let (mut trees, mut linear_leaves, mut linear) = (Vec::new(), Vec::new(), false);
    let mut covers = Some(Vec::new());
    // What is left of the nodes that all trees may have.
    let mut shape = limits.shape;
    loop {
        let start = lines.next_line();
        match start.text {
            None => return Err(ImportError::new(start.number, "end of trees", "that line", "the end of the file")),
            Some("") => {}
            Some("end of trees") => break,
            Some(line) => {
                let index = line.strip_prefix("Tree=").and_then(|n| n.trim().parse::<usize>().ok());
                if index != Some(trees.len()) {
                    let expected = format!("`Tree={}` or `end of trees`", trees.len());
                    return Err(ImportError::new(start.number, "Tree", expected, line));
                }
                if trees.len() == limits.shape.trees {
                    let expected = format!("at most {} trees", limits.shape.trees);
                    return Err(ImportError::new(start.number, "Tree", expected, "more"));
                }
                let block = Block::read(lines, start.number)?;
                let read = tree::read(&block, columns, &shape)?;
                shape.nodes -= read.tree.nodes.len();
                if let Some(entry) = read.linear.as_ref().and(block.optional("is_linear"))
                    && leaves == Leaves::Constant
                {
                    return Err(ImportError::new(entry.line, "is_linear", "0: leaves that are constants", entry.value));
                }
                linear |= read.linear.is_some();
                linear_leaves.extend(read.linear_leaves());
                covers = covers.zip(read.covers).map(|(mut covers, more)| {
                    covers.extend(more);
                    covers
                });
                trees.push(read.tree);
            }
        }
    }
    if !linear {
        linear_leaves.clear();
    }
    Ok(Blocks { trees, linear_leaves, covers })
}

/// Reads a file of this format.
pub(crate) fn read_file(bytes: &[u8], options: Options, limits: &Limits) -> Result<Imported, ImportError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| ImportError::at(&format!("byte {}", fault.valid_up_to()), "UTF-8", "other bytes"))?;
    if options.best_iteration {
        let expected = "a file that LightGBM has not cut at the best iteration already: leave --best-iteration out";
        return Err(ImportError::at("best_iteration", expected, "a LightGBM model"));
    }
    read_any(text, usize::MAX, limits)
}

/// Reads a model of any kind; of its trees the first `most`.
pub(crate) fn read_any(text: &str, most: usize, limits: &Limits) -> Result<Imported, ImportError> {
    let File { header, feature_names, mut extended, mut background } = File::read(text, limits, Leaves::Any)?;
    frame::decode(text, &header, &mut extended, limits)?;
    let objective = objective::name(&header).to_owned();
    // `v4`: LightGBM writes the version of its format and not its own.
    let version = text.lines().find_map(|line| line.strip_prefix("version=")).map(|v| format!("format {v}"));
    let all = extended.trees.trees.len();
    let mut notes = Vec::new();
    if most < all {
        notes.push(format!("Of {all} iterations the first {most} are used: best_iteration is {most}."));
        extended.trees.trees.truncate(most);
        let leaves = extended.trees.leaves().count();
        extended.linear_leaves.truncate(leaves);
        if let Some(Background::Covers(covers)) = &mut background {
            covers.truncate(leaves);
        }
    }
    // Where the rest says nothing, the plain sum, which has the faster kernels.
    let plain = extended == ExtendedEnsemble::new(extended.trees.clone());
    let model = if plain { Model::Ensemble(extended.trees) } else { Model::Extended(extended) };
    Ok(Imported { library: "LightGBM", version, objective, feature_names, model, background, notes })
}

/// The lines up to the first empty one; the first says `tree`.
fn read_header<'a>(lines: &mut Lines<'a>) -> Result<Block<'a>, ImportError> {
    let first = lines.next_line();
    if first.text != Some("tree") {
        let found = first.text.unwrap_or("an empty file");
        return Err(ImportError::new(first.number, "first line", "`tree`, as LightGBM's text models begin", found));
    }
    let header = Block::read(lines, first.number)?;
    let version = header.required("version")?;
    if !["v3", "v4"].contains(&version.value) {
        return Err(ImportError::new(
            version.line,
            "version",
            "v3 or v4: save the model with LightGBM 3 or 4",
            version.value,
        ));
    }
    Ok(header)
}

fn check_columns(header: &Block<'_>, names: usize, limits: &Limits) -> Result<(), ImportError> {
    let entry = header.required("max_feature_idx")?;
    if entry.value.parse::<usize>().ok().and_then(|last| last.checked_add(1)) != Some(names) {
        let expected = format!("{}, one less than there are feature_names", names - 1);
        return Err(ImportError::new(entry.line, entry.key, expected, entry.value));
    }
    if names > limits.columns {
        return Err(ImportError::new(
            entry.line,
            entry.key,
            format!("at most {} columns", limits.columns),
            names.to_string(),
        ));
    }
    Ok(())
}

/// Refuses models of several numbers.
fn check_outputs(header: &Block<'_>) -> Result<(), ImportError> {
    for key in ["num_class", "num_tree_per_iteration"] {
        if let Some(entry) = header.optional(key)
            && entry.value != "1"
        {
            return Err(ImportError::new(entry.line, key, "1: only one number a ride is predicted", entry.value));
        }
    }
    Ok(())
}
